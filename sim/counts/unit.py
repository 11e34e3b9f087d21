"""A unit's events counted while their integer columns are at hand: codes summed up, then named."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, U8
from context.errors import RunError
from context.scenario.calendar import Calendar
from sim.caliper.batch import Batch
from sim.caliper.kinds import KIND, KINDS
from sim.counts.record import COUNTS_FORMAT, COUNTS_SCHEMA, record_of
from sim.draw.engine import Engine
from sim.draw.parts import Tally
from sim.world.world import NO_ROW

ROLES = STUDENT, STAFF, SYSTEM = ("student", "staff", "system")
SAMPLED = 400  # students whose work is followed from page to grade
_WEEK = 7
_SAMPLE = 60  # purpose of a person's key
_CODES = 256  # of kinds and tools


@dataclass(frozen=True)
class _Clicks:
    """What is asked of the events that the rates ask for, as columns of a batch."""

    course: I32
    tool: U8
    enrolment: I32


class Counter:
    """Counts units of one run; what it looks up is set up once per process."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        world, calendar = engine.world, engine.calendar
        self._kinds = [kind.name for kind in KINDS]
        self._is_student_kind = np.array([kind.role == "Student" for kind in KINDS])
        self._sampled, self.student = _sample(engine)
        e = world.enrolments
        never = calendar.last_day + 1
        dropped = calendar.day_of_date(calendar.term.add_drop_end)
        # Who leaves before the end of add and drop was never there for the record; others withdraw.
        self._withdraws = e.is_student & (e.last_day < never) & (e.last_day > dropped)
        quizzes, subs = len(world.objects["quiz"].lms_id), world.submissions
        self._work_of_quiz = np.full(quizzes, NO_ROW, dtype=np.int64)
        of_quiz = subs.quiz != NO_ROW
        self._work_of_quiz[subs.quiz[of_quiz]] = subs.assignment[of_quiz]

    def record(self, day: int, batch: Batch, tally: Tally) -> pa.Table:
        """The record of a campus day's events. Raises RunError when the draw's own tally differs."""
        e = self.engine.world.enrolments
        acts = batch.enrolment != NO_ROW
        by_student = ~acts | e.is_student[batch.enrolment]
        counted = self._is_student_kind[batch.kind] & acts & by_student
        if int(counted.sum()) != tally.ambient + tally.anchored:
            wanted = tally.ambient + tally.anchored
            raise RunError(f"campus day {day}: {wanted} clicks drawn, {int(counted.sum())} counted")
        clicks = _Clicks(*(column[counted] for column in (batch.course, batch.tool, batch.enrolment)))
        tools = list(self.engine.world.tools)
        return record_of(
            {
                "format": COUNTS_FORMAT,
                "campus_day": self.engine.calendar.date_of(day),
                "events": len(batch),
                "lost": tally.lost,
                "kinds": self._by_kind(batch, counted, by_student),
                "cells": self._by_cell(day, clicks),
                "hours": self._by_hour(day, batch, counted, tools),
                "courses": self._by_course(clicks, tools),
                "leaving": self._by_leaving(day, clicks),
                "work": self._on_work(batch),
                "moments": self._moments(batch, tools),
            }
        )

    def _by_kind(self, batch: Batch, counted: BOOL, by_student: BOOL) -> pa.StructArray:
        role = np.where(batch.person == NO_ROW, 2, np.where(by_student, 0, 1)).astype(np.int64)
        code = (batch.kind.astype(np.int64) * len(ROLES) + role) * 2 + counted
        cells, n = _summed(code)
        kind, acting = np.divmod(cells // 2, len(ROLES))
        return _rows(
            "kinds",
            kind=_named(kind, self._kinds),
            role=_named(acting, list(ROLES)),
            counted=pa.array((cells % 2).astype(np.bool_)),
            events=pa.array(n),
        )

    def _by_cell(self, day: int, clicks: _Clicks) -> pa.StructArray:
        plan, c = self.engine.plan.days[day], self.engine.world.courses
        cips, levels, tools = plan.asked_micro.shape
        cell = (c.cip[clicks.course].astype(np.int64) * levels + c.level[clicks.course]) * tools + clicks.tool
        drawn = np.bincount(cell, minlength=cips * levels * tools)
        asked, over = plan.asked_micro.ravel(), plan.overshoot_micro.ravel()
        some = np.flatnonzero((drawn > 0) | (asked > 0) | (over > 0))
        cip, level, tool = np.unravel_index(some, plan.asked_micro.shape)
        rates = self.engine.pack.rates
        return _rows(
            "cells",
            tool=_named(tool, list(self.engine.world.tools)),
            cip=_named(cip, list(rates.cips)),
            level=_named(level, list(rates.levels)),
            asked_micro=pa.array(asked[some]),
            overshoot_micro=pa.array(over[some]),
            drawn=pa.array(drawn[some]),
        )

    def _by_hour(self, day: int, batch: Batch, counted: BOOL, tools: list[str]) -> pa.StructArray:
        hour = _hours(self.engine.calendar, day, batch.time_ms)
        low = int(hour.min()) if len(hour) else 0
        cells, n = _summed(((hour - low) * _CODES + batch.tool) * 2 + counted)
        at, tool = np.divmod(cells // 2, _CODES)
        return _rows(
            "hours",
            hour=pa.array((at + low).astype(np.int8)),
            tool=_named(tool, tools),
            counted=pa.array((cells % 2).astype(np.bool_)),
            events=pa.array(n),
        )

    def _by_course(self, clicks: _Clicks, tools: list[str]) -> pa.StructArray:
        cells, n = _summed(clicks.course.astype(np.int64) * _CODES + clicks.tool)
        course, tool = np.divmod(cells, _CODES)
        return _rows(
            "courses",
            course=pa.array(self.engine.world.courses.udp_id[course]),
            tool=_named(tool, tools),
            clicks=pa.array(n),
        )

    def _by_leaving(self, day: int, clicks: _Clicks) -> pa.StructArray:
        e = self.engine.world.enrolments
        rows = np.flatnonzero(e.is_student & (e.first_day <= day) & (day < e.last_day))
        each = np.bincount(clicks.enrolment, minlength=len(e.person))[rows]
        left = np.where(self._withdraws[rows], 1 + (e.last_day[rows] - 1 - day) // _WEEK, 0)
        seats, sums = np.bincount(left), np.bincount(left, weights=each).astype(np.int64)
        some = np.flatnonzero(seats)
        return _rows(
            "leaving",
            weeks_left=pa.array((some - 1).astype(np.int8), mask=some == 0),
            seats=pa.array(seats[some]),
            clicks=pa.array(sums[some]),
        )

    def _on_work(self, batch: Batch) -> pa.StructArray:
        """What the sampled students opened and handed in, and what of theirs was graded."""
        world = self.engine.world
        subs, e = world.submissions, world.enrolments
        found = []
        for step, name in enumerate(
            ("assignment", "quiz", "submission_created", "quiz_submitted", "grade_change")
        ):
            at = np.flatnonzero(batch.kind == KIND[name])
            target: I64 = batch.object[at].astype(np.int64)
            person: I64 = batch.person[at].astype(np.int64)
            if name == "quiz":
                target = self._work_of_quiz[target]
            elif name != "assignment":
                person = e.person[subs.enrolment[target]].astype(np.int64)
                target = subs.assignment[target].astype(np.int64)
            kept = (target != NO_ROW) & self._sampled[person]
            bit = np.full(int(kept.sum()), 1 << (0, 0, 1, 1, 2)[step])
            found.append(np.stack([person[kept], target[kept], bit]))
        person, target, bit = np.concatenate(found, axis=1)
        works = len(world.objects["assignment"].lms_id)
        pairs, place = np.unique(person * works + target, return_inverse=True)
        mask = np.zeros(len(pairs), dtype=np.int64)
        np.bitwise_or.at(mask, place, bit)
        steps = {
            name: pa.array((mask >> i & 1).astype(np.bool_))
            for i, name in enumerate(("opened", "submitted", "graded"))
        }
        return _rows(
            "work",
            person=pa.array(world.persons.udp_id[pairs // works]),
            assignment=pa.array(world.objects["assignment"].lms_id[pairs % works]),
            **steps,
        )

    def _moments(self, batch: Batch, tools: list[str]) -> pa.StructArray:
        world = self.engine.world
        mine = batch.take(np.flatnonzero(batch.person == self.student))
        course = np.where(mine.course == NO_ROW, 0, world.courses.udp_id[mine.course])
        return _rows(
            "moments",
            person=pa.array(np.full(len(mine), world.persons.udp_id[self.student])),
            time=pa.array(mine.time_ms).cast(pa.timestamp("ms")),
            kind=_named(mine.kind, self._kinds),
            tool=_named(mine.tool, tools),
            course=pa.array(course, mask=mine.course == NO_ROW),
            visit=pa.array(mine.visit),
        )


def _sample(engine: Engine) -> tuple[BOOL, int]:
    """(who is among the sampled students, the row of the one whose every event is kept): both by key.

    The one has several courses and stays to the end, where there is such a student.
    """
    world, e = engine.world, engine.world.enrolments
    people = len(world.persons.udp_id)
    seats = np.bincount(e.person[e.is_student], minlength=people)
    leaves = np.bincount(e.person[e.is_student & (e.last_day <= engine.calendar.last_day)], minlength=people)
    rank = rng.bits(rng.extend(world.persons.key, _SAMPLE))
    order = np.argsort(rank, kind="stable")
    students = order[seats[order] > 0]
    sampled = np.zeros(people, dtype=np.bool_)
    sampled[students[:SAMPLED]] = True
    usual = students[(seats[students] >= 4) & (leaves[students] == 0)]
    chosen = usual if len(usual) else students
    return sampled, int(chosen[0]) if len(chosen) else NO_ROW - 1


def _hours(calendar: Calendar, day: int, utc_ms: I64) -> I64:
    """Hours by the clock on the wall since the midnight of campus day ``day``."""
    row = calendar.day_of(utc_ms).astype(np.int64) - calendar.first_day
    row = np.clip(row, 0, len(calendar.midnight_ms) - 1)
    passed = utc_ms - calendar.midnight_ms[row]
    changed = passed >= calendar.switch_ms[row]
    wall = passed + np.where(changed, calendar.offset_after_ms[row] - calendar.offset_ms[row], 0)
    return np.asarray((row + calendar.first_day - day) * (DAY_MS // HOUR_MS) + wall // HOUR_MS)


def _summed(code: I64) -> tuple[I64, I64]:
    """(the codes that there are, how often)."""
    n = np.bincount(code)
    some = np.flatnonzero(n)
    return some, n[some]


def _named(codes: npt.NDArray[Any], names: list[str]) -> pa.DictionaryArray:
    """Names for codes; a code without one, such as NO_TOOL, is NULL."""
    index: I32 = np.asarray(codes, dtype=np.int32)
    known = index < len(names)
    return pa.DictionaryArray.from_arrays(
        pa.array(np.where(known, index, 0).astype(np.int16), mask=~known), pa.array(names)
    )


def _rows(part: str, **columns: pa.Array) -> pa.StructArray:
    """The elements of one of the record's lists."""
    fields = list(COUNTS_SCHEMA.field(part).type.value_type)
    return pa.StructArray.from_arrays(
        [columns[field.name].cast(field.type) for field in fields], fields=fields
    )
