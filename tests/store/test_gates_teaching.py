"""The gates' campus: who teaches what, and that everybody's week fits. Bounds: tests/samples/gates.py."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from context.courses.meetings import SLOTS
from context.scenario.scenario import Scenario
from tests.samples.gates import CAMPUS, check_near, check_shares, counts, numbers, rows
from tests.samples.tiny import TINY, default_pack
from tests.samples.weeks import store_with, weeks_of

TEACHING = "('Teacher', 'Faculty', 'TeachingAssistant')"
LOADS = """(SELECT person_id, COUNT(*) AS n FROM course_section_enrollment JOIN course_section s
    USING (course_section_id) WHERE role = 'Teacher' AND s.type IS NOT NULL GROUP BY person_id)"""
SIZES = """(SELECT s.course_section_id, s.type, COUNT(*) FILTER (role = 'Student') AS size,
    COUNT(*) FILTER (role = 'Teacher') AS teachers,
    COUNT(*) FILTER (role = 'TeachingAssistant') AS assistants,
    COUNT(*) FILTER (role = 'Faculty') AS faculty
    FROM course_section s JOIN course_section_enrollment USING (course_section_id)
    WHERE s.type IS NOT NULL GROUP BY ALL)"""


def test_instructor_load() -> None:
    """All teachers, in all sections, have the registrar's loads: .567 one, .248 two; mean 1.87 (UW-Madison).

    Whoever shares a cross-listed course has one section more; .02 for that, and for the two loads cut short.
    """
    check_shares(
        counts(f"SELECT LEAST(n, 5) FROM {LOADS}"),
        {1: 0.567, 2: 0.248, 3: 0.105, 4: 0.04, 5: 0.04},
        allowance=0.02,
    )
    n, mean = numbers(f"SELECT COUNT(*), AVG(n) FROM {LOADS}")
    check_near(mean, 1.87, 1.93 / sqrt(n), allowance=0.02)  # 1.93: sd of the pack's law


def test_teachers_of_a_section() -> None:
    """Lectures and seminars have one to three teachers and at most two of the faculty, whatever their size.

    No chance is in the bounds; large sections have as many teachers as small ones, within five sd of .75.
    """
    lectures = f"{SIZES} WHERE type IN ('Lecture', 'Seminar')"
    least, most, faculty = numbers(f"SELECT MIN(teachers), MAX(teachers), MAX(faculty) FROM {lectures}")
    assert (least, most) == (1, 3)
    assert faculty <= 2
    (parts_most,) = numbers(f"SELECT MAX(teachers) FROM {SIZES}")
    assert parts_most == 3
    count, large, small = numbers(
        f"SELECT COUNT(*) FILTER (size >= 60), AVG(teachers) FILTER (size >= 60), "
        f"AVG(teachers) FILTER (size < 60) FROM {lectures}"
    )
    check_near(large, small, 0.75 / sqrt(count))


def test_every_component_is_led() -> None:
    """Each discussion and laboratory is led by an assistant or a teacher; assistants lead .3 of them."""
    none, assisted = numbers(
        f"SELECT COUNT(*) FILTER (teachers + assistants = 0), AVG((assistants > 0)::INT) "
        f"FROM {SIZES} WHERE type IN ('Discussion', 'Laboratory')"
    )
    assert none == 0
    assert assisted > 0.3


def test_assistants_by_size() -> None:
    """In lectures without components assistants stand to students alike: no large one has none or many.

    They are dealt, not drawn: sections of 90 and more have one for 30 to 90 students each.
    """
    found = rows(
        f"SELECT size, assistants FROM {SIZES} x WHERE type IN ('Lecture', 'Seminar') AND size >= 90 "
        "AND NOT EXISTS (SELECT 1 FROM course_section a JOIN course_section b USING (course_offering_id) "
        "WHERE a.course_section_id = x.course_section_id AND b.type IN ('Discussion', 'Laboratory'))"
    )
    assert len(found) > 2
    assert all(30 <= float(str(size)) / max(int(str(many)), 0.1) <= 90 for size, many in found)


@pytest.mark.parametrize("scenario", [TINY, CAMPUS], ids=["tiny", "campus"])
@pytest.mark.parametrize("role", ["Student", "Teacher", "TeachingAssistant", "any that teaches"])
def test_nobody_has_two_classes_at_one_time(scenario: Scenario, role: str) -> None:
    """Nobody has two classes in one half hour of the week, of students and of all who teach."""
    store, week = store_with(scenario), weeks_of(scenario)[1]
    section, seat = store.entity["course_section"], store.entity["course_section_enrollment"]
    online = section["delivery_mode"].cast("string").fill_null("Online").to_numpy(zero_copy_only=False)
    taken = week.taken() & (online != "Online")[:, None]
    roles = seat["role"].cast("string").to_numpy(zero_copy_only=False)
    wanted = ["Teacher", "Faculty", "TeachingAssistant"] if role == "any that teaches" else [role]
    mine = np.isin(roles, wanted)
    who, where = seat["person_id"].to_numpy()[mine], seat["course_section_id"].to_numpy()[mine] - 1
    row, slot = np.nonzero(taken[where])
    _, times = np.unique(who[row] * SLOTS + slot, return_counts=True)
    assert times.max(initial=1) == 1
    assert len(row) >= len(who)


def test_no_assistant_teaches_in_class() -> None:
    """Assistants are free of their own classes when they teach."""
    store, week = store_with(CAMPUS), weeks_of(CAMPUS)[1]
    section, seat = store.entity["course_section"], store.entity["course_section_enrollment"]
    online = section["delivery_mode"].cast("string").fill_null("Online").to_numpy(zero_copy_only=False)
    taken = week.taken() & (online != "Online")[:, None]
    roles = seat["role"].cast("string").to_numpy(zero_copy_only=False)
    mine = np.isin(roles, ["Student", "TeachingAssistant"])
    who, where = seat["person_id"].to_numpy()[mine], seat["course_section_id"].to_numpy()[mine] - 1
    row, slot = np.nonzero(taken[where])
    _, times = np.unique(who[row] * SLOTS + slot, return_counts=True)
    assert times.max() == 1


def test_majors_take_more_of_their_own_field_with_each_year() -> None:
    """Of a class's courses the pack's share is of the own field, and it rises with each year.

    A student's courses go together, hence twice the sd of single draws; .06 for the small fields in which
    somebody would have to take a course twice.
    """
    law = default_pack()
    before = 0.0
    for name in ("Freshman", "Sophomore", "Junior", "Senior"):
        n, share = numbers(
            "SELECT COUNT(*), AVG((x.cip = left(m.cip_code2k, 2))::INT) FROM seats x "
            "JOIN person__academic_term USING (person_id) "
            "JOIN person__academic_major__academic_term USING (person_id) "
            "JOIN academic_major m USING (academic_major_id) "
            f"WHERE role = 'Student' AND cen_academic_level = '{name}'"
        )
        chance = sum(
            float(major) * float(service) * float(tilt)
            for major, service, tilt in zip(
                law.table("cip")["major_share_ug"],
                law.table("cip")["seat_share_service"],
                law.table("cip")[name.lower()],
                strict=True,
            )
        ) / sum(
            float(a) * float(b)
            for a, b in zip(
                law.table("cip")["seat_share_service"], law.table("cip")[name.lower()], strict=True
            )
        )
        own = law.number(f"demand.own_major_{name.lower()}")
        wanted = own + (1 - own) * chance
        check_near(share, wanted, 2 * sqrt(wanted * (1 - wanted) / n), allowance=0.06)
        assert share > before + 0.03
        before = share


def test_levels_by_standing() -> None:
    """Nobody takes a course at a level that the pack does not give to the standing: no freshman above 400."""
    table = default_pack().table("level_given_standing")
    may = {
        (standing, level)
        for standing, level, share in zip(table["standing"], table["level"], table["share"], strict=True)
        if share > 0
    }
    found = rows(
        "SELECT DISTINCT cen_academic_level, level FROM seats JOIN person__academic_term USING (person_id) "
        "WHERE role = 'Student'"
    )
    assert set(found) <= may
    assert ("Freshman", "100") in found


def test_seminars_have_the_sizes_of_seminars() -> None:
    """Seminars have 13.0 students on average and 10 in the middle; of the primary sections .138 are some.

    Published: UW-Madison, Fall 2024, sd 14.7. Here a tenth of them has dropped or withdrawn, and sections of
    100 and more are as the pack's lectures are: 12.8 at 1,500 FTE to 16 at 20,000 by the pack's shares.
    Seminars of 200 and more are one in 250 sections of that size.
    """
    n, mean, median, share = numbers(
        "SELECT COUNT(*) FILTER (type = 'Seminar'), AVG(size) FILTER (type = 'Seminar'), "
        "MEDIAN(size) FILTER (type = 'Seminar'), AVG((type = 'Seminar')::INT) "
        f"FROM {SIZES} WHERE type IN ('Lecture', 'Seminar')"
    )
    check_near(mean, 13.0, 14.7 / sqrt(n), allowance=3)
    check_near(median, 10, 1.25 * 14.7 / sqrt(n))
    check_near(share, 0.138, sqrt(0.138 * 0.862 * n / share) / (n / share), allowance=0.03)
