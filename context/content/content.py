"""What a course holds: assignment groups and activities, quizzes, discussions, files, pages, modules.

Every object has a release instant; nobody opens it earlier. Objects are ordered by offering, then by their
ordinal in it, and keyed by offering key and ordinal.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, HOUR_MS, I32, I64, MINUTE_MS, U64, code_texts, ordinals, run_places
from context.content.activities import Activities, ActivityKind, has_type, make_activities, with_drop_rules
from context.content.activity_groups import ActivityGroups, make_groups
from context.content.design import CourseDesign, make_design
from context.courses.catalogue import Catalogue
from context.courses.sections import most_items
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

# Purposes of randomness: what each number draws.
_PLACE_IN_TERM, _RELEASE_MINUTE, _IN_MODULE, _MODULE_ITEM = 1, 2, 70, 71
_TOPICS, _ANNOUNCEMENTS, _HAS_PRACTICE, _PRACTICE_QUIZ = 80, 82, 84, 85
_QUIZ_OF_ACTIVITY, _TOPIC_OF_ACTIVITY, _NO_ACTIVITY, _FILES = 86, 87, 88, 90
_PAGES, _MODULES = 92, 94


class ItemKind(IntEnum):
    """What an item of a module links to, in Canvas's words; a sub-header links to nothing."""

    ASSIGNMENT = 0
    QUIZ = 1
    DISCUSSION_TOPIC = 2
    ATTACHMENT = 3
    WIKI_PAGE = 4
    CONTEXT_MODULE_SUB_HEADER = 5


ITEM_KINDS = code_texts(ItemKind)
LINKED_ENTITIES = {  # the entity behind each kind of item
    "learner_activity": ItemKind.ASSIGNMENT,
    "quiz": ItemKind.QUIZ,
    "discussion": ItemKind.DISCUSSION_TOPIC,
    "file": ItemKind.ATTACHMENT,
    "wiki_page": ItemKind.WIKI_PAGE,
}
# Of each kind's objects those that stand in a module; of modules those with a sub-header (assumptions).
_LINKED_SHARES = {
    ItemKind.ASSIGNMENT: 0.7,
    ItemKind.QUIZ: 0.7,
    ItemKind.DISCUSSION_TOPIC: 0.5,
    ItemKind.ATTACHMENT: 0.5,
    ItemKind.WIKI_PAGE: 0.9,
    ItemKind.CONTEXT_MODULE_SUB_HEADER: 0.6,
}


@dataclass(frozen=True)
class Items:
    """Files, pages, modules, discussions, quizzes: objects of a course with a release."""

    offering: I64
    ordinal: I64
    release_ms: I64
    activity: I64  # the learner activity behind it, -1 where there is none
    key: U64

    def __len__(self) -> int:
        return len(self.offering)


@dataclass(frozen=True)
class ModuleItems:
    """Items of modules; ``target`` is a row of the table that ``kind`` names, -1 for a sub-header."""

    module: I64
    kind: I32  # an ItemKind
    target: I64
    position: I64
    release_ms: I64
    key: U64

    def __len__(self) -> int:
        return len(self.module)


@dataclass(frozen=True)
class Content:
    """Everything in the courses of a term."""

    design: CourseDesign
    groups: ActivityGroups
    activities: Activities
    quizzes: Items
    discussions: Items
    is_announcement: BOOL  # per discussion
    files: Items
    pages: Items
    modules: Items
    module_items: ModuleItems


def _weekly(
    calendar: Calendar, offering_key: U64, purpose: int, counts: I64, first_day: int, last_day: int
) -> Items:
    """``counts`` objects per offering, released in order through the term on weekday mornings."""
    offering = np.repeat(np.arange(len(counts)), counts)
    ordinal = ordinals(counts)
    key = rng.extend(rng.extend(offering_key[offering], purpose), ordinal)
    place = (ordinal + rng.uniform(key, _PLACE_IN_TERM)) / counts[offering]
    day = first_day + (place * (last_day - first_day)).astype(np.int64)
    wall = 7 * HOUR_MS + rng.integer(key, 12 * 60, _RELEASE_MINUTE) * MINUTE_MS
    release = calendar.after_incidents(calendar.wall_to_utc_ms(day, wall))
    return Items(offering, ordinal, release, np.full(len(key), -1), key)


def _with_activities(items: Items, activities: Activities, rows: I64, purpose: int) -> Items:
    """The objects behind ``rows`` of the activities, followed by ``items``, in order of the offering."""
    offering = np.concatenate([activities.offering[rows], items.offering])
    order = np.argsort(offering, kind="stable")
    offering = offering[order]
    ordinal = run_places(offering)
    return Items(
        offering=offering,
        ordinal=ordinal,
        release_ms=np.concatenate([activities.release_ms[rows], items.release_ms])[order],
        activity=np.concatenate([rows, items.activity])[order],
        key=np.concatenate([rng.extend(activities.key[rows], purpose), items.key])[order],
    )


def _discussions(topics: Items, announcements: Items) -> tuple[Items, BOOL]:
    """(both in one, course by course, announcements last; whether each is one)."""
    both = Items(
        *(
            np.concatenate([getattr(topics, name), getattr(announcements, name)])
            for name in Items.__dataclass_fields__
        )
    )
    is_announcement = np.repeat([False, True], [len(topics), len(announcements)])
    order = np.lexsort((both.ordinal, is_announcement, both.offering))
    offering = both.offering[order]
    ordered = Items(
        offering, run_places(offering), both.release_ms[order], both.activity[order], both.key[order]
    )
    return ordered, is_announcement[order]


