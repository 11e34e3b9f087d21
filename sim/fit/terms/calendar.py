"""The calendar of a term as its warehouse tells it: the dates on record, and days off that its days show.

Begin, end and end of instruction are on record. Days off are those on which students click much less than on
the same weekday of the weeks around, and on which next to nothing is due though something is due on that
weekday elsewhere; where one of the two says nothing, the other has to say more. Finals begin on the first day
after instruction on which work is due again as on other days of finals; days of which nothing is told, as too
few courses have work due, are no evidence of a later beginning, unless finals have far more. What leaves is
dates: those of an academic calendar.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median
from typing import Any

import schemas
from context.errors import InputError
from context.packs.pack import Pack
from context.packs.spec import TERM_TYPES
from context.packs.write import rows_of
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from context.scenario.term import holidays
from sim.fit.texts import filled
from sim.fit.warehouses.source import FitRow

Ask = Callable[[str, str], list[FitRow] | None]
_AROUND = (-21, -14, -7, 7, 14, 21)  # days before and after with which one is compared
_FEW_CLICKS, _VERY_FEW_CLICKS = 0.75, 0.6  # of the median around: where work due says so too, and alone
_LITTLE_DUE = 0.3
_ENOUGH_COURSES = 30  # with work due on a usual day, for a day without any to be off where no clicks tell it
_ENOUGH_PEOPLE = 100  # who click on a usual day, for days to be told apart by their clicks
_FINALS_DUE = 0.25  # of the median of days after instruction on which work is due
_WEEKDAYS = 5
_NEAR_HOLIDAY = 4  # days: nearer ones go with it from year to year
# Holidays that fall on the same weekday each year: what is counted from them keeps its weekdays.
_ANCHORS = ("labor_day", "thanksgiving", "mlk_day", "memorial_day")
_ANY_YEAR = 2026


@dataclass(frozen=True)
class TermDates:
    """A term's dates; ``no_class`` is None where nothing tells days off."""

    term_type: str
    begin: date
    instruction_end: date
    finals_start: date
    end: date
    no_class: tuple[date, ...] | None

    @property
    def days(self) -> int:
        """Days from the first to the last."""
        return (self.end - self.begin).days + 1

    def calendar(self, pack: Pack) -> Calendar:
        """The calendar of a term of a pack with these dates. Raises InputError for what makes no term."""
        try:
            given = CalendarOverrides(
                start=self.begin,
                instruction_end=self.instruction_end,
                finals_start=self.finals_start,
                end=self.end,
                no_class=self.no_class,
            )
            scenario = Scenario(
                name="fit", fte=12, term=f"{self.term_type} {self.begin.year}", calendar=given
            )
        except ValueError as error:
            raise InputError(f"terms: {str(error).splitlines()[-1].strip()}") from None
        return build_calendar(scenario, pack.table("calendar"))

    def with_days_off(self, clicks: Mapping[date, int], due: Mapping[date, int]) -> TermDates:
        """With the days off that clicks and work due tell, each by date."""
        return replace(self, no_class=_days_off(self, clicks, due))


def usual_calendar(pack: Pack, term_type: str, year: int | None) -> Calendar:
    """The calendar of a pack's own term in a year; None: any."""
    return calendar_like(pack.table("calendar"), term_type, year)


def calendar_like(table: Mapping[str, Sequence[Any]], term_type: str, year: int | None) -> Calendar:
    """The calendar of a term in a year, None: any, by the columns of a pack's ``calendar``."""
    scenario = Scenario(name="fit", fte=12, term=f"{term_type} {year or _ANY_YEAR}")
    return build_calendar(scenario, table)


def dates_of(
    ask: Ask,
    pack: Pack,
    term: FitRow,
    due: Mapping[date, int],
    parameters: Mapping[str, int | str],
    missing: dict[str, str],
) -> TermDates | None:
    """A term's dates, days off not looked for; None, and why in ``missing``, where they make no term.

    ``term``: a row of terms.sql. Where the end, the end of instruction or finals are not told, they are where
    the pack's calendar has them.
    """
    begin: date = term["begin_date"]
    usual = usual_calendar(pack, term["term_type"], None).term
    end: date = term["end_date"] or begin + (usual.end - usual.start)
    known = {"term": int(term["academic_term_id"]), **parameters}
    sessions = ask("calendar, end of instruction", filled(schemas.fit_query("sessions"), {}, known))
    taught: date = sessions[0]["instr_end_date"] if sessions else end - (usual.end - usual.instruction_end)
    taught = max(min(taught, end - timedelta(1)), begin + timedelta(1))
    finals = min(_weekday_from(taught + (usual.finals_start - usual.instruction_end)), end)
    found = TermDates(term["term_type"], begin, taught, finals, end, None)
    found = replace(found, finals_start=_finals_start(found, due, int(parameters["threshold"])))
    try:
        found.calendar(pack)
    except InputError as error:
        missing["calendar"] = str(error)
        return None
    return found


def due_days(ask: Ask, term: FitRow, parameters: Mapping[str, int | str]) -> dict[date, int]:
    """Courses with work due, by date. ``term``: a row of terms.sql."""
    known = {"term": int(term["academic_term_id"]), **parameters}
    rows = ask("calendar, work due", filled(schemas.fit_query("due_days"), {}, known)) or []
    return {row["due_day"]: int(row["num_courses"]) for row in rows}


def click_days(ask: Ask, dates: TermDates, parameters: Mapping[str, int | str]) -> dict[date, int]:
    """Clicks by date, of the days of a term; none where few people click, whose days differ by chance."""
    span = {"begin_day": str(dates.begin), "end_day": str(dates.end)}
    rows = ask("calendar, clicks", filled(schemas.fit_query("click_days"), span, parameters)) or []
    people = {row["click_day"]: int(row["num_people"]) for row in rows}
    usual = median([people.get(day, 0) for day in _weekdays(dates.begin, dates.instruction_end)])
    return {row["click_day"]: int(row["num_events"]) for row in rows} if usual >= _ENOUGH_PEOPLE else {}


