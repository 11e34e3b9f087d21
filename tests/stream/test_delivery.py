"""How sensors send: the pack's numbers, the scenario's before them, outages, and the calendar's shift."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from context.errors import InputError
from context.scenario.incidents import time_map
from context.scenario.parts import CalendarOverrides, DeliveryOutage, SensorDelivery
from context.scenario.scenario import Scenario
from sim.draw.day import draw_day
from sim.sensors.settings import delivery_windows, sensor_settings
from tests.samples.tiny import OUTAGE, TINY, calendar_of, campus_of, default_pack, tiny

WEEK_MS = 7 * 86_400_000


def outage(start: str, end: str, **more: object) -> DeliveryOutage:
    """A delivery outage between two local times of Tuesday 13 October."""
    day = "2026-10-13T"
    return DeliveryOutage.model_validate(
        {
            "name": "backlog",
            "start": datetime.fromisoformat(day + start),
            "end": datetime.fromisoformat(day + end),
        }
        | more
    )


def test_the_pack_s_numbers_and_those_before_them() -> None:
    """A tool's own block goes before that of all tools, that before the pack."""
    given = (
        SensorDelivery(flush_ms=5_000, delay_median_ms=1_000, delay_p99_ms=9_000),
        SensorDelivery(tool="zoom", flush_ms=30_000, buffer_events=20),
    )
    found = {s.tool: s for s in sensor_settings(Scenario(delivery=given), default_pack())}
    assert list(found) == [*default_pack().rates.tools, "login"]
    assert (found["zoom"].flush_ms, found["zoom"].buffer_events, found["zoom"].delay_p99_ms) == (
        30_000,
        20,
        9_000,
    )
    assert (found["login"].flush_ms, found["login"].envelope_events) == (5_000, 1)
    plain = sensor_settings(Scenario(), default_pack())
    assert all(s.envelope_events == 1 for s in plain)
    assert plain[-1].delay_median_ms == 1_200
    # Minutes, hours and a nightly batch, as other feeds have them.
    assert {s.tool: s.flush_ms for s in plain if s.flush_ms} == {
        "kaltura": 60_000,
        "etext": 300_000,
        "grades": 86_400_000,
    }


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (
            (SensorDelivery(tool="zom"),),
            r"delivery: tool: 'zom' given \(did you mean zoom\?\), allowed: all, home",
        ),
        ((SensorDelivery(tool="zoom"), SensorDelivery(tool="zoom")), "'zoom' given twice"),
        (
            (SensorDelivery(delay_median_ms=9_000),),
            "delay_p99_ms: 8000 given, allowed: delay_median_ms 9000 or more",
        ),
    ],
)
def test_settings_that_make_no_sense(given: tuple[SensorDelivery, ...], said: str) -> None:
    """One line each."""
    with pytest.raises(InputError, match=said):
        sensor_settings(Scenario(delivery=given), default_pack())


def test_an_outage_is_caught_up_with() -> None:
    """Three hours at three times the pace are caught up with after an hour and a half, in order."""
    scenario = Scenario(delivery_outage=(outage("09:00", "12:00"),))
    (window,) = delivery_windows(scenario, ("home", "zoom"))
    hour = 3_600_000
    assert window.end - window.start == 3 * hour
    assert window.recovered - window.end == 1.5 * hour
    assert window.stops("home")
    times = np.arange(window.start - hour, window.recovered + hour, 1_000)
    sent = time_map(times, [window])
    assert np.all(np.diff(sent) >= 0)
    assert not np.any((sent >= window.start) & (sent < window.end))
    assert np.all(sent >= times)
    assert np.array_equal(sent[times < window.start], times[times < window.start])
    assert np.array_equal(sent[times >= window.recovered], times[times >= window.recovered])


def test_the_longest_outage_fits_into_integers() -> None:
    """Seven days at one and a half times the pace: no overflow."""
    start = datetime(2026, 10, 1)  # noqa: DTZ001 - a wall time
    longest = DeliveryOutage(name="x", start=start, end=start + timedelta(days=7), catch_up=1.5)
    (window,) = delivery_windows(Scenario(delivery_outage=(longest,), time_zone="UTC"), ("home",))
    sent = time_map(np.array([window.start, window.recovered - 1]), [window])
    assert sent.tolist() == [window.end, window.recovered - 1]