def _module_items(
    calendar: Calendar, content: dict[ItemKind, Items], activities: Activities, modules: Items, offerings: int
) -> tuple[Items, ModuleItems]:
    """Link content into the modules of its course, by its place in the term; a module is there before it."""
    per_course = np.bincount(modules.offering, minlength=offerings)
    first = np.cumsum(per_course) - per_course
    term_start = calendar.open_ms
    length = calendar.day_start_ms(calendar.term.last_day) - term_start
    parts = []
    plain = np.flatnonzero(activities.kind == ActivityKind.ASSIGNMENT)
    columns = (activities.offering[plain], activities.release_ms[plain], activities.key[plain], plain)
    sources = {ItemKind.ASSIGNMENT: columns}
    for kind, items in (content | {ItemKind.CONTEXT_MODULE_SUB_HEADER: modules}).items():
        sources[kind] = items.offering, items.release_ms, items.key, np.arange(len(items))
    for kind, (offering, release, key, target) in sources.items():
        stands = rng.uniform(rng.extend(key, _IN_MODULE)) < _LINKED_SHARES[kind]
        linked = np.flatnonzero(stands & (per_course[offering] > 0))
        place = np.clip((release[linked] - term_start) / length, 0, 0.999999)
        module = first[offering[linked]] + (place * per_course[offering[linked]]).astype(np.int64)
        rows = target[linked]
        if kind == ItemKind.CONTEXT_MODULE_SUB_HEADER:
            module, rows = linked, np.full(len(linked), -1)
        item_key = rng.extend(key[linked], _MODULE_ITEM)
        parts.append((module, np.full(len(linked), int(kind)), rows, release[linked], item_key))
    module, kinds, rows, release, key = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    opened = modules.release_ms.copy()
    np.minimum.at(opened, module, release)
    modules = replace(modules, release_ms=opened)
    is_header = kinds == ItemKind.CONTEXT_MODULE_SUB_HEADER
    release = np.where(is_header, opened[module], release)
    # Sub-headers open their module; the rest follows by release.
    order = np.lexsort((key, release, ~is_header, module))
    position = 1 + run_places(module[order])
    return modules, ModuleItems(
        module[order], kinds[order].astype(np.int32), rows[order], position, release[order], key[order]
    )


def make_content(pack: Pack, calendar: Calendar, catalogue: Catalogue) -> Content:
    """All content of the term's courses."""
    key, days = catalogue.offering_key, calendar.days
    last = calendar.term.last_class_day
    open_day, most = int(days[0]) + 2, most_items(catalogue)

    def weekly(purpose: int, field: str, from_day: int, used: BOOL | None = None) -> Items:
        counts = np.minimum(pack.continuous("course_offering", field).draw(rng.extend(key, purpose)), most)
        counts = counts if used is None else counts * used
        return _weekly(calendar, key, purpose + 1, counts, from_day, last)

    design = make_design(pack, catalogue)
    groups = make_groups(pack, catalogue, design)
    groups, activities = with_drop_rules(
        pack, groups, make_activities(pack, calendar, catalogue, design, groups)
    )
    topics = weekly(_TOPICS, "discussions", 0, design.uses_discussions)
    announcements = weekly(_ANNOUNCEMENTS, "announcements", -7)
    # A course with quizzes and none that counts has some to practise.
    quizzed = np.isin(
        np.arange(catalogue.offerings), activities.offering[has_type(pack, activities, "online_quiz")]
    )
    practises = (rng.uniform(key, _HAS_PRACTICE) < pack.number("content.practice_quiz_share")) | ~quizzed
    practice = _weekly(
        calendar, key, _PRACTICE_QUIZ, np.minimum((practises & design.uses_quizzes) * 2, most), 5, last
    )
    # An online exam is a Canvas quiz too: the type of submission decides, not the kind of the activity.
    quiz_rows = np.flatnonzero(has_type(pack, activities, "online_quiz"))
    topic_rows = np.flatnonzero(has_type(pack, activities, "discussion_topic"))
    quizzes = _with_activities(practice, activities, quiz_rows, _QUIZ_OF_ACTIVITY)
    graded = _with_activities(topics, activities, topic_rows, _TOPIC_OF_ACTIVITY)
    spoken = _with_activities(announcements, activities, np.empty(0, dtype=np.int64), _NO_ACTIVITY)
    discussion, is_announcement = _discussions(graded, spoken)
    files, pages, modules = (
        weekly(_FILES, "files", open_day),
        weekly(_PAGES, "pages", open_day),
        weekly(_MODULES, "modules", open_day, design.uses_modules),
    )
    linked = {
        ItemKind.QUIZ: quizzes,
        ItemKind.DISCUSSION_TOPIC: discussion,
        ItemKind.ATTACHMENT: files,
        ItemKind.WIKI_PAGE: pages,
    }
    modules, module_items = _module_items(calendar, linked, activities, modules, catalogue.offerings)
    return Content(
        design=design,
        groups=groups,
        activities=activities,
        quizzes=quizzes,
        discussions=discussion,
        is_announcement=is_announcement,
        files=files,
        pages=pages,
        modules=modules,
        module_items=module_items,
    )
