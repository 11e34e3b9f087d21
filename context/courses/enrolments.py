"""Who is in which section, in which role, from when to when.

Student seats come from ``catalogue``; teaching and support roles are added in the pack's proportions. Status
follows role, enrolment status follows both. Days are campus days of the term (0 = first day).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, MINUTE_MS, U64
from context.courses.catalogue import Catalogue, OfferingKind, Seats, SectionKind
from context.courses.sections import offering_credits
from context.courses.staffing import make_staff
from context.packs.pack import Pack
from context.people.full_time import keep_full_time
from context.people.leaving import make_risk, most_at_risk, withdrawal_days, withdrawn_like
from context.people.repeats import Later
from context.people.students import Students
from context.scenario.calendar import Calendar

# Purposes of randomness: what each number draws.
_ROLE_STATUS, _ENROLLMENT_STATUS, _DAYS_REGISTERED, _OFFICE_HOUR = 1, 2, 3, 4
_ADDS_LATE, _LATE_DAY, _DROP_DAY, _WITHDRAW_DAY = 10, 11, 12, 13


@dataclass(frozen=True)
class Enrolments:
    """Row i is one course_section_enrollment, students first.

    ``person`` counts students, then instructors, then support staff.
    """

    person: I64
    section: I64
    role: I32  # index into roles
    role_status: I32  # index into role_statuses
    enrollment_status: I32  # index into enrollment_statuses
    first_day: I64  # visits may start on days first_day <= day < last_day
    last_day: I64
    created_ms: I64  # UTC
    entry_ms: I64
    exit_ms: I64  # of a drop or withdrawal, else the end of the course
    key: U64
    primary: BOOL  # in a section that is taken for credit, not in one of its components
    published: BOOL  # in a Canvas course that students can see
    roles: tuple[str, ...]
    role_statuses: tuple[str | None, ...]
    enrollment_statuses: tuple[str | None, ...]

    def __len__(self) -> int:
        return len(self.person)

    @property
    def is_student(self) -> BOOL:
        """True for rows with the role Student."""
        return np.asarray(self.role == self.roles.index("Student"))

    @property
    def takes(self) -> BOOL:
        """True where a student takes a course: the rows that bring credits and a grade."""
        return self.is_student & self.primary

    @property
    def counts(self) -> BOOL:
        """True where a student works in a Canvas course: the rows that bring results, posts and clicks."""
        return self.takes & self.published

    def has_status(self, *names: str | None) -> BOOL:
        """True for rows whose role status is one of ``names``; None: the registrar does not know them."""
        return np.asarray(np.array([status in names for status in self.role_statuses])[self.role_status])

    @property
    def leaves(self) -> BOOL:
        """True for rows that end before the course does."""
        return np.asarray(self.last_day < self.last_day.max())


def make_enrolments(
    seed: int,
    pack: Pack,
    calendar: Calendar,
    students: Students,
    catalogue: Catalogue,
    seats: Seats,
    weeks: BOOL,
) -> tuple[Enrolments, int, int]:
    """(enrolments, number of instructors, number of support staff); ``weeks``: [sections, SLOTS]."""
    role_law = pack.categorical("course_section_enrollment", "role")
    roles = tuple(str(value) for value in role_law.values)
    staff = make_staff(seed, pack, students, catalogue, seats, weeks, roles)
    student = np.full(len(seats.student), roles.index("Student"), dtype=np.int32)
    enrolments = _with_status(
        pack,
        calendar,
        students,
        catalogue,
        roles,
        (
            np.concatenate([seats.student, staff.person]),
            np.concatenate([seats.section, staff.section]),
            np.concatenate([student, staff.role]),
        ),
        seats.later,
    )
    return enrolments, staff.instructors, staff.support


def _with_status(
    pack: Pack,
    calendar: Calendar,
    students: Students,
    catalogue: Catalogue,
    roles: tuple[str, ...],
    rows: tuple[I64, I64, I32],
    later: Later,
) -> Enrolments:
    """Enrolments of ``rows`` (person, section, role), each with its status and its time in the section."""
    person, section, role = rows
    order = np.lexsort((person, section, role != roles.index("Student")))
    person, section, role = person[order], section[order], role[order]
    own_key = rng.extend(rng.extend(catalogue.section_key[section], role), person)
    status_law = pack.categorical("course_section_enrollment", "role_status")
    enrollment_law = pack.categorical("course_section_enrollment", "enrollment_status")
    given_role = _codes(roles, status_law.given_values[0])[role]
    statuses, student = status_law.values, role == roles.index("Student")
    takes = student & (catalogue.section_kind[section] == SectionKind.PRIMARY)
    again = takes & later.has(person, catalogue.offering_code[catalogue.section_home[section]])
    alone = status_law.draw(rng.extend(own_key, _ROLE_STATUS), given_role)
    withdrawn = takes & (alone == _codes(("Withdrawn",), statuses)[0])
    can = takes & (alone != _codes(("Dropped",), statuses)[0])
    leaves, at_once = _who_leaves(
        pack, students, catalogue, (person, section, own_key), can, withdrawn, again & takes
    )
    like = withdrawn_like(own_key, withdrawn, leaves)
    stays = takes & (alone[like] == _codes(("Enrolled",), statuses)[0])
    drops = takes & (alone[like] == _codes(("Dropped",), statuses)[0])
    hours = offering_credits(pack, catalogue)[catalogue.section_home[section]]
    keep_full_time(pack, students, own_key, person, hours, (takes, stays & ~again, drops), like)
    deciding = _deciding(catalogue, person, section, student)
    key = own_key[like[deciding]]
    whole = np.where(at_once[deciding], person, -1)  # who leaves everything goes to the registrar once
    day_key = np.where(whole >= 0, students.course_key[whole], key)
    status = status_law.draw(rng.extend(key, _ROLE_STATUS), given_role)
    if None in statuses:  # sandboxes are Canvas's alone
        status[catalogue.section_kind[section] == SectionKind.OWN] = statuses.index(None)
    _keep_teachers(section, np.flatnonzero(role == roles.index("Teacher")), status, statuses)
    # Rows without a status are Canvas-only staff: in Canvas they are enrolled like any other.
    no_status = np.isin(status, np.flatnonzero([value is None for value in statuses]))
    status_in_canvas = np.where(no_status, statuses.index("Enrolled"), status)
    enrollment = enrollment_law.draw(
        rng.extend(key, _ENROLLMENT_STATUS),
        _codes(statuses, enrollment_law.given_values[0])[status_in_canvas],
        _codes(roles, enrollment_law.given_values[1])[role],
    )
    first_day, last_day = _days(pack, calendar, (key, day_key), student, status, statuses)
    created_ms, entry_ms, exit_ms = _instants(calendar, key, first_day, last_day)
    return Enrolments(
        person=person,
        section=section,
        role=role,
        role_status=status,
        enrollment_status=enrollment,
        first_day=first_day,
        last_day=last_day,
        created_ms=created_ms,
        entry_ms=entry_ms,
        exit_ms=exit_ms,
        key=own_key,
        primary=catalogue.section_kind[section] == SectionKind.PRIMARY,
        published=np.isin(
            catalogue.offering_kind[catalogue.section_offering[section]],
            (OfferingKind.TAUGHT, OfferingKind.SANDBOX),
        ),
        roles=roles,
        role_statuses=statuses,
        enrollment_statuses=enrollment_law.values,
    )


def _keep_teachers(section: I64, teachers: I64, status: I32, statuses: tuple[str | None, ...]) -> None:
    """A section keeps its first Teacher to the end, in place: somebody has to grade."""
    first = teachers[np.unique(section[teachers], return_index=True)[1]]
    leaves = np.isin(status[first], _codes(("Dropped", "Withdrawn"), statuses))
    status[first[leaves]] = statuses.index("Enrolled")


def _who_leaves(
    pack: Pack,
    students: Students,
    catalogue: Catalogue,
    rows: tuple[I64, I64, U64],
    can: BOOL,
    withdrawn: BOOL,
    again: BOOL,
) -> tuple[BOOL, BOOL]:
    """(which ``rows`` (person, section, key) withdraw, which of them with all others of their students).

    As many as are drawn as ``withdrawn``: those who take the course again, then those at most risk.
    """
    person, section, key = rows
    mine = np.flatnonzero(can | withdrawn | again)
    course_key = catalogue.offering_key[catalogue.section_home[section[mine]]]
    risk = make_risk(pack, students, person[mine], key[mine], course_key)
    found = most_at_risk(
        risk, can[mine], int(withdrawn.sum()), pack.number("withdraw.everything_share"), again[mine]
    )
    leaves, at_once = np.zeros((2, len(key)), dtype=np.bool_)
    leaves[mine], at_once[mine] = found
    return leaves, at_once


def _instants(calendar: Calendar, key: U64, first_day: I64, last_day: I64) -> tuple[I64, I64, I64]:
    """(created, entry, exit) of each row: what offices do, in their hours; most register before the term."""
    days = calendar.days
    registered_days = 20 + rng.integer(rng.extend(key, _DAYS_REGISTERED), 110)
    office = 9 * HOUR_MS + rng.integer(rng.extend(key, _OFFICE_HOUR), 8 * HOUR_MS)
    late = first_day > days[0]
    entry_ms = calendar.wall_to_utc_ms(np.maximum(np.where(late, first_day - 1, days[0]), days[0]), office)
    entry_ms = np.where(late, entry_ms, calendar.open_ms - DAY_MS + office)
    exit_ms = calendar.wall_to_utc_ms(np.minimum(last_day, days[-1]), office)
    exit_ms = np.where(last_day <= days[-1], exit_ms, calendar.close_ms)
    return np.where(late, entry_ms, entry_ms - registered_days * DAY_MS), entry_ms, exit_ms


def _deciding(catalogue: Catalogue, person: I64, section: I64, student: BOOL) -> I64:
    """For each row the row that decides on its status: a component's student is in it as in the lecture."""
    home, people = catalogue.section_home[section], int(person.max(initial=0)) + 1
    code = home * people + person
    kind = catalogue.section_kind[section]
    decides = np.arange(len(person))
    main = np.flatnonzero(student & (kind == SectionKind.PRIMARY))
    main = main[np.argsort(code[main], kind="stable")]
    rows = np.flatnonzero(student & np.isin(kind, (SectionKind.DISCUSSION, SectionKind.LABORATORY)))
    decides[rows] = main[np.searchsorted(code[main], code[rows])]
    return decides


