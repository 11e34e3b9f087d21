"""How students come through modules: what they do for each item, and what that makes of the module.

Work done elsewhere counts: a submission, a post, a score. What is only viewed or marked is drawn here, so
that nobody acts in a module before the one that it asks for is complete.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, MINUTE_MS, NEVER, NO_TIME, U64, ordinals
from context.content.coursework import Coursework
from context.content.module_requirements import Requirements
from context.results.posts import Posts
from context.results.results import Results
from context.scenario.hours import same_day

VIEW_DAYS = 12  # within which most of what has to be viewed is
SKIP_SHARE = 0.22  # chance that the least diligent student skips what only has to be viewed (assumption)
# Purposes of randomness: what each number draws.
_ITEM, _VIEW_DELAY, _VIEW_HOUR, _SKIPS = 1, 2, 3, 9
_DONE_EARLY, _SEEN, _OF_ENROLMENT, _IN_MODULE = 10, 11, 32, 223


class ModuleState(IntEnum):
    """How far a student is in a module."""

    LOCKED = 0
    UNLOCKED = 1
    STARTED = 2
    COMPLETED = 3


MODULE_STATES = tuple(state.name.lower() for state in ModuleState)


@dataclass(frozen=True)
class ModuleProgress:
    """Row i of the first part is a student in a module; of the second part (``item_*``) one of its items."""

    enrolment: I64
    module: I64
    state: I32  # a ModuleState
    created_ms: I64
    changed_ms: I64
    completed_ms: I64  # NO_TIME: not completed
    position: I64  # of the first item that is open, 0 for none
    done: I64  # items done
    key: U64
    item: I64  # row of the module items
    item_of: I64  # row of the first part
    item_done_ms: I64  # NO_TIME: not done
    item_score: I64  # hundredths, of items that ask for a score; NO_TIME for none

    def __len__(self) -> int:
        return len(self.module)


def make_module_progress(
    given: Coursework, requirements: Requirements, results: Results, posts: Posts
) -> ModuleProgress:
    """Progress of all students in all modules that opened while they were in the course."""
    calendar, enrolments, content = given.calendar, given.enrolments, given.content
    r, items, latest = requirements, content.module_items, given.until_ms
    enrolment, module = _pairs(given, r)
    key = rng.extend(
        content.modules.key[module] ^ rng.bits(enrolments.key[enrolment], _OF_ENROLMENT), _IN_MODULE
    )
    needed = np.flatnonzero(r.type >= 0)
    of, item = _expand(items.module, needed, module)
    acts = _Acts(given, r, results, posts)
    who = enrolment[of]
    submitted, graded, score = acts.of_items(who, item)
    enough = (score != NEVER) & (score >= r.min_score_hundredths[item])
    low = np.maximum(items.release_ms[item], enrolments.entry_ms[who]) + MINUTE_MS
    item_key = rng.extend(rng.extend(key[of], _ITEM), items.position[item])
    viewed = _views(given, low, item_key)
    viewed = np.where(viewed <= latest[who], viewed, NEVER)
    diligence = given.students.diligence[enrolments.person[who]]
    viewed = np.where(rng.uniform(item_key, _SKIPS) < SKIP_SHARE * 2 * (1 - diligence), NEVER, viewed)
    # Who acts in a module that asks for another has done what that one asks for.
    gated = np.flatnonzero(r.gated[module])
    first_act = np.full(len(module), NEVER)
    work_of, work = _expand(
        items.module, np.flatnonzero((r.activity >= 0) | (r.discussion >= 0)), module[gated]
    )
    np.minimum.at(first_act, gated[work_of], acts.of_items(enrolment[gated[work_of]], work)[0])
    bound = np.full(len(module), NEVER)
    bound[gated - 1] = first_act[gated]
    bound = bound[of]
    must = bound != NEVER
    room = np.maximum(bound - MINUTE_MS - low, 0)
    early = low + (rng.uniform(item_key, _DONE_EARLY) * room).astype(np.int64)
    viewed = np.where(
        must & (viewed > bound - MINUTE_MS),
        np.minimum(calendar.after_incidents(early), bound - MINUTE_MS),
        viewed,
    )
    viewed = _in_order(r.in_order[module][of], of, viewed)
    done = np.select(
        [r.is_type("must_submit")[item], r.is_type("must_contribute")[item], r.is_type("min_score")[item]],
        [submitted, submitted, np.where(enough, graded, NEVER)],
        viewed,
    )
    complete = _last(done, of, len(module))
    opens = np.full(len(module), np.int64(0))
    opens[gated] = complete[gated - 1]
    is_view = r.is_type("must_view")[item] | r.is_type("must_mark_done")[item]
    after = opens[of]
    moved = np.where(after == NEVER, NEVER, np.maximum(done, after + MINUTE_MS))
    done = np.where(is_view & (done != NEVER) & (after > 0), moved, done)
    done = np.where(is_view & (done > latest[who]), NEVER, done)
    scored = np.where(r.is_type("min_score")[item] & (graded != NEVER), score, NO_TIME)
    return _laid_out(given, (enrolment, module, key), _Done(of, item, done, scored), opens)


def _pairs(given: Coursework, r: Requirements) -> tuple[I64, I64]:
    """(enrolment, module): of each student, modules that opened in time, none without the one it asks for."""
    modules = given.content.modules
    rows = np.flatnonzero(given.enrolments.counts)
    per = np.bincount(modules.offering, minlength=given.catalogue.offerings)
    first, counts = ((np.cumsum(per) - per)[given.course[rows]], per[given.course[rows]])
    enrolment, module = np.repeat(rows, counts), np.repeat(first, counts) + ordinals(counts)
    keep = modules.release_ms[module] < given.until_ms[enrolment] - HOUR_MS
    keep[1:] &= ~r.gated[module[1:]] | keep[:-1]
    return enrolment[keep], module[keep]


def _expand(item_module: I64, items: I64, module: I64) -> tuple[I64, I64]:
    """(position in ``module``, item) of those of ``items`` (in order of their modules) that are in each."""
    mine = item_module[items]
    first = np.searchsorted(mine, module)
    counts = np.searchsorted(mine, module, side="right") - first
    return np.repeat(np.arange(len(module)), counts), items[np.repeat(first, counts) + ordinals(counts)]


def _views(given: Coursework, low: I64, key: U64) -> I64:
    """When something is viewed: in the days after it could be, when people are up."""
    u = rng.uniform(key, _VIEW_DELAY)
    at = low + (u * u * VIEW_DAYS * DAY_MS).astype(np.int64)
    awake = same_day(given.pack, given.calendar, at, key, _VIEW_HOUR)
    return given.calendar.after_incidents(np.where(awake > low, awake, at))


def _in_order(in_order: BOOL, of: I64, at: I64) -> I64:
    """Instants that do not decrease from item to item of a module, where its order matters."""
    rows = np.flatnonzero(in_order)
    if not len(rows):
        return at
    base, span = int(at[rows].min()), np.int64(1) << 42  # 139 years in ms
    shifted = np.minimum(at[rows] - base, span - 1)
    _, place = np.unique(of[rows], return_inverse=True)
    latest = np.maximum.accumulate(place * span + shifted) - place * span
    found = at.copy()
    found[rows] = np.where(latest == span - 1, NEVER, latest + base)
    return found


def _last(done: I64, of: I64, size: int) -> I64:
    """The latest of each module's instants, NEVER where one is missing, 0 where it asks for nothing."""
    latest = np.zeros(size, dtype=np.int64)
    np.maximum.at(latest, of, done)
    return latest


