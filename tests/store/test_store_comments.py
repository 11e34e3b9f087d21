"""Comments in the store: written by those who can, when they can, and counted as they are."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

from context.columns import word_counts
from tests.samples.store_db import count, store_db

OFFENCES = {
    "teachers comment on what they graded": """
        SELECT COUNT(*) FROM learner_activity_result r WHERE r.has_admin_comment <> EXISTS (
            SELECT 1 FROM annotation a WHERE a.learner_activity_result_id = r.learner_activity_result_id
            AND a.author_id = r.grader_id AND a.created_date > r.graded_date)""",
    "students comment on their own work, or that of others where peers review": """
        SELECT COUNT(*) FROM annotation c JOIN learner_activity_result r USING (learner_activity_result_id)
        JOIN learner_activity a USING (learner_activity_id)
        WHERE c.author_id <> r.person_id AND c.author_id IS DISTINCT FROM r.grader_id
            AND NOT (a.has_peer_reviews AND c.created_date > r.response_date)""",
    "nobody reviews one work twice": """
        SELECT COUNT(*) FROM (SELECT author_id, learner_activity_result_id FROM annotation c
            JOIN learner_activity_result r USING (learner_activity_result_id)
            WHERE c.author_id <> r.person_id GROUP BY ALL HAVING COUNT(*) > 1)""",
    "reviewers are in the course": """
        SELECT COUNT(*) FROM annotation c JOIN learner_activity_result r USING (learner_activity_result_id)
        JOIN learner_activity a USING (learner_activity_id)
        WHERE NOT EXISTS (SELECT 1 FROM course_section_enrollment e JOIN course_section s
            USING (course_section_id) WHERE s.course_offering_id = a.course_offering_id
            AND e.person_id = c.author_id AND e.entry_date <= c.created_date)""",
    "comments follow what they are on": """
        SELECT COUNT(*) FROM annotation c JOIN learner_activity_result r USING (learner_activity_result_id)
        WHERE c.created_date <= r.response_date OR c.updated_date < c.created_date
            OR c.created_date <= r.created_date""",
    "reviewers are unnamed only where the activity says so": """
        SELECT COUNT(*) FROM annotation c JOIN learner_activity_result r USING (learner_activity_result_id)
        JOIN learner_activity a USING (learner_activity_id)
        WHERE c.is_anonymous AND NOT a.is_anonymous_peer_reviews""",
    "names are those of the authors": """
        SELECT COUNT(*) FROM annotation c JOIN person p ON p.person_id = c.author_id
        WHERE c.author_name <> p.name""",
}


@pytest.mark.parametrize("law", OFFENCES)
def test_comments(law: str) -> None:
    """The query counts offences against the law, and finds none."""
    assert count(OFFENCES[law]) == 0


def test_counts_match_the_text() -> None:
    """Bytes, characters, words and lines are those of the text, and some texts have more of each."""
    rows = (
        store_db()
        .execute("""SELECT body_value, message_size_bytes, message_character_count,
        message_word_count, message_line_count FROM annotation""")
        .fetchall()
    )
    assert len(rows) > 200
    for text, size, characters, words, lines in rows:
        found = (len(text.encode()), len(text), len(text.split()), text.count("\n") + 1)
        assert (size, characters, words, lines) == found, text
    assert any(row[1] > row[2] for row in rows)
    assert any(row[4] > 1 for row in rows)


def test_words_are_what_stands_between_blanks() -> None:
    """Texts are counted as a regular expression would, each alone, however blanks stand at their ends."""
    ends = ("", " ", "\n", "\t\n", "\r\f ", "\v", "é", "\u00a0")
    texts = [f"{a}{word}{b}" for a in ends for word in ("", "a", "a b", "a\n\nÿ b") for b in ends]
    whole = pa.array(["kept out", *texts, "kept out too"])
    for part in (whole, whole.slice(1, len(texts)), whole.slice(0, 0)):
        assert word_counts(part).tolist() == pc.count_substring_regex(part, r"[^ \t\n\f\r]+").to_pylist()


def test_comments_differ() -> None:
    """Teachers, students and peers comment, some of them unnamed."""
    assert count("SELECT COUNT(DISTINCT body_value) FROM annotation") > 100
    assert count("SELECT COUNT(*) FROM annotation WHERE is_anonymous") > 0
