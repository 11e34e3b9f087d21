"""Tables of course content: assignment groups, activities, quizzes, discussions, files, pages, modules."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import DAY_MS, HOUR_MS, I64, NO_TIME
from context.columns import Coded, Maybe
from context.content.content import Items
from context.packs.course_spec import WORKS
from context.tables.bodies import article, paragraph
from context.tables.coursework import pages
from context.tables.coursework.drafts import with_leftovers
from context.tables.coursework.files import file_titles, files
from context.tables.coursework.quizzes import quizzes
from context.tables.every_table import Columns, activity_unlocked, coded, first_date, is_last_minute, touched
from context.tables.titles import object_titles
from context.terms.drawn import Drawn, Tables

# Purposes of randomness: what each number draws.
_GROUP_AGE, _GROUP_UPDATED, _AUTOMATIC_PEERS, _LOCKABLE = 151, 152, 159, 160
_TOPIC_SENTENCES, _DISCUSSION_TYPE, _PINNED, _PLANNED_HOURS = 174, 175, 176, 181
_PLANNED, _LOCKED, _EDITED, _LOCKED_BEFORE = 182, 183, 184, 185


def content_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of course content."""
    titles = content_titles(d)
    entity: Tables = {}
    keymap: Tables = {}
    for name, (columns, rows) in {
        "learner_activity_group": _groups(d),
        "learner_activity": _activities(d, titles["learner_activity"]),
        "quiz": quizzes(d, titles["quiz"]),
        "discussion": _discussions(d, titles["discussion"]),
        "wiki": pages.wikis(d, titles["wiki_page"]),
        "wiki_page": pages.pages(d, titles["wiki_page"]),
        "file": files(d, titles["file"]),
        "module": pages.modules(d, titles["module"]),
        "module_item": pages.module_items(d, titles),
    }.items():
        entity[name] = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
    entity = with_leftovers(d, entity)
    for name, table in entity.items():
        local = d.local(name, len(table), frame.numbers(table["created_date"]))
        keymap[name] = ids.canvas_keymap(name, ids.udp_ids(len(table)), local)
    return entity, keymap