class _Acts:
    """When students did the work that module items link to."""

    def __init__(self, given: Coursework, requirements: Requirements, results: Results, posts: Posts) -> None:
        self.results, self.requirements = results, requirements
        # Results come student by student, each with all activities of the course in order.
        self.first_result = np.searchsorted(results.enrolment, np.arange(len(given.enrolments)))
        per = np.bincount(given.content.activities.offering, minlength=given.catalogue.offerings)
        self.first_activity = (np.cumsum(per) - per)[given.course]
        self.topics = len(given.content.discussions)
        code = posts.enrolment * self.topics + posts.discussion
        order = np.argsort(code, kind="stable")  # posts of a topic are in order of time
        fresh = np.flatnonzero(np.diff(code[order], prepend=-1))
        self.code, self.first_post = code[order][fresh], posts.time_ms[order][fresh]

    def of_items(self, enrolment: I64, item: I64) -> tuple[I64, I64, I64]:
        """(handed in or posted, graded, score) of each student and item; NEVER where that did not happen."""
        r = self.requirements
        activity = r.activity[item]
        row = np.where(
            activity >= 0, self.first_result[enrolment] + activity - self.first_activity[enrolment], 0
        )
        found = []
        for values in (self.results.submitted_ms, self.results.graded_ms, self.results.score_hundredths):
            value = values[row] if len(values) else np.full(len(row), NO_TIME)
            found.append(np.where((activity >= 0) & (value != NO_TIME), value, NEVER))
        wanted = enrolment * self.topics + r.discussion[item]
        place = np.minimum(np.searchsorted(self.code, wanted), max(len(self.code) - 1, 0))
        if len(self.code):
            posted = (r.discussion[item] >= 0) & (self.code[place] == wanted)
            found[0] = np.minimum(found[0], np.where(posted, self.first_post[place], NEVER))
        return found[0], found[1], found[2]


