"""What courses hold and nobody sees: drafts that were never published, and what was deleted.

Canvas courses have some, and a query that forgets the status finds them. A leftover is a copy of a row in
use, without results, posts or views: a draft was copied from it and never published, a deleted row is the
version before it. Assignments come in groups of their own, as many in each as in groups in use: one from last
year's course that was deleted, or one whose assignments stayed unpublished. Leftovers follow the rows in use,
so that these keep their ids.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, NO_TIME, U64, ordinals, repetition
from context.columns import Coded, Maybe
from context.content.content import LINKED_ENTITIES
from context.terms.drawn import Drawn, Tables

# Purposes of randomness: what each number draws.
_HAS_LEFTOVER, _LEFTOVER = 470, 471
_COPIED_ACTIVITY, _BEFORE, _GROUP_GONE, _AFTER = 1, 1, 2, 2
_CHANGED, _DELETED, _GROUP_SIZE, _UNUSED_ACTIVITY = 3, 4, 60, 61
_LINKED, _LINK, _QUIZ_OR_TOPIC = 71, 72, 86


@dataclass(frozen=True)
class Leftovers:
    """Copies of the rows ``of`` of a table."""

    of: I64
    key: U64
    deleted: BOOL  # the others are drafts
    created_ms: I64
    updated_ms: I64
    activity: I64  # row of the assignment behind it, -1 where there is none

    def __len__(self) -> int:
        return len(self.of)

    @property
    def deleted_ms(self) -> I64:
        """When a deleted one went, NO_TIME for drafts."""
        return np.where(self.deleted, self.updated_ms, NO_TIME)

    def state(self, draft: str = "unpublished") -> Coded:
        """What Canvas calls it."""
        return Coded(self.deleted.astype(np.int64), (draft, "deleted"))

    def marked(self, texts: pa.ChunkedArray, copy: str, old: str) -> pa.Array:
        """The originals' texts, with ``copy`` after a draft's and ``old`` after a deleted one's."""
        mine = texts.combine_chunks().take(pa.array(self.of))
        return frame.join(mine, Coded(self.deleted.astype(np.int64), (copy, old)))

    def titles(self, texts: pa.ChunkedArray) -> pa.Array:
        """Titles: of drafts as Canvas names a duplicate, of deleted ones as teachers name an old version."""
        return self.marked(texts, " Copy", " (old)")


def with_leftovers(d: Drawn, entity: Tables) -> Tables:
    """The tables of course content, each followed by its leftovers."""
    entity = dict(entity)
    deleted_share = d.pack.number("leftover.deleted_share")
    groups, activities = _assignments(d, entity)
    _append(entity, "learner_activity_group", *groups)
    made = {"learner_activity": activities}
    live = len(entity["learner_activity"])
    for name, items in (
        ("quiz", d.content.quizzes),
        ("discussion", d.content.discussions),
        ("wiki_page", d.content.pages),
        ("file", d.content.files),
        ("module", d.content.modules),
    ):
        own = np.flatnonzero(
            d.coin(items.key, _HAS_LEFTOVER, f"leftover.{name}_share") & (items.activity < 0)
        )
        key = rng.extend(items.key[own], _LEFTOVER)
        deleted = (rng.uniform(key, _DELETED) < deleted_share) | (name == "file")
        made[name] = _timed(d, own, key, items.release_ms[own], deleted)
        if name in ("quiz", "discussion"):
            made[name] = _with_activities(items.activity, activities, live, made[name])
    links = _links(d, made, {name: len(entity[name]) for name in LINKED_ENTITIES})
    for name, what in made.items():
        if name != "learner_activity":
            _append(entity, name, what, _COLUMNS[name](what, entity[name]))
    _append(entity, "learner_activity", activities, _activity(activities, entity["learner_activity"]))
    _append(entity, "module_item", *links)
    return entity


def _timed(d: Drawn, of: I64, key: U64, used_ms: I64, deleted: BOOL) -> Leftovers:
    """A deleted row goes when the one in its place comes; a draft is begun soon after what it copies."""
    last = d.close_ms - DAY_MS
    before = used_ms - (1 + rng.integer(key, 20 * 24, _BEFORE)) * HOUR_MS
    after = np.minimum(used_ms + rng.integer(key, 3 * DAY_MS, _AFTER), last)
    created = d.calendar.after_incidents(np.where(deleted, before, after))
    changed = np.where(deleted, np.minimum(used_ms, last), created + rng.integer(key, DAY_MS, _CHANGED))
    return Leftovers(of, key, deleted, created, d.calendar.after_incidents(changed), np.full(len(of), -1))


