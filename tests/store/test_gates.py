"""A campus against pack and published facts: who, in what, how large. Bounds: tests/samples/gates.py."""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import numpy as np
import pytest

import schemas
from sim.plan.sections import section_keys
from tests.samples.gates import (
    CAMPUS,
    NEEDS_MANY,
    campus,
    check_near,
    check_shares,
    counts,
    least,
    numbers,
    rows,
    store_of_campus,
)
from tests.samples.tiny import TINY, default_pack, tiny
from tests.samples.weeks import weeks_of

ENTITIES = schemas.tables("context_store_entity")


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.name)
def test_references_keys_and_options(table: schemas.Table) -> None:
    """No key is null or twice there, no reference leads nowhere, no coded value is unknown."""
    key = ", ".join(table.key)
    total, distinct, whole = numbers(
        f"SELECT COUNT(*), (SELECT COUNT(*) FROM (SELECT DISTINCT {key} FROM {table.name})), "
        f"COUNT(*) FILTER ({' AND '.join(f'{name} IS NOT NULL' for name in table.key)}) FROM {table.name}"
    )
    assert total == distinct == whole > 0
    for column in table.columns:
        if column.references:
            target, name = column.references.split(".")
            text = f"SELECT COUNT(*) FROM {table.name} a ANTI JOIN {target} b ON a.{column.name} = b.{name}"
            assert numbers(f"{text} WHERE a.{column.name} IS NOT NULL") == [0], column.name
        if column.options:
            values = {str(value) for (value,) in rows(f"SELECT DISTINCT {column.name} FROM {table.name}")}
            parts = {part for value in values - {"None"} for part in value.split(",")}
            assert parts <= set(schemas.option_set(column.options)), column.name


@pytest.mark.parametrize("table", [t for t in ENTITIES if t.keymap], ids=lambda table: table.name)
def test_native_ids(table: schemas.Table) -> None:
    """A keymap has each row once, and no native id twice."""
    store = store_of_campus()
    keymap = store.keymap[table.name]
    assert keymap["id"].combine_chunks().equals(store.entity[table.name][table.key[0]].combine_chunks())
    for name in ("sis_ext_id", "lms_int_id", "lms_ext_id"):
        known = keymap[name].drop_null()
        assert len(known.unique()) == len(known), name


def test_role_shares() -> None:
    """Roles of all enrolments come in the founding shares: Student .893, Teacher .078, Faculty .015."""
    law = default_pack().categorical("course_section_enrollment", "role")
    check_shares(counts("SELECT role FROM course_section_enrollment"), dict(law.shares()), allowance=0.002)


@pytest.mark.parametrize("role", ["Student", "Teacher", "Faculty", "TeachingAssistant"])
def test_role_status_given_role(role: str) -> None:
    """role_status has the pack's shares given the role, in the sections that people sign up for."""
    law = default_pack().categorical("course_section_enrollment", "role_status")
    check_shares(counts(f"SELECT role_status FROM seats WHERE role = '{role}'"), dict(law.shares(role)))


@pytest.mark.parametrize("status", ["Enrolled", "Dropped", "Withdrawn"])
def test_enrollment_status_given_both(status: str) -> None:
    """enrollment_status has the pack's shares given role_status of students."""
    law = default_pack().categorical("course_section_enrollment", "enrollment_status")
    text = f"SELECT enrollment_status FROM seats WHERE role = 'Student' AND role_status = '{status}'"
    check_shares(counts(text), dict(law.shares(status, "Student")))


def test_activities_per_group() -> None:
    """Activities per group: 6.477 on average, standard deviation 7.517, least 1, most 50 (Unizin)."""
    n, mean, sd, least, most = numbers(
        "SELECT COUNT(*), AVG(n), STDDEV_POP(n), MIN(n), MAX(n) FROM "
        "(SELECT COUNT(*) AS n FROM learner_activity GROUP BY learner_activity_group_id)"
    )
    check_near(mean, 6.477, 7.517 / sqrt(n))
    check_near(sd, 7.517, 7.517 * 2.2 / sqrt(n))  # kurtosis 20.6 of the law: sd of the sd is 2.2 sd / sqrt n
    assert 1 == least < most <= 50


