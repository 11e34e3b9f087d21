"""Events against the specification: what Caliper 1.1 allows, and which known deviations vendors send.

The tables are data, ``schemas/caliper/spec.toml``.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import schemas
from sim.caliper.kinds import Kind

MEMBERS = ("actor", "object", "generated", "target")


def is_a(entity: str, other: str) -> bool:
    """Whether an entity type is another one or a subtype of it. False for types that Caliper 1.1 has not."""
    parents: dict[str, str] = schemas.caliper_spec()["entity"]
    while entity != other:
        if entity not in parents:
            return False
        entity = parents[entity]
    return True


def breaches(event: dict[str, Any]) -> Iterator[tuple[str, str, str]]:
    """(event type, member, value) of what the specification does not allow in an event.

    An event type that it has not is a breach of ``type``. Members that are plain identifiers pass.
    """
    rules = schemas.caliper_spec()["event"].get(event["type"])
    if rules is None:
        yield event["type"], "type", event["type"]
        return
    if rules["actions"] != ["*"] and event["action"] not in rules["actions"]:
        yield event["type"], "action", event["action"]
    for member in MEMBERS:
        entity = event.get(member)
        if isinstance(entity, dict) and not any(is_a(entity["type"], allowed) for allowed in rules[member]):
            yield event["type"], member, entity["type"]


def deviations(kind: Kind) -> list[str]:
    """Why a kind is not as Caliper 1.1 says, in the words of the table; nothing where it is."""
    event = {"type": kind.type, "action": kind.action, "object": {"type": kind.object_type}}
    if kind.actor in ("app", "job"):
        event["actor"] = {"type": "SoftwareApplication"}
    known = {
        (each["type"], each["member"], each["sends"]): each["why"]
        for each in schemas.caliper_spec()["deviation"]
        if each["sensor"] == kind.sensor
    }
    return [known[breach] for breach in breaches(event)]
