"""What the store's rows say beyond what is clicked on: for the events of who made and changed them.

Row i of a table's details is row i of the table: of ``World.objects``, ``World.courses``, ``World.persons``,
or, where the world has no table of its own, of the store's entity. Times are UTC ms, NO_TIME where there is
none; texts are "" then; keys are natural, for keyed draws.
"""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

from context.arrays import BOOL, I32, I64, U64


@dataclass(frozen=True)
class AssignmentDetails:
    """Of ``objects["assignment"]``."""

    created_ms: I64
    updated_ms: I64
    unlocked_ms: I64
    due_ms: I64
    locked_ms: I64
    points_hundredths: I64
    description: pa.StringArray
    status: pa.StringArray


@dataclass(frozen=True)
class QuizDetails:
    """Of ``objects["quiz"]``."""

    created_ms: I64
    updated_ms: I64
    deleted_ms: I64
    unlocked_ms: I64
    due_ms: I64
    time_limit_minutes: I64  # -1 for no limit
    points_hundredths: I64
    type: pa.StringArray


@dataclass(frozen=True)
class DiscussionDetails:
    """Of ``objects["discussion"]``."""

    created_ms: I64
    type: pa.StringArray  # Announcement, "" for an ordinary topic


@dataclass(frozen=True)
class FileDetails:
    """Of ``objects["file"]``."""

    created_ms: I64
    updated_ms: I64
    deleted_ms: I64
    content_type: pa.StringArray


@dataclass(frozen=True)
class PageDetails:
    """Of ``objects["page"]``."""

    created_ms: I64
    updated_ms: I64
    deleted_ms: I64
    body: pa.StringArray


@dataclass(frozen=True)
class CourseDetails:
    """Of ``World.courses``."""

    created_ms: I64
    opened_day: I64  # campus day
    syllabus: pa.StringArray
    status: pa.StringArray
    subject: pa.StringArray
    number: pa.StringArray


@dataclass(frozen=True)
class PersonDetails:
    """Of ``World.persons``."""

    name: pa.StringArray
    created_ms: I64


@dataclass(frozen=True)
class SeatDetails:
    """Of course_section_enrollment: all of its rows, to which ``Seats.row`` points."""

    lms_id: I64
    section_lms_id: I64
    person: I32
    course: I32
    key: U64
    type: pa.StringArray  # StudentEnrollment and the like
    state: pa.StringArray  # Canvas's workflow state
    created_ms: I64
    updated_ms: I64
    until_ms: I64  # the end of the course, as Canvas has it
    by_hand: BOOL  # made by an instructor, if there is one: not by the batch of the student system


@dataclass(frozen=True)
class Groups:
    """Of learner_group. ``course`` is -1 for groups of an account."""

    local_id: I64
    lms_id: I64
    name: pa.StringArray
    category: I64  # short Canvas id
    category_lms_id: I64
    category_name: pa.StringArray
    course: I64
    created_ms: I64
    key: U64


@dataclass(frozen=True)
class GroupCategories:
    """The categories of groups, by their ids. ``course`` is -1 for those of an account."""

    lms_id: I64
    name: pa.StringArray
    course: I64
    created_ms: I64
    key: U64


@dataclass(frozen=True)
class GroupMembers:
    """Of learner_group_membership. ``course`` is -1 in groups of an account."""

    lms_id: I64
    person: I64
    group: I64  # row of Groups
    course: I64
    created_ms: I64
    key: U64


@dataclass(frozen=True)
class Overrides:
    """Of learner_activity_override."""

    local_id: I64
    lms_id: I64
    assignment: I64  # row of ``objects["assignment"]``
    section_lms_id: I64  # -1 for none
    group_lms_id: I64  # -1 for none
    type: pa.StringArray  # ADHOC, CourseSection, Group
    state: pa.StringArray
    all_day: BOOL
    all_day_ms: I64  # midnight of the date, UTC
    due_ms: I64
    unlocked_ms: I64
    locked_ms: I64
    created_ms: I64
    updated_ms: I64
    key: U64


@dataclass(frozen=True)
class Details:
    """The details of all tables; names are the tables of ``schemas/caliper/kinds.toml``."""

    assignment: AssignmentDetails
    quiz: QuizDetails
    discussion: DiscussionDetails
    file: FileDetails
    page: PageDetails
    course: CourseDetails
    person: PersonDetails
    seat: SeatDetails
    group: Groups
    group_category: GroupCategories
    group_member: GroupMembers
    override: Overrides
