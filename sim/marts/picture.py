"""Which mart reads which, as a picture: Mermaid for Markdown, and SVG that needs nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

import schemas
from schemas import Mart
from sim.marts.graph import ordered, reads

_BOX_W, _BOX_H, _GAP_X, _GAP_Y = 330, 20, 70, 6
_STORES = ("context_store_entity", "context_store_keymap", "event_store")


def markdown() -> str:
    """A section with the graph in Mermaid's words, which Git hosts draw, stores as one box a dataset."""
    lines = ["## What each mart reads", "", "```mermaid", "graph LR"]
    for mart in ordered(schemas.marts()):
        sources = dict.fromkeys(_source(name) for name in reads(mart))
        lines += [f"  {source.replace('.', '_')}[{source}] --> {mart.name.replace('.', '_')}[{mart.name}]"
                  for source in sources]  # fmt: skip
    return "\n".join([*lines, "```", ""])


def html() -> str:
    """The same section as HTML, with a picture: a mart stands right of all that it reads."""
    names = ordered(schemas.marts())
    column = _columns(names)
    place: dict[str, tuple[int, int]] = {}
    for level in range(max(column.values()) + 1):
        members = [name for name, at in column.items() if at == level]
        for row, name in enumerate(members):
            place[name] = level * (_BOX_W + _GAP_X), row * (_BOX_H + _GAP_Y)
    lines, boxes = [], []
    for mart in names:
        x, y = place[mart.name]
        for source in dict.fromkeys(_source(name) for name in reads(mart)):
            from_x, from_y = place[source]
            middle = _BOX_H // 2
            start, end = (from_x + _BOX_W, from_y + middle), (x, y + middle)
            bend = _GAP_X // 2
            lines.append(
                f'<path d="M{start[0]},{start[1]} C{start[0] + bend},{start[1]} '
                f'{end[0] - bend},{end[1]} {end[0]},{end[1]}"/>'
            )
    for name, (x, y) in place.items():
        boxes.append(
            f'<rect x="{x}" y="{y}" width="{_BOX_W}" height="{_BOX_H}" rx="4"/>'
            f'<text x="{x + 6}" y="{y + 14}">{escape(name)}</text>'
        )
    width = max(x for x, _ in place.values()) + _BOX_W
    height = max(y for _, y in place.values()) + _BOX_H
    style = (
        "<style>.marts path{fill:none;stroke:#999;stroke-opacity:.45}.marts rect{fill:#eef;stroke:#88a}"
        ".marts text{font:10px system-ui,sans-serif;fill:#000}.marts{overflow-x:auto}</style>"
    )
    return (
        f'<h2>What each mart reads</h2>{style}<div class="marts"><svg xmlns="http://www.w3.org/2000/svg" '
        f'width="{width}" viewBox="0 0 {width} {height}" role="img" aria-label="What each mart reads">'
        f"{''.join(lines)}{''.join(boxes)}</svg></div>"
    )


def _source(table: str) -> str:
    """A mart by its name, a table of the stores by its dataset's."""
    dataset = table.partition(".")[0]
    return dataset if dataset in _STORES else table


def _columns(marts: Sequence[Mart]) -> dict[str, int]:
    """The column of each box: stores in the first, a mart right of everything that it reads."""
    column = dict.fromkeys(_STORES, 0)
    for mart in marts:
        column[mart.name] = 1 + max((column[_source(name)] for name in reads(mart)), default=0)
    return column