def _codes(values: tuple[str | None, ...], into: tuple[str | None, ...]) -> I32:
    """For each of ``values`` its place in ``into``; -1 where it has none, which a draw refuses."""
    return np.array([into.index(value) if value in into else -1 for value in values], dtype=np.int32)


def _days(
    pack: Pack,
    calendar: Calendar,
    keys: tuple[U64, U64],
    student: BOOL,
    status: I32,
    statuses: tuple[str | None, ...],
) -> tuple[I64, I64]:
    """(first day, day of leaving): late adds, drops before census, withdrawals by the pack's timing.

    ``keys``: of each row, and of the day on which it withdraws.
    """
    key, day_key = keys
    begin, end = int(calendar.days[0]), int(calendar.days[-1]) + 1
    term = calendar.term
    census = (term.add_drop_end - term.start).days
    late = student & (rng.uniform(key, _ADDS_LATE) < pack.number("enrolment.late_add_share"))
    first = np.where(late, 1 + rng.integer(key, max(census - 1, 1), _LATE_DAY), begin)
    soonest = np.maximum(first + 1, 0)
    drop_day = soonest + rng.integer(key, np.maximum(census + 1 - soonest, 1), _DROP_DAY)
    days, shares = withdrawal_days(pack, calendar)
    withdraw_day = days[rng.categorical(day_key, rng.thresholds(shares), _WITHDRAW_DAY)]
    last = np.full(len(key), end, dtype=np.int64)
    if "Dropped" in statuses:
        last = np.where(status == statuses.index("Dropped"), drop_day, last)
    if "Withdrawn" in statuses:
        last = np.where(status == statuses.index("Withdrawn"), withdraw_day, last)
    return first.astype(np.int64), last


VIEWING_ROOM_MS = 10 * MINUTE_MS  # between release or joining and handing in: room for the views before it


def primary_teacher(catalogue: Catalogue, enrolments: Enrolments) -> I64:
    """Enrolment row of the first Teacher of each section who stays to the end, -1 where there is none."""
    stays = enrolments.last_day == enrolments.last_day.max()
    rows = np.flatnonzero((enrolments.role == enrolments.roles.index("Teacher")) & stays)
    first = np.full(catalogue.sections, -1, dtype=np.int64)
    first[enrolments.section[rows[::-1]]] = rows[::-1]
    return first