def test_section_sizes() -> None:
    """Quantiles of primary sections are the registrar's: 12, 21, 45, 96 students (UW-Madison, Fall 2024).

    Single quantiles have a relative sd of 5 to 7 % at 580 sections; those above p90 need a larger campus.
    """
    found = numbers(
        "SELECT UNNEST(q[1:1]), UNNEST(q[2:2]), UNNEST(q[3:3]), UNNEST(q[4:4]) FROM "
        "(SELECT QUANTILE_CONT(n, [0.25, 0.5, 0.75, 0.9]) AS q FROM "
        "(SELECT COUNT(*) AS n FROM seats WHERE role = 'Student' GROUP BY course_section_id))"
    )
    for got, wanted in zip(found, (12, 21, 45, 96), strict=True):
        check_near(got / wanted, 1, 0.07)


def test_seats_and_sections_by_level() -> None:
    """Seats and sections by course number are the registrar's (UW-Madison): .364 of seats are in the 100s."""
    law = default_pack().table("level")
    seats = {f"{level}": float(share) for level, share in zip(law["level"], law["seat_share"], strict=True)}
    check_shares(counts("SELECT level FROM seats WHERE role = 'Student'"), dict(seats), allowance=0.005)
    sections = {
        f"{level}": float(share) for level, share in zip(law["level"], law["section_share"], strict=True)
    }
    check_shares(counts("SELECT level FROM sections"), dict(sections))


@NEEDS_MANY
def test_sections_per_course() -> None:
    """Courses have the registrar's numbers of sections (UW-Madison): mean 1.67, .775 have one; p90 3, p95 4.

    No chance is in it: widths come in exact shares. What is left is size: a course has the sections of one
    family and level, of which 5,000 FTE have 18 at most, so that courses of 20 to 30 are cut (.02 of the
    mean) and those after them find less; .03 for that. At 20,000 FTE the mean is 1.67.
    """
    law = default_pack().table("sections_per_course")
    width = {int(n): float(share) for n, share in zip(law["sections"], law["share"], strict=True)}
    (most,) = numbers("SELECT MAX(n) FROM (SELECT COUNT(*) AS n FROM sections GROUP BY cip, level)")
    cut = sum(share * min(n, most) for n, share in width.items())
    campus().execute(
        "CREATE OR REPLACE TEMP TABLE widths AS "
        "SELECT course_offering_id, COUNT(*) AS n FROM sections GROUP BY course_offering_id"
    )
    mean, single, *quantiles = numbers(
        "SELECT AVG(n), AVG((n = 1)::INT), QUANTILE_DISC(n, 0.9), QUANTILE_DISC(n, 0.95), "
        "QUANTILE_DISC(n, 0.99) FROM widths"
    )
    assert abs(mean - cut) < 0.03
    assert abs(mean - 1.67) < 0.05
    assert abs(single - 0.775) < 0.01
    assert quantiles == [3, 4, 11]


@NEEDS_MANY
def test_sections_of_a_course_are_of_like_size() -> None:
    """Sizes vary within a course by .19 of what they vary within its family and level; .65 by mere chance.

    Looked at where a course has half of the family's and level's sections at most. Over five campuses the
    ratio has an sd of .02, and .04 by chance.
    """
    (part,) = numbers(
        "SELECT AVG(own) / AVG(cell) FROM (SELECT VAR_POP(size) OVER (PARTITION BY course_offering_id) "
        "AS own, VAR_POP(size) OVER (PARTITION BY cip, level) AS cell, "
        "COUNT(*) OVER (PARTITION BY course_offering_id) AS n, "
        "COUNT(*) OVER (PARTITION BY cip, level) AS most FROM "
        "(SELECT course_offering_id, cip, level, LN(COUNT(*)) AS size FROM seats WHERE role = 'Student' "
        "GROUP BY course_offering_id, course_section_id, cip, level)) WHERE n > 1 AND n * 2 <= most"
    )
    assert part < 0.4


