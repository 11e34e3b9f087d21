"""A term's dates: rules of the pack's calendar table, overridden by the scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from context.errors import InputError
from context.packs.spec import LAST_DAYS
from context.scenario.scenario import Scenario

DATES = ("start", "instruction_end", "finals_start", "end")
ITEMS = (*DATES, "add_drop_end", "withdraw_deadline", "no_class")


@dataclass(frozen=True)
class Term:
    """One term. ``end`` is its last day; ``finals_start`` to ``end`` are the days of final examinations."""

    name: str  # "Fall 2026"
    code: str  # "2026-fall"
    term_type: str  # "Fall", "Spring", "Summer"
    start: date
    instruction_end: date
    finals_start: date
    end: date
    add_drop_end: date
    withdraw_deadline: date
    no_class: tuple[date, ...]  # sorted, within the term

    @property
    def last_day(self) -> int:
        """The campus day of the term's end, day 0 being its start."""
        return (self.end - self.start).days

    @property
    def last_class_day(self) -> int:
        """The campus day on which instruction ends."""
        return (self.instruction_end - self.start).days


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    """The nth Monday (weekday 0) .. Sunday (6) of a month."""
    first = date(year, month, 1)
    return first + timedelta((weekday - first.weekday()) % 7 + 7 * (nth - 1))


def _observed(day: date) -> date:
    """A fixed holiday on Saturday is kept on Friday, one on Sunday on Monday (5 U.S.C. 6103)."""
    return day + timedelta({5: -1, 6: 1}.get(day.weekday(), 0))


def holidays(year: int) -> dict[str, date]:
    """The US holidays that calendar rules may start from, as 5 U.S.C. 6103 sets them."""
    first_of_june = date(year, 6, 1)
    return {
        "mlk_day": _nth_weekday(year, 1, 0, 3),
        "memorial_day": first_of_june - timedelta(first_of_june.weekday() or 7),
        "juneteenth": _observed(date(year, 6, 19)),
        "independence_day": _observed(date(year, 7, 4)),
        "labor_day": _nth_weekday(year, 9, 0, 1),
        "thanksgiving": _nth_weekday(year, 11, 3, 4),
    }


def build_term(scenario: Scenario, rows: Mapping[str, Sequence[object]]) -> Term:
    """The scenario's term from ``rows``: columns term_type, item, rule, offset_days.

    A date is its rule's (a holiday, or "start": the term's first day) plus the offset. Raises InputError for
    rules that can't be followed, with the row of calendar.csv, and for dates that make no term. The
    scenario's shift moves all dates in the end, so that weekdays and what is between them stay.
    """
    term_type, year = scenario.term.split()
    anchors = holidays(int(year))
    dates: dict[str, date] = {}
    no_class: list[date] = []
    given = scenario.calendar
    # The start goes first: others may be counted from it.
    for row in sorted(_rows_of(term_type, rows), key=lambda row: row[1] != "start"):
        number, item, rule, offset = row
        if rule not in anchors:
            raise InputError(
                f"calendar.csv row {number}: rule: {rule!r} given, allowed: {', '.join(sorted(anchors))}"
            )
        day = anchors[rule] + timedelta(offset)
        if item == "start":
            day = given.start or day
            anchors["start"] = day
        if item == "no_class":
            no_class.append(day)
        else:
            dates[item] = day
    missing = [item for item in ITEMS[:-1] if item not in dates]
    if missing:
        raise InputError(f"calendar.csv: no row of {term_type} for {', '.join(missing)}")
    dates |= {item: day for item in DATES if (day := getattr(given, item)) is not None}
    _check(scenario, term_type, int(year), dates)
    if given.no_class is None:
        kept = {day for day in no_class if dates["start"] <= day <= dates["end"]}
    else:
        kept = set(given.no_class)
        for day in sorted(kept):
            if not dates["start"] <= day <= dates["end"]:
                raise InputError(
                    f"calendar.no_class: {day} given, allowed: {dates['start']} to {dates['end']}"
                )
    # Deadlines have no override: where a shorter term ends before them, its end of classes stands in.
    deadlines = {
        item: min(max(dates[item], dates["start"]), dates["instruction_end"])
        for item in ("add_drop_end", "withdraw_deadline")
    }
    moved = timedelta(weeks=scenario.shift)
    return Term(
        name=scenario.term,
        code=f"{year}-{term_type.lower()}",
        term_type=term_type,
        **{item: dates[item] + moved for item in DATES},
        **{item: day + moved for item, day in deadlines.items()},
        no_class=tuple(day + moved for day in sorted(kept)),
    )


def _rows_of(term_type: str, rows: Mapping[str, Sequence[object]]) -> list[tuple[int, str, str, int]]:
    """(row number in the file, item, rule, offset) of one term type, in file order, items known and once."""
    found: list[tuple[int, str, str, int]] = []
    columns = (rows["term_type"], rows["item"], rows["rule"], rows["offset_days"])
    for number, (kind, item, rule, offset) in enumerate(zip(*columns, strict=True), start=2):
        if kind != term_type:
            continue
        if item not in ITEMS:
            raise InputError(f"calendar.csv row {number}: item: {item!r} given, allowed: {', '.join(ITEMS)}")
        if item != "no_class" and any(item == other for _, other, _, _ in found):
            raise InputError(f"calendar.csv row {number}: item: {item!r} given twice for {term_type}")
        found.append((number, str(item), str(rule), int(str(offset))))
    return found


def _check(scenario: Scenario, term_type: str, year: int, dates: Mapping[str, date]) -> None:
    """The four dates in order, in their year, and no longer than the curves reach."""
    if dates["start"].year != year:
        raise InputError(
            f"calendar.start: {dates['start']} given, allowed: a day in {year}, as in {scenario.term!r}"
        )
    for before, after, strict in (
        ("start", "instruction_end", True),
        ("instruction_end", "finals_start", True),
        ("finals_start", "end", False),
    ):
        if dates[after] < dates[before] + timedelta(strict):
            word = "after" if strict else "on or after"
            raise InputError(
                f"calendar.{after}: {dates[after]} given, allowed: {word} {before} {dates[before]}"
            )
    last = dates["start"] + timedelta(LAST_DAYS[term_type])
    if dates["end"] > last:
        raise InputError(
            f"calendar.end: {dates['end']} given, allowed: {last} at the latest, "
            f"{LAST_DAYS[term_type]} days after start {dates['start']}"
        )
