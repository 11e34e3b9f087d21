"""The store as the simulation sees it: arrays indexed by position, built once per process.

Positions (``person``, ``course``, ``enrolment``, ``object``) index these arrays; they exist only inside a
run. What leaves the run are UDP ids, Canvas ids and texts. ``sim.world.load`` builds a World from a store.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from context.arrays import BOOL, F32, F64, I8, I16, I32, I64, U64
from context.content.activities import ONLINE_TYPES
from context.engagement.histories import WEEK_DAYS
from sim.world.details import Details

NO_TIME = -1  # of UTC ms and of days since 1970: there is none
NO_ROW = -1  # of positions: nobody, nothing


@dataclass(frozen=True)
class Tenant:
    """What is the same in every event of one institution."""

    host: str  # "lms.termtide.example"
    seed: int
    root_account_lms_id: int  # global Canvas id of the root account
    root_account_uuid: str  # 40 letters and digits
    root_account_lti_guid: str  # "<40 hex>.<host>"
    shard: int  # global id = shard * 10**13 + local id


@dataclass(frozen=True)
class Persons:
    """Row i is person i (all people who can click)."""

    udp_id: I64
    lms_id: I64  # global Canvas user id (shard prefix + local id)
    local_id: I64  # short Canvas user id
    login: pa.StringArray
    sis_id: pa.StringArray  # nullable
    key: U64  # natural key of the person, for keyed draws


@dataclass(frozen=True)
class Courses:
    """Row i is course offering i."""

    udp_id: I64
    lms_id: I64
    local_id: I64
    sis_id: pa.StringArray
    account_lms_id: I64  # global Canvas id of the course's account (context_account_id)
    title: pa.StringArray
    cip: I16  # index into the pack's CIP families
    level: I8  # index into the pack's course levels
    key: U64


@dataclass(frozen=True)
class Seats:
    """Row i is an enrolment of somebody who can click by it; several rows may share a person or a course.

    Students stand here once per course: not in its components, and not in courses that are not published.
    """

    row: I32  # of course_section_enrollment
    person: I32
    course: I32
    section: I32
    is_student: BOOL  # role Student
    membership_role: I8  # index into MEMBERSHIP_ROLES
    first_day: I16  # campus days on which visits may start: first_day <= day < last_day
    last_day: I16
    joined_ms: I64  # UTC; nobody acts before
    key: U64
    # How its students work, as ``context.engagement`` has it: the store was drawn from the same numbers.
    stop_day: I16  # campus day from which on nothing is done any more
    drive: F64  # standard normal: who works on
    week_z: F32  # [weeks, seats] standard normal: how each week is
    first_week: int  # of ``week_z``

    def week_of(self, day: int) -> int:
        """The row of ``week_z`` of a campus day."""
        return min(max(day // WEEK_DAYS - self.first_week, 0), len(self.week_z) - 1)

    def first_instructors(self, courses: int) -> I32:
        """[courses] The enrolment through which a course is run: its first instructor's; or NO_ROW."""
        found = np.full(courses, NO_ROW, dtype=np.int32)
        rows = np.flatnonzero(self.membership_role == INSTRUCTOR)[::-1]
        found[self.course[rows]] = rows
        return found


MEMBERSHIP_ROLES = ("Learner", "Instructor")
LEARNER, INSTRUCTOR = range(len(MEMBERSHIP_ROLES))
DUE_KINDS = ("work", "quiz", "talk", "exam")  # what activities ask for
MODES = ("in_person", "hybrid", "online")  # how a section is taught


@dataclass(frozen=True)
class Objects:
    """One kind of course object, sorted by course, then release time, then natural order."""

    lms_id: I64
    local_id: I64
    course: I32
    release_ms: I64  # UTC; nobody opens it before
    title: pa.StringArray
    text: pa.StringArray  # file: name; page: url slug; tool: domain; media: entry id; others ""
    first: I64  # [courses + 1] offsets: rows first[c]:first[c + 1] belong to course c
    length: I64 | None = None  # media: seconds; book: pages

    @property
    def lengths(self) -> I64:
        """Lengths of a table that has them."""
        return np.zeros(len(self.lms_id), dtype=np.int64) if self.length is None else self.length


@dataclass(frozen=True)
class CampusFacts:
    """What the campus needs of the store besides the world: when sections meet and have work due."""

    section_course: I64  # [sections] row of ``World.courses``
    mode: I64  # [sections] how it is taught, an index into MODES
    activity_course: I64  # [activities] that are given out, row of ``World.courses``
    due_ms: I64  # [activities] UTC, NO_TIME where nothing is due
    activity_release_ms: I64  # [activities] UTC, when students see it first
    activity_kind: I64  # [activities] what is asked for, an index into DUE_KINDS
    is_paper: BOOL  # [activities] papers and essays, by the name of their group
    topic_course: I64  # [discussions and announcements] that students see
    topic_ms: I64  # UTC, when they see it first
    is_announcement: BOOL


OBJECT_TABLES = (
    "assignment", "quiz", "discussion", "file", "page", "item", "tool",
    "calendar", "collaboration", "conference", "outcome", "proxy", "media", "book",
)  # fmt: skip
SUBMISSION_TYPES = ONLINE_TYPES


@dataclass(frozen=True)
class Submissions:
    """Row i is a learner_activity_result that was submitted or graded."""

    lms_id: I64  # global Canvas submission id
    local_id: I64
    enrolment: I32  # of the student
    assignment: I32  # row of objects["assignment"]
    quiz: I32  # row of objects["quiz"], NO_ROW when it is no quiz
    submission_type: I8  # index into SUBMISSION_TYPES, -1 when nothing was submitted online
    attempt: I16
    submitted_ms: I64  # UTC, NO_TIME when not submitted
    graded_ms: I64  # UTC, NO_TIME when not graded
    updated_ms: I64  # UTC, when the row last changed
    grader_enrolment: I32  # enrolment row of the grader, NO_ROW when graded by the system
    score_hundredths: I64
    points_hundredths: I64
    body: pa.StringArray  # text entry's body, "" otherwise
    url: pa.StringArray  # online_url's address, "" otherwise
    key: U64


@dataclass(frozen=True)
class Posts:
    """Row i is a discussion entry."""

    lms_id: I64
    local_id: I64
    enrolment: I32
    discussion: I32  # row of objects["discussion"]
    time_ms: I64
    body: pa.StringArray
    key: U64


@dataclass(frozen=True)
class World:
    """Everything a day's draw and rendering read, besides the plan."""

    tenant: Tenant
    persons: Persons
    courses: Courses
    enrolments: Seats
    objects: dict[str, Objects]  # by OBJECT_TABLES
    submissions: Submissions
    posts: Posts
    devices: pa.StringArray  # user agents
    device_thresholds: U64  # cumulative shares of devices, see context.rng.thresholds
    tools: tuple[str, ...]  # the pack's tools in path order, codes of Batch.tool
    details: Details  # what the store's rows say beyond what is clicked on
