"""Modules in the store: progress says what submissions, posts and scores say, and nobody jumps a gate."""

from __future__ import annotations

import pytest

from tests.samples.store_db import count

# What a student did for each item of a module: submitted, posted first, scored.
DONE = """
    WITH item AS (
        SELECT i.module_item_id, i.module_id, COALESCE(i.learner_activity_id, q.learner_activity_id,
            t.learner_activity_id) AS activity, i.discussion_id
        FROM module_item i LEFT JOIN quiz q USING (quiz_id) LEFT JOIN discussion t USING (discussion_id)),
    done AS (
        SELECT i.module_item_id, i.module_id, r.person_id, r.response_date AS acted, r.graded_date, r.score
        FROM item i JOIN learner_activity_result r ON r.learner_activity_id = i.activity
        UNION ALL
        SELECT i.module_item_id, i.module_id, e.person_id, MIN(e.created_date), NULL, NULL
        FROM item i JOIN discussion_entry e USING (discussion_id) GROUP BY ALL),
    met AS (
        SELECT c.*, p.person_id, p.module_id, d.acted, d.graded, d.got FROM module_item_completion c
        JOIN module_progression p USING (module_progression_id)
        LEFT JOIN (SELECT module_item_id, person_id, MIN(acted) AS acted, MIN(graded_date) AS graded,
            MIN(score) AS got FROM done GROUP BY ALL) d
        ON d.module_item_id = c.module_item_id AND d.person_id = p.person_id)"""
OFFENCES = {
    "work is complete when and only when it was done": f"""{DONE}
        SELECT COUNT(*) FROM met WHERE CASE requirement_type
            WHEN 'must_submit' THEN completed_date IS DISTINCT FROM acted
            WHEN 'must_contribute' THEN completed_date IS DISTINCT FROM acted
            WHEN 'min_score' THEN score IS DISTINCT FROM got
                OR (completion_status = 'complete') <> (COALESCE(got, -1) >= min_score)
            ELSE FALSE END""",
    "complete is what has a date": """SELECT COUNT(*) FROM module_item_completion
        WHERE (completion_status = 'complete') <> (completed_date IS NOT NULL)""",
    "completions say what their items ask for": """
        SELECT COUNT(*) FROM module_item_completion c JOIN module_item i USING (module_item_id)
        JOIN module_progression p USING (module_progression_id)
        WHERE c.requirement_type IS DISTINCT FROM i.completion_type
            OR c.min_score IS DISTINCT FROM i.min_score OR i.module_id <> p.module_id
            OR (c.requirement_type = 'min_score') <> (c.min_score IS NOT NULL)""",
    "each item that asks for something has its completion": """
        SELECT COUNT(*) FROM module_progression p JOIN module_item i USING (module_id)
        LEFT JOIN module_item_completion c USING (module_progression_id, module_item_id)
        WHERE (i.completion_type IS NULL) <> (c.module_item_completion_id IS NULL)""",
    "the state follows from the items": """
        SELECT COUNT(*) FROM (SELECT p.status, p.completed_date, p.current_position,
                COUNT(c.module_item_id) AS n, COUNT(c.completed_date) AS done,
                MIN(i.position) FILTER (c.completed_date IS NULL) AS open
            FROM module_progression p LEFT JOIN module_item_completion c USING (module_progression_id)
            LEFT JOIN module_item i ON i.module_item_id = c.module_item_id
            GROUP BY p.module_progression_id, p.status, p.completed_date, p.current_position)
        WHERE status <> 'locked' AND (status <> CASE WHEN done = n THEN 'completed'
            WHEN done > 0 THEN 'started' ELSE 'unlocked' END OR current_position IS DISTINCT FROM open)
            OR (status = 'completed') <> (completed_date IS NOT NULL)""",
    "a module is locked while the one it asks for is not complete": """
        SELECT COUNT(*) FROM module_progression p JOIN module m USING (module_id)
        LEFT JOIN module_progression b ON b.module_id = m.prerequisite_module_id
            AND b.person_id = p.person_id
        WHERE (p.status = 'locked')
            <> (m.prerequisite_module_id IS NOT NULL AND COALESCE(b.status, '') <> 'completed')""",
    "nobody acts in a module before the one it asks for is complete": f"""{DONE}
        SELECT COUNT(*) FROM (SELECT module_id, person_id, acted FROM done WHERE acted IS NOT NULL
            UNION ALL SELECT module_id, person_id, completed_date FROM met WHERE completed_date IS NOT NULL) a
        JOIN module m USING (module_id) LEFT JOIN module_progression b
            ON b.module_id = m.prerequisite_module_id AND b.person_id = a.person_id
        WHERE m.prerequisite_module_id IS NOT NULL AND (b.completed_date IS NULL OR acted <= b.completed_date)
        """,
    "where order matters, items are met in order": """
        SELECT COUNT(*) FROM (SELECT c.completed_date, LAG(c.completed_date) OVER w AS earlier,
                ROW_NUMBER() OVER w AS n
            FROM module_item_completion c JOIN module_item i USING (module_item_id)
            JOIN module m USING (module_id) WHERE m.sequential = 'required'
            WINDOW w AS (PARTITION BY module_progression_id ORDER BY i.position))
        WHERE n > 1 AND completed_date IS NOT NULL
            AND (earlier IS NULL OR completed_date < earlier)""",
    "times are in order": """
        SELECT COUNT(*) FROM module_progression p JOIN module m USING (module_id)
        LEFT JOIN (SELECT module_progression_id, MIN(completed_date) AS first, MAX(completed_date) AS last
            FROM module_item_completion GROUP BY ALL) c USING (module_progression_id)
        WHERE p.created_date < m.created_date OR p.updated_date < p.created_date
            OR c.first < p.created_date OR c.last > p.updated_date OR c.last > p.completed_date""",
    "items are viewed while students are in the course": """
        SELECT COUNT(*) FROM module_item_completion c JOIN module_progression p USING (module_progression_id)
        JOIN module m USING (module_id) JOIN module_item i USING (module_item_id)
        JOIN course_section s ON s.course_offering_id = m.course_offering_id
        JOIN course_section_enrollment e ON e.course_section_id = s.course_section_id
            AND e.person_id = p.person_id AND e.role = 'Student'
        WHERE c.requirement_type IN ('must_view', 'must_mark_done') AND (c.completed_date < i.created_date
            OR c.completed_date < e.entry_date OR CAST(c.completed_date AS DATE) > e.exit_date)""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_progress(law: str) -> None:
    """The query counts offences against the law, and finds none."""
    assert count(OFFENCES[law]) == 0


def test_progress_differs() -> None:
    """The tiny campus has all states, all requirements, gates and modules in which order matters."""
    assert count("SELECT COUNT(DISTINCT status) FROM module_progression") == 4
    assert count("SELECT COUNT(DISTINCT requirement_type) FROM module_item_completion") == 5
    assert count("SELECT COUNT(*) FROM module WHERE prerequisite_module_id IS NOT NULL") > 0
    assert count("SELECT COUNT(*) FROM module WHERE sequential = 'required'") > 0
