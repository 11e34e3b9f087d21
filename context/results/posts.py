"""Discussion entries: first posts of graded discussions, replies to them, and talk in ungraded topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.content import Content
from context.courses.catalogue import Catalogue
from context.courses.enrolments import VIEWING_ROOM_MS, Enrolments
from context.packs.pack import Pack
from context.results.results import Results
from context.scenario.calendar import Calendar
from context.scenario.hours import waking_hours


@dataclass(frozen=True)
class Posts:
    """Row i is a discussion entry, ordered by discussion, then time."""

    enrolment: I64
    discussion: I64
    time_ms: I64
    parent: I64  # row of the entry replied to, -1 at the top
    key: U64

    def __len__(self) -> int:
        return len(self.enrolment)


def make_posts(
    pack: Pack,
    calendar: Calendar,
    catalogue: Catalogue,
    enrolments: Enrolments,
    content: Content,
    results: Results,
) -> Posts:
    """Discussion entries: first posts of graded discussions, replies, and talk in ungraded ones."""
    topics = content.discussions
    topic_of_activity = np.full(len(content.activities), -1, dtype=np.int64)
    graded_topics = np.flatnonzero(topics.activity >= 0)
    topic_of_activity[topics.activity[graded_topics]] = graded_topics
    rows = np.flatnonzero((topic_of_activity[results.activity] >= 0) & (results.submitted_ms != NO_TIME))
    key = rng.extend(results.key[rows], 60)
    first = (
        results.enrolment[rows],
        topic_of_activity[results.activity[rows]],
        results.submitted_ms[rows],
        key,
    )
    replies = _replies(pack, calendar, enrolments, first)
    talk = _free_talk(pack, calendar, catalogue, enrolments, content)
    enrolment, discussion, time, keys = (
        np.concatenate(parts) for parts in zip(first, replies, talk, strict=True)
    )
    top = np.concatenate(
        [np.ones(len(rows), np.bool_), np.zeros(len(replies[0]), np.bool_), np.ones(len(talk[0]), np.bool_)]
    )
    order = np.lexsort((keys, time, discussion))
    enrolment, discussion, time, keys, top = (a[order] for a in (enrolment, discussion, time, keys, top))
    return Posts(enrolment, discussion, time, _parents(discussion, time, top, keys), keys)


def _parents(discussion: I64, time: I64, top: BOOL, key: U64) -> I64:
    """For each reply a keyed pick among the first posts of its topic that are strictly older; else -1."""
    tops = np.flatnonzero(top)
    span = int(time.max() - time.min()) + 2 if len(time) else 1
    order = discussion * span + (time - (time.min() if len(time) else 0))
    first = np.searchsorted(discussion[tops], discussion)
    older = np.searchsorted(order[tops], order, side="left") - first
    pick = first + rng.integer(key, np.maximum(older, 1), 3)
    return np.where(
        ~top & (older > 0), tops[np.minimum(pick, max(len(tops) - 1, 0))] if len(tops) else -1, -1
    )


def _bounded(calendar: Calendar, enrolments: Enrolments, enrolment: I64, time: I64) -> BOOL:
    """True where a post falls into the author's time in the course."""
    latest = (
        np.minimum(enrolments.exit_ms[enrolment], calendar.day_start_ms(int(calendar.days[-1]))) - HOUR_MS
    )
    return (time >= enrolments.entry_ms[enrolment] + VIEWING_ROOM_MS) & (time <= latest)


def _replies(
    pack: Pack, calendar: Calendar, enrolments: Enrolments, first: tuple[I64, I64, I64, U64]
) -> tuple[I64, I64, I64, U64]:
    enrolment, discussion, time, key = first
    counts = pack.continuous("discussion", "replies_per_student").draw(rng.extend(key, 1))
    row = np.repeat(np.arange(len(key)), counts)
    reply_key = rng.extend(rng.extend(key[row], 2), ordinals(counts))
    delay = 5 * MINUTE_MS + rng.integer(reply_key, 3 * DAY_MS, 1)
    day = calendar.day_of(time[row] + delay)
    wall = waking_hours(pack, reply_key, 2)
    awake = calendar.wall_to_utc_ms(np.clip(day, calendar.days[0], calendar.days[-1]), wall)
    at = calendar.after_incidents(np.where(awake > time[row] + 2 * MINUTE_MS, awake, time[row] + delay))
    keep = _bounded(calendar, enrolments, enrolment[row], at)
    return enrolment[row][keep], discussion[row][keep], at[keep], reply_key[keep]


def _free_talk(
    pack: Pack, calendar: Calendar, catalogue: Catalogue, enrolments: Enrolments, content: Content
) -> tuple[I64, I64, I64, U64]:
    """Entries in ungraded topics, by students of the course, in the ten days after the topic opens."""
    topics = content.discussions
    free = np.flatnonzero((topics.activity < 0) & ~content.is_announcement)
    students = np.flatnonzero(enrolments.counts)
    offering = catalogue.section_offering[enrolments.section[students]]
    order = np.lexsort((students, offering))
    students, offering = students[order], offering[order]
    first = np.searchsorted(offering, np.arange(catalogue.offerings))
    size = np.bincount(offering, minlength=catalogue.offerings)
    mean = np.minimum(size[topics.offering[free]] * pack.number("discussion.free_posts_per_student"), 200.0)
    counts = rng.poisson(rng.extend(topics.key[free], 5), mean)
    topic = np.repeat(free, counts)
    key = rng.extend(rng.extend(topics.key[topic], 6), ordinals(counts.astype(np.int64)))
    course = topics.offering[topic]
    author = students[first[course] + rng.integer(key, np.maximum(size[course], 1), 1)]
    u = rng.uniform(key, 2)
    opened = topics.release_ms[topic]
    at = opened + VIEWING_ROOM_MS + (u * u * 10 * DAY_MS).astype(np.int64)
    wall = waking_hours(pack, key, 3)
    awake = calendar.wall_to_utc_ms(np.clip(calendar.day_of(at), calendar.days[0], calendar.days[-1]), wall)
    at = calendar.after_incidents(np.where(awake > opened + VIEWING_ROOM_MS, awake, at))
    keep = _bounded(calendar, enrolments, author, at)
    return author[keep], topic[keep], at[keep], key[keep]
