"""Every row of the store that has a time is an event, or the reason why not is written down."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
import pytest

import schemas
from context.store.store import ENTITY
from sim.caliper.kinds import KIND, KINDS
from sim.world.reader import millis
from tests.events.test_draw import term
from tests.samples.tiny import tiny

TIMES = [
    (table.name, column.name)
    for table in schemas.tables(ENTITY)
    for column in table.columns
    if column.type in ("DATETIME", "TIMESTAMP")
]


def store_times(entity: str, column: str) -> np.ndarray:
    """The UTC ms of a column of the tiny store, -1 where there is none."""
    table: pa.Table = next(t for d, name, t in tiny().store.datasets() if d == ENTITY and name == entity)
    return np.asarray(millis(table[column]))


def test_every_time_is_accounted_for() -> None:
    """The table names each entity with a time and each of its times, and nothing else."""
    assert {(entity, column) for entity, times in schemas.anchors().items() for column in times} == set(TIMES)


@pytest.mark.parametrize(("entity", "column"), TIMES)
def test_a_time_is_an_event_or_has_a_reason(entity: str, column: str) -> None:
    """As many events as rows with that time in the campus days, at those times; or none and a reason."""
    said = schemas.anchors()[entity][column]
    if said.startswith("-"):
        assert len(said) > 2
        return
    times, kinds = store_times(entity, column), said.split()
    for kind in said.replace("|", " ").split():
        declared = KINDS[KIND[kind]]
        assert (declared.entity, declared.column) == (entity, column)
    calendar, batch = tiny().calendar, term()
    low, high = calendar.day_start_ms(calendar.first_day), calendar.day_start_ms(calendar.last_day + 1)
    wanted = times[(times >= low) & (times < high)]
    if entity == "learner_activity_result":
        _check_results(kinds, wanted)
        return
    if column == "updated_date":
        changed = times != store_times(entity, "created_date")
        if (entity, "deleted_date") in TIMES:  # the last change of what is gone is that it went
            changed &= times != store_times(entity, "deleted_date")
        wanted = times[(times >= low) & (times < high) & changed]
    for kind in kinds:
        if kind == "group_category_created":  # with the first group of it
            continue
        found = batch.time_ms[np.isin(batch.kind, [KIND[part] for part in kind.split("|")])]
        assert len(found) == len(wanted), kind
        assert _off_outages(found) == _off_outages(wanted), kind


def _check_results(kinds: list[str], wanted: np.ndarray) -> None:
    """Results: handed in online, graded, changed by a grade; work on paper is handed in without an event."""
    s, batch = tiny().world.submissions, term()
    found = batch.time_ms[np.isin(batch.kind, [KIND[kind] for kind in kinds])]
    allowed = Counter(wanted.tolist())
    if kinds == ["submission_updated"]:
        assert len(found) == (s.graded_ms >= 0).sum()
    elif kinds == ["grade_change"]:
        assert len(found) == len(wanted)
    else:
        assert len(found) == ((s.submitted_ms >= 0) & (s.submission_type >= 0)).sum()
        # A graded discussion is handed in by its post, and counted as handed in a moment later.
        posts = s.submission_type == 4
        found = np.setdiff1d(
            found,
            found[
                np.isin(batch.object[np.isin(batch.kind, [KIND[k] for k in kinds])], np.flatnonzero(posts))
            ],
        )
    assert not Counter(_list(found)) - allowed


def _list(times: np.ndarray) -> list[int]:
    return [int(time) for time in times]


def _off_outages(times: np.ndarray) -> Counter[int]:
    """Times outside of outages and the day after them: events of rows in one come when it is over."""
    far = np.ones(len(times), dtype=bool)
    for window in tiny().calendar.windows:
        far &= (times < window.start) | (times > window.end + 24 * 3_600_000)
    return Counter(_list(times[far]))


def test_what_is_anchored_is_declared() -> None:
    """Every kind of staff and system has a row behind it, and a time of the store or a stated other one."""
    declared = {
        kind
        for times in schemas.anchors().values()
        for said in times.values()
        for kind in said.replace("|", " ").split()
    }
    others = {"course_speed_grader", "course_updated", "syllabus_updated"}  # a grade; the course's first day
    assert {kind.name for kind in KINDS if kind.role in ("staff", "system")} - declared == others


def test_instructors_act_where_they_teach() -> None:
    """Events of staff have an instructor of the course as actor; jobs have nobody."""
    batch, e = term(), tiny().world.enrolments
    for kind in (kind for kind in KINDS if kind.role in ("staff", "system")):
        rows = np.flatnonzero(batch.kind == KIND[kind.name])
        if kind.actor == "job":
            assert (batch.person[rows] == -1).all()
            continue
        assert (e.course[batch.enrolment[rows]] == batch.course[rows]).all()
        # Who is graded by the system, or joins a club, acts alone.
        by_system = kind.name in ("grade_change", "submission_updated", "group_membership_created")
        assert by_system or (e.membership_role[batch.enrolment[rows]] == 1).all(), kind.name
