"""Drafts and deleted content: there, told apart by status, worked with and seen by nobody."""

from __future__ import annotations

import duckdb
import pyarrow.compute as pc
import pytest

from sim.world.reader import millis
from tests.samples.store_db import loaded
from tests.samples.tiny import finished_run, store_of, tiny
from tests.store.test_store import count
from tests.store.test_store_size import THOUSAND

UNUSED = "status IN ('unpublished', 'deleted')"
KINDS = ("learner_activity", "quiz", "discussion", "wiki_page", "file", "module", "module_item")
# Kind -> the word before its Canvas id in ids of events, where it isn't the kind.
WORDS = {
    "learner_activity": "assignment",
    "quiz": "quizzes:quiz",
    "discussion": "discussion",
    "wiki_page": "wikiPage",
    "file": "attachment",
}
OFFENCES = {
    "nobody has a result of an unused assignment": f"""SELECT COUNT(*) FROM learner_activity_result
        JOIN learner_activity a USING (learner_activity_id) WHERE a.{UNUSED}""",
    "nobody has taken an unused quiz": f"""SELECT COUNT(*) FROM quiz_result
        JOIN quiz q USING (quiz_id) WHERE q.{UNUSED}""",
    "nobody has posted in an unused topic": f"""SELECT COUNT(*) FROM discussion_entry
        JOIN discussion t USING (discussion_id) WHERE t.{UNUSED}""",
    "an unused page was never viewed": f"SELECT COUNT(*) FROM wiki_page WHERE {UNUSED} AND view_count > 0",
    "nobody has completed an unused item": f"""SELECT COUNT(*) FROM module_item_completion
        JOIN module_item i USING (module_item_id) WHERE i.{UNUSED}""",
    "unused assignments are in unused or available groups of their course": """
        SELECT COUNT(*) FROM learner_activity a
        JOIN learner_activity_group g USING (learner_activity_group_id)
        WHERE a.course_offering_id <> g.course_offering_id
          OR (g.status = 'deleted') <> (a.status = 'deleted')""",
    "a quiz or topic is as unused as its assignment": f"""SELECT COUNT(*) FROM learner_activity a
        LEFT JOIN quiz q USING (learner_activity_id) LEFT JOIN discussion t USING (learner_activity_id)
        WHERE q.{UNUSED} <> a.{UNUSED} OR t.{UNUSED} <> a.{UNUSED}""",
    "a deleted file went when the one in its place came": """SELECT COUNT(*) FROM file old
        LEFT JOIN file new ON new.file_id = old.replacement_file_id
        WHERE (old.status = 'deleted') <> (old.deleted_date IS NOT NULL)
          OR (old.status = 'deleted') <> (new.file_id IS NOT NULL)
          OR new.course_offering_id <> old.course_offering_id OR new.status = 'deleted'""",
    "nothing is deleted before it is made": " UNION ALL ".join(
        f"SELECT COUNT(*) FROM {kind} WHERE deleted_date < created_date HAVING COUNT(*) > 0"
        for kind in ("quiz", "discussion", "file", "module")
    ),
    "items that link to unused content are unused": f"""SELECT COUNT(*) FROM module_item i
        LEFT JOIN wiki_page p USING (wiki_page_id) LEFT JOIN quiz q USING (quiz_id)
        LEFT JOIN learner_activity a ON a.learner_activity_id = i.learner_activity_id
        WHERE NOT i.{UNUSED} AND (p.{UNUSED} OR q.{UNUSED} OR a.{UNUSED})""",
}


@pytest.fixture(scope="module")
def db() -> duckdb.DuckDBPyConnection:
    """The store of 1,000 FTE in DuckDB."""
    return loaded(store_of(THOUSAND))


@pytest.mark.parametrize("law", OFFENCES)
def test_unused_content_is_not_used(law: str, db: duckdb.DuckDBPyConnection) -> None:
    """The query counts offences against what its name says, and finds none."""
    assert sum(n for (n,) in db.execute(OFFENCES[law]).fetchall()) == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_small_share_is_unused(kind: str, db: duckdb.DuckDBPyConnection) -> None:
    """Some rows are drafts, some are deleted, and not so many as would distort what forgets the status.

    A file has no drafts. At most 6 %: shares are .012 to .04, beside some groups of assignments.
    """
    rows = count(db, f"SELECT COUNT(*) FROM {kind}")
    assert 0 < count(db, f"SELECT COUNT(*) FROM {kind} WHERE {UNUSED}") < 0.06 * rows
    states = db.execute(f"SELECT DISTINCT status FROM {kind} WHERE {UNUSED}").fetchall()
    assert len(states) == (1 if kind == "file" else 2)


def test_events_of_unused_content_are_its_authors() -> None:
    """Unused content is made, changed and deleted in the event store; nobody opens or works on it."""
    with duckdb.connect(str(finished_run() / "warehouse.duckdb"), read_only=True) as db:
        found: dict[str, int] = {}
        for kind, word in WORDS.items():
            found |= db.execute(
                f"""WITH unused AS (
                    SELECT DISTINCT 'urn:instructure:canvas:' || word || ':' || k.lms_int_id AS urn
                    FROM context_store_keymap.{kind} k
                    JOIN context_store_entity.{kind} t ON t.{kind}_id = k.id
                    CROSS JOIN unnest(['{word}', '{kind}']) AS w(word) WHERE t.{UNUSED})
                SELECT e.action, COUNT(*)::INT FROM event_store.expanded e JOIN unused ON urn = e.object.id
                GROUP BY 1"""
            ).fetchall()
    assert found.keys() >= {"Created"}
    assert found.keys() <= {"Created", "Modified", "Deleted"}


def test_unused_work_pulls_nobody() -> None:
    """What is due for the campus is the published assignments of the store with a due time in the term."""
    campus = tiny()
    table = campus.store.entity["learner_activity"]
    due = millis(table.filter(pc.equal(table["status"], "published"))["due_date"])
    day = campus.calendar.day_of(due[due >= 0])
    days = sorted(day[(day >= campus.calendar.first_day) & (day <= campus.calendar.last_day)].tolist())
    assert campus.engine.dues.day.tolist() == days