def test_outages_that_make_no_sense() -> None:
    """Unknown tools, and a second outage before the first is caught up with, each in one line."""
    tools = ("home", "zoom")
    with pytest.raises(
        InputError, match=r"delivery_outage 'backlog': tools: 'zom' given \(did you mean zoom"
    ):
        delivery_windows(Scenario(delivery_outage=(outage("09:00", "10:00", tools=["zom"]),)), tools)
    both = (outage("09:00", "12:00"), outage("12:30", "13:00", name="next", tools=["zoom"]))
    with pytest.raises(InputError, match="zoom has not caught up with 'backlog', allowed: 61 minutes later"):
        delivery_windows(Scenario(delivery_outage=both), tools)
    apart = (outage("09:00", "12:00", tools=["home"]), outage("12:30", "13:00", tools=["zoom"]))
    assert len(delivery_windows(Scenario(delivery_outage=apart), tools)) == 2


def test_delivery_changes_no_digest_of_what_is_generated() -> None:
    """The same run serves every way of sending it; a checkpoint sees the difference."""
    other = Scenario(delivery=(SensorDelivery(flush_ms=1),), delivery_outage=(outage("09:00", "10:00"),))
    assert other.digest() == Scenario().digest()
    assert other.delivery_digest() != Scenario().delivery_digest()
    assert Scenario(shift=1).digest() != Scenario().digest()


def test_a_shift_moves_the_whole_calendar() -> None:
    """Dates, overrides, days without classes and incidents, by whole weeks."""
    overrides = CalendarOverrides(start=datetime(2026, 8, 31).date())  # noqa: DTZ001 - a date
    plain = calendar_of(Scenario(calendar=overrides, incident=(OUTAGE,), time_zone="UTC"), default_pack())
    moved = calendar_of(
        Scenario(calendar=overrides, incident=(OUTAGE,), time_zone="UTC", shift=-30), default_pack()
    )
    for name in ("start", "instruction_end", "finals_start", "end", "add_drop_end", "withdraw_deadline"):
        assert getattr(plain.term, name) - getattr(moved.term, name) == timedelta(weeks=30)
    assert [day - timedelta(weeks=30) for day in plain.term.no_class] == list(moved.term.no_class)
    assert plain.windows[0].start - moved.windows[0].start == 30 * WEEK_MS
    assert (plain.day_kind == moved.day_kind).all()
    assert plain.term.code == moved.term.code
    delivery = Scenario(delivery_outage=(outage("09:00", "10:00"),), time_zone="UTC")
    late = delivery.model_copy(update={"shift": 2})
    assert (
        delivery_windows(late, ("home",))[0].start - delivery_windows(delivery, ("home",))[0].start
        == 2 * WEEK_MS
    )


def test_a_shift_moves_events_and_nothing_else(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Without a clock change between them, a shifted term has the same events, so many weeks later."""
    scenario = TINY.model_copy(update={"fte": 30, "time_zone": "UTC", "incident": ()})
    roots = (tmp_path_factory.mktemp("plain"), tmp_path_factory.mktemp("moved"))
    plain, moved = (
        campus_of(scenario.model_copy(update={"shift": shift}), default_pack(), root)
        for shift, root in zip((0, 9), roots, strict=True)
    )
    for day in (-3, 20, 51, 100):
        before, after = (draw_day(campus.engine, day)[0] for campus in (plain, moved))
        assert len(before)
        assert np.array_equal(before.time_ms + 9 * WEEK_MS, after.time_ms)
        for name in ("uuid_high", "uuid_low", "kind", "person", "object"):
            assert np.array_equal(getattr(before, name), getattr(after, name))


def test_tiny_has_no_shift() -> None:
    """The golden digests are those of a term at its own time."""
    assert tiny().scenario.shift == 0
