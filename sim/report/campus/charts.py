"""Charts along one axis: days, names, bins."""

from __future__ import annotations

from typing import Any

import altair as alt

from sim.report.campus.frame import ASKED, DRAWN, INK, REST, Chart, Values, chart_of, framed, percent, whole
from sim.report.campus.labels import in_lines

PHONE_ROWS = 12  # of long lists a phone shows the largest so many; the table has all
LINES = "split(datum.label, '\\n')"  # Vega's labels have several lines when they are lists


def days(rows: Values) -> Chart:
    """Events by campus day: bars of what was drawn and of all else, a line of what was asked."""
    return framed(
        "Events by campus day: clicks that rates ask for, all other events, and what was asked",
        _days(rows, 1040, 210, 10),
        _days(rows, 300, 180, 4),
        ("day", "asked", "drawn", "all events"),
        [(row["date"], whole(row["asked"]), whole(row["drawn"]), whole(row["events"])) for row in rows],
    )


def _days(rows: Values, width: int, height: int, ticks: int) -> Any:
    day = alt.Axis(format="%b %-d", tickCount=ticks, labelFlush=True)
    x = alt.X("date:T", title=None, scale=alt.Scale(type="utc"), axis=day)
    many = alt.Axis(format="~s", tickCount=5)
    base, size = chart_of(rows), max(0.72 * width / max(len(rows), 1), 1)
    rest = base.mark_bar(color=REST, size=size).encode(
        x=x, y=alt.Y("drawn:Q", title=None, axis=many), y2="events:Q"
    )
    drawn = base.mark_bar(color=DRAWN, size=size).encode(x=x, y=alt.Y("drawn:Q", title=None))
    asked = base.mark_line(color=ASKED, strokeWidth=1.6).encode(x=x, y=alt.Y("asked:Q", title=None))
    return (drawn + rest + asked).properties(width=width, height=height)


def compared(rows: Values, what: str, *, label: int = 26) -> Chart:
    """Bars drawn, ticks asked, one line per name, in the order given; names break after ``label`` letters.

    A phone shows the first PHONE_ROWS of names that long.
    """
    first = rows[:PHONE_ROWS] if label > 30 else rows
    return framed(
        f"Clicks by {what}, asked and drawn",
        _compared(rows, 480 - 6 * label, label),
        _compared(first, 165, min(label, 22)),
        (what, "asked", "drawn", "off", "chance, up to", "verdict"),
        [
            (
                row["name"],
                whole(row["asked"]),
                whole(row["drawn"]),
                f"{row['off']:+.1%}",
                percent(row["chance"]),
                row["word"],
            )
            for row in rows
        ],
    )


def _compared(rows: Values, width: int, label: int) -> Any:
    named = [{**row, "name": in_lines(row["name"], label), "asked": row["asked"] or None} for row in rows]
    y, step = _names_down([row["name"] for row in named])
    base, axis = chart_of(named), alt.Axis(format="~s", tickCount=4)
    bars = base.mark_bar(color=DRAWN, height=12).encode(x=alt.X("drawn:Q", title=None, axis=axis), y=y)
    ticks = base.mark_tick(color=ASKED, thickness=2.2, height=18).encode(x="asked:Q", y=y)
    return (bars + ticks).properties(width=width, height=step)


def _names_down(names: list[str]) -> tuple[Any, Any]:
    """(an axis of names, one below the other; the height of each)."""
    lines = max((name.count("\n") + 1 for name in names), default=1)
    axis = alt.Axis(labelLimit=400, domain=False, ticks=False, labelExpr=LINES, labelLineHeight=11)
    return alt.Y("name:N", sort=names, title=None, axis=axis), alt.Step(max(20, 5 + 11 * lines))


def shares(rows: Values, about: str, columns: tuple[str, str, str]) -> Chart:
    """Lying bars of shares, each with its percentage; rows: name, number, share."""
    return framed(
        about,
        _shares(rows, 326, 24),
        _shares(rows, 150, 20),
        columns,
        [(row["name"], whole(row["number"]), percent(row["share"])) for row in rows],
    )


def _shares(rows: Values, width: int, label: int) -> Any:
    named = [{**row, "name": in_lines(row["name"], label)} for row in rows]
    y, step = _names_down([row["name"] for row in named])
    base = chart_of(named)
    most = max((row["share"] for row in rows), default=1.0) * 1.18 or 1.0
    x = alt.X("share:Q", title=None, axis=None, scale=alt.Scale(domain=[0, most]))
    bars = base.mark_bar(color=DRAWN, height=12).encode(x=x, y=y)
    said = base.mark_text(color=INK, align="left", dx=4, fontSize=11).encode(
        x=x, y=y, text=alt.Text("share:Q", format=".0%" if most > 0.5 else ".1%")
    )
    return (bars + said).properties(width=width, height=step)


def dots(rows: Values, about: str, columns: tuple[str, str, str], *, label: int = 30) -> Chart:
    """A dot for each name, larger for more; rows: name, number, grades. A phone shows PHONE_ROWS."""
    least = min(sorted(row["grades"] for row in rows)[-PHONE_ROWS:], default=0)
    most = [row for row in rows if row["grades"] >= least][:PHONE_ROWS]
    return framed(
        about,
        _dots(rows, 480 - 6 * label, label),
        _dots(most, 150, min(label, 22)),
        columns,
        [(row["name"], f"{row['number']:.2f}", whole(row["grades"])) for row in rows],
    )


def _dots(rows: Values, width: int, label: int) -> Any:
    named = [{**row, "name": in_lines(row["name"], label)} for row in rows]
    y, step = _names_down([row["name"] for row in named])
    x = alt.X("number:Q", title=None, axis=alt.Axis(format=".1f", tickCount=4), scale=alt.Scale(zero=False))
    size = alt.Size("grades:Q", legend=None, scale=alt.Scale(range=[20, 180]))
    points = chart_of(named).mark_circle(color=DRAWN, opacity=0.9).encode(x=x, y=y, size=size)
    return points.properties(width=width, height=step)


def binned(rows: Values, what: str, unit: str, *, digits: int = 0, rule: float | None = None) -> Chart:
    """Upright bars, in the order given; the table's numbers have ``digits`` after the point.

    ``rule``: a number to hold the bars against, as a line across.
    """
    return framed(
        what,
        _binned(rows, 450, 150, rule),
        _binned(rows, 300, 130, rule),
        (unit, "number"),
        [(row["name"], f"{row['number']:,.{digits}f}") for row in rows],
    )


def _binned(rows: Values, width: int, height: int, rule: float | None) -> Any:
    names = [row["name"] for row in rows]
    crowded = len(names) * max(map(len, names), default=1) * 7 > width
    overlap: Any = {"labelOverlap": "parity", "labelSeparation": 5} if crowded else {"labelOverlap": False}
    axis = alt.Axis(labelAngle=0, domain=False, ticks=False, **overlap)
    x = alt.X("name:N", sort=names, title=None, axis=axis)
    y = alt.Y("number:Q", title=None, axis=alt.Axis(format="~s", tickCount=4))
    bars = chart_of(rows).mark_bar(color=DRAWN, width={"band": 0.7}).encode(x=x, y=y)
    if rule is None:
        return bars.properties(width=width, height=height)
    line = chart_of([{"number": rule}]).mark_rule(color=ASKED, strokeWidth=1.6).encode(y="number:Q")
    return (bars + line).properties(width=width, height=height)
