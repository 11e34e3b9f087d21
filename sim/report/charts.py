"""The report's charts as inline SVG whose colours are CSS variables, so that they follow light and dark."""

from __future__ import annotations

import re
from typing import Any

import altair as alt
import vl_convert

from sim.report.figures import WEEKDAYS, Records

# Vega needs colours; these are replaced by the page's variables.
_INK, _GRID, _DRAWN, _ASKED = "#000001", "#000002", "#000003", "#000004"
_VARIABLES = {_INK: "--muted", _GRID: "--line", _DRAWN: "--drawn", _ASKED: "--asked"}
# Room for a reader whose font is wider than the one that labels were measured with.
_PADDING = {"left": 26, "right": 8, "top": 2, "bottom": 2}
_FONT = "system-ui, sans-serif"


def days(rows: Records) -> str:
    """Events by campus day: bars drawn, line asked."""
    width = 1040
    x = alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=alt.Axis(format="%b %d", tickCount=10))
    base = _chart(rows)
    bars = base.mark_bar(color=_DRAWN, size=max(0.72 * width / max(len(rows), 1), 1)).encode(
        x=x, y=alt.Y("drawn:Q", title=None)
    )
    line = base.mark_line(color=_ASKED, strokeWidth=1.6).encode(x=x, y=alt.Y("asked:Q", title=None))
    return _svg((bars + line).properties(width=width, height=230), "Events by campus day, asked and drawn")


def compared(rows: Records, what: str, *, width: int = 320) -> str:
    """Bars drawn, ticks asked, one line per name, in the order given."""
    names = [row["name"] for row in rows]
    base = _chart(rows)
    y = alt.Y("name:N", sort=names, title=None, axis=alt.Axis(labelLimit=300, domain=False, ticks=False))
    axis = alt.Axis(format="~s", tickCount=5)
    bars = base.mark_bar(color=_DRAWN, height={"band": 0.62}).encode(
        x=alt.X("drawn:Q", title=None, axis=axis), y=y
    )
    ticks = base.mark_tick(color=_ASKED, thickness=2.2, height={"band": 0.95}).encode(x="asked:Q", y=y)
    chart = (bars + ticks).properties(width=width, height=alt.Step(20))
    return _svg(chart, f"Events by {what}, asked and drawn")


def counted(rows: Records, what: str) -> str:
    """Upright bars, in the order given."""
    names = [row["name"] for row in rows]
    chart = (
        _chart(rows)
        .mark_bar(color=_DRAWN, width={"band": 0.7})
        .encode(
            x=alt.X("name:N", sort=names, title=None, axis=alt.Axis(labelAngle=0, domain=False, ticks=False)),
            y=alt.Y("number:Q", title=None, axis=alt.Axis(format="~s", tickCount=4)),
        )
        .properties(width=440, height=150)
    )
    return _svg(chart, what)


def week(rows: Records) -> str:
    """Events by weekday and hour; the fuller the colour, the more."""
    named = [{**row, "weekday": WEEKDAYS[row["weekday"]]} for row in rows]
    chart = (
        _chart(named)
        .mark_rect(color=_DRAWN, stroke=None)
        .encode(
            x=alt.X(
                "hour:O", title="hour of the day", axis=alt.Axis(labelAngle=0, domain=False, ticks=False)
            ),
            y=alt.Y("weekday:N", sort=list(WEEKDAYS), title=None, axis=alt.Axis(domain=False, ticks=False)),
            opacity=alt.Opacity("events:Q", scale=alt.Scale(range=[0.03, 1.0]), legend=None),
        )
        .properties(width=alt.Step(18), height=alt.Step(22))
    )
    return _svg(chart, "Events by weekday and hour, local time")


def _chart(rows: Records) -> Any:
    return alt.Chart(alt.Data(values=rows))  # type: ignore[no-untyped-call]


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