def _assignments(d: Drawn, entity: Tables) -> tuple[tuple[Leftovers, dict[str, Any]], Leftovers]:
    """(groups with their columns, their activities): copied from the same course's, last year's by origin."""
    g, a = d.content.groups, d.content.activities
    courses = d.catalogue.offerings
    held = np.bincount(a.offering, minlength=courses)
    has = d.coin(d.catalogue.offering_key, _HAS_LEFTOVER, "leftover.activity_group_share") & (held > 0)
    course = np.flatnonzero(has)
    key = rng.extend(d.catalogue.offering_key[course], _LEFTOVER)
    deleted = rng.uniform(key, _DELETED) < d.pack.number("leftover.deleted_share")
    came = d.open_ms - DAY_MS - rng.integer(key, 60 * DAY_MS)
    gone = d.calendar.after_incidents(d.open_ms + rng.integer(key, 30 * DAY_MS, _GROUP_GONE) - 10 * DAY_MS)
    gone = np.maximum(gone, came + HOUR_MS)
    first_group = np.searchsorted(g.offering, course)
    none = np.full(len(course), -1)
    groups = Leftovers(first_group, key, deleted, came, np.where(deleted, gone, came), none)
    size = d.pack.continuous("learner_activity_group", "activities").draw(rng.extend(key, _GROUP_SIZE))
    owner = np.repeat(np.arange(len(course)), size)
    ordinal = ordinals(size)
    own = rng.extend(key[owner], _UNUSED_ACTIVITY + ordinal)
    of = np.searchsorted(a.offering, course)[owner] + rng.integer(own, held[course][owner], _COPIED_ACTIVITY)
    activities = Leftovers(of, own, deleted[owner], came[owner], groups.updated_ms[owner], len(g.key) + owner)
    named = entity["learner_activity_group"]["name"].combine_chunks().take(pa.array(first_group)).to_pylist()
    return (
        groups,
        {
            "name": Coded(np.where(deleted, np.arange(len(course)) + 1, 0), ("Imported Assignments", *named)),
            "status": groups.state("available"),
            "group_weight": np.zeros(len(course), np.int64),
            "drop_lowest_amount": np.zeros(len(course), np.int64),
            "drop_highest_amount": np.zeros(len(course), np.int64),
            "position": np.bincount(g.offering, minlength=courses)[course] + 1,
        },
    ), activities


def _with_activities(activity_of: I64, activities: Leftovers, live: int, rest: Leftovers) -> Leftovers:
    """Quizzes or topics of the leftover ``activities``, followed by ``rest``."""
    row = np.full(live + 1, -1)
    row[activity_of] = np.arange(len(activity_of))  # those without an activity meet in the last place
    row[-1] = -1
    mine = np.flatnonzero(row[activities.of] >= 0)
    linked = Leftovers(
        row[activities.of[mine]],
        rng.extend(activities.key[mine], _QUIZ_OR_TOPIC),
        activities.deleted[mine],
        activities.created_ms[mine],
        activities.updated_ms[mine],
        live + mine,
    )
    return Leftovers(
        *(
            np.concatenate([getattr(part, name) for part in (linked, rest)])
            for name in Leftovers.__dataclass_fields__
        )
    )


def _activity(what: Leftovers, table: pa.Table) -> dict[str, Any]:
    n = len(what)
    return {
        "learner_activity_group_id": what.activity + 1,
        "position": repetition(what.activity) + 1,
        "status": what.state(),
        "title": what.titles(table["title"]),
        "drop_rule": pa.nulls(n, pa.string()),
        "unlocked_date": np.full(n, NO_TIME),
        "locked_date": np.full(n, NO_TIME),
        "is_hidden": np.zeros(n, np.bool_),
        "visibility": "everyone",
    }


def _quiz(what: Leftovers, table: pa.Table) -> dict[str, Any]:
    n = len(what)
    return {
        "learner_activity_id": Maybe(what.activity + 1, what.activity >= 0),
        "status": what.state(),
        "title": what.titles(table["title"]),
        "published_date": np.full(n, NO_TIME),
        "unlocked_date": np.full(n, NO_TIME),
        "locked_date": np.full(n, NO_TIME),
        "deleted_date": what.deleted_ms,
        "quiz_item_count": np.zeros(n, np.int64),  # nobody has written its questions
        "unpublished_quiz_item_count": np.zeros(n, np.int64),
    }


