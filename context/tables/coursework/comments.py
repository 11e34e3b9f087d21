"""The table of comments on results."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import HOUR_MS, MINUTE_MS
from context.results.comments import COMMENT_KINDS, CommentKind
from context.tables.institution.people import display_names, first_names
from context.tables.titles import phrases, plain_sentences
from context.terms.drawn import Drawn, Tables

LONG_SHARE = 0.15  # of comments that have a second paragraph
BY_NAME_SHARE = 0.2  # of teachers' comments that begin with the student's first name
# Purposes of randomness: what each number draws.
_EDITED, _FOR_TEACHERS, _EDITED_AFTER, _SENTENCES = 1, 2, 3, 4
_MORE, _MORE_SENTENCES, _IS_LONG, _BY_NAME = 5, 6, 7, 8


def comment_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entity, keymap) of comments."""
    c, rows, name = d.comments, len(d.comments), "annotation"
    acts, r = d.content.activities, d.results
    activity = r.activity[c.result]
    body = _bodies(d)
    person = d.enrolments.person[c.author]
    by_teacher = c.by_teacher
    edited = d.coin(c.key, _EDITED, 0.03)
    columns = {
        f"{name}_id": ids.udp_ids(rows),
        "learner_activity_result_id": c.result + 1,
        "author_id": person + 1,
        "author_name": display_names(d).take(pa.array(person)),
        "body_value": body,
        "created_date": c.created_ms,
        "has_teacher_only_comments": by_teacher
        & d.coin(c.key, _FOR_TEACHERS, "annotation.teachers_only_share"),
        "is_anonymous": (c.kind == CommentKind.PEER) & acts.anonymous_peers[activity],
        "is_hidden": by_teacher & acts.is_hidden[activity],
        "message_character_count": pc.utf8_length(body),
        "message_line_count": pc.add(pc.count_substring(body, "\n"), 1),
        "message_size_bytes": pc.binary_length(body),
        "message_word_count": frame.word_counts(body),
        "updated_date": c.created_ms
        + edited * (MINUTE_MS + rng.integer(rng.extend(c.key, _EDITED_AFTER), HOUR_MS)),
    }
    keymap = ids.canvas_keymap(name, ids.udp_ids(rows), d.local(name, rows, c.created_ms))
    return {name: frame.table(name, rows, columns)}, {name: keymap}


def _bodies(d: Drawn) -> pa.Array:
    """Texts: one to three sentences of the kind, some with a second paragraph, some with a name first."""
    c = d.comments
    text = pa.nulls(len(c), pa.string())
    for code, kind in enumerate(COMMENT_KINDS):
        mine = np.flatnonzero(c.kind == code)
        key = c.key[mine]
        most = min(3, len(phrases(d.pack, kind)))
        said = plain_sentences(d, kind, key, 1 + rng.integer(rng.extend(key, _SENTENCES), most))
        more = plain_sentences(
            d, kind, rng.extend(key, _MORE), 1 + rng.integer(rng.extend(key, _MORE_SENTENCES), most)
        )
        long = pa.array(d.coin(key, _IS_LONG, LONG_SHARE))
        said = pc.if_else(long, frame.join(said, "\n\n", more), said)
        text = pc.replace_with_mask(text, pa.array(c.kind == code), said)
    student = d.enrolments.person[d.results.enrolment[c.result]]
    named = frame.join(first_names(d).array().take(pa.array(student)), ", ", text)
    return pc.if_else(pa.array(c.by_teacher & d.coin(c.key, _BY_NAME, BY_NAME_SHARE)), named, text)
