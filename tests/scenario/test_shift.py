"""A shifted calendar: the same campus, so many weeks later or earlier, in store, plan and events."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from context.errors import InputError
from context.scenario.incidents import time_map
from context.scenario.parts import CalendarOverrides, Incident
from context.scenario.scenario import Scenario
from sim.draw.day import draw_day
from sim.folder.find import default_run_dir
from tests.events.test_draw import OUTAGE_DAY
from tests.samples.tiny import OUTAGE, TINY, Campus, calendar_of, campus_of, default_pack

WEEK_MS = 7 * 86_400_000
WEEKS = 9
SMALL = TINY.model_copy(update={"fte": 40, "time_zone": "UTC"})  # with an outage of Canvas


@cache
def campus(shift: int) -> Campus:
    """The small campus, its calendar moved."""
    scenario = SMALL.model_copy(update={"shift": shift})
    return campus_of(scenario, default_pack(), Path(mkdtemp(prefix="termtide-shift-")))


@pytest.mark.parametrize("day", [-3, 0, 20, OUTAGE_DAY, OUTAGE_DAY + 1, 100, 113])
@pytest.mark.parametrize("shift", [WEEKS, -2600])
def test_events_move_and_nothing_else(shift: int, day: int) -> None:
    """Without clock changes a shifted term has the same events, ids, visits and all, so many weeks later."""
    (before, tally), (after, moved) = (draw_day(campus(weeks).engine, day) for weeks in (0, shift))
    assert len(before)
    assert tally == moved
    later = replace(before, time_ms=before.time_ms + shift * WEEK_MS)
    for field in fields(later):
        assert np.array_equal(getattr(later, field.name), getattr(after, field.name)), field.name


def test_the_store_moves_and_nothing_else() -> None:
    """Dates and times of every table are those of the unshifted term plus the weeks; all else stays."""
    moved = 0
    for (dataset, name, before), (_, _, after) in zip(
        campus(0).store.datasets(), campus(WEEKS).store.datasets(), strict=True
    ):
        for column, there, here in zip(before.column_names, before.columns, after.columns, strict=True):
            if pa.types.is_temporal(there.type):
                wanted = pc.add(there, pa.scalar(timedelta(weeks=WEEKS), pa.duration("us")))
                assert here.cast(wanted.type).equals(wanted), f"{dataset}.{name}.{column}"
                moved += 1
            else:
                assert here.equals(there), f"{dataset}.{name}.{column}"
    assert moved > 30


def test_overrides_and_incidents_move() -> None:
    """Explicit dates are given in the unshifted calendar, checked there, and move with the rest."""
    overrides = CalendarOverrides(start=date(2026, 8, 31), no_class=(date(2026, 10, 12),))
    given = Scenario(calendar=overrides, incident=(OUTAGE,), shift=60)  # starts in 2027
    calendar, plain = (
        calendar_of(given.model_copy(update={"shift": shift}), default_pack()) for shift in (60, 0)
    )
    assert calendar.term.start == date(2026, 8, 31) + timedelta(weeks=60)
    assert calendar.term.no_class == (date(2026, 10, 12) + timedelta(weeks=60),)
    assert (calendar.term.name, calendar.term.code) == ("Fall 2026", "2026-fall")
    assert np.array_equal(calendar.day_kind, plain.day_kind)
    # Local time: 13:00 is 13:00, though the clock of Detroit is another one in December.
    hour = 3_600_000
    assert calendar.windows[0].start == plain.windows[0].start + 60 * WEEK_MS + hour


def test_clocks_are_those_of_the_shifted_dates() -> None:
    """Half a year later, Detroit's Fall term has the clock change of spring in it."""
    calendar = calendar_of(Scenario(shift=26), default_pack())
    lengths = np.diff(calendar.midnight_ms) // 3_600_000
    assert sorted({*lengths.tolist()}) == [23, 24]
    row = calendar.day_of_date(date(2027, 3, 14)) - calendar.first_day
    assert lengths[row] == 23


@pytest.mark.parametrize("shift", [-5200, 5200])
@pytest.mark.parametrize("term", ["Spring 2000", "Fall 2099"])
def test_the_farthest_shifts(shift: int, term: str) -> None:
    """A century to and fro: whole weeks, Mondays stay Mondays."""
    plain = calendar_of(Scenario(term=term), default_pack())
    calendar = calendar_of(Scenario(term=term, shift=shift), default_pack())
    assert calendar.term.start == plain.term.start + timedelta(weeks=shift)
    assert np.array_equal(calendar.day_kind, plain.day_kind)
    assert np.all(np.diff(calendar.midnight_ms) > 20 * 3_600_000)


def test_faults_speak_of_the_dates_that_were_given() -> None:
    """Dates in messages are unshifted, as in the file."""
    begin = datetime(2026, 10, 1, 10)  # noqa: DTZ001 - a wall time
    first = Incident(name="x", start=begin, end=begin + timedelta(hours=1))
    second = Incident(name="y", start=begin + timedelta(hours=2), end=begin + timedelta(hours=3))
    with pytest.raises(InputError, match=r"start 2026-10-01T12:00:00 given, allowed: from 2026-10-01T13:00"):
        calendar_of(Scenario(incident=(first, second), shift=6), default_pack())
    early = Incident(name="z", start=begin - timedelta(weeks=9), end=begin - timedelta(weeks=8, days=6))
    with pytest.raises(InputError, match=r"2026-07-30T10:00:00 to .* given, allowed: from 2026-08-10, and"):
        calendar_of(Scenario(incident=(early,), shift=6), default_pack())
    with pytest.raises(InputError, match=r"calendar\.start: 2027-08-30 given, allowed: a day in 2026"):
        calendar_of(Scenario(calendar=CalendarOverrides(start=date(2027, 8, 30)), shift=-52), default_pack())


def test_the_time_map_moves_along() -> None:
    """What an incident holds back is done as much later as without the shift."""
    plain, moved = (campus(shift).calendar.windows for shift in (0, WEEKS))
    times = np.arange(plain[0].start - 1_000, plain[0].recovered + 1_000, 997)
    assert np.array_equal(time_map(times, plain) + WEEKS * WEEK_MS, time_map(times + WEEKS * WEEK_MS, moved))


@pytest.mark.parametrize(("shift", "folder"), [(0, "mine-4"), (6, "mine-4-shift6"), (-3, "mine-4-shift-3")])
def test_each_shift_has_its_folder(shift: int, folder: str) -> None:
    """Runs of different shifts don't meet in one folder."""
    assert default_run_dir(Scenario(name="mine", seed=4, shift=shift)) == Path("runs") / folder
