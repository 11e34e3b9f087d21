"""Tables of courses: offerings, sections, enrolments and course grades."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I64, NO_TIME
from context.columns import Coded, Maybe
from context.content.design import are_seminars
from context.courses.catalogue import OfferingKind, SectionKind
from context.courses.sections import offering_credits, section_modes
from context.courses.structures import COLLEGES, term_dates
from context.grades.last_acts import last_acts
from context.packs.people_codes import Career
from context.tables.every_table import course_made_ms
from context.tables.institution.course_codes import (
    course_codes,
    le_codes,
    offering_sis,
    sandbox_logins,
    section_numbers,
    section_sis,
)
from context.tables.institution.people import sis_numbers
from context.tables.institution.places import section_rooms
from context.tables.institution.roles_and_periods import role_rows
from context.tables.institution.structure import (
    NO_TERM,
    campus_of_subject,
    department_account,
    sandbox_account,
)
from context.tables.titles import course_titles
from context.terms.drawn import Drawn, Tables

# Purposes of randomness: what each number draws.
_VISIBLE, _SECTION_MADE, _HONORS, _NO_ENROLMENTS = 110, 112, 114, 115
_NO_MANUAL, _RESTRICTED, _SECTION_UPDATED, _SANDBOX_AGE = 116, 117, 118, 119
_HAS_SYLLABUS, _SELF_ENROLLED, _COURSE_STATE = 120, 122, 126


def course_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of courses."""
    offering, offering_keymap = _offering(d)
    section, section_keymap = _section(d)
    enrolment, enrolment_keymap = _enrolment(d)
    return (
        {
            "course_offering": offering,
            "course_section": section,
            "course_section_enrollment": enrolment,
            "course_grade": _grade(d),
        },
        {
            "course_offering": offering_keymap,
            "course_section": section_keymap,
            "course_section_enrollment": enrolment_keymap,
        },
    )


def _known(values: pa.Array, known: BOOL) -> pa.Array:
    """``values`` where the registrar knows the row, NULL elsewhere."""
    return pc.if_else(pa.array(known), values, pa.scalar(None, values.type))


def _offering(d: Drawn) -> tuple[pa.Table, pa.Table]:
    c, rows, dates = d.catalogue, d.catalogue.offerings, term_dates(d.calendar)
    graduate = np.array([str(level) in ("500", "700") for level in d.pack.table("level")["level"]])[
        c.offering_level
    ]
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    owner = sandbox_logins(d)
    known = c.offering_kind != OfferingKind.SANDBOX
    # Cross-listed offerings are one course under two codes.
    titles = course_titles(d).take(pa.array(c.offering_host))
    titles = pc.if_else(pa.array(known), titles, frame.join("Sandbox of ", pc.coalesce(owner, "")))
    code, begin = course_codes(d), np.full(rows, d.open_ms)
    created = course_made_ms(d)
    created = np.where(
        known, created, created - rng.integer(rng.extend(c.offering_key, _SANDBOX_AGE), 900) * DAY_MS
    )
    syllabus = frame.join("<h2>", titles, "</h2><p>Meetings, readings and grading for ", code, ".</p>")
    has_syllabus = (c.offering_kind == OfferingKind.TAUGHT) & d.coin(c.offering_key, _HAS_SYLLABUS, 0.85)
    account = np.where(known, department_account(d), sandbox_account(d))
    columns = {
        "course_offering_id": ids.udp_ids(rows),
        "academic_term_id": np.where(known, 1, NO_TERM + 1),
        "academic_session_id": Maybe(np.ones(rows, np.int64), known),
        "academic_career_id": Maybe(1 + np.where(graduate, Career.GRADUATE, Career.UNDERGRADUATE), known),
        "campus_id": Maybe(campus_of_subject(d)[d.structures.offering_subject] + 1, known),
        "learning_environment_organization_id": account + 1,
        "wiki_id": ids.udp_ids(rows),
        "title": titles,
        "subject": Coded(np.where(known, d.structures.offering_subject, -1), d.structures.subjects),
        "number": _known(pa.array(d.structures.offering_number), known),
        "code": _known(code, known),
        "description": _known(frame.join("A course on ", pc.utf8_lower(titles), "."), known),
        "cip_code2k": Coded(np.where(known, c.offering_cip, -1), [f"{family}.0101" for family in families]),
        "available_credits": np.where(known, offering_credits(d.pack, c) * 100, NO_TIME),
        "start_date": np.where(known, dates["start"], NO_TIME),
        "end_date": np.where(known, dates["end"], NO_TIME),
        "le_code": le_codes(d),
        "le_start_date": np.where(known, _local_dates(d, begin), NO_TIME),
        "le_end_date": np.where(known, _local_dates(d, np.full(rows, d.close_ms - 1)), NO_TIME),
        "le_status": Coded(_states(d), LE_STATES),
        "is_publicly_visible": d.coin(c.offering_key, _VISIBLE, "course_offering.publicly_visible_share"),
        "syllabus_content": pc.if_else(pa.array(has_syllabus), syllabus, None),
        "created_date": created,
    }
    external = _known(offering_sis(d), known)
    keymap = ids.canvas_keymap(
        "course_offering",
        ids.udp_ids(rows),
        d.local("course_offering", rows, created),
        external,
        _known(frame.texts(1000 + ids.udp_ids(rows)), known),
    )
    return frame.table("course_offering", rows, columns), keymap


