"""Learning outcomes in the store: results follow from rubrics and answers, and mastery from the points."""

from __future__ import annotations

import pytest

from tests.samples.store_db import count

OFFENCES = {
    "ratings of rubrics are those of the outcome": """
        SELECT COUNT(*) FROM learning_outcome_result r WHERE quiz_id IS NULL AND NOT EXISTS (
            SELECT 1 FROM learning_outcome_rubric_criteria c
            WHERE c.learning_outcome_id = r.learning_outcome_id AND c.points = r.score)""",
    "the best rating has all of the points, and another one mastery": """
        SELECT COUNT(*) FROM learning_outcome o WHERE points_possible <> (
            SELECT MAX(points) FROM learning_outcome_rubric_criteria c
            WHERE c.learning_outcome_id = o.learning_outcome_id) OR NOT EXISTS (
            SELECT 1 FROM learning_outcome_rubric_criteria c
            WHERE c.learning_outcome_id = o.learning_outcome_id AND c.points = o.mastery_points)""",
    "mastery follows from the points": """
        SELECT COUNT(*) FROM learning_outcome_result r JOIN learning_outcome o USING (learning_outcome_id)
        WHERE is_mastery <> (score / possible >= mastery_points / points_possible)
            OR is_original_mastery <> (original_score / possible >= mastery_points / points_possible)
            OR ABS(percent - score / possible) > 0.00501""",
    "rubric results rest on a filled-in rubric": """
        SELECT COUNT(*) FROM learning_outcome_result o LEFT JOIN learner_activity_result r
            ON r.learner_activity_id = o.learner_activity_id AND r.person_id = o.person_id
        WHERE o.quiz_id IS NULL AND (r.has_rubric_assessment IS NOT TRUE
            OR o.assessed_date IS DISTINCT FROM r.graded_date
            OR o.response_date IS DISTINCT FROM r.response_date)""",
    "answers add up to the result in the quiz": """
        SELECT COUNT(*) FROM (SELECT learning_outcome_result_id, SUM(score) AS s, SUM(possible) AS p,
                SUM(original_score) AS o FROM learning_outcome_item_response GROUP BY ALL) a
        FULL JOIN (SELECT * FROM learning_outcome_result WHERE quiz_id IS NOT NULL) r
            USING (learning_outcome_result_id)
        WHERE s IS DISTINCT FROM score OR p IS DISTINCT FROM possible OR o IS DISTINCT FROM original_score""",
    "answers are those of the latest and the first attempt": """
        SELECT COUNT(*) FROM learning_outcome_item_response o
        JOIN quiz_result q ON q.quiz_id = o.quiz_id AND q.person_id = o.person_id
        LEFT JOIN quiz_item_response l ON l.quiz_result_id = q.quiz_result_id
            AND l.quiz_item_id = o.quiz_item_id AND l.attempt = q.total_attempts
        LEFT JOIN quiz_item_response f ON f.quiz_result_id = q.quiz_result_id
            AND f.quiz_item_id = o.quiz_item_id AND f.attempt = 1
        WHERE o.score IS DISTINCT FROM l.points OR o.original_score IS DISTINCT FROM f.points
            OR o.attempts <> q.total_attempts""",
    "outcomes are the course's own or the institution's": """
        SELECT COUNT(*) FROM learning_outcome_result r JOIN learning_outcome o USING (learning_outcome_id)
        WHERE o.course_offering_id <> r.course_offering_id
            OR (o.course_offering_id IS NULL) = (o.learning_environment_organization_id IS NULL)""",
    "nobody is rated twice for one thing": """
        SELECT COUNT(*) FROM (SELECT person_id, learner_activity_id, learning_outcome_id
            FROM learning_outcome_result GROUP BY ALL HAVING COUNT(*) > 1)""",
    "groups hang from their root": """
        SELECT COUNT(*) FROM learning_outcome_group g
        JOIN learning_outcome_group r ON r.learning_outcome_group_id = g.root_learning_outcome_group_id
        WHERE r.parent_learning_outcome_group_id IS NOT NULL
            OR (g.parent_learning_outcome_group_id IS NULL)
                <> (g.learning_outcome_group_id = g.root_learning_outcome_group_id)
            OR r.course_offering_id IS DISTINCT FROM g.course_offering_id""",
    "outcomes are there before they are assessed": """
        SELECT COUNT(*) FROM learning_outcome_result r JOIN learning_outcome o USING (learning_outcome_id)
        WHERE o.created_date >= r.created_date OR r.assessed_date <= r.response_date""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_learning(law: str) -> None:
    """The query counts offences against the law, and finds none."""
    assert count(OFFENCES[law]) == 0


def test_learning_differs() -> None:
    """The tiny campus has results by rubric and by quiz, mastered and not, in outcomes of both kinds."""
    assert count("SELECT COUNT(*) FROM learning_outcome_item_response") > 10
    assert count("SELECT COUNT(DISTINCT is_mastery) FROM learning_outcome_result WHERE quiz_id IS NULL") == 2
    whose = """SELECT COUNT(DISTINCT o.course_offering_id IS NULL) FROM learning_outcome_result
        JOIN learning_outcome o USING (learning_outcome_id)"""
    assert count(whose) == 2
