"""What events tell: rates, adoption, visits; all that SQL counts of clicks is gathered here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from math import sqrt
from typing import Any

import numpy as np

import schemas
from context.arrays import F64
from context.errors import InputError
from context.packs.pack import Pack
from context.packs.spec import FIRST_DAY, LAST_DAYS, TERM_TYPES
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from sim.fit.counts import MERGED, Axes, CellCounts, arrays_of, counts_by_role, counts_of
from sim.fit.guard import GuardReport
from sim.fit.rates import FittedRates, before, fit_rates
from sim.fit.terms.calendar import (
    Ask,
    TermDates,
    calendar_like,
    click_days,
    dates_of,
    due_days,
    usual_calendar,
)
from sim.fit.terms.places import NAMELESS, PROVEN, places_of
from sim.fit.texts import filled, sql_text
from sim.fit.warehouses.source import FitRow, FitSource

SAMPLE_PEOPLE = 2_500  # whose visits are looked at, about
_DEVICES_FROM, _DEVICES_DAYS = 28, 14  # days in term in which it is looked at what people visit with
_MARGINS = {
    "tool_day": ("day_in_term, tool", "TRUE"),
    "cip_day": ("cip, day_in_term", "cip IS NOT NULL"),
    "level_day": ("course_level, day_in_term", "cip IS NOT NULL"),
    "tool": ("tool", "TRUE"),
    "cip": ("cip", "cip IS NOT NULL"),
    "course_level": ("course_level", "cip IS NOT NULL"),
    "day_in_term": ("day_in_term", "TRUE"),
}
_OF_STUDENTS = {"seats": "seat", "clicks": "placed_click"}
_OF_ROLES = {"seats": "role_seat", "clicks": "role_click"}


@dataclass
class Clicks:
    """What was counted of one type of term."""

    term_type: str
    counted: CellCounts | None
    report: GuardReport
    roles: dict[str, CellCounts] = field(default_factory=dict)  # other than students'
    margins: dict[str, list[FitRow]] = field(default_factory=dict)
    mix: list[FitRow] = field(default_factory=list)
    adoption: list[FitRow] = field(default_factory=list)
    hours: list[FitRow] = field(default_factory=list)
    visits: list[FitRow] = field(default_factory=list)
    visit_slots: list[FitRow] = field(default_factory=list)
    gaps: list[FitRow] = field(default_factory=list)
    logins: list[FitRow] = field(default_factory=list)
    dispersion: list[FitRow] = field(default_factory=list)
    devices: list[FitRow] = field(default_factory=list)
    known_devices: list[FitRow] = field(default_factory=list)  # of the pack begun with
    dates: TermDates | None = None  # of the term of most students
    begins: tuple[date, ...] = ()  # of all terms of the type

    def weights(self) -> tuple[F64, F64]:
        """([cip, level] student-days, [tool] events), over which factors average 1."""
        if self.counted is None:
            raise InputError("no clicks")
        return self.counted.students.sum(axis=2), np.nan_to_num(self.counted.tool_day).sum(axis=0)

    def fit(self, pack: Pack) -> FittedRates:
        """The rates."""
        if self.counted is None:
            raise InputError("no clicks")
        return fit_rates(before(pack, self.counted.axes), self.counted, self.report)

    def note(self) -> dict[str, Any]:
        """What ``fit.json`` says: how certain the margins are, people being what chance picks."""
        errors: dict[str, dict[str, float]] = {}
        for axis in ("tool", "cip", "course_level", "day_in_term"):
            errors[axis] = {
                str(row[axis]): float(f"{sqrt(row['num_events_squared']) / row['num_events']:.2g}")
                for row in self.margins.get(axis, [])
                if row["num_events"] and row[axis] is not None
            }
        errors["mix"] = {
            str(row["tool"]): float(f"{_mix_error(row):.2g}") for row in self.mix if row["num_events"]
        }
        return {"term_type": self.term_type, "errors": errors}

    def numbers(self) -> dict[str, float]:
        """Scalars of numbers.csv."""
        found: dict[str, float] = {}
        if self.logins and self.logins[0]["num_people"] >= self.report.threshold and self.logins[0]["visits"]:
            visits = self.logins[0]["visits"]
            for key, count in (("login_share", "logins"), ("logout_share", "logouts")):
                if self.logins[0][count] >= self.report.threshold:
                    found[key] = min(self.logins[0][count] / visits, 1.0)
        if self.dispersion and (self.dispersion[0]["num_courses"] or 0) >= self.report.threshold:
            row = self.dispersion[0]
            if row["squared_variation"] and row["squared_variation"] > 0:
                found["dispersion.student_gamma_shape"] = 1 / row["squared_variation"]
        return found


def _mix_error(row: FitRow) -> float:
    """Relative standard error of a tool's part of all clicks: of a ratio of two sums over people."""
    part = row["num_events"] / row["all_events"]
    squares = row["num_events_squared"] - 2 * part * row["product"] + part**2 * row["all_events_squared"]
    return sqrt(max(float(squares), 0.0)) / float(row["num_events"])