LE_STATES = ("available", "claimed", "created", "deleted")


def _states(d: Drawn) -> I64:
    """State of each Canvas course, into LE_STATES: what nobody teaches in stays unpublished."""
    c = d.catalogue
    law = d.pack.categorical("course_offering", "le_status")
    is_sandbox = c.offering_kind == OfferingKind.SANDBOX
    given = np.where(is_sandbox, *(law.given_code(0, kind) for kind in ("Sandbox", "Unpublished")))
    drawn = law.draw(rng.extend(c.offering_key, _COURSE_STATE), given)
    state = np.array([LE_STATES.index(str(value)) for value in law.values])[drawn]
    return np.where(c.offering_kind == OfferingKind.TAUGHT, LE_STATES.index("available"), state)


def _local_dates(d: Drawn, ms: I64) -> I64:
    """Days since 1970 by the campus's calendar: dates are local, as a registrar writes them."""
    return np.asarray(d.calendar.day_of(ms) + term_dates(d.calendar)["start"], dtype=np.int64)


def _section(d: Drawn) -> tuple[pa.Table, pa.Table]:
    c, rows, dates = d.catalogue, d.catalogue.sections, term_dates(d.calendar)
    modes, mode_names = section_modes(d.pack, c)
    size = np.bincount(d.enrolments.section[d.enrolments.is_student], minlength=rows)
    number, known = section_numbers(d), c.section_kind != SectionKind.OWN
    created = d.open_ms - (20 + rng.integer(rng.extend(c.section_key, _SECTION_MADE), 100)) * DAY_MS
    online = np.array([value == "Online" for value in mode_names])[modes]
    most = ((size * 11 // 10 + 5) // 5) * 5
    moved = c.section_home != c.section_offering
    kinds = ("Lecture", "Seminar", "Discussion", "Laboratory")
    kind = np.where(
        c.section_kind == SectionKind.PRIMARY,
        are_seminars(d.pack, c, d.content.design, size),
        c.section_kind + 1,
    )
    code, title = course_codes(d).take(pa.array(c.section_home)), sandbox_logins(d)
    names = pc.coalesce(_known(offering_sis(d), c.offering_kind != OfferingKind.SANDBOX), le_codes(d))
    columns = {
        "course_section_id": ids.udp_ids(rows),
        "course_offering_id": c.section_home + 1,
        "le_current_course_offering_id": c.section_offering + 1,
        "le_original_course_offering_id": Maybe(c.section_home + 1, moved),
        "academic_organization_id": Maybe(
            len(COLLEGES) + 1 + d.structures.offering_subject[c.section_home], known
        ),
        "campus_id": Maybe(campus_of_subject(d)[d.structures.offering_subject[c.section_home]] + 1, known),
        "section_number": _known(number, known),
        "le_name": pc.if_else(
            pa.array(known),
            frame.join(code, " ", number),
            frame.join("SANDBOX-", pc.coalesce(title.take(pa.array(c.section_home)), "")),
        ),
        "type": Coded(np.where(known, kind, -1), kinds),
        "delivery_mode": Coded(np.where(known, modes, -1), mode_names),
        "status": Coded(_section_states(d), ("active", "deleted", "inactive")),
        "is_graded": Maybe(c.section_kind == SectionKind.PRIMARY, known),
        "is_honors": Maybe(d.coin(c.section_key, _HONORS, "course_section.honors_share"), known),
        "is_default_section": (c.section_ordinal == 0)
        & np.isin(c.section_kind, (SectionKind.PRIMARY, SectionKind.OWN)),
        "max_enrollment": Maybe(most, known),
        "room_id": section_rooms(d, most, online | ~known, names),
        "start_date": np.where(known, dates["start"], NO_TIME),
        "end_date": np.where(known, dates["end"], NO_TIME),
        "is_accepting_enrollments": Maybe(
            np.zeros(rows, np.bool_),
            d.coin(c.section_key, _NO_ENROLMENTS, "course_section.enrollment_closed_share"),
        ),
        "can_manually_enroll": Maybe(
            np.zeros(rows, np.bool_),
            d.coin(c.section_key, _NO_MANUAL, "course_section.no_manual_enrollment_share"),
        ),
        "is_restrict_enrollments_to_section_dates": d.coin(
            c.section_key, _RESTRICTED, "course_section.restricted_share"
        ),
        "created_date": created,
        "updated_date": created + rng.integer(rng.extend(c.section_key, _SECTION_UPDATED), 19 * DAY_MS),
    }
    keymap = ids.canvas_keymap(
        "course_section",
        ids.udp_ids(rows),
        d.local("course_section", rows, created),
        _known(section_sis(d), known),
        _known(frame.texts(1000 + ids.udp_ids(rows)), known),
    )
    return frame.table("course_section", rows, columns), keymap


def _section_states(d: Drawn) -> I64:
    """Sections are active, but for those of a deleted sandbox."""
    gone = (_states(d) == LE_STATES.index("deleted"))[d.catalogue.section_offering]
    return np.asarray(gone.astype(np.int64))


def _enrolment(d: Drawn) -> tuple[pa.Table, pa.Table]:
    e, rows = d.enrolments, len(d.enrolments)
    left = e.last_day <= int(d.calendar.days[-1])
    updated = np.where(left, e.exit_ms, e.entry_ms)
    student = e.is_student
    concluded = np.array([status == "Completed" for status in e.enrollment_statuses])[e.enrollment_status]
    last = d.calendar.term.last_day
    # Components carry no credits of their own.
    hours = offering_credits(d.pack, d.catalogue)[d.catalogue.section_home[e.section]] * e.primary
    columns = {
        "course_section_enrollment_id": ids.udp_ids(rows),
        "course_section_id": e.section + 1,
        "person_id": e.person + 1,
        "role": Coded(e.role, e.roles),
        "role_id": role_rows(e.roles)[e.role] + 1,
        "role_status": Coded(e.role_status, e.role_statuses),
        "enrollment_status": Coded(e.enrollment_status, e.enrollment_statuses),
        "credits_taken": np.where(student, hours * 100, NO_TIME),
        "grading_basis": Coded(np.where(student, _pass_fail(d), -1), ("GRD", "PNP")),
        "entry_date": _local_dates(d, e.entry_ms),
        "exit_date": np.where(left, _local_dates(d, e.exit_ms), NO_TIME),
        "is_self_enrolled": d.coin(e.key, _SELF_ENROLLED, "course_section_enrollment.self_enrolled_share"),
        "created_date": e.created_ms,
        "updated_date": updated,
        "last_activity_date": last_acts(d.catalogue, e, d.results, d.posts),
        "completed_date": np.where(concluded, d.calendar.wall_to_utc_ms(last, 18 * HOUR_MS), NO_TIME),
    }
    # Rows without a status were made in Canvas alone: the registrar doesn't know them.
    known = ~e.has_status(None)
    number, role = frame.texts(sis_numbers(d)[e.person]), pa.array([role.upper() for role in e.roles])
    code = frame.join(section_sis(d).take(pa.array(e.section)), "-", number, "-", role.take(pa.array(e.role)))
    name = "course_section_enrollment"
    keymap = ids.canvas_keymap(
        name,
        ids.udp_ids(rows),
        d.local(name, rows, e.created_ms),
        pc.if_else(pa.array(known), code, None),
        pc.if_else(pa.array(known), frame.texts(1000 + ids.udp_ids(rows)), None),
    )
    return frame.table(name, rows, columns), keymap


def _pass_fail(d: Drawn) -> I64:
    """1 for enrolments taken for P or NP, by enrolment row."""
    flags = np.zeros(len(d.enrolments), dtype=np.int64)
    flags[d.grades.enrolment] = d.grades.is_pass_fail
    return flags


def _grade(d: Drawn) -> pa.Table:
    g, e = d.grades, d.enrolments
    row, has = g.enrolment, g.letter >= 0
    points = g.points_hundredths[np.maximum(g.letter, 0)]
    withdrawn = e.has_status("Withdrawn")[row]
    counts = has & ~g.is_pass_fail
    passed = np.where(points > 0, len(g.letters) + 1, len(g.letters) + 2)
    letter = np.where(counts, g.letter, np.where(has, passed, np.where(withdrawn, len(g.letters), -1)))
    letter = np.where(g.is_incomplete, len(g.letters) + 3, letter)
    dropped = e.has_status("Dropped")[row]
    created = e.entry_ms[row]
    columns = {
        "course_section_id": e.section[row] + 1,
        "person_id": e.person[row] + 1,
        "mid_term_grade": Coded(d.mid_term, g.letters),
        "grade_on_official_transcript": Coded(letter, (*g.letters, "W", "P", "NP", "I")),
        "grade_points": np.where(counts, points * g.credits, NO_TIME),
        "grade_points_per_credit": np.where(counts, points, NO_TIME),
        "is_course_grade_in_gpa": Maybe(counts, has | withdrawn | g.is_incomplete),
        "gpa_cumulative_excluding_course_grade": d.records.cumulative_hundredths[e.person[row]],
        "le_current_score": g.current_hundredths,
        "le_final_score": g.final_hundredths,
        "le_hidden_current_score": g.hidden_current_hundredths,
        "le_hidden_final_score": g.hidden_final_hundredths,
        "status": Coded(dropped.astype(np.int64), ("active", "deleted")),
        "created_date": created,
        "updated_date": np.where(
            e.last_day[row] <= int(d.calendar.days[-1]), e.exit_ms[row], d.close_ms - 5 * DAY_MS
        ),
    }
    return frame.table("course_grade", len(row), columns)
