"""The calendar of a term is found in its warehouse, whatever its length and wherever its recess lies."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from context.errors import InputError
from context.packs.pack import Pack, check_pack, load_pack
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from sim.fit.fitted import Fitted
from sim.fit.rates import before
from sim.fit.terms.calendar import TermDates, _finals_start, calendar_rows
from tests.samples.drawn_worlds import clicks_of_term, fitted_to_draw
from tests.samples.tiny import Campus, calendar_of, campus_of, default_pack

# Nine weeks, a recess in the fifth, a free Friday, two reading days, four days of finals.
OTHER = CalendarOverrides(
    start=date(2026, 8, 31),
    instruction_end=date(2026, 10, 23),
    finals_start=date(2026, 10, 26),
    end=date(2026, 10, 29),
    no_class=(date(2026, 9, 7), *(date(2026, 9, 28) + timedelta(i) for i in range(5)), date(2026, 10, 16)),
)
WORLD = Scenario(name="other", fte=180, seed=3, calendar=OTHER)
FALL = TermDates("Fall", date(2026, 8, 24), date(2026, 12, 9), date(2026, 12, 11), date(2026, 12, 17), None)


@cache
def _other() -> tuple[Campus, Fitted, Path]:
    """A world of other dates, its fit, and the folder of its pack."""
    folder = Path(mkdtemp(prefix="termtide-other-"))
    campus = campus_of(WORLD, default_pack(), folder / "store")
    found = fitted_to_draw(campus, campus.engine)
    found.draft.save(folder / "pack")
    return campus, found, folder / "pack"


def _plain(pack: Pack) -> Scenario:
    return Scenario(name="again", fte=180, seed=4, pack=str(pack.path))


def test_a_fitted_pack_has_the_tenants_calendar() -> None:
    """A scenario without dates of its own has, under the fitted pack, those of the term that was fitted."""
    campus, found, folder = _other()
    assert found.missing.get("calendar") is None
    assert check_pack(folder) == []
    pack = load_pack(folder)
    again = calendar_of(_plain(pack), pack)
    for item in ("start", "instruction_end", "finals_start", "end", "no_class"):
        assert getattr(again.term, item) == getattr(campus.calendar.term, item), item
    assert np.array_equal(again.day_kind, campus.calendar.day_kind)
    assert np.array_equal(again.curve_day, again.days)
    assert again.last_day == campus.calendar.last_day


@pytest.mark.gates
def test_a_world_of_the_fitted_pack_clicks_as_the_tenant_did(tmp_path: Path) -> None:
    """Week by week and in the recess, a term of the fitted pack has the clicks per student of the tenant's.

    A fixed seed; weeks differ by less than a quarter, of some 180 students who differ by more than half.
    """
    campus, _, folder = _other()
    pack = load_pack(folder)
    other = campus_of(_plain(pack), pack, tmp_path / "store")
    ours, theirs = (_by_day(each) for each in (campus, other))
    weeks = [slice(7 * week, 7 * week + 7) for week in range(8)]
    ratios = [theirs[week].sum() / ours[week].sum() for week in weeks]
    assert max(ratios) < 1.25
    assert min(ratios) > 0.8
    recess, around = theirs[28:33].sum(), theirs[21:26].sum()
    assert recess < 0.5 * around


def _by_day(campus: Campus) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """[day in term] Clicks of a student on average, of a term of nine weeks."""
    rows = clicks_of_term(campus.engine, str(campus.scenario.time_zone))
    begin = campus.calendar.term.start
    found = np.zeros(63)
    for day, events in zip(rows["click_date"].to_pylist(), rows["num_events"].to_pylist(), strict=True):
        if 0 <= (day - begin).days < len(found):
            found[(day - begin).days] += events
    return found / len(set(rows["person_id"].to_pylist()))


def test_rates_of_the_days_are_the_counted() -> None:
    """Under its own calendar, the fitted pack asks on each day for the clicks that were counted there."""
    _, found, folder = _other()
    assert found.clicks is not None
    count = found.clicks.counted
    assert count is not None
    expected = (before(load_pack(folder), count.axes) * count.students[:, :, :, None]).sum(axis=(0, 1, 3))
    counted = np.nansum(count.tool_day, axis=1)
    large = counted > 1_500  # of fewer, much is held back and shared out: of these up to a tenth
    assert large.sum() > 40
    assert np.abs(expected[large] / counted[large] - 1).max() < 0.15


def _term(no_class: tuple[date, ...] = (), due: int = 40, clicks: int = 1_000) -> dict[str, dict[date, int]]:
    """Clicks and work due on the days of a Fall term, less and none of it on days off."""
    days = [FALL.begin + timedelta(i) for i in range(FALL.days)]
    off = set(no_class)
    return {
        "clicks": {day: clicks // (3 if day in off else 1) for day in days if clicks},
        "due": {day: due for day in days if day not in off and due},
    }


WEEK = tuple(date(2026, 10, 12) + timedelta(i) for i in range(5))


@pytest.mark.parametrize(("due", "clicks"), [(40, 1_000), (0, 1_000), (40, 0)], ids=["both", "clicks", "due"])
@pytest.mark.parametrize("off", [(), (date(2026, 9, 7),), (*WEEK, date(2026, 11, 11))])
def test_days_off_are_found(due: int, clicks: int, off: tuple[date, ...]) -> None:
    """Days of few clicks and no work due are days off, also where one of the two is not known."""
    assert FALL.with_days_off(**_term(off, due, clicks)).no_class == off


def test_a_busy_day_without_work_due_is_none() -> None:
    """A day on which nothing is due, but students click as ever, has classes; so has one of a quiet hour."""
    given = _term()
    del given["due"][date(2026, 9, 9)]
    given["clicks"][date(2026, 9, 16)] = 700
    assert FALL.with_days_off(**given).no_class == ()
    assert FALL.with_days_off({}, {}).no_class is None


@pytest.mark.parametrize(
    ("due", "begins"),
    [
        ({11: 10, 14: 25, 15: 22, 16: 24, 17: 21}, date(2026, 12, 11)),  # a day of half as much is one
        ({14: 25, 15: 22, 16: 24, 17: 21}, date(2026, 12, 11)),  # of nine courses nothing is told
        ({10: 12, 14: 120, 15: 110, 16: 130}, date(2026, 12, 14)),  # nine would be far fewer, twelve are
        ({10: 22, 11: 25, 14: 24}, date(2026, 12, 10)),
        ({}, date(2026, 12, 11)),
    ],
    ids=["half", "hidden", "many", "early", "nothing"],
)
def test_finals_begin_where_work_is_due_again(due: dict[int, int], begins: date) -> None:
    """Finals begin on the first day of as much work due; what is held back can't speak for a later one."""
    told = {date(2026, 12, day): courses for day, courses in due.items()}
    assert _finals_start(FALL, told, 10) == begins


