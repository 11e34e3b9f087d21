"""Everything drawn for a store, before it becomes tables."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from context import ids, rng
from context.arrays import BOOL, F64, I64, U64
from context.content.content import Content
from context.content.module_requirements import Requirements
from context.content.quizzes import Quizzes
from context.courses.catalogue import Catalogue
from context.courses.conferences import Conferences
from context.courses.conversations import Inbox
from context.courses.enrolments import Enrolments
from context.courses.learner_groups import LearnerGroups
from context.courses.structures import Structures
from context.engagement.histories import Histories
from context.grades.grades import Grades, TermRecords
from context.grades.learning_outcomes import Learning
from context.grades.module_progress import ModuleProgress
from context.packs.pack import Pack
from context.people.identity import Identity
from context.people.students import Students
from context.results.comments import Comments
from context.results.group_work import GroupWork
from context.results.overrides import Overrides
from context.results.posts import Posts
from context.results.quiz_attempts import Attempts, QuizResults
from context.results.results import Results
from context.scenario.calendar import Calendar

Tables = dict[str, pa.Table]
LaterTables = dict[str, Callable[[], pa.Table]]  # large ones: made once those before them were let go
# Purposes of randomness: what each number draws.
_GROUP_WIKI = 446


@dataclass(frozen=True)
class Drawn:
    """Columns of integers; row i of a part is row i of its entity."""

    seed: int
    fte: int
    institution: str
    host: str
    pack: Pack
    calendar: Calendar
    structures: Structures
    students: Students
    years: F64  # that each person has been here
    person_row: I64  # row of each person in the store
    is_new: BOOL  # False for persons whom a later term knows
    behind: I64  # terms before this one, of each student
    leaves: BOOL  # True for students who are not there in the next term
    numbers: I64  # natural number of each person: students' from 0
    place: int  # 0: the played term, 1: the one before it
    identity: Identity  # students, then instructors, then support staff
    instructors: int
    catalogue: Catalogue
    enrolments: Enrolments
    histories: Histories
    content: Content
    quizzes: Quizzes
    quiz_results: QuizResults
    attempts: Attempts
    results: Results
    overrides: Overrides
    group_work: GroupWork
    posts: Posts
    comments: Comments
    learning: Learning
    requirements: Requirements
    module_progress: ModuleProgress
    grades: Grades
    mid_term: I64  # letter of each row of grades in the middle of the term, -1 where none is given
    records: TermRecords
    learner_groups: LearnerGroups
    inbox: Inbox
    conferences: Conferences

    def local(self, entity: str, rows: int, created: I64 | None = None) -> I64:
        """Short Canvas ids of an entity, rising with the instants of creation where those are given."""
        return ids.local_ids(self.seed, entity, rows, created, self.place)

    @cached_property
    def offering_size(self) -> I64:
        """Student enrolments per course offering."""
        rows = self.enrolments.counts
        offering = self.catalogue.section_offering[self.enrolments.section[rows]]
        return np.bincount(offering, minlength=self.catalogue.offerings).astype(np.int64)

    @cached_property
    def canvas_only(self) -> BOOL:
        """True for people whom the registrar doesn't know: staff with enrolments in Canvas alone."""
        e, people = self.enrolments, len(self.identity)
        known = ~e.has_status(None)
        rows, registered = (
            np.bincount(e.person, weights, minlength=people) for weights in (None, known.astype(np.int64))
        )
        staff = np.arange(people) >= len(self.students) + self.instructors
        return np.asarray(staff & (rows > 0) & (registered == 0))

    @cached_property
    def topics(self) -> list[list[str]]:
        """Topic phrases by subject, by place in the structures: its own, else those of its family."""
        families = [str(code) for code in self.pack.table("cip")["cip"]]
        table, s = self.pack.table("topic"), self.structures
        own: dict[str, list[str]] = {}
        of_family: list[list[str]] = [[] for _ in families]
        shared: list[list[str]] = [[] for _ in families]
        for family, subject, topic in zip(table["cip"], table["subject"], table["topic"], strict=True):
            (own.setdefault(str(subject), []) if subject else shared[families.index(str(family))]).append(
                str(topic)
            )
            of_family[families.index(str(family))].append(str(topic))
        return [
            own.get(subject) or shared[family] or of_family[family]
            for subject, family in zip(s.subjects, s.subject_cip.tolist(), strict=True)
        ]

    @cached_property
    def group_has_wiki(self) -> BOOL:
        """True for learner groups whose wiki somebody has opened."""
        return self.coin(self.learner_groups.key, _GROUP_WIKI, 0.4) & ~self.learner_groups.deleted

    @property
    def open_ms(self) -> int:
        """When the term's courses open: the first campus day's midnight, UTC ms."""
        return self.calendar.open_ms

    @property
    def close_ms(self) -> int:
        """The end of the last campus day, UTC ms."""
        return self.calendar.close_ms

    @cached_property
    def _first_teacher(self) -> I64:
        """Person (position in ``identity``) of the first Teacher of each section."""
        rows = np.flatnonzero(self.enrolments.role == self.enrolments.roles.index("Teacher"))[::-1]
        person = np.full(self.catalogue.sections, len(self.students), dtype=np.int64)
        person[self.enrolments.section[rows]] = self.enrolments.person[rows]
        return person

    @cached_property
    def course_teacher(self) -> I64:
        """Person of the first section's Teacher of each offering."""
        c = self.catalogue
        first = np.full(c.offerings, -1, dtype=np.int64)
        first[c.section_home[::-1]] = np.arange(c.sections)[::-1]
        return self._first_teacher[first]

    def coin(self, keys: U64, purpose: int, share: float | str) -> BOOL:
        """True with probability ``share``: a number, or the pack's number of that name."""
        odds = self.pack.number(share) if isinstance(share, str) else share
        return rng.uniform(rng.extend(keys, purpose)) < odds