def _finals_start(dates: TermDates, due: Mapping[date, int], threshold: int) -> date:
    """The first day after instruction on which as much work is due as in finals; as it is where none is.

    ``due``: courses by date, of days on which ``threshold`` have some: others may have as many as one less.
    Where such days come first, finals begin among them on the day on which they usually do.
    """
    first = dates.instruction_end + timedelta(1)
    after = [first + timedelta(i) for i in range((dates.end - dates.instruction_end).days)]
    told = [due[day] for day in after if due.get(day, 0)]
    if not told:
        return dates.finals_start
    least = _FINALS_DUE * median(told)
    found = next(day for day in after if due.get(day, 0) >= least)
    open_from = found if threshold - 1 < least else first
    return dates.finals_start if open_from <= dates.finals_start < found else found


def _days_off(
    dates: TermDates, clicks: Mapping[date, int], due: Mapping[date, int]
) -> tuple[date, ...] | None:
    """Days from Monday to Friday without classes; None where neither clicks nor work due tell any."""
    if not clicks and not due:
        return None
    found = []
    for day in _weekdays(dates.begin, dates.instruction_end):
        around = [day + timedelta(i) for i in _AROUND]
        around = [other for other in around if dates.begin <= other <= dates.instruction_end]
        clicked = _part(day, around, clicks)
        asked = _part(day, around, due, _ENOUGH_COURSES if not clicks else 1)
        if clicked is None:
            is_off = asked is not None and asked == 0
        elif asked is None:
            is_off = clicked <= _VERY_FEW_CLICKS
        else:
            is_off = clicked <= _FEW_CLICKS and asked <= _LITTLE_DUE
        if is_off:
            found.append(day)
    return tuple(found)


def _part(day: date, around: Sequence[date], counts: Mapping[date, int], least: int = 1) -> float | None:
    """What there is on a day, as a part of the median of others; None where that is less than ``least``."""
    usual = median([counts.get(other, 0) for other in around]) if around else 0
    return counts.get(day, 0) / usual if usual >= least else None


def _weekday_from(day: date) -> date:
    """The day, or the Monday after it."""
    return day + timedelta(max(7 - day.weekday(), 0) if day.weekday() >= _WEEKDAYS else 0)


def _weekdays(first: date, last: date) -> Iterator[date]:
    days = (first + timedelta(i) for i in range((last - first).days + 1))
    return (day for day in days if day.weekday() < _WEEKDAYS)


def calendar_rows(pack: Pack, dates: TermDates, begins: Sequence[date]) -> list[dict[str, Any]]:
    """The pack's calendar with the dates of one type of term. ``begins``: of all its terms.

    The start is counted from the holiday from which most terms begin as far, deadlines keep their part of the
    term, days off on a holiday or beside one go with it, others are counted from the start.
    """
    kept = [row for row in rows_of(pack, "calendar") if row["term_type"] == dates.term_type]
    anchor = next(str(row["rule"]) for row in kept if row["item"] == "start")
    rule, offset = _start_rule(anchor, dates.begin, begins)
    last = next(int(row["offset_days"]) for row in kept if row["item"] == "end" and row["rule"] == "start")
    ends = ("instruction_end", "finals_start", "end")
    found = [("start", rule, offset)]
    found += [(item, "start", (getattr(dates, item) - dates.begin).days) for item in ends]
    for row in kept:
        if row["item"] in ("add_drop_end", "withdraw_deadline"):
            part = (dates.days - 1) / last if row["rule"] == "start" else 1
            found.append((row["item"], row["rule"], round(int(row["offset_days"]) * part)))
    if dates.no_class is None:
        found += [("no_class", row["rule"], row["offset_days"]) for row in kept if row["item"] == "no_class"]
    else:
        found += [("no_class", *_day_off_rule(day, dates)) for day in dates.no_class]
        if not dates.no_class:
            # A table has such a row; what is outside of the term is none.
            found.append(("no_class", "start", -1))
    rows = [
        {"term_type": dates.term_type, "item": item, "rule": rule, "offset_days": days}
        for item, rule, days in found
    ]
    others = {
        term: [row for row in rows_of(pack, "calendar") if row["term_type"] == term] for term in TERM_TYPES
    }
    return [row for term in TERM_TYPES for row in (rows if term == dates.term_type else others[term])]


def _start_rule(usual: str, begin: date, begins: Sequence[date]) -> tuple[str, int]:
    """The holiday from which most terms begin as far as this one, the usual one where several are."""
    order = sorted(_ANCHORS, key=lambda name: name != usual)

    def offset(name: str, day: date) -> int:
        return (day - holidays(day.year)[name]).days

    alike = {name: sum(offset(name, day) == offset(name, begin) for day in begins) for name in order}
    chosen = max(order, key=lambda name: alike[name])
    return chosen, offset(chosen, begin)


def _day_off_rule(day: date, dates: TermDates) -> tuple[str, int]:
    """A holiday and the days from it, or the term's start."""
    near = [
        ((day - holiday).days, name)
        for name, holiday in holidays(day.year).items()
        if dates.begin <= holiday <= dates.end
        and holiday in (dates.no_class or ())
        and abs((day - holiday).days) <= _NEAR_HOLIDAY
    ]
    if near:
        days, name = min(near, key=lambda pair: (abs(pair[0]), pair[1]))
        return name, days
    return "start", (day - dates.begin).days
