"""Calendars side by side: the dates of a term as packs say them, or as a warehouse showed them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from context.packs.spec import TERM_TYPES
from context.scenario.term import Term
from sim.compare.figures import FigureSet
from sim.fit.counts import Axes
from sim.fit.events import axes_of
from sim.fit.terms.calendar import usual_calendar

_DATES = ("instruction_end", "finals_start", "end")
_NOT_TOLD = "no dates of its own"


def calendar_cells(a: FigureSet, b: FigureSet) -> Iterator[tuple[str, str, float, float, str]]:
    """(type of term, cell, asked, came, why it is not judged) of dates that both have.

    The start is a day of the year, other dates are days in term, days off 1 where there is one and else 0.
    """
    counted = [each.clicks for each in (a, b) if each.clicks is not None]
    begin = next((clicks.dates.begin for clicks in counted if clicks.dates), None)
    year = begin.year if begin else None
    for term_type in dict.fromkeys(clicks.term_type for clicks in counted) or TERM_TYPES:
        one, other = (usual_calendar(each.pack, term_type, year).term for each in (a, b))
        why = "" if all(clicks.dates for clicks in counted) else _NOT_TOLD
        yield term_type, "start", _day_of_year(one.start), _day_of_year(other.start), why
        for item in _DATES:
            asked, came = ((getattr(term, item) - term.start).days for term in (one, other))
            yield term_type, item, float(asked), float(came), why
        if any(clicks.dates and clicks.dates.no_class is None for clicks in counted):
            why = why or "nothing tells days off"
        off, others = _days_off(one), _days_off(other)
        for day in sorted(off | others):
            yield term_type, f"no class on day {day}", float(day in off), float(day in others), why


def _day_of_year(day: date) -> float:
    return float(day.timetuple().tm_yday)


def _days_off(term: Term) -> set[int]:
    return {(day - term.start).days for day in term.no_class}


def kinds_of(a: FigureSet, b: FigureSet, axes: Axes) -> tuple[str, ...]:
    """The kinds that the days of a term counted in ``b`` have by the calendar of ``a``."""
    dates = b.clicks.dates if b.clicks else None
    return axes.kinds if dates is None else axes_of(a.pack, axes.term_type, dates.begin).kinds
