"""Tables of results: learner activity results and discussion entries."""

from __future__ import annotations

from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, HOUR_MS, I64, MINUTE_MS, NO_TIME, U64, values_and_codes
from context.columns import Coded, Maybe
from context.content.activities import ONLINE_TYPES
from context.grades.learning_outcomes import rubric_used
from context.tables.bodies import paragraph
from context.tables.coursework.emoji import with_emoji
from context.tables.every_table import drawn
from context.tables.titles import MOST_SENTENCES, plain_sentences, sentences, topic_phrases
from context.terms.drawn import Drawn, LaterTables, Tables

SENTENCE_CHARACTERS = 55  # of an average sentence of the default pack
_STATUS = ("unsubmitted", "submitted", "graded")
_GRADE_STATE = ("not_graded", "auto_graded", "human_graded")
# Purposes of randomness: what each number draws.
_SUBMISSION_SENTENCES, _ADDRESS, _MESSAGE_LENGTH, _DELETED = 190, 191, 194, 195
_DELETED_LATE, _DELETED_AFTER, _ABOUT_TOPIC = 196, 197, 198


def result_tables(d: Drawn) -> tuple[Tables, LaterTables]:
    """(entity, keymap) of results."""
    return _with_keymap(d, "learner_activity_result", _results(d))


def entry_tables(d: Drawn) -> tuple[Tables, LaterTables]:
    """(entity, keymap) of discussion entries."""
    return _with_keymap(d, "discussion_entry", _entries(d))


def _with_keymap(d: Drawn, name: str, table: pa.Table) -> tuple[Tables, LaterTables]:
    rows, created = len(table), frame.numbers(table["created_date"])
    return {name: table}, {
        name: lambda: ids.canvas_keymap(name, ids.udp_ids(rows), d.local(name, rows, created))
    }


def submission_type_codes(d: Drawn) -> tuple[I64, tuple[str, ...]]:
    """(code per result into the online types, -1 for work that is not handed in online; the types)."""
    values = [
        str(v).split(",")[0]
        for v in d.pack.categorical("learner_activity", "allowable_submission_types").values
    ]
    of_type = np.array([ONLINE_TYPES.index(value) if value in ONLINE_TYPES else -1 for value in values])
    codes = of_type[d.content.activities.submission_type[d.results.activity]]
    return np.where(d.results.submitted_ms == NO_TIME, -1, codes), ONLINE_TYPES


def grade_texts(hundredths: I64) -> Coded:
    """Such as 87.5: scores as Canvas writes them, without trailing zeros."""
    there = hundredths != NO_TIME
    values, codes = values_and_codes(np.where(there, hundredths, 0))
    return Coded(np.where(there, codes, -1), [f"{value / 100:g}" for value in values.tolist()])


_LETTERS = (
    (93, "A"),
    (90, "A-"),
    (87, "B+"),
    (83, "B"),
    (80, "B-"),
    (77, "C+"),
    (73, "C"),
    (70, "C-"),
    (60, "D"),
    (0, "F"),
)
PASSING_PERCENT = 60


