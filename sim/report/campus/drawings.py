"""The report's charts by name, of a run's figures: what there is nothing to show of is left out."""

from __future__ import annotations

from collections import Counter
from typing import Any

from altair.utils.schemapi import debug_mode

from sim.caliper.kinds import KINDS
from sim.report.campus import charts, maps
from sim.report.campus.figures import Figures
from sim.report.campus.frame import Chart
from sim.report.campus.labels import WEEKDAYS, kind_label, level_label, tool_label
from sim.report.campus.verdicts import SumVerdict, judged

_DONE = {
    kind.name for kind in KINDS if kind.role == "Student" and not kind.is_view and kind.sensor == "canvas"
}
_WEEKS_SHOWN = 10


def verdicts(figures: Figures) -> dict[str, list[SumVerdict]]:
    """What was drawn of each tool, field of study and level against what was asked, by the margin's name."""
    margins = figures.events.margins
    tools = {margin.name: tool_label(margin.name) for margin in margins["tool"]}
    levels = {margin.name: level_label(margin.name) for margin in margins["level"]}
    return {
        "tools": judged(margins["tool"], tools),
        "fields of study": judged(margins["cip"], _families(figures)),
        "course levels": sorted(judged(margins["level"], levels), key=lambda verdict: verdict.name),
    }


def _families(figures: Figures) -> dict[str, str]:
    return {cip: f"{cip} {title}" for cip, title in figures.families.items()}


# Else Altair holds every piece against Vega-Lite's schema, a third of the time; a test does that.
@debug_mode(arg=False)
def drawings(figures: Figures) -> dict[str, Chart]:
    """Every chart of the page that has something to show, in the page's order."""
    events, store, found = figures.events, figures.store, verdicts(figures)
    drawn: dict[str, Chart] = {
        "days": charts.days(events.days),
        "calendar": maps.calendar(figures.calendar),
        "week": maps.week(events.hours),
        "tools": charts.compared(_rows(found["tools"]), "tool"),
        "families": charts.compared(_rows(found["fields of study"]), "field of study", label=46),
        "levels": charts.compared(_rows(found["course levels"]), "course level"),
        **_leanings(figures),
        "adoption": charts.shares(
            [
                {
                    "name": tool_label(row["tool"]),
                    "number": row["courses"],
                    "share": row["courses"] / max(events.clicked_courses, 1),
                }
                for row in events.adoption
            ],
            "Courses in which each tool was clicked at all",
            ("tool", "courses", "share"),
        ),
        "sizes": charts.binned(store.sizes, "Sections by number of students", "students"),
        "scores": charts.binned(store.scores, "Final scores in per cent, in fives", "from"),
        "letters": charts.binned(store.letters, "Final grades by letter", "letter"),
        "gpas": charts.dots(
            [{**row, "name": _families(figures).get(row["name"], row["name"])} for row in store.gpas],
            "Average grade points by field of study",
            ("field of study", "points", "grades"),
            label=46,
        ),
        "leads": charts.shares(
            _shared(store.leads),
            "How long before its due date work was handed in",
            ("before the due date", "submissions", "share"),
        ),
        "steps": charts.shares(
            [{**row, "share": row["number"] / max(store.steps[0]["number"], 1)} for row in store.steps],
            "Online work from view to grade",
            ("step", "works of a student", "share"),
        ),
    }
    if events.leaving:
        drawn["leaving"] = _leaving(events.leaving)
    if figures.week is not None:
        drawn["student"] = _student(figures)
    return {name: chart for name, chart in drawn.items() if chart.cells}


def _rows(found: list[SumVerdict]) -> list[dict[str, Any]]:
    return [vars(verdict) for verdict in found]


def _shared(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    total = sum(row["number"] for row in rows)
    return [{**row, "share": row["number"] / (total or 1)} for row in rows]


def _leanings(figures: Figures) -> dict[str, Chart]:
    """Tools by field of study, course level and weekday, against the campus as a whole."""
    events, names = figures.events, _families(figures)
    tools = [tool_label(margin.name) for margin in events.margins["tool"] if margin.drawn]
    cips = [names.get(margin.name, margin.name) for margin in events.margins["cip"] if margin.drawn]
    levels = sorted(level_label(margin.name) for margin in events.margins["level"] if margin.drawn)
    by_cip: dict[tuple[str, str], int] = {
        (tool_label(row["tool"]), names.get(row["cip"], str(row["cip"]))): row["clicks"]
        for row in events.tool_cips
    }
    by_level: dict[tuple[str, str], int] = {
        (tool_label(row["tool"]), level_label(row["level"])): row["clicks"] for row in events.tool_levels
    }
    by_day: Counter[tuple[str, str]] = Counter()
    for row in events.tool_weekdays:
        by_day[WEEKDAYS[row["weekday"]], tool_label(row["tool"])] += row["clicks"]
    usual = "against the campus as a whole"
    return {
        "tools-by-field": maps.leanings(
            by_cip,
            f"Tools by field of study, {usual}",
            tools,
            cips,
            ("tool", "field"),
            label=50,
        ),
        "tools-by-level": maps.leanings(
            by_level, f"Tools by course level, {usual}", tools, levels, ("tool", "level")
        ),
        "tools-by-weekday": maps.leanings(
            by_day,
            f"Weekdays of each tool, {usual}",
            list(WEEKDAYS),
            tools,
            ("weekday", "tool"),
            step=(36, 21),
        ),
    }


def _leaving(rows: list[dict[str, Any]]) -> Chart:
    """Clicks of those who will withdraw, as shares of what as many others do."""
    shown = [
        {"name": str(row["weeks_left"]), "number": row["clicks"] / row["expected"]}
        for row in rows[:_WEEKS_SHOWN][::-1]
    ]
    about = "Clicks of students who will withdraw, as a share of others', by whole weeks left"
    return charts.binned(shown, about, "weeks left", digits=2, rule=1.0)


def _student(figures: Figures) -> Chart:
    week = figures.week
    assert week is not None  # noqa: S101 - asked before
    clicks = [
        {
            **click,
            "what": kind_label(click["kind"]),
            "where": figures.store.titles.get(click["course"], "") if click["course"] else "",
            "done": click["kind"] in _DONE,
        }
        for click in week.clicks
    ]
    about = "A student's week: visits, clicks, and what was handed in or posted"
    return maps.timeline(week.monday, week.visits, clicks, about)
