"""Charts along two axes: the calendar, hours of the week, tools by what they go with, a person's week."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from math import log2
from typing import Any

import altair as alt

from sim.report.campus.charts import LINES, PHONE_ROWS
from sim.report.campus.frame import ASKED, DRAWN, INK, Chart, Values, chart_of, framed, percent, whole
from sim.report.campus.labels import WEEKDAYS, in_lines

_OFF = ("holiday", "break", "reading")  # days without classes, of DAY_KINDS
_TWICE = 1.0  # log2 of the ratio that is shown in full colour


def calendar(rows: Values) -> Chart:
    """A square a day, weeks beside each other; on a phone below each other. Rows as ``Figures.calendar``."""
    placed = [{**row, **_week_of(row["date"])} for row in rows]
    weeks = list(dict.fromkeys(row["week"] for row in placed))
    week: dict[str, Any] = {
        "title": None,
        "sort": weeks,
        "axis": alt.Axis(labelAngle=0, domain=False, ticks=False),
    }
    weekday: dict[str, Any] = {"title": None, "sort": list(WEEKDAYS), "axis": _axis()}
    return framed(
        "Events by day: fuller is more; outlined: no classes (dashed) and finals; dots: midterms due",
        _calendar(placed, alt.X("week:N", **week), alt.Y("weekday:N", **weekday), (46, 20)),
        _calendar(placed, alt.X("weekday:N", **weekday), alt.Y("week:N", **week), (36, 15)),
        ("day", "kind of day", "events", "midterms due"),
        [(row["date"], row["kind"], whole(row["events"]), whole(row["exams"])) for row in rows],
    )


def _week_of(day: str) -> dict[str, str]:
    on = date.fromisoformat(day)
    monday = on - timedelta(on.weekday())
    return {"week": f"{monday:%b} {monday.day}", "weekday": WEEKDAYS[on.weekday()]}


def _calendar(rows: Values, x: Any, y: Any, step: tuple[int, int]) -> Any:
    base = chart_of(rows).encode(x=x, y=y)
    opacity = alt.Opacity("events:Q", scale=alt.Scale(range=[0.04, 1.0]), legend=None)
    inset = {"width": {"band": 0.92}, "height": {"band": 0.88}}
    cells = base.mark_rect(color=DRAWN, cornerRadius=2, **inset).encode(opacity=opacity)
    off = alt.FieldOneOfPredicate(field="kind", oneOf=list(_OFF))
    free = base.transform_filter(off).mark_rect(
        fillOpacity=0, stroke=INK, strokeDash=[3, 2], strokeWidth=1.2, cornerRadius=2, **inset
    )
    finals = base.transform_filter("datum.kind === 'finals'").mark_rect(
        fillOpacity=0, stroke=ASKED, strokeWidth=1.8, cornerRadius=2, **inset
    )
    size = alt.Size("exams:Q", legend=None, scale=alt.Scale(range=[4, 70], zero=True))
    exams = base.transform_filter("datum.exams > 0").mark_circle(color=ASKED, opacity=1.0).encode(size=size)
    chart = cells + free + finals + exams
    return chart.properties(width=alt.Step(step[0]), height=alt.Step(step[1]))


def week(rows: Values) -> Chart:
    """Events by weekday and hour; the fuller the colour, the more. On a phone the hours go down."""
    named = [{**row, "weekday": WEEKDAYS[row["weekday"]]} for row in rows]
    hour: dict[str, Any] = {"title": "hour of the day", "axis": _axis()}
    weekday: dict[str, Any] = {"title": None, "sort": list(WEEKDAYS), "axis": _axis()}
    return framed(
        "Events by weekday and hour, local time",
        _week(named, alt.X("hour:O", **hour), alt.Y("weekday:N", **weekday), (18, 22)),
        _week(named, alt.X("weekday:N", **weekday), alt.Y("hour:O", **hour), (36, 13)),
        ("weekday", "hour", "events"),
        [(row["weekday"], f"{row['hour']:02d}:00", whole(row["events"])) for row in named],
    )


def _week(rows: Values, x: Any, y: Any, step: tuple[int, int]) -> Any:
    opacity = alt.Opacity("events:Q", scale=alt.Scale(range=[0.03, 1.0]), legend=None)
    cells = chart_of(rows).mark_rect(color=DRAWN, stroke=None).encode(x=x, y=y, opacity=opacity)
    return cells.properties(width=alt.Step(step[0]), height=alt.Step(step[1]))


def leanings(
    clicks: Mapping[tuple[str, str], int],
    about: str,
    across: Sequence[str],
    down: Sequence[str],
    columns: tuple[str, str],
    *,
    label: int = 26,
    step: tuple[int, int] = (34, 13),
) -> Chart:
    """How much more or less of each across there is in each down than on the whole campus.

    ``clicks``: by (across, down). ``step``: width of a square on a wide page and on a phone, which shows the
    first PHONE_ROWS of ``down`` where names are long.
    """
    rows = _leaning_rows(clicks, across, down)
    first = list(down[:PHONE_ROWS] if label > 30 else down)
    return framed(
        about,
        _leanings(rows, list(across), list(down), label, step[0]),
        _leanings([row for row in rows if row["down"] in first], list(across), first, 17, step[1]),
        (*columns, "clicks", f"share of {columns[1]}", "against the campus"),
        [
            (row["across"], row["down"], whole(row["clicks"]), percent(row["share"]), f"{row['ratio']:.2f} x")
            for row in rows
        ],
    )


def _leaning_rows(
    clicks: Mapping[tuple[str, str], int], across: Sequence[str], down: Sequence[str]
) -> list[dict[str, Any]]:
    total = sum(clicks.values()) or 1
    of_across = {name: sum(clicks.get((name, other), 0) for other in down) for name in across}
    of_down = {name: sum(clicks.get((other, name), 0) for other in across) for name in down}
    rows = []
    for name in down:
        for other in across:
            n = clicks.get((other, name), 0)
            share, usual = n / (of_down[name] or 1), of_across[other] / total
            ratio = share / usual if usual else 0.0
            lean = max(min(log2(ratio) if ratio else -_TWICE, _TWICE), -_TWICE)
            rows.append(
                {
                    "across": other, "down": name, "clicks": n, "share": share, "ratio": ratio,
                    "lean": "more" if lean > 0 else "less", "strength": abs(lean),
                }
            )  # fmt: skip
    return rows


def _leanings(rows: Values, across: list[str], down: list[str], label: int, step: int) -> Any:
    broken = {name: in_lines(name, label) for name in down}
    named = [{**row, "down": broken[row["down"]]} for row in rows]
    lines = max((name.count("\n") + 1 for name in broken.values()), default=1)
    x_axis = alt.Axis(
        labelAngle=-50 if step > 14 else -90, domain=False, ticks=False, labelLimit=120, orient="top"
    )
    y_axis = alt.Axis(domain=False, ticks=False, labelLimit=400, labelExpr=LINES, labelLineHeight=11)
    colour = alt.Color("lean:N", legend=None, scale=alt.Scale(domain=["more", "less"], range=[DRAWN, ASKED]))
    opacity = alt.Opacity("strength:Q", legend=None, scale=alt.Scale(domain=[0, _TWICE], range=[0.04, 1.0]))
    cells = chart_of(named).mark_rect(cornerRadius=1, width={"band": 0.94}, height={"band": 0.88})
    return cells.encode(
        x=alt.X("across:N", sort=across, title=None, axis=x_axis),
        y=alt.Y("down:N", sort=list(broken.values()), title=None, axis=y_axis),
        color=colour,
        opacity=opacity,
    ).properties(width=alt.Step(step), height=alt.Step(max(18, 4 + 11 * lines)))


def timeline(monday: date, visits: Values, clicks: Values, about: str) -> Chart:
    """The days of a person's week, each a line: visits are bars, clicks ticks, what was handed in dots.

    Clicks have day, hour, at, what, where, and done: whether something was handed in.
    """
    days = [monday + timedelta(i) for i in range(len(WEEKDAYS))]
    said = {day.isoformat(): f"{WEEKDAYS[day.weekday()]} {day.day}" for day in days}
    low = int(min((row["hour"] for row in clicks), default=0.0))
    high = int(max((row["hour"] for row in clicks), default=24.0)) + 1
    shown = [[{**row, "day": said[row["day"]]} for row in rows] for rows in (visits, clicks)]
    names = list(said.values())
    return framed(
        about,
        _timeline(shown, names, (min(low, 8), max(high, 24)), 960, 26),
        _timeline(shown, names, (min(low, 8), max(high, 24)), 265, 24),
        ("day", "time", "what", "course"),
        [(said[row["day"]], row["at"], row["what"], row["where"]) for row in clicks],
    )


def _timeline(shown: list[list[Any]], names: list[str], span: tuple[int, int], width: int, step: int) -> Any:
    ticks = [hour for hour in range(0, 49, 3 if width > 500 else 6) if span[0] <= hour <= span[1]]
    clock = "(datum.value % 24) + ':00'"
    axis = alt.Axis(values=ticks, labelExpr=clock, domain=False, ticks=False, grid=True)
    x = alt.X("hour:Q", title=None, axis=axis, scale=alt.Scale(domain=list(span), nice=False))
    y = alt.Y("day:N", title=None, axis=_axis(), scale=alt.Scale(domain=names))
    visits, clicks = (chart_of(rows) for rows in shown)
    begin = alt.X("begin:Q", title=None, axis=axis, scale=alt.Scale(domain=list(span), nice=False))
    bars = visits.mark_bar(color=DRAWN, opacity=0.28, height=14, cornerRadius=2, minBandSize=3).encode(
        x=begin, x2="end:Q", y=y
    )
    each = clicks.mark_tick(color=DRAWN, thickness=1.4, height=14).encode(x=x, y=y)
    done = clicks.transform_filter("datum.done").mark_circle(color=ASKED, opacity=1.0, size=44)
    return (bars + each + done.encode(x=x, y=y)).properties(width=width, height=alt.Step(step))


def _axis() -> Any:
    return alt.Axis(labelAngle=0, domain=False, ticks=False)
