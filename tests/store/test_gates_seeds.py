"""Who teaches and whose week fits, on twenty campuses of 5,000 FTE and one of 20,000: no luck of one seed."""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from context.courses.catalogue import SectionKind
from context.courses.diaries import Diaries
from context.courses.timetable import section_weeks
from context.scenario.scenario import Scenario
from tests.samples.gates import SD
from tests.samples.tiny import calendar_of, default_pack, drawn_of

CAMPUSES = [(5_000, seed) for seed in range(1, 21)] + [(20_000, 1)]


@pytest.mark.gates
@pytest.mark.parametrize(("fte", "seed"), CAMPUSES)
def test_staffed_without_a_clash(fte: int, seed: int) -> None:
    """Role shares hold within .002, sections have 1 to 3 teachers, components are led, no classes meet.

    Rows of roles are counted out, not drawn: the allowance is for sections that have all three already.
    """
    scenario = Scenario(name="seeds", fte=fte, seed=seed)
    drawn, pack = drawn_of(scenario), default_pack()
    e, c = drawn.enrolments, drawn.catalogue
    shares = pack.categorical("course_section_enrollment", "role").shares()
    for code, role in enumerate(e.roles):
        assert abs(float((e.role == code).mean()) - shares[role]) < 0.002, role
    teacher = e.role == e.roles.index("Teacher")
    teachers = np.bincount(e.section[teacher], minlength=c.sections)
    primary = c.section_kind == SectionKind.PRIMARY
    assert (teachers[primary].min(), teachers.max()) == (1, 3)
    leads = teacher | (e.role == e.roles.index("TeachingAssistant"))
    assert np.bincount(e.section[leads], minlength=c.sections).min() >= 1
    term = calendar_of(scenario, pack).term.code
    weeks = section_weeks(seed, pack, term, drawn.structures, c)
    for rows in (e.is_student, leads, e.is_student | (e.role == e.roles.index("TeachingAssistant"))):
        diaries = Diaries.of(weeks, len(drawn.identity), e.person[rows], e.section[rows])
        assert not diaries.clash(e.person[rows], e.section[rows]).any()
    law = pack.categorical("person", "sex").shares()["Female"]
    sexes = pack.categorical("person", "sex").values
    women = float((drawn.students.sex == sexes.index("Female")).mean())
    assert abs(women - law) < SD * sqrt(law * (1 - law) / len(drawn.students))