def _discussion(what: Leftovers, table: pa.Table) -> dict[str, Any]:
    n = len(what)
    return {
        "learner_activity_id": Maybe(what.activity + 1, what.activity >= 0),
        "status": what.state(),
        "title": what.titles(table["title"]),
        "is_pinned": np.zeros(n, np.bool_),
        "is_locked": np.zeros(n, np.bool_),
        "posted_date": np.full(n, NO_TIME),
        "delayed_post_date": np.full(n, NO_TIME),
        "last_reply_date": np.full(n, NO_TIME),
        "deleted_date": what.deleted_ms,
    }


def _page(what: Leftovers, table: pa.Table) -> dict[str, Any]:
    return {
        "status": what.state(),
        "title": what.titles(table["title"]),
        "url": what.marked(table["url"], "-copy", "-old"),
        "revised_date": what.updated_ms,
        "view_count": np.zeros(len(what), np.int64),
    }


def _file(what: Leftovers, _: pa.Table) -> dict[str, Any]:
    n = len(what)
    return {
        "replacement_file_id": what.of + 1,
        "status": what.state("hidden"),
        "unlocked_date": np.full(n, NO_TIME),
        "locked_date": np.full(n, NO_TIME),
        "viewed_date": np.full(n, NO_TIME),
        "deleted_date": what.deleted_ms,
    }


def _module(what: Leftovers, table: pa.Table) -> dict[str, Any]:
    course = table["course_offering_id"].to_numpy()
    held = np.bincount(course)
    mine = course[what.of]
    return {
        "prerequisite_module_id": pa.nulls(len(what), pa.int64()),
        "position": held[mine] + 1 + repetition(mine),
        "status": what.state(),
        "name": what.titles(table["name"]),
        "unlocked_date": np.full(len(what), NO_TIME),
        "deleted_date": what.deleted_ms,
    }


_COLUMNS = {"quiz": _quiz, "discussion": _discussion, "wiki_page": _page, "file": _file, "module": _module}


def _links(
    d: Drawn, made: Mapping[str, Leftovers], live: Mapping[str, int]
) -> tuple[Leftovers, dict[str, Any]]:
    """Items that link to leftovers, in the module in which the original is."""
    i = d.content.module_items
    parts, targets = [], []
    for name, code in LINKED_ENTITIES.items():
        what = made[name]
        row = np.full(live[name], -1)
        mine = np.flatnonzero(i.kind == code)
        row[i.target[mine]] = mine
        item = row[what.of]
        linked = np.flatnonzero((item >= 0) & d.coin(what.key, _LINKED, "leftover.linked_share"))
        parts.append(
            (
                item[linked],
                rng.extend(what.key[linked], _LINK),
                what.deleted[linked],
                what.created_ms[linked],
                what.updated_ms[linked],
                live[name] + linked,
            )
        )
        targets.append(np.full(len(linked), int(code)))
    links = Leftovers(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))
    kind, module = np.concatenate(targets), i.module[links.of]
    held = np.bincount(i.module, minlength=len(d.content.modules))
    columns: dict[str, Any] = {
        f"{name}_id": Maybe(links.activity + 1, kind == code) for name, code in LINKED_ENTITIES.items()
    }
    return links, columns | {
        "completion_type": pa.nulls(len(links), pa.string()),
        "min_score": Maybe(np.zeros(len(links), np.int64), np.zeros(len(links), np.bool_)),
        "position": held[module] + 1 + repetition(module),
        "status": links.state(),
    }


def _append(entity: Tables, name: str, what: Leftovers, columns: Mapping[str, Any]) -> None:
    """Copies of rows behind a table, with other values in ``columns``."""
    table = entity[name]
    rows, originals = len(table), table.take(pa.array(what.of))
    copied: dict[str, Any] = {column: originals[column].combine_chunks() for column in table.column_names}
    copied |= {
        f"{name}_id": rows + 1 + np.arange(len(what)),
        "created_date": what.created_ms,
        "updated_date": what.updated_ms,
        **columns,
    }
    more = frame.table(name, len(what), copied)
    both = pa.concat_tables([_as(table, more.schema), _as(more, table.schema)]).unify_dictionaries()
    entity[name] = both.combine_chunks()


def _as(table: pa.Table, other: pa.Schema) -> pa.Table:
    """A table whose texts are plain where the other one's are."""
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and not pa.types.is_dictionary(other.field(place).type):
            table = table.set_column(place, field.name, table.column(place).cast(pa.string()))
    return table
