"""Scores on an earlier morning, from results, weights, rules and overrides as they stood.

The arithmetic is that of ``context.grades.scores``; here its columns come from the store's tables.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context.arrays import BOOL, I64, NEVER, NO_TIME
from context.grades.last_acts import latest_acts
from context.grades.mid_term import mid_term_day
from context.grades.scores import VIEWS, GradedWork, Scores, make_scores

if TYPE_CHECKING:
    from context.store.past import Past

ScoreColumns = dict[str, pa.Array | None]
RESULT, ACTIVITY, GROUP = "learner_activity_result", "learner_activity", "learner_activity_group"


def numeric_hundredths(array: pa.ChunkedArray | pa.Array) -> I64:
    """A NUMERIC column in hundredths, NO_TIME where it is NULL; the low half of a decimal holds any score."""
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    halves = np.frombuffer(array.buffers()[1], dtype=np.int64)[2 * array.offset :][: 2 * len(array)]
    null = array.is_null().to_numpy(zero_copy_only=False)
    return np.where(null, NO_TIME, halves[::2] // 10_000_000)


class Gradebook:
    """Results as they stood: row i is one of a student in a course, in order of student and activity."""

    def __init__(self, past: Past) -> None:
        self.past = past
        self.people = len(past.entity["person"])
        act = past.rows(RESULT, "learner_activity_id")
        code = past.rows(ACTIVITY, "course_offering_id")[act] * self.people + past.rows(RESULT, "person_id")
        there = np.flatnonzero(past.there[RESULT])
        rows = there[np.lexsort((act[there], code[there]))]
        self.codes, self.student = np.unique(code[rows], return_inverse=True)
        graded = past.known(RESULT, ("graded_date",))[rows]
        excused = self._true(RESULT, "is_excused")[rows] & past.known(RESULT, ("updated_date",))[rows]
        self.rows, self.activity = rows, act[rows]
        score = np.where(graded, numeric_hundredths(past.entity[RESULT]["score"])[rows], NO_TIME)
        self.work = self.work_with(score, excused)

    def scores(self, rows: I64 | None = None) -> Scores:
        """Scores of all students, over all results or ``rows`` of them."""
        return make_scores(self.work if rows is None else self.work.only(rows), len(self.codes))

    def place(self, course: I64, person: I64) -> I64:
        """The student of each course and person, ``len(codes)`` where there is none."""
        wanted = course * self.people + person
        place = np.minimum(np.searchsorted(self.codes, wanted), max(len(self.codes) - 1, 0))
        found = self.codes[place] == wanted if len(self.codes) else np.zeros(len(wanted), dtype=np.bool_)
        return np.where(found, place, len(self.codes))

    def course(self, table: str) -> I64:
        """The course in which the sections of a table's rows sit in the learning environment."""
        return _course(self.past, table)

    def due(self) -> I64:
        """When each result is due for its student: the activity's date, and the overrides there are."""
        past, name = self.past, "learner_activity_override"
        due = past.ints(ACTIVITY, "due_date")[self.activity]
        section = np.append(np.full(len(self.codes), -1), -1)
        section[self.place(self.course("course_grade"), past.rows("course_grade", "person_id"))] = past.rows(
            "course_grade", "course_section_id"
        )
        mine = {
            "course_section_id": section[self.student],
            "learner_group_id": past.rows(RESULT, "learner_group_id")[self.rows],
            "person_id": past.rows(RESULT, "person_id")[self.rows],
        }
        moved = past.ints(name, "due_date")
        there = past.there[name] & (moved != NEVER)
        for column, own in mine.items():
            target = past.rows(name, column)
            size = int(max(target.max(initial=0), own.max(initial=0))) + 1
            rows = np.flatnonzero(there & (target >= 0))
            key = past.rows(name, "learner_activity_id")[rows] * size + target[rows]
            rows = rows[np.argsort(key, kind="stable")]
            key = np.sort(key)
            if not len(key):
                continue
            wanted = np.where(own < 0, -1, self.activity * size + own)
            at = np.minimum(np.searchsorted(key, wanted), len(key) - 1)
            found = key[at] == wanted
            new = moved[rows][at]
            due = np.where(found, new if column == "person_id" else np.maximum(new, due), due)
        return due

    def _true(self, table: str, column: str) -> BOOL:
        return np.asarray(pc.fill_null(self.past.entity[table][column], False).to_numpy())  # noqa: FBT003

    def work_with(self, score: I64, excused: BOOL) -> GradedWork:
        """The results with these scores, of those who were not excused, by the rules of the store."""
        past, activity = self.past, self.past.entity[ACTIVITY]
        points = numeric_hundredths(activity["points_possible"])
        graded = pc.not_equal(activity["grade_type"], "not_graded").to_numpy(zero_copy_only=False)
        return GradedWork(
            enrolment=self.student.astype(np.int64),
            group=past.rows(ACTIVITY, "learner_activity_group_id")[self.activity],
            score_hundredths=score,
            points_hundredths=points[self.activity],
            counts=(graded & (points > 0))[self.activity] & ~excused,
            is_hidden=self._true(ACTIVITY, "is_hidden")[self.activity],
            never_drop=pc.is_valid(activity["drop_rule"]).to_numpy(zero_copy_only=False)[self.activity],
            group_course=past.rows(GROUP, "course_offering_id"),
            weight_percent=numeric_hundredths(past.entity[GROUP]["group_weight"]) // 100,
            drop_lowest=past.ints(GROUP, "drop_lowest_amount", 0),
            drop_highest=past.ints(GROUP, "drop_highest_amount", 0),
        )


