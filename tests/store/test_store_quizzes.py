"""Quizzes in the store: answers make scores, attempts make the kept one, banks give what they promise."""

from __future__ import annotations

import pytest

from tests.samples.store_db import count

OFFENCES = {
    "answers add up to the score of the latest attempt": """
        SELECT COUNT(*) FROM (
            SELECT r.quiz_result_id, r.score, r.fudge_points, SUM(p.points) AS points
            FROM quiz_result r JOIN quiz_item_response p
            ON p.quiz_result_id = r.quiz_result_id AND p.attempt = r.total_attempts
            GROUP BY ALL) WHERE score IS DISTINCT FROM points + fudge_points""",
    "every result has answers": """
        SELECT COUNT(*) FROM quiz_result ANTI JOIN quiz_item_response USING (quiz_result_id)
        WHERE status <> 'untaken'""",
    "who only began has no score, and nothing handed in": """
        SELECT COUNT(*) FROM quiz_result q JOIN learner_activity_result r USING (quiz_result_id)
        WHERE q.status = 'untaken' AND (q.total_attempts <> 0 OR q.score IS NOT NULL
            OR q.finished_date IS NOT NULL OR r.response_date IS NOT NULL OR q.started_date >= q.due_date)""",
    "the kept score follows from the attempts": """
        SELECT COUNT(*) FROM (
            SELECT quiz_result_id, SUM(score) AS total, MAX(score) AS best,
                MAX_BY(score, attempt) AS latest, COUNT(*) AS n
            FROM (SELECT p.quiz_result_id, p.attempt, SUM(p.points)
                    + IF(p.attempt = r.total_attempts, r.fudge_points, 0) AS score
                  FROM quiz_item_response p JOIN quiz_result r USING (quiz_result_id)
                  GROUP BY p.quiz_result_id, p.attempt, r.total_attempts, r.fudge_points)
            GROUP BY ALL) a JOIN quiz_result r USING (quiz_result_id)
        WHERE n <> total_attempts OR r.kept_score IS NOT NULL AND CASE r.scoring_policy
            WHEN 'keep_highest' THEN r.kept_score <> best
            WHEN 'keep_latest' THEN r.kept_score <> latest
            ELSE r.kept_score * n <> total END""",
    "the kept score is the result's": """
        SELECT COUNT(*) FROM learner_activity_result r JOIN quiz_result q USING (quiz_result_id)
        WHERE r.score IS DISTINCT FROM q.kept_score OR r.person_id <> q.person_id
            OR r.response_date IS DISTINCT FROM q.finished_date OR COALESCE(r.attempt, 0) <> q.total_attempts
            OR q.learner_activity_result_id <> r.learner_activity_result_id""",
    "every quiz handed in has its quiz result": """
        SELECT COUNT(*) FROM learner_activity_result
        WHERE (type = 'online_quiz') <> (quiz_result_id IS NOT NULL) AND type IS NOT NULL""",
    "no more attempts than allowed": """
        SELECT COUNT(*) FROM quiz_result r JOIN quiz q USING (quiz_id)
        WHERE q.allowed_attempts > 0
            AND r.total_attempts > q.allowed_attempts + COALESCE(r.extra_attempts, 0)""",
    "no longer than the time limit": """
        SELECT COUNT(*) FROM quiz_result r JOIN quiz q USING (quiz_id)
        WHERE r.time_taken > 60 * (q.time_limit + COALESCE(r.extra_time, 0))
            OR r.time_taken <> DATE_DIFF('second', r.started_date, r.finished_date)""",
    "times are in order": """
        SELECT COUNT(*) FROM quiz_result r JOIN quiz q USING (quiz_id)
        WHERE NOT (q.created_date < q.published_date AND q.published_date <= r.created_date
            AND r.created_date <= r.started_date AND r.started_date <= r.updated_date
            AND COALESCE(r.started_date < r.finished_date AND r.finished_date <= r.updated_date, TRUE))""",
    "attempts follow each other": """
        SELECT COUNT(*) FROM (SELECT created_date, attempt, LAG(created_date) OVER w AS earlier
            FROM (SELECT DISTINCT quiz_result_id, attempt, created_date FROM quiz_item_response)
            WINDOW w AS (PARTITION BY quiz_result_id ORDER BY attempt)) WHERE earlier >= created_date""",
    "an attempt asks what the quiz asks, nothing twice": """
        SELECT COUNT(*) FROM (
            SELECT r.quiz_id, p.attempt, COUNT(*) AS n, COUNT(DISTINCT p.quiz_item_id) AS items,
                SUM(i.points_possible) AS possible
            FROM quiz_item_response p JOIN quiz_result r USING (quiz_result_id)
            JOIN quiz_item i ON i.quiz_item_id = p.quiz_item_id AND i.quiz_id = r.quiz_id
            GROUP BY r.quiz_result_id, r.quiz_id, p.attempt) JOIN quiz q USING (quiz_id)
        WHERE n <> quiz_item_count OR items <> n OR possible <> points_possible""",
    "as many of a bank as the group picks": """
        SELECT COUNT(*) FROM (
            SELECT i.quiz_item_group_id, p.attempt, COUNT(*) AS n
            FROM quiz_item_response p JOIN quiz_item i USING (quiz_item_id)
            WHERE i.quiz_item_group_id IS NOT NULL
            GROUP BY i.quiz_item_group_id, p.quiz_result_id, p.attempt) a
        JOIN quiz_item_group g USING (quiz_item_group_id) WHERE n <> pick_count""",
    "banks hold more than is picked": """
        SELECT COUNT(*) FROM (SELECT quiz_item_group_id, COUNT(*) AS n FROM quiz_item GROUP BY ALL) i
        JOIN quiz_item_group g USING (quiz_item_group_id) WHERE n <= pick_count""",
    "points fit the question": """
        SELECT COUNT(*) FROM quiz_item_response p JOIN quiz_item i USING (quiz_item_id)
        WHERE p.points < 0 OR p.points > i.points_possible
            OR p.is_correct <> (p.points = i.points_possible AND i.points_possible > 0)
            OR (p.is_correct IS NULL) <> (p.points IS NULL)""",
    "a part of the points only where a question can have one": """
        SELECT COUNT(*) FROM quiz_item_response p JOIN quiz_item i USING (quiz_item_id)
        WHERE p.points > 0 AND p.points < i.points_possible AND i.quiz_item_type NOT IN (
            'multiple_answers_question', 'matching_question', 'fill_in_multiple_blanks_question',
            'multiple_dropdowns_question', 'essay_question', 'file_upload_question')""",
    "a question's right answer is always the same": """
        SELECT COUNT(*) FROM (SELECT p.quiz_item_id FROM quiz_item_response p
            JOIN quiz_item i USING (quiz_item_id)
            WHERE p.is_correct AND i.quiz_item_type NOT IN ('essay_question', 'file_upload_question')
            GROUP BY ALL HAVING COUNT(DISTINCT p.answer) > 1)""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_quizzes(law: str) -> None:
    """The query counts offences against the law, and finds none."""
    assert count(OFFENCES[law]) == 0


def test_quizzes_differ() -> None:
    """The tiny campus has what the laws speak of: banks, several attempts, every policy, parts of points."""
    assert count("SELECT COUNT(*) FROM quiz_item_group") > 0
    assert count("SELECT COUNT(*) FROM quiz_result WHERE status = 'untaken'") > 0
    assert count("SELECT COUNT(*) FROM quiz_result WHERE total_attempts > 1") > 50
    assert count("SELECT COUNT(DISTINCT scoring_policy) FROM quiz_result WHERE total_attempts > 1") == 3
    part = """SELECT COUNT(*) FROM quiz_item_response p JOIN quiz_item i USING (quiz_item_id)
        WHERE p.points > 0 AND p.points < i.points_possible"""
    assert count(part) > 20


def test_questions_differ_in_ease() -> None:
    """Questions that many answered differ in their share of right answers, as in any item analysis."""
    share = """SELECT STDDEV(share) * 100 FROM (SELECT AVG(is_correct::INT) AS share
        FROM quiz_item_response GROUP BY quiz_item_id HAVING COUNT(*) >= 10)"""
    assert 8 < count(share) < 35
