"""Three queries to try on a run."""

from __future__ import annotations

QUERIES = (
    (
        "How many students each course has",
        """
SELECT co.le_code, COUNT(DISTINCT cse.person_id) AS students
FROM context_store_entity.course_section_enrollment cse
JOIN context_store_entity.course_section cs USING (course_section_id)
JOIN context_store_entity.course_offering co ON co.course_offering_id = cs.course_offering_id
WHERE cse.role = 'Student'
GROUP BY 1 ORDER BY 2 DESC LIMIT 10
""",
    ),
    (
        "What kinds of events there are in one week",
        """
SELECT type, action, COUNT(*) AS events
FROM event_store.expanded
WHERE event_time >= DATETIME '{begin}' AND event_time < DATETIME '{end}'
GROUP BY 1, 2 ORDER BY 3 DESC
""",
    ),
    (
        "Which courses were clicked most, joined as production SQL does",
        """
SELECT km.lms_ext_id AS canvas_course_id, COUNT(*) AS events
FROM event_store.expanded e
JOIN context_store_keymap.course_offering km ON km.lms_int_id = e.course_offering.canvas_id
WHERE e.event_time >= DATETIME '{begin}' AND e.event_time < DATETIME '{end}'
GROUP BY 1 ORDER BY 2 DESC LIMIT 10
""",
    ),
)


def queries(run_days: list[str]) -> list[tuple[str, str]]:
    """(what it shows, SQL) over the week after the term's first."""
    begin, end = run_days[min(21, len(run_days) - 1)], run_days[min(28, len(run_days) - 1)]
    return [(title, sql.strip().format(begin=begin, end=end)) for title, sql in QUERIES]