def _course(past: Past, table: str) -> I64:
    section = past.rows(table, "course_section_id")
    return past.rows("course_section", "le_current_course_offering_id")[section]


def _columns(past: Past, table: str, prefix: str, then: dict[str, I64]) -> ScoreColumns:
    """Score columns of a table, None where nothing in one differs."""
    found: ScoreColumns = {}
    for view, values in then.items():
        name = f"{prefix}{view}_score"
        same = np.array_equal(values, numeric_hundredths(past.entity[table][name]))
        found[name] = None if same else frame.decimal(values)
    return found


def _spread(scores: dict[str, I64], place: I64) -> dict[str, I64]:
    return {view: np.append(scores[view], NO_TIME)[place] for view in VIEWS}


def course_scores(past: Past, book: Gradebook) -> ScoreColumns:
    """Columns of ``course_grade``."""
    place = book.place(book.course("course_grade"), past.rows("course_grade", "person_id"))
    found = _columns(past, "course_grade", "le_", _spread(book.scores().of_course, place))
    section = past.rows("course_grade", "course_section_id")
    start, end = (past.ints("course_section", f"{side}_date")[section] for side in ("start", "end"))
    letters = past.entity["course_grade"]["mid_term_grade"].combine_chunks()
    early = mid_term_day(start, end) >= past.day
    shown = pc.if_else(pa.array(early), pa.scalar(None, letters.type), letters)
    return {**found, "mid_term_grade": shown if early.any() else None}


def last_activities(past: Past, _book: Gradebook) -> ScoreColumns:
    """Columns of ``course_section_enrollment``: the last of each person's acts by that morning."""
    name, entry, people = "course_section_enrollment", "discussion_entry", len(past.entity["person"])
    work = past.rows(ACTIVITY, "course_offering_id")[past.rows(RESULT, "learner_activity_id")]
    acts = []
    for course, table, who, when in (
        (work, RESULT, "person_id", "response_date"),
        (work, RESULT, "grader_id", "graded_date"),
        (past.rows(entry, "course_offering_id"), entry, "person_id", "created_date"),
    ):
        rows = np.flatnonzero(past.there[table] & past.known(table, (when,)) & (past.rows(table, who) >= 0))
        acts.append((course[rows] * people + past.rows(table, who)[rows], past.ints(table, when)[rows]))
    then = latest_acts(_course(past, name) * people + past.rows(name, "person_id"), acts)
    stored = past.entity[name]["last_activity_date"].combine_chunks()
    if np.array_equal(then, past.ints(name, "last_activity_date", NO_TIME)):
        return {"last_activity_date": None}
    return {"last_activity_date": pa.array(then, mask=then == NO_TIME).cast(stored.type)}


def group_scores(past: Past, book: Gradebook) -> ScoreColumns:
    """Columns of ``learner_activity_group_grade``."""
    name = "learner_activity_group_grade"
    scores, groups = book.scores(), len(past.entity[GROUP])
    cells = scores.enrolment * groups + scores.group
    student = book.place(book.course(name), past.rows(name, "person_id"))
    wanted = student * groups + past.rows(name, "learner_activity_group_id")
    place = np.minimum(np.searchsorted(cells, wanted), max(len(cells) - 1, 0))
    found = cells[place] == wanted if len(cells) else np.zeros(len(wanted), dtype=np.bool_)
    return _columns(past, name, "", _spread(scores.of_group, np.where(found, place, len(cells))))


def period_scores(past: Past, book: Gradebook) -> ScoreColumns:
    """Columns of ``grading_period_grade``: over the work that is due in the period."""
    name, periods = "grading_period_grade", len(past.entity["grading_period"])
    start, end = (past.ints("grading_period", column) for column in ("start_date", "end_date"))
    place = book.place(book.course(name), past.rows(name, "person_id"))
    period, due = past.rows(name, "grading_period_id"), book.due()
    of_set = past.rows("grading_period", "grading_period_group_id")
    then = {view: np.full(len(place), NO_TIME) for view in VIEWS}
    for row in range(periods):
        mine = np.flatnonzero(period == row)
        # As in Canvas, what has no due date counts in the last period.
        open_end = (due == NEVER) & (end[row] == end[of_set == of_set[row]].max())
        rows = np.flatnonzero((due >= start[row]) & (due <= end[row]) | open_end)
        for view, values in _spread(book.scores(rows).of_course, place[mine]).items():
            then[view][mine] = values
    return _columns(past, name, "", then)


# Columns that follow from other tables, None where nothing differs.
COMPUTED: dict[str, Callable[[Past, Gradebook], ScoreColumns]] = {
    "course_grade": course_scores,
    "learner_activity_group_grade": group_scores,
    "grading_period_grade": period_scores,
    "course_section_enrollment": last_activities,
}
