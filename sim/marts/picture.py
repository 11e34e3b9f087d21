"""Which mart reads which, as text: Mermaid, which Git hosts draw."""

from __future__ import annotations

import schemas
from sim.marts.graph import ordered
from sim.marts.made import made_from

_STORES = ("context_store_entity", "context_store_keymap", "event_store")


def marts_graph() -> str:
    """A section with the graph in Mermaid's words, which Git hosts draw, stores as one box a dataset.

    A mart that reads nothing has a box alone.
    """
    lines = ["## What each mart reads", "", "```mermaid", "graph LR"]
    for mart in ordered(schemas.marts()):
        sources = dict.fromkeys(_source(name) for name in made_from(mart))
        box = f"{mart.name.replace('.', '_')}[{mart.name}]"
        lines += [f"  {source.replace('.', '_')}[{source}] --> {box}" for source in sources] or [f"  {box}"]
    return "\n".join([*lines, "```", ""])


def _source(table: str) -> str:
    """A mart by its name, a table of the stores by its dataset's."""
    dataset = table.partition(".")[0]
    return dataset if dataset in _STORES else table