def content_titles(d: Drawn) -> dict[str, pa.Array]:
    """Titles of every kind of object, in its order; a graded quiz or topic has its activity's."""
    content, acts = d.content, d.content.activities
    parts = [np.flatnonzero(acts.work == code) for code in range(len(WORKS))]
    made = [
        object_titles(d, WORKS[code], acts.offering[rows], acts.due_day[rows] // 7 + 1, acts.key[rows])
        for code, rows in enumerate(parts)
    ]
    order = np.argsort(np.concatenate(parts), kind="stable")
    activity = pa.concat_arrays(made).take(pa.array(order))
    titles = {"learner_activity": activity}
    for name, kind, items in (
        ("quiz", "quiz", content.quizzes),
        ("discussion", "discussion", content.discussions),
        ("file", "file", content.files),
        ("wiki_page", "page", content.pages),
        ("module", "module", content.modules),
    ):
        if name == "file":
            own = file_titles(d, _week(d, items))
        else:
            own = object_titles(d, kind, items.offering, _week(d, items), items.key)
        if name == "discussion":
            spoken = object_titles(d, "announcement", items.offering, _week(d, items), items.key)
            own = pc.if_else(pa.array(content.is_announcement), spoken, own)
        linked = activity.take(pa.array(items.activity, mask=items.activity < 0))
        titles[name] = pc.coalesce(linked, own)
    return titles


def _week(d: Drawn, items: Items) -> I64:
    day = d.calendar.day_of(items.release_ms).astype(np.int64)
    return np.maximum(day, 0) // 7 + 1


def _groups(d: Drawn) -> Columns:
    g = d.content.groups
    names = d.pack.categorical("learner_activity_group", "name").values
    created = d.open_ms - (1 + rng.integer(rng.extend(g.key, _GROUP_AGE), 40)) * DAY_MS
    sizes = np.bincount(d.content.activities.group, minlength=len(g.key))
    return {
        "course_offering_id": g.offering + 1,
        "name": Coded(g.name, names),
        "status": "available",
        "group_weight": g.weight_percent * 100,
        "drop_lowest_amount": g.drop_lowest,
        "drop_highest_amount": g.drop_highest,
        "position": g.ordinal + 1,
        "created_date": created,
        "updated_date": created + (sizes > 0) * rng.integer(rng.extend(g.key, _GROUP_UPDATED), DAY_MS),
    }, len(g.key)


def _activities(d: Drawn, titles: pa.Array) -> Columns:
    a = d.content.activities
    types = d.pack.categorical("learner_activity", "allowable_submission_types").values
    has_peer = a.peer_due_ms != NO_TIME
    created = np.minimum(a.created_ms, a.release_ms)
    all_day = is_last_minute(d, a.due_ms)
    return {
        "course_offering_id": a.offering + 1,
        "learner_activity_group_id": a.group + 1,
        "all_day_date": np.where(all_day & a.is_dated, first_date(d) + a.due_day, NO_TIME),
        "allowable_submission_types": Coded(a.submission_type, types),
        "created_date": created,
        "description": article(d, "description", a.key, a.offering, 2, 0.25, 0.35),
        "drop_rule": Coded(np.where(a.never_drop, 0, -1), ("never_drop",)),
        "due_date": np.where(a.is_dated, a.due_ms, NO_TIME),
        "grade_type": Coded(a.grade_type, d.pack.categorical("learner_activity", "grade_type").values),
        "has_peer_reviews": has_peer,
        "has_peer_reviews_assigned": has_peer,
        "is_all_day": all_day & a.is_dated,
        "is_anonymous_peer_reviews": a.anonymous_peers,
        "is_automatic_peer_reviews": has_peer
        & d.coin(a.key, _AUTOMATIC_PEERS, "learner_activity.automatic_peer_reviews_share"),
        "is_grade_group_students_individually": d.group_work.own_grades,
        "is_hidden": a.is_hidden,
        "is_lockable": d.coin(a.key, _LOCKABLE, "learner_activity.lockable_share"),
        "locked_date": a.locked_ms,
        "peer_review_count": np.where(
            has_peer, round(d.pack.number("learner_activity.peer_review_count")), 0
        ),
        "peer_reviews_due_date": a.peer_due_ms,
        "points_possible": a.points_hundredths,
        "position": a.ordinal + 1,
        "status": "published",
        "title": titles,
        "unlocked_date": activity_unlocked(d),
        "updated_date": np.maximum(touched(d, created, a.key), created),
        "visibility": Coded(a.only_overrides.astype(np.int64), ("everyone", "only_visible_to_overrides")),
    }, len(a)


def _discussions(d: Drawn, titles: pa.Array) -> Columns:
    t = d.content.discussions
    count = 1 + rng.integer(rng.extend(t.key, _TOPIC_SENTENCES), 4)
    spoken = pa.array(d.content.is_announcement)
    body = pc.if_else(
        spoken,
        paragraph(d, "announcement", t.key, t.offering, count),
        paragraph(d, "topic", t.key, t.offering, count),
    )
    last = np.full(len(t), NO_TIME)
    if len(d.posts):
        np.maximum.at(last, d.posts.discussion, d.posts.time_ms)
    kind = coded(d, "discussion", "discussion_type", t.key, _DISCUSSION_TYPE)
    # Some topics are written ahead and appear by themselves; some are closed at the end of term.
    planned, locked = d.coin(t.key, _PLANNED, 0.1), d.coin(t.key, _LOCKED, "discussion.locked_share")
    edited = d.coin(t.key, _EDITED, 0.12)
    closed = d.close_ms - rng.integer(rng.extend(t.key, _LOCKED_BEFORE), 20) * HOUR_MS
    return {
        "course_offering_id": t.offering + 1,
        "learner_activity_id": Maybe(t.activity + 1, t.activity >= 0),
        "editor_id": Maybe(d.course_teacher[t.offering] + 1, edited),
        "author_id": d.course_teacher[t.offering] + 1,
        "title": titles,
        "body": body,
        "message_length": pc.utf8_length(body),
        "type": Coded(np.where(d.content.is_announcement, 0, -1), ("Announcement",)),
        "discussion_type": kind,
        "status": Coded(locked.astype(np.int64), ("active", "locked")),
        "is_pinned": d.coin(t.key, _PINNED, "discussion.pinned_share") & ~d.content.is_announcement,
        "is_locked": locked,
        "created_date": t.release_ms
        - planned * (1 + rng.integer(rng.extend(t.key, _PLANNED_HOURS), 10 * 24)) * HOUR_MS,
        "delayed_post_date": np.where(planned, t.release_ms, NO_TIME),
        "posted_date": t.release_ms,
        "last_reply_date": last,
        "updated_date": np.maximum(
            np.maximum(touched(d, t.release_ms, t.key), last), np.where(locked, closed, last)
        ),
    }, len(t)
