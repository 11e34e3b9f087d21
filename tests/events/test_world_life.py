"""The simulation reads a store as life has it; what an entity draws moves no other."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest

from context.courses import conferences, learner_groups
from context.courses import conversations as inbox
from context.courses.catalogue import OfferingKind, SectionKind
from context.generate import generate
from context.scenario.scenario import Scenario
from context.tables.institution import academics as tables_academics
from sim.draw.day import draw_day
from sim.plan.sections import section_keys
from tests.samples.tiny import Campus, calendar_of, campus_of, default_pack, drawn_of, store_of
from tests.store.test_store_size import THOUSAND


@pytest.fixture(scope="module")
def campus() -> Campus:
    """A campus that has components, cross-listing, unpublished courses and sandboxes."""
    return campus_of(THOUSAND, default_pack(), Path(mkdtemp(prefix="termtide-life-")))


def test_students_stand_once_per_course(campus: Campus) -> None:
    """A student of a laboratory is in the world by the lecture alone, and by no unpublished course."""
    e, c = campus.world.enrolments, drawn_of(THOUSAND).catalogue
    rows = np.flatnonzero(e.is_student)
    assert (c.section_kind[e.section[rows]] == SectionKind.PRIMARY).all()
    assert (c.offering_kind[e.course[rows]] == OfferingKind.TAUGHT).all()
    pairs = e.course[rows].astype(np.int64) * len(campus.world.persons.udp_id) + e.person[rows]
    assert len(np.unique(pairs)) == len(pairs) == int(drawn_of(THOUSAND).enrolments.counts.sum())


def test_cross_listed_sections_sit_in_one_course(campus: Campus) -> None:
    """Students of a cross-listed section are in the Canvas course that hosts it; every section has a key."""
    e, c = campus.world.enrolments, drawn_of(THOUSAND).catalogue
    assert np.array_equal(e.course, c.section_offering[e.section])
    assert (c.section_home != c.section_offering).any()
    keys = section_keys(campus.world)
    assert len(keys) == len(np.unique(keys)) == c.sections


def test_nobody_clicks_where_nobody_can(campus: Campus) -> None:
    """No student is seen in a shell, an unpublished course or a sandbox; cross-listed sections are."""
    c, e = drawn_of(THOUSAND).catalogue, campus.world.enrolments
    seen: set[int] = set()
    for day in (3, 30):
        batch, _ = draw_day(campus.engine, day)
        enrolment = batch.enrolment[batch.enrolment >= 0]
        seen |= set(e.section[enrolment[e.is_student[enrolment]]].tolist())
    kinds = c.offering_kind[c.section_offering[sorted(seen)]]
    assert not np.isin(kinds, (OfferingKind.SHELL, OfferingKind.UNPUBLISHED, OfferingKind.SANDBOX)).any()
    assert any(c.section_home[section] != c.section_offering[section] for section in seen)


SPECIALIZED = "person__academic_major_specialization__academic_term"
SMALL = Scenario(name="small", fte=200, seed=4)
MOVED = [
    (inbox, "PER_STUDENT", 1.1, {"conversation", "conversation_message"}),
    (conferences, "OTHER_SHARE", 0.9, {"participant_session", "participant_session_role"}),
    (tables_academics, "SPECIALIZATIONS", 3, {"academic_major_specialization", SPECIALIZED}),
    (tables_academics, "_WITH_MINOR", {}, {"person__academic_minor__academic_term"}),
    (
        learner_groups,
        "STANDING_GROUPS",
        ("Peer Mentors",),
        {"learner_group", "learner_group_membership", "wiki"},
    ),
]


@pytest.mark.parametrize(("module", "name", "value", "moves"), MOVED, ids=[name for _, name, *_ in MOVED])
def test_an_entity_moves_no_other(
    module: object, name: str, value: object, moves: set[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Law 2 of the store: with more or fewer rows of one entity the others keep every byte."""
    plain = store_of(SMALL)  # before the change
    monkeypatch.setattr(module, name, value)
    other = generate(SMALL, default_pack(), calendar_of(SMALL, default_pack()))
    found = {table for table in plain.entity if not plain.entity[table].equals(other.entity[table])}
    assert found == moves
