"""When events leave their sensors: flushes, envelopes, delays and outages, by hand and by property."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context import rng
from sim.sensors.date_events import DateEvents
from sim.sensors.message_maker import merged
from sim.sensors.schedule import (
    LONGEST_DELAY_MS,
    Schedule,
    SensorLaw,
    delay_table,
    flushes,
    schedule,
    sensor_laws,
)
from sim.sensors.settings import DeliveryWindow, SensorSettings
from tests.samples.toy_batch import toy_batch

DAY = 86_400_000


def settings(**changes: int) -> SensorSettings:
    """A sensor without buffer and delay, or with some numbers changed."""
    given = {"buffer_events": 1, "flush_ms": 0, "envelope_events": 1, "delay_median_ms": 0, "delay_p99_ms": 0}
    return SensorSettings("home", **(given | changes))


def law(sensor: SensorSettings, *windows: DeliveryWindow) -> SensorLaw:
    """One sensor's law with seed 7."""
    return sensor_laws([sensor], windows, 7)[0]


def test_flushes_by_hand() -> None:
    """A buffer of 3 and an interval of 10 s: full buffers go at once, the rest with the interval's end."""
    time = np.array([1_000, 2_000, 3_000, 4_000, 12_000, 13_000, 29_999, 30_000])
    sent, run = flushes(time, settings(buffer_events=3, flush_ms=10_000), 0, DAY)
    assert sent.tolist() == [3_000, 3_000, 3_000, 10_000, 20_000, 20_000, 30_000, 40_000]
    assert run.tolist() == [0, 0, 0, 1, 2, 2, 3, 4]


def test_the_last_flush_of_a_day_is_at_midnight() -> None:
    """An interval that would reach into the next day ends with the day, so days can be drawn alone."""
    sent, _ = flushes(np.array([DAY - 5]), settings(buffer_events=9, flush_ms=7_000_000), 0, DAY)
    assert sent.tolist() == [DAY]


def test_envelopes_by_hand() -> None:
    """Five events of one flush in envelopes of two: 2, 2, 1."""
    batch = toy_batch(np.array([1_000, 1_001, 1_002, 1_003, 1_004, 20_000]))
    sensor = settings(buffer_events=100, flush_ms=10_000, envelope_events=2)
    found = schedule(batch, np.zeros(6, dtype=np.int64), [law(sensor)], 0, DAY)
    assert found.envelope.tolist() == [0, 0, 1, 1, 2, 3]
    assert found.release_ms.tolist() == [10_000] * 5 + [30_000]


def test_delays_have_their_median_and_tail() -> None:
    """The table of delays: half below the median, one in a hundred above the 99th percentile."""
    table = delay_table(1_200, 8_000)
    assert abs(np.median(table) - 1_200) < 15
    assert np.count_nonzero(table > 8_000) == pytest.approx(len(table) / 100, abs=1)
    assert delay_table(0, 0).tolist() == [0]


@given(st.data())
def test_a_sensor_never_overtakes_itself(data: st.DataObject) -> None:
    """Whatever the settings: nothing leaves before it happened, within a sensor nothing falls back."""
    times = sorted(data.draw(st.lists(st.integers(0, DAY - 1), min_size=1, max_size=60)))
    sensor = settings(
        buffer_events=data.draw(st.integers(1, 8)),
        flush_ms=data.draw(st.sampled_from([0, 1, 999, 60_000, 3_600_000])),
        envelope_events=data.draw(st.integers(1, 5)),
        delay_median_ms=1_200,
        delay_p99_ms=data.draw(st.sampled_from([1_200, 8_000, 600_000])),
    )
    start = data.draw(st.integers(0, DAY - 1))
    window = DeliveryWindow(start, start + 3_600_000, start + 5_400_000, "all", "backlog")
    batch = toy_batch(np.array(times, dtype=np.int64))
    found = schedule(batch, np.zeros(len(times), dtype=np.int64), [law(sensor, window)], 0, DAY)
    assert np.all(np.diff(found.release_ms) >= 0)
    assert np.all(found.release_ms >= batch.time_ms)
    assert not np.any((found.release_ms >= window.start) & (found.release_ms < window.end))
    envelopes, sizes = np.unique(found.envelope, return_counts=True)
    assert sizes.max() <= sensor.envelope_events
    for envelope in envelopes:
        assert len(set(found.release_ms[found.envelope == envelope].tolist())) == 1


def test_sensors_do_not_disturb_each_other() -> None:
    """A sensor's schedule is the same with and without another one."""
    times = np.sort(rng.integer(rng.key(3, "times", np.arange(200)), DAY))
    sensor = np.arange(200) % 2
    slow = settings(buffer_events=7, flush_ms=60_000, delay_median_ms=500, delay_p99_ms=900)
    laws = sensor_laws([settings(delay_median_ms=900, delay_p99_ms=5_000), slow], [], 7)
    both = schedule(toy_batch(times), sensor, laws, 0, DAY)
    for code in (0, 1):
        mine = sensor == code
        alone = schedule(toy_batch(times[mine]), np.full(100, code), laws, 0, DAY)
        assert np.array_equal(both.release_ms[mine], alone.release_ms)
        assert np.array_equal(both.envelope[mine], alone.envelope)


def test_a_late_flush_holds_up_the_day_after_it() -> None:
    """A day's last flush may come after midnight: what its sensor has of the next day waits behind it."""
    slow, quick = settings(delay_median_ms=900_000, delay_p99_ms=900_000), settings()
    laws = sensor_laws([slow, quick], [], 7)
    times = np.array([DAY - 9, DAY - 5])
    before = schedule(toy_batch(times), np.array([1, 0]), laws, 0, DAY)
    assert before.latest_ms is not None
    assert before.latest_ms.tolist() == [DAY - 5 + 900_000, DAY - 9]
    held = before.latest_ms + np.array([1_000_000, 0])
    after = toy_batch(np.array([DAY + 1, DAY + 2, DAY + 2_000_000]))
    found = schedule(after, np.array([0, 1, 0]), laws, DAY, 2 * DAY, held)
    assert (found.release_ms - DAY).tolist() == [1_899_995, 2, 2_900_000]


def test_only_the_day_before_holds_up_a_day() -> None:
    """No delay reaches over a whole campus date, be its law's tail as long as it likes."""
    assert delay_table(60_000, DAY).max() == LONGEST_DELAY_MS < 23 * 3_600_000


def test_what_sensors_hand_over_is_merged_by_the_time_it_was_sent() -> None:
    """Windows of two dates and two sensors become one in the order in which events were sent."""

    def window(day: int, times: list[int], release: list[int], sensors: list[int]) -> DateEvents:
        batch = toy_batch(np.array(times, dtype=np.int64))
        times_out = Schedule(np.array(release, dtype=np.int64), np.arange(len(times)))
        return DateEvents(day, batch, np.array(sensors, dtype=np.int64), times_out)

    before = window(0, [DAY - 9, DAY - 5], [DAY - 8, DAY + 700], [1, 0])
    after = window(1, [DAY + 1, DAY + 2, DAY + 3], [DAY + 700, DAY + 200, DAY + 900], [0, 1, 0])
    found = merged([before, after])
    assert (found.batch.time_ms - DAY).tolist() == [-9, 2, -5, 1, 3]
    assert (found.schedule.release_ms - DAY).tolist() == [-8, 200, 700, 700, 900]
