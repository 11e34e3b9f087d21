"""Long Canvas ids of a world in the shard of its tenant."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any

from context.ids import SHARD, from_shard
from sim.world.world import World


def world_in_shard(world: World, shard: int) -> World:
    """A world, read with the usual shard's ids, in another."""
    return world if shard == SHARD else _in_shard(world, shard)


def _in_shard(part: Any, shard: int) -> Any:
    """The same with its long Canvas ids, the fields named so, in another shard."""
    if isinstance(part, dict):
        return {name: _in_shard(entry, shard) for name, entry in part.items()}
    if not is_dataclass(part) or isinstance(part, type):
        return part
    moved: dict[str, Any] = {}
    for field in fields(part):
        value = getattr(part, field.name)
        is_long = field.name.endswith("lms_id")
        moved[field.name] = from_shard(value, shard) if is_long else _in_shard(value, shard)
    return replace(part, **moved)
