"""What students of a term have to do, and who they are: what all that they do is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from context.arrays import HOUR_MS, I64
from context.content.content import Content
from context.content.quizzes import Quizzes
from context.courses.catalogue import Catalogue
from context.courses.enrolments import Enrolments
from context.engagement.histories import Histories
from context.packs.pack import Pack
from context.people.students import Students
from context.scenario.calendar import Calendar


@dataclass(frozen=True)
class Coursework:
    """A term before anybody has done anything in it."""

    pack: Pack
    calendar: Calendar
    students: Students
    catalogue: Catalogue
    enrolments: Enrolments
    histories: Histories
    content: Content
    quizzes: Quizzes

    @cached_property
    def course(self) -> I64:
        """Offering in whose Canvas course each enrolment is."""
        return self.catalogue.section_offering[self.enrolments.section]

    @cached_property
    def until_ms(self) -> I64:
        """The last instant at which each enrolment does anything, UTC ms: until it ends or is given up."""
        stop_day = np.minimum(self.histories.stop_day, self.calendar.last_day)
        stop_ms = self.calendar.wall_to_utc_ms(stop_day, 0)
        return np.minimum(np.minimum(self.enrolments.exit_ms, stop_ms), self.calendar.last_day_ms) - HOUR_MS

    @cached_property
    def learners(self) -> tuple[I64, I64]:
        """(enrolments of those who work in Canvas courses, ordered by course; their courses)."""
        rows = np.flatnonzero(self.enrolments.counts)
        rows = rows[np.argsort(self.course[rows], kind="stable")]
        return rows, self.course[rows]

    def learners_of(self, course: I64) -> tuple[I64, I64]:
        """(place of each course's first learner among ``learners``, how many it has)."""
        _, courses = self.learners
        first = np.searchsorted(courses, course)
        return first, np.searchsorted(courses, course, side="right") - first
