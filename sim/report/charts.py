"""The report's charts as inline SVG whose colours are CSS variables, so that they follow light and dark.

Each is drawn twice, for a wide page and for a phone, and carries its figures as a table.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import altair as alt
import vl_convert

from sim.report.figures import WEEKDAYS
from sim.report.labels import in_lines

# Vega needs colours; these are replaced by the page's variables.
_INK, _GRID, _DRAWN, _ASKED, _REST = "#000001", "#000002", "#000003", "#000004", "#000005"
_VARIABLES = {_INK: "--muted", _GRID: "--line", _DRAWN: "--drawn", _ASKED: "--asked", _REST: "--rest"}
# Room for a reader whose font is wider than the one that labels were measured with.
_PADDING = {"left": 12, "right": 10, "top": 4, "bottom": 2}
_FONT = "system-ui, sans-serif"
_LINES = "split(datum.label, '\\n')"  # Vega's labels have several lines when they are lists
_Values = Sequence[Mapping[str, Any]]


@dataclass(frozen=True)
class Chart:
    """A chart as SVG in two widths, and what it shows as a table of texts."""

    wide: str
    narrow: str
    columns: tuple[str, ...]
    cells: Sequence[tuple[str, ...]]


def days(rows: _Values) -> Chart:
    """Events by campus day: bars of what was drawn and of all else, a line of what was asked."""
    about = "Events by campus day: clicks that rates ask for, all other events, and what was asked"
    table = [(row["date"], _whole(row["asked"]), _whole(row["drawn"]), _whole(row["events"])) for row in rows]
    return Chart(
        _svg(_days(rows, 1040, 230, 10), about),
        _svg(_days(rows, 300, 190, 4), about),
        ("day", "asked", "drawn", "all events"),
        table,
    )


def _days(rows: _Values, width: int, height: int, ticks: int) -> Any:
    day = alt.Axis(format="%b %-d", tickCount=ticks, labelFlush=True)
    x = alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=day)
    many = alt.Axis(format="~s", tickCount=5)
    base, size = _chart(rows), max(0.72 * width / max(len(rows), 1), 1)
    rest = base.mark_bar(color=_REST, size=size).encode(
        x=x, y=alt.Y("drawn:Q", title=None, axis=many), y2="events:Q"
    )
    drawn = base.mark_bar(color=_DRAWN, size=size).encode(x=x, y=alt.Y("drawn:Q", title=None))
    asked = base.mark_line(color=_ASKED, strokeWidth=1.6).encode(x=x, y=alt.Y("asked:Q", title=None))
    return (drawn + rest + asked).properties(width=width, height=height)


def compared(rows: _Values, what: str, *, label: int = 26) -> Chart:
    """Bars drawn, ticks asked, one line per name, in the order given; names break after ``label`` letters."""
    about = f"Clicks by {what}, asked and drawn"
    table = [(row["name"], _whole(row["asked"]), _whole(row["drawn"])) for row in rows]
    return Chart(
        _svg(_compared(rows, 480 - 6 * label, label), about),
        _svg(_compared(rows, 165, min(label, 22)), about),
        (what, "asked", "drawn"),
        table,
    )


def _compared(rows: _Values, width: int, label: int) -> Any:
    """``label`` is how many characters a line of a name may have."""
    named = [{**row, "name": in_lines(row["name"], label), "asked": row["asked"] or None} for row in rows]
    names = [row["name"] for row in named]
    lines = max((name.count("\n") + 1 for name in names), default=1)
    base = _chart(named)
    y = alt.Y(
        "name:N",
        sort=names,
        title=None,
        axis=alt.Axis(labelLimit=400, domain=False, ticks=False, labelExpr=_LINES, labelLineHeight=12),
    )
    axis = alt.Axis(format="~s", tickCount=4)
    bars = base.mark_bar(color=_DRAWN, height=12).encode(x=alt.X("drawn:Q", title=None, axis=axis), y=y)
    ticks = base.mark_tick(color=_ASKED, thickness=2.2, height=18).encode(x="asked:Q", y=y)
    return (bars + ticks).properties(width=width, height=alt.Step(max(20, 6 + 12 * lines)))


def counted(rows: _Values, what: str, unit: str, *, digits: int = 0) -> Chart:
    """Upright bars, in the order given; the table's numbers have ``digits`` after the point."""
    table = [(row["name"], f"{row['number']:,.{digits}f}") for row in rows]
    return Chart(
        _svg(_counted(rows, 450, 150), what), _svg(_counted(rows, 300, 130), what), (unit, "number"), table
    )


def _counted(rows: _Values, width: int, height: int) -> Any:
    axis = alt.Axis(labelAngle=0, domain=False, ticks=False, labelOverlap=False)
    return (
        _chart(rows)
        .mark_bar(color=_DRAWN, width={"band": 0.7})
        .encode(
            x=alt.X("name:N", sort=[row["name"] for row in rows], title=None, axis=axis),
            y=alt.Y("number:Q", title=None, axis=alt.Axis(format="~s", tickCount=4)),
        )
        .properties(width=width, height=height)
    )


def week(rows: _Values) -> Chart:
    """Events by weekday and hour; the fuller the colour, the more. On a phone the hours go down."""
    about = "Events by weekday and hour, local time"
    named = [{**row, "weekday": WEEKDAYS[row["weekday"]]} for row in rows]
    hour = {"title": "hour of the day", "axis": _axis()}
    weekday = {"title": None, "sort": list(WEEKDAYS), "axis": _axis()}
    table = [(row["weekday"], f"{row['hour']:02d}:00", _whole(row["events"])) for row in named]
    return Chart(
        _svg(_week(named, alt.X("hour:O", **hour), alt.Y("weekday:N", **weekday), (18, 22)), about),
        _svg(_week(named, alt.X("weekday:N", **weekday), alt.Y("hour:O", **hour), (36, 13)), about),
        ("weekday", "hour", "events"),
        table,
    )


def _week(rows: _Values, x: Any, y: Any, step: tuple[int, int]) -> Any:
    opacity = alt.Opacity("events:Q", scale=alt.Scale(range=[0.03, 1.0]), legend=None)
    cells = _chart(rows).mark_rect(color=_DRAWN, stroke=None).encode(x=x, y=y, opacity=opacity)
    return cells.properties(width=alt.Step(step[0]), height=alt.Step(step[1]))


def _axis() -> Any:
    return alt.Axis(labelAngle=0, domain=False, ticks=False)


def _chart(rows: Iterable[Mapping[str, Any]]) -> Any:
    return alt.Chart(alt.Data(values=list(rows)))  # type: ignore[no-untyped-call]


def _whole(number: float) -> str:
    return f"{number:,.0f}"


def _svg(chart: Any, description: str) -> str:
    """A chart as SVG without fixed colours, background or size."""
    styled = (
        chart.properties(description=description, background="transparent", padding=_PADDING)
        .configure_view(stroke=None)
        .configure_axis(
            labelColor=_INK,
            titleColor=_INK,
            gridColor=_GRID,
            domainColor=_GRID,
            tickColor=_GRID,
            labelFontSize=11,
            titleFontSize=11,
            titleFontWeight="normal",
            labelFont=_FONT,
            titleFont=_FONT,
        )
        .configure_axisX(grid=False)
    )
    svg = str(vl_convert.vegalite_to_svg(styled.to_dict()))
    for colour, variable in _VARIABLES.items():
        svg = svg.replace(f'"{colour}"', f'"var({variable})"')
    head = f'<svg role="img" aria-label="{description}" '
    return re.sub(r"<svg [^>]*?(width=[^>]*viewBox=)", head + r"\1", svg, count=1)
