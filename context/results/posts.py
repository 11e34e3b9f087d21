"""Discussion entries: first posts of graded discussions, replies to them, and talk in ungraded topics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.coursework import Coursework
from context.courses.enrolments import VIEWING_ROOM_MS
from context.results.results import Results
from context.scenario.hours import same_day

# Purposes of randomness: what each number draws.
_AUTHOR, _REPLY_DELAY, _REPLIES, _POST_DELAY = 1, 1, 1, 2
_REPLY_HOUR, _REPLY, _POST_HOUR, _PARENT = 2, 2, 3, 7
_FREE_POSTS, _FREE_POST, _FIRST_POST = 5, 6, 60


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


def make_posts(given: Coursework, results: Results) -> Posts:
    """Discussion entries: first posts of graded discussions, replies, and talk in ungraded ones."""
    topics = given.content.discussions
    topic_of_activity = np.full(len(given.content.activities), -1, dtype=np.int64)
    graded_topics = np.flatnonzero(topics.activity >= 0)
    topic_of_activity[topics.activity[graded_topics]] = graded_topics
    rows = np.flatnonzero((topic_of_activity[results.activity] >= 0) & (results.submitted_ms != NO_TIME))
    key = rng.extend(results.key[rows], _FIRST_POST)
    first = (
        results.enrolment[rows],
        topic_of_activity[results.activity[rows]],
        results.submitted_ms[rows],
        key,
    )
    replies = _replies(given, first)
    talk = _free_talk(given)
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
    pick = first + rng.integer(key, np.maximum(older, 1), _PARENT)
    return np.where(
        ~top & (older > 0), tops[np.minimum(pick, max(len(tops) - 1, 0))] if len(tops) else -1, -1
    )


def _bounded(given: Coursework, enrolment: I64, time: I64) -> BOOL:
    """True where a post falls into the author's time in the course."""
    begin = given.enrolments.entry_ms[enrolment] + VIEWING_ROOM_MS
    return (time >= begin) & (time <= given.until_ms[enrolment])


def _replies(given: Coursework, first: tuple[I64, I64, I64, U64]) -> tuple[I64, I64, I64, U64]:
    enrolment, discussion, time, key = first
    counts = given.pack.continuous("discussion", "replies_per_student").draw(rng.extend(key, _REPLIES))
    row = np.repeat(np.arange(len(key)), counts)
    reply_key = rng.extend(rng.extend(key[row], _REPLY), ordinals(counts))
    later = time[row] + 5 * MINUTE_MS + rng.integer(reply_key, 3 * DAY_MS, _REPLY_DELAY)
    awake = same_day(given.pack, given.calendar, later, reply_key, _REPLY_HOUR)
    at = given.calendar.after_incidents(np.where(awake > time[row] + 2 * MINUTE_MS, awake, later))
    keep = _bounded(given, enrolment[row], at)
    return enrolment[row][keep], discussion[row][keep], at[keep], reply_key[keep]


def _free_talk(given: Coursework) -> tuple[I64, I64, I64, U64]:
    """Entries in ungraded topics, by students of the course, in the ten days after the topic opens."""
    topics, pack = given.content.discussions, given.pack
    free = np.flatnonzero((topics.activity < 0) & ~given.content.is_announcement)
    students, _ = given.learners
    first, size = given.learners_of(np.arange(given.catalogue.offerings))
    mean = np.minimum(size[topics.offering[free]] * pack.number("discussion.free_posts_per_student"), 200.0)
    counts = rng.poisson(rng.extend(topics.key[free], _FREE_POSTS), mean)
    topic = np.repeat(free, counts)
    key = rng.extend(rng.extend(topics.key[topic], _FREE_POST), ordinals(counts.astype(np.int64)))
    course = topics.offering[topic]
    author = students[first[course] + rng.integer(key, np.maximum(size[course], 1), _AUTHOR)]
    u = rng.uniform(key, _POST_DELAY)
    opened = topics.release_ms[topic] + VIEWING_ROOM_MS
    at = opened + (u * u * 10 * DAY_MS).astype(np.int64)
    awake = same_day(pack, given.calendar, at, key, _POST_HOUR)
    at = given.calendar.after_incidents(np.where(awake > opened, awake, at))
    keep = _bounded(given, author, at)
    return author[keep], topic[keep], at[keep], key[keep]