def _grades(d: Drawn) -> Coded:
    """Grades as Canvas writes them for a grade type: points, percent, letter, complete, or nothing."""
    r, acts = d.results, d.content.activities
    kinds = d.pack.categorical("learner_activity", "grade_type").values
    kind = acts.grade_type[r.activity]
    points = np.maximum(acts.points_hundredths[r.activity], 1)
    graded = r.score_hundredths != NO_TIME
    percent = np.where(graded, r.score_hundredths * 10_000 // points, NO_TIME)
    lows = np.array([low * 100 for low, _ in reversed(_LETTERS)])
    letter = np.searchsorted(lows, np.where(graded, percent, 0), side="right") - 1
    letters = Coded(np.where(graded, letter, -1), [name for _, name in reversed(_LETTERS)])
    passed = np.where(graded, np.where(percent >= PASSING_PERCENT * 100, 1, 0), -1)
    of_hundred = grade_texts(percent)
    grades = grade_texts(r.score_hundredths)
    for name, others in (
        ("percent", Coded(of_hundred.codes, [f"{text}%" for text in of_hundred.values])),
        ("letter_grade", letters),
        ("gpa_scale", letters),
        ("pass_fail", Coded(passed, ("incomplete", "complete"))),
        ("not_graded", Coded(np.full(len(r), -1), ())),
    ):
        grades = frame.either(np.array([str(value) == name for value in kinds])[kind], others, grades)
    return grades


def _results(d: Drawn) -> pa.Table:
    r, acts, rows = d.results, d.content.activities, len(d.results)
    codes, types = submission_type_codes(d)
    submitted, graded = r.submitted_ms != NO_TIME, r.graded_ms != NO_TIME
    automatic = graded & (r.grader < 0)
    grade_state = np.where(~graded, 0, np.where(automatic, 1, 2))
    excused, posted = r.excused_ms != NO_TIME, graded & ~acts.is_hidden[r.activity]
    grade = _grades(d)
    created = np.maximum(acts.created_ms[r.activity], d.enrolments.entry_ms[r.enrolment])
    text = codes == types.index("online_text_entry")
    address = codes == types.index("online_url")
    late = np.maximum(np.where(submitted, r.submitted_ms, created), np.where(graded, r.graded_ms, created))
    late = np.maximum(late, np.where(excused, r.excused_ms, created))
    body = _spread(
        sentences(
            d, "submission", r.key[text], 1 + rng.integer(rng.extend(r.key[text], _SUBMISSION_SENTENCES), 5)
        ),
        text,
    )
    url = _spread(
        frame.join(
            "https://work.example/s/", frame.texts(rng.integer(rng.extend(r.key[address], _ADDRESS), 10**9))
        ),
        address,
    )
    columns = {
        "learner_activity_result_id": ids.udp_ids(rows),
        "learner_activity_id": r.activity + 1,
        "person_id": d.enrolments.person[r.enrolment] + 1,
        "grader_id": Maybe(d.enrolments.person[r.grader] + 1, r.grader >= 0),
        "learner_group_id": Maybe(r.group + 1, r.group >= 0),
        "quiz_result_id": _quiz_results(d),
        "type": Coded(codes, types),
        "attempt": Maybe(r.attempt, submitted),
        "body": body,
        "url": url,
        "score": r.score_hundredths,
        "grade": grade,
        "published_score": np.where(posted, r.score_hundredths, NO_TIME),
        "published_grade": frame.only(grade, posted),
        "response_date": r.submitted_ms,
        "graded_date": r.graded_ms,
        "posted_at": np.where(posted, r.graded_ms, NO_TIME),
        "grading_status": Coded(np.where(graded | excused, 2, np.where(submitted, 1, 0)), _STATUS),
        "gradebook_status": Coded(np.where(graded, 1, 0), ("false", "true")),
        "grade_state": Coded(grade_state, _GRADE_STATE),
        "is_excused": excused,
        "is_graded_anonymously": Maybe(np.zeros(rows, np.bool_), graded),
        "is_grade_matches_current_submission": Maybe(np.ones(rows, np.bool_), graded),
        "has_admin_comment": np.isin(np.arange(rows), d.comments.result[d.comments.by_teacher]),
        "has_rubric_assessment": rubric_used(d.pack, r, d.learning.has_rubric),
        "is_processed": submitted,
        "process_attempts": (codes == types.index("media_recording")).astype(np.int64),
        "created_date": created,
        "updated_date": late,
    }
    return frame.table("learner_activity_result", rows, columns)


def _quiz_results(d: Drawn) -> Maybe:
    """The quiz result behind each result."""
    found = np.full(len(d.results), -1, dtype=np.int64)
    rows = np.flatnonzero(d.quiz_results.result >= 0)
    found[d.quiz_results.result[rows]] = rows
    return Maybe(found + 1, found >= 0)


def _spread(values: pa.Array, where: BOOL) -> pa.Array:
    """``values`` at the true places of ``where``, NULL elsewhere."""
    return values.take(pa.array(np.cumsum(where) - 1, mask=~where))


def _sentence_counts(d: Drawn, key: U64) -> I64:
    """Sentences of posts: as many as the pack's message length asks for."""
    length = drawn(d, "discussion_entry", "message_length", key, _MESSAGE_LENGTH)
    return np.clip(length // SENTENCE_CHARACTERS, 1, MOST_SENTENCES)


def _replies(d: Drawn, key: U64, offering: I64, count: I64) -> pa.Array:
    """Replies; half of them say something of the topic first."""
    lead = frame.join(topic_phrases(d, "reply_topic", d.catalogue.offering_cip[offering], key), " ")
    opens = pc.if_else(pa.array(d.coin(key, _ABOUT_TOPIC, 0.5)), lead, "")
    return frame.join("<p>", opens, plain_sentences(d, "reply", key, count), "</p>")


def _entry_bodies(d: Drawn, offering: I64, part: slice) -> pa.Array:
    """What a part of the posts say."""
    p, key, offering = d.posts, d.posts.key[part], offering[part]
    count, reply = _sentence_counts(d, key), p.parent[part] >= 0
    body = paragraph(d, "post", key, offering, np.maximum(count - 1, 1))
    body = pc.replace_with_mask(body, pa.array(reply), _replies(d, key[reply], offering[reply], count[reply]))
    return with_emoji(d, body, key, d.enrolments.person[p.enrolment[part]])


def _entries(d: Drawn) -> pa.Table:
    p, rows = d.posts, len(d.posts)
    offering = d.content.discussions.offering[p.discussion]
    body = frame.in_pieces(rows, partial(_entry_bodies, d, offering))
    # A few take back what they wrote, or somebody does; most of those soon.
    deleted = d.coin(p.key, _DELETED, "discussion_entry.deleted_share")
    waits = MINUTE_MS + (d.coin(p.key, _DELETED_LATE, 0.3) * 47 + 1) * rng.integer(
        rng.extend(p.key, _DELETED_AFTER), HOUR_MS
    )
    gone = np.minimum(p.time_ms + waits, d.close_ms)
    columns = {
        "discussion_entry_id": ids.udp_ids(rows),
        "discussion_id": p.discussion + 1,
        "parent_discussion_entry_id": Maybe(p.parent + 1, p.parent >= 0),
        "person_id": d.enrolments.person[p.enrolment] + 1,
        "course_offering_id": offering + 1,
        "body": body,
        "message_length": pc.utf8_length(body),
        "depth": np.where(p.parent >= 0, 2, 1),
        "status": Coded(deleted.astype(np.int64), ("active", "deleted")),
        "created_date": p.time_ms,
        "updated_date": np.where(deleted, gone, p.time_ms),
        "deleted_date": np.where(deleted, gone, NO_TIME),
    }
    return frame.table("discussion_entry", rows, columns)
