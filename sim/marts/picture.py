"""Which mart reads which, as text: Mermaid, which Git hosts draw."""

from __future__ import annotations

import schemas
from sim.marts.graph import ordered, reads

_STORES = ("context_store_entity", "context_store_keymap", "event_store")


def marts_graph() -> str:
    """A section with the graph in Mermaid's words, which Git hosts draw, stores as one box a dataset."""
    lines = ["## What each mart reads", "", "```mermaid", "graph LR"]
    for mart in ordered(schemas.marts()):
        sources = dict.fromkeys(_source(name) for name in reads(mart))
        lines += [f"  {source.replace('.', '_')}[{source}] --> {mart.name.replace('.', '_')}[{mart.name}]"
                  for source in sources]  # fmt: skip
    return "\n".join([*lines, "```", ""])


def _source(table: str) -> str:
    """A mart by its name, a table of the stores by its dataset's."""
    dataset = table.partition(".")[0]
    return dataset if dataset in _STORES else table
