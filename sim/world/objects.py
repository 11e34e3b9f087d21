"""Course objects of the world: what can be opened, from when on."""

from __future__ import annotations

import hashlib

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import DAY_MS, I32, I64, U64
from context.errors import InputError
from context.ids import global_ids
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.world.canvas_objects import load_made
from sim.world.reader import Reader, millis, row_numbers, strings
from sim.world.world import NO_ROW, NO_TIME, Courses, Objects

_RECENCY = 14  # purpose of a draw: of the key of a click or a launch


def released(objects: Objects, course: I32, time: I64, key: U64) -> I64:
    """A row released by then in each course, recent ones more often; NO_ROW where there is none."""
    first = objects.first[course]
    base = int(objects.release_ms.min()) if len(objects.release_ms) else 0
    span = 1 << 40
    order = objects.course.astype(np.int64) * span + (objects.release_ms - base)
    wanted = course.astype(np.int64) * span + np.clip(time - base, -1, span - 1)
    count = np.searchsorted(order, wanted, side="right") - first
    u = rng.bits(key, _RECENCY) >> np.uint64(32)
    squared = (u * u) >> np.uint64(32)
    back = ((squared * np.maximum(count, 1).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)
    return np.where(count > 0, first + count - 1 - back, NO_ROW)


OUTSIDE_STORE = ("tool", "proxy", "calendar", "collaboration", "media", "book")  # tables that no row has
UNSEEN = ("unpublished", "deleted")  # states of objects that nobody but their authors sees
_AFTER_ALL_MS = 30 * DAY_MS  # so long after the campus days these are released: none of them is opened
LTI_SLOTS = 10_000  # places for ids of external tools, made from their names


_TABLES = {
    # object table: (entity, title column, release columns in order of preference)
    "assignment": ("learner_activity", "title", ("unlocked_date", "created_date")),
    "quiz": ("quiz", "title", ("unlocked_date", "created_date")),
    "discussion": ("discussion", "title", ("posted_date", "created_date")),
    "file": ("file", "display_name", ("unlocked_date", "created_date")),
    "page": ("wiki_page", "title", ("created_date",)),
    "item": ("module_item", "title", ("created_date",)),
    "conference": ("participant_session", "title", ("created_date",)),
    "outcome": ("learning_outcome", "short_description", ("created_date",)),
}


def load_objects(
    read: Reader, seed: int, courses: Courses, calendar: Calendar, pack: Pack
) -> tuple[dict[str, Objects], dict[str, I64]]:
    """(objects by table, position of each entity row in its sorted table)."""
    objects: dict[str, Objects] = {}
    row_of: dict[str, I64] = {}
    count = len(courses.udp_id)
    never = calendar.day_start_ms(calendar.last_day + 1) + _AFTER_ALL_MS
    assignment_release: I64 | None = None
    for name, (entity, title_column, release_columns) in _TABLES.items():
        owner = "wiki_id" if name == "page" else "course_offering_id"
        extra: tuple[str, ...] = {
            "quiz": ("learner_activity_id",),
            "page": ("url",),
            "item": ("type",),
            "file": ("display_name",),
        }.get(name, ())
        state = () if name == "conference" else ("status",)
        table = read.entity(entity, *dict.fromkeys((owner, title_column, *release_columns, *extra, *state)))
        release = millis(table[release_columns[0]])
        for column in release_columns[1:]:
            release = np.where(release == NO_TIME, millis(table[column]), release)
        if state:
            release = np.where(unseen(table["status"]), never, release)
        course = row_numbers(table[owner])
        if name == "page":
            course = row_numbers(read.entity("wiki", "course_offering_id")["course_offering_id"])[course]
        if name == "assignment":
            assignment_release = release
        if name == "quiz" and assignment_release is not None:
            linked = row_numbers(table["learner_activity_id"])
            release = np.maximum(
                release, np.where(linked >= 0, assignment_release[np.maximum(linked, 0)], release)
            )
        usable = course >= 0  # not those of an account
        if name == "item":
            usable &= ~pc.equal(strings(table["type"]), "ContextModuleSubHeader").to_numpy(
                zero_copy_only=False
            )
        rows = np.flatnonzero(usable)
        local = read.local(entity)
        order = rows[np.lexsort((local[rows], release[rows], course[rows]))]
        where = np.full(len(course), NO_ROW, dtype=np.int64)
        where[order] = np.arange(len(order))
        row_of[name] = where
        picked = pa.array(order)
        text = strings(table[extra[0]]).take(picked) if name in ("page", "file") else _empty(len(order))
        objects[name] = Objects(
            lms_id=global_ids(local[order]),
            local_id=local[order],
            course=course[order].astype(np.int32),
            release_ms=release[order],
            title=strings(table[title_column]).take(picked),
            text=text,
            first=np.searchsorted(course[order], np.arange(count + 1)).astype(np.int64),
        )
    objects["tool"] = _tools(courses, calendar, pack)
    objects |= load_made(seed, courses, calendar, pack)
    return objects, row_of


def unseen(status: pa.ChunkedArray) -> npt.NDArray[np.bool_]:
    """True for what students never see: drafts and what was deleted."""
    return np.asarray(pc.is_in(strings(status), pa.array(UNSEEN)).to_numpy(zero_copy_only=False))


def _empty(rows: int) -> pa.StringArray:
    return pa.array([""] * rows, pa.string())


def lti_tools(pack: Pack) -> list[tuple[str, str, str]]:
    """(tool, launch domain, name) of the pack's external tools."""
    table = pack.table("tool")
    rows = zip(table["tool"], table["lti_domain"], table["lti_name"], strict=True)
    return [(str(tool), str(domain), str(name)) for tool, domain, name in rows if domain]


def _tools(courses: Courses, calendar: Calendar, pack: Pack) -> Objects:
    """The institution's external tools in every course; ids from their names, so a new tool moves none."""
    tools = lti_tools(pack)
    slot = [
        int.from_bytes(hashlib.blake2b(tool.encode(), digest_size=4).digest(), "little") % LTI_SLOTS
        for tool, _, _ in tools
    ]
    if len(set(slot)) < len(slot):
        raise InputError(
            f"pack {pack.name}: tool.csv: two external tools get the same id; rename one of them"
        )
    count, width = len(courses.udp_id), len(tools)
    course = np.repeat(np.arange(count), width)
    local = LTI_SLOTS + np.tile(np.array(slot, dtype=np.int64), count)
    return Objects(
        lms_id=global_ids(local),
        local_id=local,
        course=course.astype(np.int32),
        release_ms=np.full(len(course), calendar.day_start_ms(calendar.first_day)),
        title=pa.array([name for _, _, name in tools] * count, pa.string()),
        text=pa.array([domain for _, domain, _ in tools] * count, pa.string()),
        first=np.arange(count + 1, dtype=np.int64) * width,
    )
