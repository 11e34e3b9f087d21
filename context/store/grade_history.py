"""Course scores morning by morning: each row of ``course_grade`` with the spans of days on which they stood.

The arithmetic is that of ``as_of``, but a group's points and a student's scores are only added up again on
mornings on which one of their results came about, was graded or excused: a term costs few mornings more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context.arrays import BOOL, I64, NEVER, NO_TIME, each_once
from context.grades.scores import GradedWork, cells_of, points_of_cells, scores_of_courses
from context.scenario.zones import wall_to_instant
from context.store.gradebook import RESULT, Gradebook, numeric_hundredths
from context.store.past import Past

GRADE = "course_grade"
# The tables that scores follow from, and the columns of them.
NEEDED = {
    RESULT: ("learner_activity_result_id", "learner_activity_id", "person_id", "score", "graded_date",
             "updated_date", "is_excused", "created_date"),
    "learner_activity": ("learner_activity_id", "course_offering_id", "learner_activity_group_id",
                         "grade_type", "points_possible", "is_hidden", "drop_rule"),
    "learner_activity_group": ("learner_activity_group_id", "course_offering_id", "group_weight",
                               "drop_lowest_amount", "drop_highest_amount"),
    GRADE: ("course_section_id", "person_id", "created_date"),
    "course_section": ("course_section_id", "le_current_course_offering_id"),
    "course_offering": ("course_offering_id",),
    "person": ("person_id",),
}  # fmt: skip
_VIEWS = ("current", "final")


class _Everything(Past):
    """A morning after all others: every row is there."""

    @cached_property
    def there(self) -> dict[str, BOOL]:
        """True everywhere."""
        return {name: np.ones(len(table), dtype=np.bool_) for name, table in self.entity.items()}


def score_history(entity: Mapping[str, pa.Table], time_zone: str, days: Sequence[date]) -> pa.Table:
    """Spans of mornings on which a row of ``course_grade`` showed the same scores, in its rows' order.

    ``entity`` has the tables and columns of NEEDED, ``days`` are the mornings, in order and without gaps.
    Columns: course_section_id, person_id int64; valid_from, valid_to date32, both ends included;
    le_current_score, le_final_score decimal128(38, 9), in percent.
    """
    past = _Everything(entity, time_zone, date(9999, 1, 1))
    book = Gradebook(past)
    mornings = _Mornings(past, time_zone, days)
    rows = book.rows
    born = mornings.first(*past.births(RESULT))[rows]
    graded = mornings.first(past.ints(RESULT, "graded_date"), False)[rows]  # noqa: FBT003
    excused_at = np.where(_true(past, RESULT, "is_excused"), past.ints(RESULT, "updated_date"), NEVER)
    excused = mornings.first(excused_at, False)[rows]  # noqa: FBT003
    score = numeric_hundredths(past.entity[RESULT]["score"])[rows]
    work = book.work_with(score, np.zeros(len(rows), dtype=np.bool_))
    changes = list(_changes(work, (born, graded, excused), len(book.codes), len(days)))
    return _spans(past, book, mornings, changes, days)


def _changes(
    work: GradedWork, known: tuple[I64, I64, I64], students: int, days: int
) -> Iterator[tuple[I64, I64, I64]]:
    """(students, day, scores by view), day by day, of those whose scores are others than the day before.

    ``known``: the day from which on each result is there, is graded, is excused. The points of a group are
    added up again when one of its results changes, a student's groups when one of those does.
    """
    born, graded, excused = known
    cell, owner, group = cells_of(work.enrolment, work.group)
    first_row = np.searchsorted(cell, np.arange(len(owner) + 1))
    first_cell = np.searchsorted(owner, np.arange(students + 1))
    points = np.zeros((len(_VIEWS), 2, len(owner)), dtype=np.int64)
    last = np.full((len(_VIEWS), students), NO_TIME, dtype=np.int64)
    for day, moved in enumerate(_by_day(cell, known, days)):
        mine, place = _ranges(first_row[moved], first_row[moved + 1])
        is_born = born[mine] <= day
        mine, place = mine[is_born], place[is_born]
        there = work.only(mine)
        there = replace(
            there,
            score_hundredths=np.where(graded[mine] <= day, there.score_hundredths, NO_TIME),
            counts=there.counts & (excused[mine] > day),
        )
        touched = each_once(owner[moved])
        theirs, student = _ranges(first_cell[touched], first_cell[touched + 1])
        now = np.empty((len(_VIEWS), len(touched)), dtype=np.int64)
        for own, view, scores in zip(points, _VIEWS, now, strict=True):
            own[:, moved] = points_of_cells(there, place, len(moved), view)
            earned, possible = own[:, theirs]
            scores[:] = scores_of_courses(work, student, group[theirs], earned, possible, len(touched))
        new = (now != last[:, touched]).any(axis=0)
        last[:, touched] = now
        if new.any():
            yield touched[new], np.full(new.sum(), day), now[:, new]


def _by_day(cell: I64, known: tuple[I64, I64, I64], days: int) -> Iterator[I64]:
    """The cells of which something comes to be known, day by day, each once and in order."""
    size = int(cell[-1]) + 1 if len(cell) else 1
    codes = np.concatenate([day[day < days] * size + cell[day < days] for day in known])
    codes = each_once(codes)
    bounds = np.searchsorted(codes, np.arange(days + 1) * size)
    for day, (begin, end) in enumerate(pairwise(bounds.tolist())):
        yield codes[begin:end] - day * size


class _Mornings:
    """From which morning on things are known."""

    def __init__(self, past: Past, time_zone: str, days: Sequence[date]) -> None:
        midnights = [datetime(day.year, day.month, day.day) for day in days]  # noqa: DTZ001 - wall times
        self._cutoffs = np.array([wall_to_instant(time_zone, wall) * 1000 for wall in midnights])
        self._days = np.array([(day - date(1970, 1, 1)).days for day in days])
        self.past = past

    def first(self, values: I64, is_day: bool) -> I64:
        """The first morning before whose midnight each instant lies; their number where none is."""
        return np.searchsorted(self._days if is_day else self._cutoffs, values, side="right")


def _true(past: Past, table: str, column: str) -> BOOL:
    filled = pc.fill_null(past.entity[table][column], False)  # noqa: FBT003
    return np.asarray(filled.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _ranges(start: I64, end: I64) -> tuple[I64, I64]:
    """(the numbers from each start to before its end, one range after the other; the range of each)."""
    size = end - start
    shift = np.repeat(start - np.cumsum(size) + size, size)
    return np.arange(len(shift)) + shift, np.repeat(np.arange(len(size)), size)


def _spans(
    past: Past,
    book: Gradebook,
    mornings: _Mornings,
    changes: list[tuple[I64, I64, I64]],
    days: Sequence[date],
) -> pa.Table:
    """Rows of ``course_grade`` times the changes of their student's scores."""
    student = np.concatenate([np.empty(0, dtype=np.int64), *(change[0] for change in changes)])
    day = np.concatenate([np.empty(0, dtype=np.int64), *(change[1] for change in changes)])
    scores = np.concatenate([np.empty((2, 0), dtype=np.int64), *(change[2] for change in changes)], axis=1)
    order = np.lexsort((day, student))
    student, day, scores = student[order], day[order], scores[:, order]
    born = mornings.first(*past.births(GRADE))
    place = book.place(book.course(GRADE), past.rows(GRADE, "person_id"))
    low, high = np.searchsorted(student, place), np.searchsorted(student, place, side="right")
    # Each row begins without scores, and has a span from every change on.
    which, grade = _ranges(low - 1, high)
    is_first = which == np.repeat(low - 1, high - low + 1)
    begin = np.maximum(np.where(is_first, 0, day[which] if len(day) else 0), born[grade])
    ends = np.append(begin[1:], len(days))
    ends[np.flatnonzero(np.append(is_first[1:], True))] = len(days)
    kept = np.flatnonzero(begin < ends)
    grade, which, begin, end = grade[kept], which[kept], begin[kept], ends[kept] - 1
    none = is_first[kept]
    named = np.array(days, dtype="datetime64[D]").astype(np.int32)
    columns = {
        "course_section_id": pa.array(past.ints(GRADE, "course_section_id")[grade]),
        "person_id": pa.array(past.ints(GRADE, "person_id")[grade]),
        "valid_from": pa.array(named[begin], pa.int32()).cast(pa.date32()),
        "valid_to": pa.array(named[end], pa.int32()).cast(pa.date32()),
    }
    for view, values in zip(_VIEWS, scores, strict=True):
        filled = np.where(none, NO_TIME, np.append(values, NO_TIME)[which])
        columns[f"le_{view}_score"] = frame.decimal(filled)
    return pa.table(columns)
