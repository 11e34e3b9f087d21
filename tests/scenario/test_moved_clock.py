"""A term that is moved into other clock changes keeps the campus's clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from context.arrays import DAY_MS, HOUR_MS
from context.scenario.zones import clock_of, moved_instants, zone, zone_names
from context.store.store import Store
from tests.samples.tiny import OUTAGE, TINY, store_of

# Hours by which a zone moves midnight itself, half hours, a date left out, none at all.
ODD_ZONES = [
    "America/Detroit", "Africa/Cairo", "America/Havana", "Australia/Lord_Howe", "Pacific/Apia",
    "Asia/Tehran", "Antarctica/Troll", "Europe/Dublin", "America/Scoresbysund", "UTC", "Asia/Beirut",
]  # fmt: skip
FIRST = (date(1990, 1, 1) - date(1970, 1, 1)).days


def wall(name: str, utc_ms: int) -> datetime:
    """What the wall shows."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=utc_ms)
    return instant.astimezone(zone(name)).replace(tzinfo=None)


def changes(name: str, day: date) -> bool:
    """Whether the day's clock changes, or the next one's does on its first instant."""
    first, switch, last = clock_of(name, day)
    return switch != DAY_MS or first != last or clock_of(name, day + timedelta(1))[0] != first


@settings(max_examples=60)
@given(
    name=st.sampled_from(ODD_ZONES) | st.sampled_from(zone_names()),
    start=st.integers(0, 45 * 365),
    weeks=st.integers(-800, 800),
)
@example(name="America/Detroit", start=13_400, weeks=26)
@example(name="Africa/Cairo", start=13_400, weeks=26)
@example(name="Pacific/Apia", start=8_030, weeks=9)
@example(name="Pacific/Apia", start=8_030 - 63, weeks=9)
def test_the_wall_shows_the_same(name: str, start: int, weeks: int) -> None:
    """In every zone a moved instant has the same time on the wall, weeks later, wherever no clock changes
    that day, and near it where one does; order stays.
    """
    utc = (FIRST + start) * DAY_MS + np.arange(0, 10 * DAY_MS, 4_234_567)
    moved = moved_instants(name, utc, weeks)
    assert np.all(np.diff(moved) >= 0)
    for before, after in zip(utc.tolist(), moved.tolist(), strict=True):
        here, there = wall(name, before), wall(name, after)
        wanted = here + timedelta(weeks=weeks)
        if not changes(name, here.date()) and not changes(name, wanted.date()):
            assert there == wanted
        else:  # a date that was left out is a whole day
            assert abs(there - wanted) <= timedelta(hours=24)


def test_a_night_is_pressed_and_no_day() -> None:
    """Where Detroit's clock goes forward at two, times from three o'clock on are those on the wall, and what
    came one after the other in the night still does.
    """
    midnight = (
        int(datetime(2026, 10, 4, 4, tzinfo=UTC).timestamp()) * 1_000
    )  # 0:00 there; 23 weeks on: 14 March
    assert clock_of("America/Detroit", date(2027, 3, 14))[1] == 3 * HOUR_MS
    weeks = (date(2027, 3, 14) - date(2026, 10, 4)).days // 7
    minutes = midnight + np.arange(0, DAY_MS, 60_000)
    moved = moved_instants("America/Detroit", minutes, weeks)
    assert np.all(np.diff(moved) > 0)
    for before, after in zip(minutes[180:].tolist(), moved[180:].tolist(), strict=True):
        assert wall("America/Detroit", after) == wall("America/Detroit", before) + timedelta(weeks=weeks)


def _texts(store: Store) -> dict[str, list[object]]:
    """Every column that is no time."""
    return {
        f"{dataset}.{table}.{column}": rows[column].to_pylist()
        for dataset, table, rows in store.datasets()
        for column in rows.column_names
        if not pa.types.is_temporal(rows[column].type)
    }


@pytest.mark.parametrize(("name", "weeks"), [("America/Detroit", 26), ("Africa/Cairo", -30)])
def test_a_store_keeps_the_clock(name: str, weeks: int) -> None:
    """Every time of every table is the unmoved term's by the campus's clock; who did what is the same."""
    still = TINY.model_copy(update={"fte": 40, "time_zone": name, "incident": (OUTAGE,)})
    before, after = store_of(still), store_of(still.model_copy(update={"shift": weeks}))
    times = 0
    for (dataset, table, there), (_, _, here) in zip(before.datasets(), after.datasets(), strict=True):
        for column in there.column_names:
            if not pa.types.is_timestamp(there[column].type):
                continue
            old, new = (rows[column].drop_null().cast(pa.int64()).to_numpy() for rows in (there, here))
            wanted = moved_instants(name, old // 1_000, weeks) * 1_000 + old % 1_000
            assert np.array_equal(new, wanted), f"{dataset}.{table}.{column}"
            times += len(old)
    assert times > 50_000
    assert _texts(before) == _texts(after)