@dataclass(frozen=True)
class _Done:
    """Row i is an item of a student's module that asks for something."""

    of: I64  # row of the modules
    item: I64
    done_ms: I64  # NEVER: not done
    score: I64  # hundredths, NO_TIME for none


def _laid_out(given: Coursework, rows: tuple[I64, I64, U64], items: _Done, opens: I64) -> ModuleProgress:
    """What the items make of modules, each of which ``opens`` to its student at that instant, or NEVER."""
    calendar, enrolments, content = given.calendar, given.enrolments, given.content
    enrolment, module, key = rows
    of, item, done = items.of, items.item, items.done_ms
    size = len(module)
    needs = np.bincount(of, minlength=size)
    count = np.bincount(of, done != NEVER, minlength=size).astype(np.int64)
    first = np.full(size, NEVER)
    np.minimum.at(first, of, done)
    latest = np.zeros(size, dtype=np.int64)
    np.maximum.at(latest, of, np.where(done == NEVER, 0, done))
    position = np.full(size, NEVER)
    np.minimum.at(position, of, np.where(done == NEVER, content.module_items.position[item], NEVER))
    # The student first looks at the module's list some time after it opened, and before doing anything.
    opened = np.maximum(content.modules.release_ms[module], enrolments.entry_ms[enrolment]) + 30_000
    seen = calendar.after_incidents(opened + (rng.uniform(key, _SEEN) * 3 * DAY_MS).astype(np.int64))
    created = np.minimum(np.minimum(seen, first), given.until_ms[enrolment])
    complete = (count == needs) & (opens != NEVER)
    completed = np.where(complete, np.maximum(np.maximum(created, latest), opens), NO_TIME)
    changed = np.maximum(np.maximum(created, latest), np.where(opens == NEVER, 0, opens))
    state = np.select(
        [opens == NEVER, complete, count > 0],
        [ModuleState.LOCKED, ModuleState.COMPLETED, ModuleState.STARTED],
        ModuleState.UNLOCKED,
    )
    return ModuleProgress(
        enrolment=enrolment,
        module=module,
        state=state.astype(np.int32),
        created_ms=created,
        changed_ms=changed,
        completed_ms=completed,
        position=np.where((position == NEVER) | (opens == NEVER), 0, position),
        done=count,
        key=key,
        item=item,
        item_of=of,
        item_done_ms=np.where(done == NEVER, NO_TIME, done),
        item_score=items.score,
    )