def test_discipline_shares() -> None:
    """Undergraduate seats by CIP family: half degrees given, half teaching; 52 has .128, 14 .096 (IPEDS, UW).

    A student's courses go together, hence twice the sd of single draws; .006 for who studies what when.
    """
    law = default_pack().table("cip")
    wanted = {
        cip: (float(major) + float(service)) / 2
        for cip, major, service in zip(
            law["cip"], law["major_share_ug"], law["seat_share_service"], strict=True
        )
    }
    found = counts(
        "SELECT cip FROM seats JOIN person__academic_term USING (person_id) "
        "WHERE role = 'Student' AND ps_student_level = 'Undergraduate'"
    )
    assert set(found) <= set(wanted)
    check_shares(found, dict(wanted), allowance=0.006, spread=2)


def test_students() -> None:
    """Careers, sexes and full-time equivalents are those of pack and scenario; heads without chance."""
    law = default_pack()
    check_shares(
        counts("SELECT ps_student_level FROM person__academic_term"),
        dict(law.categorical("person", "career").shares()),
    )
    check_shares(
        counts("SELECT sex FROM person JOIN person__academic_term USING (person_id) WHERE sex <> 'NoData'"),
        dict(law.categorical("person", "sex").shares()),
    )
    heads = numbers("SELECT COUNT(*) FROM person__academic_term")[0]
    assert abs(heads / CAMPUS.fte - 1.142) < 0.03  # heads per FTE by IPEDS' rule for these shares


@pytest.mark.parametrize(
    ("column", "rows_of"),
    [
        ("person.is_first_generation_hed_student", "person JOIN person__academic_term USING (person_id)"),
        ("person__academic_term.registration_status", "person__academic_term"),
        ("quiz.time_limit", "quiz"),
    ],
)
def test_values_and_nulls_by_the_pack(column: str, rows_of: str) -> None:
    """Values, NULL among them, have the pack's shares; true and false are told as text there."""
    law = default_pack().categorical(*column.split("."))
    found = counts(f"SELECT CASE WHEN {column} IS NOT NULL THEN {column}::VARCHAR END FROM {rows_of}")
    check_shares(found, dict(law.shares()))


def test_who_left_has_an_exit_date() -> None:
    """Dates of leaving are there for who left, and for nobody else."""
    found = counts("SELECT role_status FROM course_section_enrollment WHERE exit_date IS NOT NULL")
    assert set(found) == {"Dropped", "Withdrawn"}
    everybody = counts("SELECT role_status FROM course_section_enrollment")
    assert all(found[status] == everybody[status] for status in found)


def test_rooms() -> None:
    """No room has two sections at once or fewer seats than one of them takes; few sections have none."""
    _, week = weeks_of(CAMPUS)
    lost, total = numbers(
        "SELECT COUNT(*) FILTER (room_id IS NULL), COUNT(*) FROM course_section "
        "WHERE delivery_mode <> 'Online' AND type IS NOT NULL"
    )
    check_near(lost / total, 0.03, sqrt(0.03 * 0.97 / total))
    assert (
        rows("SELECT 1 FROM course_section JOIN room USING (room_id) WHERE capacity < max_enrollment") == []
    )
    taken: dict[tuple[object, int], list[tuple[int, int]]] = {}
    for section, room in rows(
        "SELECT course_section_id, room_id FROM course_section WHERE room_id IS NOT NULL"
    ):
        row = int(str(section)) - 1
        begin = int(week.start_ms[row]) // 60_000
        for day in np.flatnonzero(week.days[row]).tolist():
            taken.setdefault((room, day), []).append((begin, begin + int(week.minutes[row])))
    assert len(taken) > least(500)
    for classes in taken.values():
        classes.sort()
        assert all(before[1] <= after[0] for before, after in pairwise(classes))


def test_events_know_the_same_weeks() -> None:
    """What the store takes for a section's week is what events come from."""
    key, _ = weeks_of(TINY)
    assert (section_keys(tiny().world) == key).all()
