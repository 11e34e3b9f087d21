"""Course scores follow from results, drop rules and weights; dates follow from overrides.

The scores are worked out once more here, in fractions, from the tables alone and by another way: what to
drop is found by trying every choice, as long as there are few.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import Any

import pytest

from tests.samples.store_db import count, store_db

Score = tuple[Fraction, Fraction, bool]  # points earned, points possible, stays whatever is dropped
Found = dict[tuple[int, int], Fraction | None]
NEVER, EVER = datetime(1900, 1, 1), datetime(2100, 1, 1)  # noqa: DTZ001 - as the tables have them
VIEWS = {  # (what is not graded counts zero, hidden grades count)
    "current_score": (False, False),
    "final_score": (True, False),
    "hidden_current_score": (False, True),
    "hidden_final_score": (True, True),
}


def rounded(percent: Fraction) -> Fraction:
    """Half up to the hundredth."""
    return Fraction((percent * 200 + 1) // 2, 100)


def kept(scores: list[Score], low: int, high: int) -> tuple[Fraction, Fraction]:
    """(points earned, points possible) of what stays after dropping."""
    stay = [score for score in scores if score[2]]
    rest = sorted(score for score in scores if not score[2])
    low = max(min(low, len(rest) - 1), 0)
    high = max(min(high, len(rest) - 1 - low), 0)
    if low and len(rest) <= 10:
        share = max(combinations(rest, len(rest) - low), key=lambda left: sum(s[0] for s in left))
        rest = sorted(share)
    else:
        rest = rest[low:]
    left = stay + rest[: len(rest) - high]
    return sum((s[0] for s in left), Fraction()), sum((s[1] for s in left), Fraction())


@cache
def tables() -> tuple[list[Any], dict[int, Any]]:
    """(results that may count, assignment groups by id)."""
    results = store_db().execute("""
        SELECT r.person_id, a.course_offering_id, a.learner_activity_group_id, r.score, a.points_possible,
            a.drop_rule IS NOT NULL, a.is_hidden, COALESCE((
                SELECT MAX(o.due_date) FROM learner_activity_override o
                WHERE o.learner_activity_id = a.learner_activity_id
                AND (o.person_id = r.person_id OR o.course_section_id = s.course_section_id OR EXISTS (
                    SELECT 1 FROM learner_group_membership m WHERE m.person_id = r.person_id
                    AND m.learner_group_id = o.learner_group_id))), a.due_date,
                -- As in Canvas, what has no due date counts in the last period.
                (SELECT MAX(end_date) FROM grading_period))
        FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
        JOIN course_section s USING (course_offering_id)
        JOIN course_section_enrollment e ON e.course_section_id = s.course_section_id
            AND e.person_id = r.person_id AND e.role = 'Student'
        WHERE a.points_possible > 0 AND a.grade_type <> 'not_graded' AND NOT r.is_excused""")
    rows = results.fetchall()
    groups = store_db().execute("""
        SELECT learner_activity_group_id, course_offering_id, group_weight, drop_lowest_amount,
            drop_highest_amount FROM learner_activity_group""")
    return rows, {row[0]: row[1:] for row in groups.fetchall()}


@cache
def worked_out(view: str, since: datetime = NEVER, until: datetime = EVER) -> tuple[Found, Found]:
    """(scores by person and group, scores by person and course) over work that is due in a period."""
    final, with_hidden = VIEWS[view]
    rows, groups = tables()
    weighted: dict[int, Fraction] = defaultdict(Fraction)
    for course, weight, _, _ in groups.values():
        weighted[course] += Fraction(weight)
    scores: dict[tuple[int, int, int], list[Score]] = defaultdict(list)
    for person, course, group, score, points, stays, hidden, due in rows:
        mine = scores[person, course, group]
        if since <= due <= until and (with_hidden or not hidden) and (final or score is not None):
            mine.append((Fraction(score or 0), Fraction(points), stays))
    of_group: Found = {}
    parts: dict[tuple[int, int], list[tuple[Fraction, Fraction]]] = defaultdict(list)
    for (person, course, group), mine in scores.items():
        _, weight, low, high = groups[group]
        earned, possible = kept(mine, low, high)
        share = rounded(earned / possible * 100) if possible else None
        of_group[person, group] = share
        if share is not None:
            w = Fraction(weight)
            parts[person, course].append((w * share, w) if weighted[course] else (earned * 100, possible))
    of_course: Found = {}
    for place, pairs in parts.items():
        bottom = sum(pair[1] for pair in pairs)
        of_course[place] = rounded(sum((pair[0] for pair in pairs), Fraction()) / bottom) if bottom else None
    return of_group, of_course


def differing(sql: str, expected: Found, least: int = 200) -> int:
    """Rows (person, place, score) of a query that differ from what is expected."""
    rows = store_db().execute(sql).fetchall()
    assert len(rows) >= least
    return sum(
        (None if score is None else Fraction(score)) != expected.get((person, place))
        for person, place, score in rows
    )


@pytest.mark.parametrize("view", VIEWS)
def test_group_scores(view: str) -> None:
    """Scores of assignment groups follow from results and drop rules, exactly."""
    sql = f"SELECT person_id, learner_activity_group_id, {view} FROM learner_activity_group_grade"
    assert differing(sql, worked_out(view)[0]) == 0


@pytest.mark.parametrize("view", VIEWS)
def test_course_scores(view: str) -> None:
    """Course scores follow from those of the groups and their weights, exactly."""
    sql = f"""SELECT g.person_id, s.course_offering_id, g.le_{view} FROM course_grade g
        JOIN course_section s USING (course_section_id)"""
    assert differing(sql, worked_out(view)[1]) == 0


@pytest.mark.parametrize("view", ["current_score", "final_score"])
def test_period_scores(view: str) -> None:
    """Scores of grading periods follow from the work that was due in them, exactly."""
    periods = store_db().execute("""SELECT grading_period_id, start_date, end_date FROM grading_period
        JOIN grading_period_grade USING (grading_period_id) GROUP BY ALL""")
    found = periods.fetchall()
    assert len(found) >= 4
    for period, start, end in found:
        sql = f"""SELECT person_id, course_offering_id, {view} FROM grading_period_grade
            WHERE grading_period_id = {period}"""
        assert differing(sql, worked_out(view, start, end)[1], 1) == 0


OFFENCES = {
    "hidden grades are not published, others are": """
        SELECT COUNT(*) FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
        WHERE r.published_score IS DISTINCT FROM IF(a.is_hidden, NULL, r.score)
            OR (r.posted_at IS NULL) <> (r.published_score IS NULL)""",
    "groups that drop have activities of like points": """
        SELECT COUNT(*) FROM (SELECT learner_activity_group_id FROM learner_activity
            JOIN learner_activity_group USING (learner_activity_group_id)
            WHERE drop_lowest_amount + drop_highest_amount > 0
            GROUP BY ALL HAVING COUNT(DISTINCT points_possible) > 1)""",
    "who is excused has no score": """
        SELECT COUNT(*) FROM learner_activity_result
        WHERE is_excused
            AND (score IS NOT NULL OR response_date IS NOT NULL OR grading_status <> 'graded')""",
    "activities for some only are assigned to every section": """
        SELECT COUNT(*) FROM learner_activity a JOIN course_section s USING (course_offering_id)
        LEFT JOIN learner_activity_override o ON o.learner_activity_id = a.learner_activity_id
            AND o.course_section_id = s.course_section_id
        WHERE a.visibility = 'only_visible_to_overrides' AND o.learner_activity_override_id IS NULL""",
    "an override is for one section or one student of the course": """
        SELECT COUNT(*) FROM learner_activity_override o JOIN learner_activity a USING (learner_activity_id)
        LEFT JOIN course_section s ON s.course_section_id = o.course_section_id
        WHERE (o.type = 'course_section') <> (o.course_section_id IS NOT NULL)
            OR (o.type = 'adhoc') <> (o.person_id IS NOT NULL)
            OR (o.type = 'group') <> (o.learner_group_id IS NOT NULL)
            OR s.course_offering_id <> a.course_offering_id
            OR o.person_id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM learner_activity_result r
                WHERE r.learner_activity_id = o.learner_activity_id AND r.person_id = o.person_id)""",
    "overrides are made before they matter": """
        SELECT COUNT(*) FROM learner_activity_override o JOIN learner_activity a USING (learner_activity_id)
        WHERE o.created_date >= o.due_date OR o.created_date < a.created_date
            OR o.updated_date < o.created_date OR o.due_date < a.due_date
            OR (o.due_date IS NOT NULL) <> o.is_due_date_overridden
            OR (o.locked_date IS NOT NULL) <> o.is_locked_date_overridden""",
    "an extension explains what comes after the close": """
        SELECT COUNT(*) FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
        JOIN course_section s USING (course_offering_id)
        JOIN course_section_enrollment e ON e.course_section_id = s.course_section_id
            AND e.person_id = r.person_id AND e.role = 'Student'
        WHERE r.response_date > a.locked_date AND NOT EXISTS (SELECT 1 FROM learner_activity_override o
            WHERE o.learner_activity_id = a.learner_activity_id AND r.response_date <= o.locked_date
            AND (o.person_id = r.person_id OR o.course_section_id = e.course_section_id
                OR o.learner_group_id = r.learner_group_id))""",
    "a group hands in together": """
        SELECT COUNT(*) FROM (SELECT 1 FROM learner_activity_result r
            JOIN learner_activity a USING (learner_activity_id) WHERE r.learner_group_id IS NOT NULL
            GROUP BY learner_group_id, learner_activity_id, a.is_grade_group_students_individually
            HAVING COUNT(DISTINCT response_date) <> 1 OR COUNT(DISTINCT graded_date) > 1
                OR COUNT(DISTINCT score) > 1 AND NOT a.is_grade_group_students_individually)""",
    "who hands in with a group is in it": """
        SELECT COUNT(*) FROM learner_activity_result r LEFT JOIN learner_group_membership m
            ON m.learner_group_id = r.learner_group_id AND m.person_id = r.person_id
        WHERE r.learner_group_id IS NOT NULL
            AND (m.created_date IS NULL OR m.created_date >= r.response_date)""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_grading(law: str) -> None:
    """The query counts offences against the law, and finds none."""
    assert count(OFFENCES[law]) == 0


