"""What the store says of the last thing somebody did in a course, and of grades in the middle of the term."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc
import pytest

from context.arrays import NO_TIME
from context.grades.mid_term import mid_term_day
from context.terms.drawn import Drawn
from tests.samples.store_db import loaded
from tests.samples.tiny import TINY, default_pack, drawn_of, store_of

BIG = TINY.model_copy(update={"fte": 300, "incident": ()})
OFFENCES = {
    "nobody did anything before joining": """SELECT COUNT(*) FROM course_section_enrollment
        WHERE last_activity_date < created_date""",
    "the last act is the latest hand-in, post or grade": """WITH acts AS (
            SELECT a.course_offering_id AS course, r.person_id AS person, r.response_date AS done
            FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
            UNION ALL SELECT a.course_offering_id, r.grader_id, r.graded_date
            FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
            UNION ALL SELECT course_offering_id, person_id, created_date FROM discussion_entry),
        latest AS (SELECT course, person, max(done) AS done FROM acts WHERE done IS NOT NULL GROUP BY ALL)
        SELECT COUNT(*) FROM course_section_enrollment e JOIN course_section s USING (course_section_id)
        LEFT JOIN latest l ON l.course = s.le_current_course_offering_id AND l.person = e.person_id
        WHERE e.last_activity_date IS DISTINCT FROM l.done""",
    "mid-term grades are of undergraduates in courses of the lower division": """
        SELECT COUNT(*) FROM course_grade g JOIN course_section s USING (course_section_id)
        JOIN course_offering o USING (course_offering_id)
        WHERE g.mid_term_grade IS NOT NULL AND o.number >= '300'""",
    "who takes a course for P or NP gets no mid-term letter": """SELECT COUNT(*) FROM course_grade
        WHERE mid_term_grade IS NOT NULL AND grade_on_official_transcript IN ('P', 'NP')""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_no_row_breaks_a_law(law: str) -> None:
    """Last acts and mid-term grades follow from the rows of the store."""
    assert loaded(store_of(TINY)).execute(OFFENCES[law]).fetchall() == [(0,)], law


def _pairs() -> tuple[Drawn, np.ndarray, np.ndarray]:
    d = drawn_of(BIG)
    points = d.grades.points_hundredths
    both = np.flatnonzero((d.mid_term >= 0) & (d.grades.letter >= 0))
    return d, points[d.mid_term[both]], points[d.grades.letter[both]]


def test_columns_are_filled() -> None:
    """Most who take a published course have a last act, and most lower-division grades a mid-term letter."""
    d = drawn_of(BIG)
    e = d.enrolments
    seats = store_of(BIG).entity["course_section_enrollment"]
    acts = pc.is_valid(seats["last_activity_date"]).to_numpy()
    assert 0.7 < acts[e.takes & e.published].mean() < 1
    assert not acts[~e.published].any()
    lower = np.isin(
        d.catalogue.offering_level[d.catalogue.section_home[e.section[d.grades.enrolment]]], (0, 1)
    )
    assert 0.5 < (d.mid_term >= 0)[lower].mean() < 0.95
    assert (d.mid_term >= 0)[~lower].sum() == 0


def test_mid_term_foreshadows_the_end() -> None:
    """Mid-term letters rise with the final ones: a correlation above .5, six standard errors above chance."""
    _, middle, end = _pairs()
    assert len(middle) > 300
    correlation = float(np.corrcoef(middle, end)[0, 1])
    assert correlation > max(0.5, 6 / len(middle) ** 0.5)
    assert (middle != end).mean() > 0.2


def test_mid_term_knows_nothing_of_the_second_half() -> None:
    """A mid-term letter rests on work graded by the middle of the term: who has none gets none."""
    d = drawn_of(BIG)
    r = d.results
    until = d.calendar.day_start_ms(mid_term_day(0, d.calendar.term.last_day))
    early = np.zeros(len(d.enrolments), dtype=np.bool_)
    early[r.enrolment[(r.graded_ms != NO_TIME) & (r.graded_ms < until)]] = True
    assert early[d.grades.enrolment[d.mid_term >= 0]].all()
    assert default_pack().number("grade.mid_term_top_level") == 200
