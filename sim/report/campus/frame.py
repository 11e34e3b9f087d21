"""A chart as inline SVG whose colours are CSS variables, so that it follows light and dark; or as a PNG.

Each is drawn twice, for a wide page and for a phone, and carries its figures as a table.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

# Vega needs colours: the page replaces these by its variables, pictures by those of its light scheme.
INK, GRID, DRAWN, ASKED, REST = "#000001", "#000002", "#000003", "#000004", "#000005"
_VARIABLES = {INK: "--muted", GRID: "--line", DRAWN: "--drawn", ASKED: "--asked", REST: "--rest"}
_LIGHT = {INK: "#59636d", GRID: "#e3e0d8", DRAWN: "#2f7f86", ASKED: "#d2622a", REST: "#b9d3d3"}
_PAPER = "#ffffff"
# Room for a reader whose font is wider than the one that labels were measured with.
_PADDING = {"left": 12, "right": 10, "top": 4, "bottom": 2}
_FONT = "system-ui, sans-serif"
PICTURE_SCALE = 2.0  # pixels of a picture for one of the page
Values = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A chart as SVG in two widths, what it shows as a table of texts, and its specification for pictures."""

    about: str
    wide: str
    narrow: str
    columns: tuple[str, ...]
    cells: Sequence[tuple[str, ...]]
    spec: str  # of the wide one, Vega-Lite in JSON

    def png(self) -> bytes:
        """The wide chart as a picture, on white and with its title."""
        text = self.spec
        for colour, light in _LIGHT.items():
            text = text.replace(f'"{colour}"', f'"{light}"')
        spec = json.loads(text) | {"background": _PAPER, "padding": 16}
        spec["title"] = {"text": self.about, "anchor": "start", "fontSize": 13, "color": _LIGHT[INK]}
        return bytes(vl_convert.vegalite_to_png(spec, scale=PICTURE_SCALE))


def framed(
    about: str, wide: Any, narrow: Any, columns: tuple[str, ...], cells: Sequence[tuple[str, ...]]
) -> Chart:
    """A chart from Altair's, wide and narrow; ``about`` is what it shows, for who cannot see it."""
    specs = [json.dumps(_styled(chart, about).to_dict(validate=False)) for chart in (wide, narrow)]
    return Chart(about, _svg(specs[0], about), _svg(specs[1], about), columns, cells, specs[0])


def chart_of(rows: Iterable[Mapping[str, Any]]) -> Any:
    """Altair's chart of rows."""
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def whole(number: float) -> str:
    """A number for a table."""
    return f"{number:,.0f}"


def percent(share: float) -> str:
    """A share for a table."""
    return f"{share:.1%}"


def _styled(chart: Any, about: str) -> Any:
    return (
        chart.properties(description=about, background="transparent", padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=INK,
            titleColor=INK,
            gridColor=GRID,
            domainColor=GRID,
            tickColor=GRID,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelFont=_FONT,
            titleFont=_FONT,
        )
        .configure_axisX(grid=False)
    )


def _svg(spec: str, about: str) -> str:
    """A chart as SVG without fixed colours, background or size."""
    svg = str(vl_convert.vegalite_to_svg(spec))
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"var({variable})"')
    svg = re.sub(r' aria-label="[^"]*"| aria-roledescription="[^"]*"| role="[^"]*"', "", svg)
    head = f'<svg role="img" aria-label="{about}" '
    return re.sub(r"<svg [^>]*?(width=[^>]*viewBox=)", head + r"\1", svg, count=1)