def test_a_day_off_goes_with_its_holiday() -> None:
    """Days off on or beside a holiday move with it from year to year, others are counted from the start."""
    off = (date(2026, 9, 7), date(2026, 10, 12), *(date(2026, 11, 25) + timedelta(i) for i in range(3)))
    rows = calendar_rows(default_pack(), replace(FALL, no_class=off), [FALL.begin])
    kept = [(row["rule"], row["offset_days"]) for row in rows if row["item"] == "no_class"][:5]
    assert kept == [
        ("labor_day", 0), ("start", 49), ("thanksgiving", -1), ("thanksgiving", 0), ("thanksgiving", 1),
    ]  # fmt: skip


def test_a_start_is_counted_from_where_most_terms_begin_alike() -> None:
    """Terms that begin a week before Labor Day are counted from it; of one term the usual rule stays."""
    last = replace(FALL, begin=date(2026, 8, 31))
    for begins, rule in (
        ([date(2024, 8, 26), date(2025, 8, 25), last.begin], ("labor_day", -7)),
        ([last.begin], ("thanksgiving", -87)),
    ):
        rows = calendar_rows(default_pack(), last, begins)
        start = next(row for row in rows if row["item"] == "start")
        assert (start["term_type"], start["rule"], start["offset_days"]) == ("Fall", *rule)


def test_dates_that_make_no_term_are_left() -> None:
    """A term of more days than curves have is refused as a calendar, in one line."""
    with pytest.raises(InputError, match=r"calendar\.end: 2027-03-01 given"):
        replace(FALL, end=date(2027, 3, 1)).calendar(default_pack())
