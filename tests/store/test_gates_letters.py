"""Letters on the gates' campus: how many fail, and how graduate courses differ. Bounds:
tests/samples/gates.py.
"""

from __future__ import annotations

from math import sqrt

import pytest

from context.grades.letter_shares import letter_cuts
from tests.samples.gates import check_near, least, numbers
from tests.samples.tiny import default_pack

LETTERS = """
    SELECT grade_on_official_transcript AS letter, grade_points_per_credit AS points,
           ps_student_level AS level, course_section_id, o.number
    FROM course_grade g JOIN sections USING (course_section_id)
    JOIN course_offering o USING (course_offering_id) JOIN person__academic_term t USING (person_id)
    WHERE grade_points_per_credit IS NOT NULL AND is_course_grade_in_gpa"""


def test_failing_share_is_the_packs() -> None:
    """Of undergraduates' letters the pack's share is F, .047, whatever the means of disciplines.

    Letters go by rank, so that chance is in ties and in who gets an incomplete instead: over three campuses
    .0472 to .0476 of 15,800. An allowance of .003 for both.
    """
    law = default_pack().table("letter")
    wanted = sum(s for s, p in zip(law["share"], law["grade_points"], strict=True) if p == 0)
    share, n = numbers(
        f"SELECT AVG((letter = 'F')::INT), COUNT(*) FROM ({LETTERS}) WHERE level = 'Undergraduate'"
    )
    check_near(share, wanted, sqrt(wanted / n) / 5, allowance=0.003)


@pytest.mark.parametrize("gpa", [2.9, 3.35, 3.65])
def test_cuts_have_the_mean(gpa: float) -> None:
    """Shares of letters give the mean grade that is asked for, and undergraduates fail more often."""
    law = default_pack().table("letter")
    points = sorted(float(value) for value in law["grade_points"])
    failing = []
    for undergraduate in (True, False):
        cuts = letter_cuts(default_pack(), gpa, undergraduate=undergraduate)
        shares = [b - a for a, b in zip([0.0, *cuts], cuts, strict=False)]
        assert abs(sum(s * p for s, p in zip(shares, points, strict=True)) - gpa) < 1e-6
        failing.append(shares[0])
    assert 1.3 < failing[0] / failing[1] < 3.3


def test_graduate_sections_differ() -> None:
    """Mean grades of graduate sections scatter, by .30 at 20,000 FTE (UW-Madison: .30 in its levels 500 to
    699) and less where a discipline has one or two such courses, whose mean is the discipline's.

    At 5,000 FTE .23 to .27 over three campuses; the sd of an sd over 110 sections is .017.
    """
    spread, n = numbers(
        "SELECT STDDEV(m), COUNT(*) FROM (SELECT AVG(points) AS m "
        f"FROM ({LETTERS}) WHERE number >= '500' GROUP BY course_section_id HAVING COUNT(*) >= 10)"
    )
    assert n > least(80)
    assert 0.16 < spread < 0.4
