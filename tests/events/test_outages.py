"""Incidents: nobody acts in them, visits come back, and days of them break no law."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest

import sim
from context.arrays import NO_TIME
from context.errors import InputError
from context.scenario.calendar import Calendar
from context.scenario.incidents import check_tools
from context.scenario.parts import Incident
from sim.draw.day import draw_day
from sim.plan.anchor_acts import submission_anchors
from sim.plan.outages import canvas_outages, put_off, taken
from tests.events.test_draw import OUTAGE_DAY, drawn
from tests.samples.tiny import OUTAGE, TINY, calendar_of, campus_of, default_pack, drawn_of, tiny


def _outage(calendar: Calendar) -> tuple[int, int]:
    """Begin and end of the only incident, UTC ms."""
    (window,) = calendar.windows
    return window.start, window.end


def test_nobody_clicks_in_an_outage() -> None:
    """While Canvas is out there is no event of students, and some visits come back afterwards."""
    start, end = _outage(tiny().calendar)
    batch, tally = drawn(OUTAGE_DAY)
    inside = (batch.time_ms >= start) & (batch.time_ms < end)
    assert not inside.any()
    assert tally.lost > 0
    usual = drawn(OUTAGE_DAY - 7)[0]
    hour = 3_600_000
    after = ((batch.time_ms >= end) & (batch.time_ms < end + hour)).sum()
    shift = 7 * 24 * hour
    assert after > ((usual.time_ms >= end - shift) & (usual.time_ms < end + hour - shift)).sum() * 0.8


LONG = (
    ("a weekend", "2026-10-16T20:00", "2026-10-19T08:00"),
    ("over the census", "2026-09-04T12:00", "2026-09-08T12:00"),
    ("two weeks", "2026-10-12T00:00", "2026-10-25T23:00"),
)


@pytest.mark.parametrize(("name", "begin", "end"), LONG)
def test_long_outages_keep_the_laws(name: str, begin: str, end: str, tmp_path: Path) -> None:
    """Outages of days: nobody acts in them or outside of an enrolment, and no event leaves its unit's day."""
    window = Incident(name=name, start=datetime.fromisoformat(begin), end=datetime.fromisoformat(end))
    campus = campus_of(TINY.model_copy(update={"fte": 150, "incident": (window,)}), default_pack(), tmp_path)
    calendar, drawn_, s = campus.calendar, drawn_of(campus.scenario), campus.world.submissions
    exits = drawn_.enrolments.exit_ms[drawn_.results.enrolment]
    handed_in = drawn_.results.submitted_ms != NO_TIME
    assert (drawn_.results.submitted_ms[handed_in] <= exits[handed_in]).all()
    by_system = (s.grader_enrolment < 0) & (s.graded_ms >= 0)
    assert ((s.graded_ms - s.submitted_ms)[by_system] < 5_000).all()
    start, stop = _outage(calendar)
    for day in range(
        calendar.day_of_date(window.start.date()) - 2, calendar.day_of_date(window.end.date()) + 6
    ):
        batch, _ = draw_day(campus.engine, day)
        assert not ((batch.time_ms >= start) & (batch.time_ms < stop)).any()
        assert (batch.time_ms >= calendar.day_start_ms(day)).all()
        assert (batch.time_ms < calendar.day_start_ms(day + 1) + 6 * 3_600_000 + 30 * 60_000).all()


def test_only_what_can_fail_alone_fails_alone() -> None:
    """An incident names Canvas, all, or external tools; anything else is refused with what is allowed."""
    wrong = Incident(name="odd", start=OUTAGE.start, end=OUTAGE.end, tools=("quizzes",))
    right = Incident(name="zoom is down", start=OUTAGE.start, end=OUTAGE.end, tools=("zoom",))
    check_tools((OUTAGE, right), ("zoom",))
    with pytest.raises(InputError, match=r"quizzes given, allowed: \"all\" or canvas, zoom"):
        check_tools((wrong,), ("zoom",))


@pytest.mark.parametrize(
    ("tools", "gone"),
    [
        ("all", ("canvas", "kaltura", "zoom")),
        (("canvas", "kaltura"), ("canvas", "kaltura", "zoom")),
        (("kaltura",), ("kaltura",)),
        (("kaltura", "zoom"), ("kaltura", "zoom")),
    ],
)
def test_an_outage_takes_what_it_names(tools: str | tuple[str, ...], gone: tuple[str, ...]) -> None:
    """Instants from an incident's start to before its end are taken: of its tools, of all with Canvas."""
    incident = OUTAGE.model_copy(update={"tools": tools})
    calendar = calendar_of(TINY.model_copy(update={"incident": (incident,)}), default_pack())
    start, end = _outage(calendar)
    time, inside = np.array([start - 1, start, end - 1, end]), [False, True, True, False]
    names = ("canvas", "kaltura", "zoom")
    for code, name in enumerate(names):
        expected = inside if name in gone else [False] * 4
        assert taken(calendar, time, (name,)).tolist() == expected
        assert taken(calendar, time, names, np.full(4, code)).tolist() == expected
    mixed = taken(calendar, np.full(3, start), names, np.arange(3))
    assert [name for name, out in zip(names, mixed, strict=True) if out] == list(gone)
    assert len(canvas_outages(calendar)) == ("canvas" in gone)
    held = put_off(calendar, time[:3])
    assert (held != time[:3]).tolist() == taken(calendar, time[:3]).tolist()
    assert (held[held != time[:3]] >= end).all()


def test_views_before_acts_know_outages_of_canvas_alone() -> None:
    """A view that an act brings comes after an outage of Canvas that ended just before; another tool's moves
    none of them.
    """

    def views(*tools: str) -> np.ndarray:
        evening = {
            name: datetime.fromisoformat(f"2026-10-04T{time}")
            for name, time in (("start", "20:00"), ("end", "23:30"))
        }
        incidents = tuple(OUTAGE.model_copy(update={**evening, "tools": (tool,)}) for tool in tools)
        calendar = calendar_of(TINY.model_copy(update={"incident": incidents}), default_pack())
        acts = submission_anchors(tiny().world, calendar)
        return np.concatenate([part.time_ms for part in acts if not part.kind.startswith("submission")])

    assert np.array_equal(views("kaltura"), views())
    assert (views("canvas") != views()).any()


def test_what_an_outage_takes_is_said_once() -> None:
    """No module of the simulation but ``plan.outages`` asks an incident whether it stops Canvas."""
    root = Path(sim.__file__).parent
    asking = {
        path.relative_to(root).as_posix()
        for path in root.rglob("*.py")
        if "stops_canvas" in path.read_text(encoding="utf-8")
    }
    assert asking == {"plan/outages.py"}