def test_rules_are_there() -> None:
    """The tiny campus has what the laws speak of: dropped scores, exceptions, hidden and excused work."""
    for sql in (
        "SELECT COUNT(*) FROM learner_activity_group WHERE drop_lowest_amount > 0",
        "SELECT COUNT(*) FROM learner_activity WHERE drop_rule = 'never_drop'",
        "SELECT COUNT(*) FROM learner_activity WHERE is_hidden",
        "SELECT COUNT(*) FROM learner_activity_result WHERE is_excused",
        "SELECT COUNT(*) FROM learner_activity_override WHERE type = 'adhoc' AND locked_date IS NOT NULL",
        "SELECT COUNT(*) FROM learner_activity_override WHERE type = 'course_section'",
        "SELECT COUNT(*) FROM learner_activity_result WHERE learner_group_id IS NOT NULL",
    ):
        assert count(sql) > 0, sql


def test_extensions_are_used() -> None:
    """Students with an extension hand in after the day on which others have to, far more often."""
    late = """SELECT CAST(1000 * AVG((r.response_date > a.due_date)::INT) AS INT)
        FROM learner_activity_result r
        JOIN learner_activity a USING (learner_activity_id) {} JOIN learner_activity_override o
        ON o.learner_activity_id = r.learner_activity_id AND o.person_id = r.person_id
        WHERE r.response_date IS NOT NULL"""
    assert count(late.format("")) > 4 * count(late.format("ANTI"))