def clicks_of(
    source: FitSource,
    pack: Pack,
    report: GuardReport,
    ask: Ask,
    missing: dict[str, str],
    term_type: str | None,
    time_zone: str | None,
) -> Clicks | None:
    """Count clicks of the terms of one type; None where there are no terms.

    ``missing`` gets what the warehouse lacks. Raises InputError for a type of term without students.
    """
    text = filled(schemas.fit_query("terms"), {}, {"threshold": report.threshold})
    terms = ask("rates", text)
    if not terms:
        return None
    chosen = _chosen(terms, term_type)
    kept = [term for term in terms if term["term_type"] == chosen]
    zone = time_zone or _zone(ask, report) or Scenario(name="fit", fte=12).time_zone
    main = max(kept, key=lambda term: (int(term["num_people"]), term["begin_date"]))
    parameters: dict[str, int | str] = {"threshold": report.threshold, "time_zone": zone}
    found = Clicks(chosen, None, report, begins=tuple(term["begin_date"] for term in kept))
    due = due_days(ask, main, parameters)
    dates = dates_of(ask, pack, main, due, parameters, missing)
    found.dates = dates and dates.with_days_off({}, due)
    usual = usual_calendar(pack, chosen, None).term.last_day + 1
    places = places_of(pack, kept, dates.days if dates else usual)
    for name in ("course", "seat", "submission", "click", "placed_click"):
        spans = places.spans(source.days_at_once) if name == "click" else [{}]
        texts = [filled(schemas.fit_query(name), {**places.texts, **span}, parameters) for span in spans]
        if lacking := source.lacks(texts[0]):
            missing["rates"] = lacking
            return found
        source.keep(name, *texts)
    if dates:
        found.dates = dates.with_days_off(click_days(ask, dates, parameters), due)
    for name, (axes, where) in _MARGINS.items():
        found.margins[name] = ask("rates", _margin(axes, where, _OF_STUDENTS, parameters)) or []
    if not any(row["num_events"] for row in found.margins["tool"]):
        missing["rates"] = "no clicks of students"
        return found
    tools = ", ".join(sql_text(tool) for tool in pack.rates.tools if tool not in PROVEN | NAMELESS)
    found.mix = ask("rates", filled(schemas.fit_query("mix"), {"tools": tools or "''"}, parameters)) or []
    people = sum(int(term["num_people"]) for term in kept)
    parameters["one_in"] = max(1, people // SAMPLE_PEOPLE)
    exposure, cells = (
        ask("rates", filled(schemas.fit_query(name), _OF_STUDENTS, parameters)) or []
        for name in ("exposure", "cells")
    )
    calendar = found.dates.calendar(pack) if found.dates else None
    found_axes = axes_of(pack, chosen, main["begin_date"], calendar)
    found.counted = arrays_of(found_axes, exposure, cells, dict(found.margins))
    found.roles = _roles(source, found_axes, ask, parameters)
    _behaviour(source, found, pack, ask, missing, places.texts, parameters)
    _devices(found, pack, ask, main, parameters)
    return found


def _margin(axes: str, where: str, whose: dict[str, str], parameters: dict[str, int | str]) -> str:
    number = len(axes.split(", "))
    along = {
        "axes": axes,
        "where": where,
        "places": ", ".join(str(i + 1) for i in range(number)),
        "last_place": str(number + 1),
    }
    return filled(schemas.fit_query("margin"), along | whose, parameters)


def _roles(
    source: FitSource, axes: Axes, ask: Ask, parameters: dict[str, int | str]
) -> dict[str, CellCounts]:
    """What all others click than students, in courses in which they have a role."""
    known = [f"({sql_text(role)}, {place})" for place, role in enumerate(schemas.option_set("ref_role"))]
    places = {
        "roles": ", ".join(["STRUCT('' AS role, -1 AS place)", *known]),
        "cips": ", ".join(sql_text(cip) for cip in axes.cips),
        "merged": sql_text(MERGED),
    }
    for name in ("role_seat", "role_click"):
        source.keep(name, filled(schemas.fit_query(name), places, parameters))
    exposure, cells = (
        ask("rates", filled(schemas.fit_query(name), _OF_ROLES, parameters)) or []
        for name in ("exposure", "cells")
    )
    margins = {
        name: ask("rates", _margin(f"role, {_MARGINS[name][0]}", "TRUE", _OF_ROLES, parameters)) or []
        for name in ("tool_day", "cip_day", "level_day", "tool")
    }
    return counts_by_role(axes, exposure, cells, dict(margins))


def told_clicks(
    pack: Pack,
    report: GuardReport,
    ask: Ask,
    missing: dict[str, str],
    term_type: str | None,
    calendar: Sequence[Mapping[str, Any]] | None,
) -> Clicks | None:
    """Rates as a tenant publishes them; None, and why in ``missing``, where it publishes none.

    ``calendar``: rows of its calendar, where it publishes one. Raises InputError for a type of term that is
    not among them.
    """
    rows = ask("rates", filled(schemas.fit_query("told_rates"), {"whose": "role = 'Student'"}, {}))
    if rows is None:  # a table of before there were roles, or none
        rows = ask("rates", filled(schemas.fit_query("told_rates"), {"whose": "TRUE"}, {}))
        if rows is not None:
            del missing["rates"]
    if not rows:
        missing.setdefault("rates", "no rates published")
        return None
    sizes: dict[str, int] = {}
    for row in rows:
        sizes[row["term_type"]] = sizes.get(row["term_type"], 0) + int(row["num_people"])
    chosen = _of_most(sizes, term_type)
    columns = {name: [row[name] for row in calendar] for name in calendar[0]} if calendar else None
    usual = calendar_like(columns, chosen, None) if columns else None
    return Clicks(chosen, counts_of(axes_of(pack, chosen, None, usual), rows), report)


def _behaviour(
    source: FitSource,
    found: Clicks,
    pack: Pack,
    ask: Ask,
    missing: dict[str, str],
    places: dict[str, str],
    parameters: dict[str, int | str],
) -> None:
    found.adoption = ask("adoption", filled(schemas.fit_query("adoption"), places, parameters)) or []
    found.dispersion = ask("dispersion", filled(schemas.fit_query("dispersion"), places, parameters)) or []
    text = filled(schemas.fit_query("visit"), places, parameters)
    if lacking := source.lacks(text):
        missing.update(dict.fromkeys(("hour", "visits", "visit_slots", "gap"), lacking))
        return
    source.keep("visit", text)
    parameters["most"] = max(int(slots) for slots in pack.table("visit_slots")["slots"])
    found.hours, found.visits, found.visit_slots, found.gaps, found.logins = (
        ask(name, filled(schemas.fit_query(name), places, parameters)) or []
        for name in ("hours", "visits", "visit_slots", "gaps", "logins")
    )


def _devices(found: Clicks, pack: Pack, ask: Ask, term: FitRow, parameters: dict[str, int | str]) -> None:
    """What visits are made with, over two weeks of a term: to read all of it takes as long as all else."""
    first = term["begin_date"] + timedelta(days=_DEVICES_FROM)
    places = {
        "class": schemas.fit_query("device_class"),
        "agents": ", ".join(sql_text(str(agent)) for agent in pack.table("device")["user_agent"]),
        "begin_date": str(first),
        "end_date": str(first + timedelta(days=_DEVICES_DAYS)),
    }
    seen = ask("device", filled(schemas.fit_query("devices"), places, parameters))
    if seen:
        found.devices = seen
        found.known_devices = ask("device", filled(schemas.fit_query("known_devices"), places, {})) or []


def _chosen(terms: list[FitRow], term_type: str | None) -> str:
    sizes: dict[str, int] = {}
    for term in terms:
        if term["term_type"] in TERM_TYPES:
            sizes[term["term_type"]] = sizes.get(term["term_type"], 0) + int(term["num_people"])
    return _of_most(sizes, term_type)


def _of_most(sizes: dict[str, int], term_type: str | None) -> str:
    """The type of term asked for, or that of most people. Raises InputError where there is none."""
    allowed = ", ".join(sizes) or "none: no term is a Fall, a Spring or a Summer"
    if term_type is not None and term_type not in sizes:
        raise InputError(f"--term-type: {term_type} given, allowed: {allowed}")
    if not sizes:
        raise InputError(f"terms: allowed types: {', '.join(TERM_TYPES)}; there is none with students")
    return term_type or max(sizes, key=lambda name: sizes[name])


def _zone(ask: Ask, report: GuardReport) -> str | None:
    rows = ask("time zone", filled(schemas.fit_query("time_zones"), {}, {"threshold": report.threshold}))
    return str(rows[0]["time_zone"]) if rows else None


def axes_of(pack: Pack, term_type: str, begin: date | None, calendar: Calendar | None = None) -> Axes:
    """Axes, with the kinds of days of a term that begins on a date, by ``calendar`` or else the pack's.

    ``begin``: None for a term like those of the pack's calendar.
    """
    days = tuple(range(FIRST_DAY, LAST_DAYS[term_type] + 1))
    calendar = calendar or usual_calendar(pack, term_type, begin.year if begin else None)
    begin = begin or calendar.term.start
    kinds = ["weekend" if (begin + timedelta(days=day)).weekday() >= 5 else "class" for day in days]
    if calendar.term.start == begin:
        known = {int(d): str(k) for d, k in zip(calendar.days, calendar.kind_of(calendar.days), strict=True)}
        kinds = [known.get(day, "after") for day in days]
    rates = pack.rates
    return Axes(rates.cips, rates.levels, rates.tools, term_type, days, tuple(kinds))
