"""Course objects that the context store has no entity for: made here, keyed by course, as Canvas has them.

Calendar events, collaborations, LTI 2 proxies, videos of the media gallery and books of the eText reader.
How many, and how long, are numbers of the pack.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from context import rng
from context.arrays import HOUR_MS, I64, U64
from context.ids import global_ids
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.world.world import Courses, Objects


def entry_id(key: int) -> str:
    """``1_u5xer7qs``: a partner's number and eight letters and digits."""
    letters = "0123456789abcdefghijklmnopqrstuvwxyz"
    return "1_" + "".join(letters[key // 36**place % 36] for place in range(8))


_TERM_DAYS = 105  # over which the objects of a course are released
_MORNING_MS, _MORNING_SPAN_MS = 8 * HOUR_MS, 5 * HOUR_MS  # wall clock: from eight to one
_FIRST_ID = 20_000
# Purposes of draws: of an object's key, titles of its course's.
_RELEASE, _TITLE, _LOCAL_ID, _TEXT, _LENGTH = 1, 2, 3, 4, 5


@dataclass(frozen=True)
class _Made:
    """A table: a number of the pack says how many a course has; titles; whether they come week by week."""

    per_course: str
    titles: tuple[str, ...]
    weekly: bool = True


_TABLES: dict[str, _Made] = {
    "calendar": _Made(
        "made.calendar_events", ("Class Meeting {n}", "Office Hours {n}", "Review Session {n}")
    ),
    "collaboration": _Made("made.collaborations", ("Shared Notes {n}", "Group Draft {n}")),
    "proxy": _Made("made.proxies", ("Course Tools (LTI 2)",), weekly=False),
    "media": _Made("made.videos", ("Lecture {n}", "Lecture {n} Recap", "Worked Example {n}")),
    "book": _Made("made.books", ("Reader: {course}", "Introduction to {course}"), weekly=False),
}


def load_made(seed: int, courses: Courses, calendar: Calendar, pack: Pack) -> dict[str, Objects]:
    """The tables, each sorted by course and release."""
    return {name: _objects(seed, name, made, courses, calendar, pack) for name, made in _TABLES.items()}


def _objects(seed: int, name: str, made: _Made, courses: Courses, calendar: Calendar, pack: Pack) -> Objects:
    each, count = int(pack.number(made.per_course)), len(courses.udp_id)
    purpose = rng.key_of_text(seed, "made", [name])
    course_key = rng.extend(courses.key, int(purpose[0] >> np.uint64(2)))
    course, ordinal = np.repeat(np.arange(count), each), np.tile(np.arange(each), count)
    key = rng.extend(course_key[course], 1 + ordinal)
    release = np.full(len(course), calendar.day_start_ms(calendar.first_day))
    if made.weekly and each:
        day = np.minimum(ordinal * _TERM_DAYS // each, calendar.last_day - 1)
        wall = _MORNING_MS + rng.integer(key, _MORNING_SPAN_MS, _RELEASE)
        weekly = calendar.after_incidents(calendar.wall_to_utc_ms(day, wall))
        release = np.where(ordinal > 0, weekly, release)  # the first is there from the beginning
    variant = rng.integer(course_key, len(made.titles), _TITLE)[course]
    local = _FIRST_ID + 4 * np.arange(len(course)) + rng.integer(key, 4, _LOCAL_ID)
    text, length = _EXTRA.get(name, _nothing)(pack, key)
    names = courses.title.to_pylist()
    titles = [
        made.titles[(which + (0 if made.weekly else place)) % len(made.titles)].format(
            n=place + 1, course=names[at]
        )
        for which, place, at in zip(variant.tolist(), ordinal.tolist(), course.tolist(), strict=True)
    ]
    return Objects(
        lms_id=global_ids(local),
        local_id=local,
        course=course.astype(np.int32),
        release_ms=release,
        title=pa.array(titles, pa.string()),
        text=text,
        first=np.searchsorted(course, np.arange(count + 1)).astype(np.int64),
        length=length,
    )


def _nothing(_pack: Pack, key: U64) -> tuple[pa.StringArray, I64 | None]:
    return pa.array([""] * len(key), pa.string()), None


def _videos(pack: Pack, key: U64) -> tuple[pa.StringArray, I64 | None]:
    """Entry ids and seconds: lognormal lengths of half a minute to three hours."""
    ids = pa.array(
        [entry_id(number) for number in (rng.bits(key, _TEXT) >> np.uint64(16)).tolist()], pa.string()
    )
    median = pack.number("video.median_minutes") * 60
    sigma = pack.number("video.length_sigma")
    # The law's mean is 1: its median, exp(-sigma**2 / 2), is taken out.
    law = rng.lognormal(key, sigma, _LENGTH) / float(
        rng.from_rank(rng.lognormal_table(sigma), np.array([0.5]))[0]
    )
    return ids, np.clip((law * median).astype(np.int64), 30, 10_800)


def _books(pack: Pack, key: U64) -> tuple[pa.StringArray, I64 | None]:
    """Links of the launch and pages."""
    links = pa.array([f"{number:016x}" for number in rng.bits(key, _TEXT).tolist()], pa.string())
    return links, 120 + rng.integer(key, int(pack.number("book.most_pages")) - 120, _LENGTH)


_EXTRA: dict[str, Callable[[Pack, U64], tuple[pa.StringArray, I64 | None]]] = {
    "media": _videos,
    "book": _books,
}
