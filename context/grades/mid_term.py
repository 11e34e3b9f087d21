"""Mid-term grades: what undergraduates are told in the middle of the term, in courses of the lower division.

A mid-term grade follows from the work that is graded by the middle of the term, by the same cut scores as the
grade of the end.
"""

from __future__ import annotations

from typing import overload

import numpy as np

from context.arrays import DAY_MS, I64, NO_TIME
from context.content.coursework import Coursework
from context.grades.grades import Grades, letters_by_score
from context.grades.scores import graded_work, make_scores
from context.results.results import Results


@overload
def mid_term_day(start: int, end: int) -> int: ...
@overload
def mid_term_day(start: I64, end: I64) -> I64: ...
def mid_term_day(start: int | I64, end: int | I64) -> int | I64:
    """The day on which mid-term grades are due, of a course that lasts from ``start`` to ``end``, in days."""
    return start + (end - start) // 2


def mid_term_letters(given: Coursework, results: Results, grades: Grades) -> I64:
    """[rows of grades] Index into the letters, -1 where no mid-term grade is given."""
    enrolments, catalogue, calendar = given.enrolments, given.catalogue, given.calendar
    rows = grades.enrolment
    day = mid_term_day(0, calendar.term.last_day)
    until = calendar.day_start_ms(day)
    work = graded_work(given.content, results)
    known = (results.graded_ms != NO_TIME) & (results.graded_ms < until)
    scores = make_scores(work.only(np.flatnonzero(known)), len(enrolments)).of_course["current"][rows]
    top = round(given.pack.number("grade.mid_term_top_level"))
    levels = np.array([int(level) for level in given.pack.table("level")["level"]])
    home = catalogue.section_home[enrolments.section[rows]]
    gets = (levels[catalogue.offering_level[home]] <= top) & (scores != NO_TIME)
    gets &= given.students.is_undergraduate[enrolments.person[rows]] & ~grades.is_pass_fail
    gets &= (enrolments.last_day[rows] > day) & (enrolments.entry_ms[rows] < until - DAY_MS)
    letter = np.full(len(rows), -1, dtype=np.int64)
    letter[gets] = letters_by_score(given, rows[gets], scores[gets])
    return letter
