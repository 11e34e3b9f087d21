"""Tables of what grades rest on: scores of assignment groups and grading periods, and overrides of dates."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids
from context.arrays import DAY_MS, I64, MINUTE_MS, NO_TIME
from context.columns import Coded, Maybe
from context.content.quizzes import quiz_of_activity
from context.courses.grading_periods import make_periods, set_of_offering
from context.grades.scores import VIEWS, graded_work, make_scores
from context.results.overrides import OVERRIDE_TYPES
from context.tables.coursework.social import learner_group_names
from context.tables.every_table import Columns, first_date, is_last_minute
from context.tables.institution.course_codes import section_numbers
from context.terms.drawn import Drawn, Tables

# Purposes of randomness: what each number draws.
_OVERRIDE_CHANGED = 90


def grade_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of scores and overrides."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, (columns, rows) in {
        "learner_activity_group_grade": _group_grades(d),
        "grading_period_grade": _period_grades(d),
        "learner_activity_override": _overrides(d),
    }.items():
        entity[name] = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
        local = d.local(name, rows, frame.created(columns))
        keymap[name] = ids.canvas_keymap(name, ids.udp_ids(rows), local)
    return entity, keymap


def last_graded(d: Drawn, cell: I64, cells: int) -> I64:
    """The latest instant at which a score of each cell changed; the minimum where none has."""
    r = d.results
    latest = np.full(cells, NO_TIME)
    np.maximum.at(latest, cell, np.maximum(r.graded_ms, r.excused_ms))
    return latest


def _group_grades(d: Drawn) -> Columns:
    s, e, r = d.grades.scores, d.enrolments, d.results
    groups = len(d.content.groups.key)
    cells = s.enrolment * groups + s.group
    cell = np.searchsorted(cells, r.enrolment * groups + d.content.activities.group[r.activity])
    created = e.entry_ms[s.enrolment]
    return {
        "learner_activity_group_id": s.group + 1,
        "course_offering_id": d.content.groups.offering[s.group] + 1,
        "course_section_id": e.section[s.enrolment] + 1,
        "person_id": e.person[s.enrolment] + 1,
        **{f"{view}_score": s.of_group[view] for view in VIEWS},
        "status": _score_status(d, s.enrolment),
        "created_date": created,
        "updated_date": np.maximum(created, last_graded(d, cell, len(s.group))),
    }, len(s.group)


def _score_status(d: Drawn, enrolment: I64) -> Coded:
    """Scores of those who dropped the course are deleted with their enrolment."""
    e = d.enrolments
    dropped = e.has_status("Dropped")[enrolment]
    return Coded((dropped & e.leaves[enrolment]).astype(np.int64), ("active", "deleted"))


def _period_grades(d: Drawn) -> Columns:
    """Scores over the work that is due in each grading period of a course, for those who take it."""
    e, r = d.enrolments, d.results
    periods, work = make_periods(d.pack, d.calendar), graded_work(d.content, r)
    set_of = set_of_offering(d.pack, d.structures)
    students = np.flatnonzero(e.counts)
    student_set = set_of[d.catalogue.section_offering[e.section[students]]]
    result_set = set_of[d.content.activities.offering[r.activity]]
    undated = ~d.content.activities.is_dated[r.activity]
    parts: dict[str, list[I64]] = {name: [] for name in ("enrolment", "period", "changed", *VIEWS)}
    for period in range(len(periods)):
        mine = students[student_set == periods.of_set[period]]
        due = ~undated & (r.due_ms >= periods.start_ms[period]) & (r.due_ms <= periods.end_ms[period])
        # As in Canvas, what has no due date counts in the last period.
        ends = periods.end_ms[periods.of_set == periods.of_set[period]]
        due |= undated & (periods.end_ms[period] == ends.max())
        rows = np.flatnonzero(due & (result_set == periods.of_set[period]))
        scores = make_scores(work.only(rows), len(e))
        changed = np.full(len(e), NO_TIME)
        np.maximum.at(changed, r.enrolment[rows], np.maximum(r.graded_ms[rows], r.excused_ms[rows]))
        parts["enrolment"].append(mine)
        parts["period"].append(np.full(len(mine), period))
        parts["changed"].append(changed[mine])
        for view in VIEWS:
            parts[view].append(scores.of_course[view][mine])
    found = {name: np.concatenate(part) for name, part in parts.items()}
    who = found["enrolment"]
    created = e.entry_ms[who]
    return {
        "grading_period_id": found["period"] + 1,
        "course_offering_id": d.catalogue.section_offering[e.section[who]] + 1,
        "course_section_id": e.section[who] + 1,
        "person_id": e.person[who] + 1,
        **{f"{view}_score": found[view] for view in VIEWS},
        "status": _score_status(d, who),
        "created_date": created,
        "updated_date": np.maximum(created, found["changed"]),
    }, len(who)


def _overrides(d: Drawn) -> Columns:
    o, acts, rows = d.overrides, d.content.activities, len(d.overrides)
    by_section = o.section >= 0
    quiz = quiz_of_activity(d.content.quizzes, acts)[o.activity]
    due_there = o.due_ms != NO_TIME
    version = 1 + (o.created_ms > acts.created_ms[o.activity] + DAY_MS)
    title = frame.join("Section ", section_numbers(d))
    group_names = learner_group_names(d)
    place = np.where(
        by_section, o.section, np.where(o.group >= 0, len(title) + o.group, len(title) + len(group_names))
    )
    titles = pa.concat_arrays([title, group_names, pa.array(["1 student"])]).take(pa.array(place))
    changed = d.coin(o.key, _OVERRIDE_CHANGED, 0.1)
    due = np.where(due_there, o.due_ms, acts.due_ms[o.activity])
    all_day = due_there & is_last_minute(d, due)
    return {
        "learner_activity_id": o.activity + 1,
        "quiz_id": Maybe(quiz + 1, quiz >= 0),
        "course_section_id": Maybe(o.section + 1, by_section),
        "learner_group_id": Maybe(o.group + 1, o.group >= 0),
        "person_id": Maybe(d.enrolments.person[o.enrolment] + 1, o.enrolment >= 0),
        "type": Coded(np.where(by_section, 0, np.where(o.group >= 0, 1, 2)), OVERRIDE_TYPES),
        "title": titles,
        "learner_activity_version": version,
        "quiz_version": Maybe(version, quiz >= 0),
        "due_date": o.due_ms,
        "is_due_date_overridden": due_there,
        "unlocked_date": o.unlocked_ms,
        "is_unlocked_date_overridden": o.unlocked_ms != NO_TIME,
        "locked_date": o.locked_ms,
        "is_locked_date_overridden": o.locked_ms != NO_TIME,
        "is_all_day": all_day,
        "all_day_date": np.where(all_day, first_date(d) + d.calendar.day_of(due).astype(np.int64), NO_TIME),
        "status": "active",
        "created_date": o.created_ms,
        "updated_date": o.created_ms + changed * 5 * MINUTE_MS,
    }, rows
