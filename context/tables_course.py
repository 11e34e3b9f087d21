"""Tables of courses: offerings, sections, enrolments and course grades."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from context import frame, ids, rng
from context.drawn import Drawn, Tables
from context.frame import NO_TIME, Coded, Maybe
from context.grades import offering_credits
from context.structures import COLLEGES, term_dates
from context.tables_frame import role_rows
from context.tables_people import sis_numbers
from context.tables_places import section_rooms
from context.tables_structure import department_account
from context.titles import course_titles

I64 = npt.NDArray[np.int64]
DAY_MS = 86_400_000


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


def course_codes(d: Drawn) -> pa.Array:
    """Such as MATH 310: subject and number."""
    return frame.join(
        Coded(d.structures.offering_subject, d.structures.subjects),
        " ",
        pa.array(d.structures.offering_number),
    )


def offering_sis(d: Drawn) -> pa.Array:
    """Such as 2026-fall-MATH-310: the SIS id of an offering."""
    return frame.join(f"{d.calendar.term.code}-", pc.replace_substring(course_codes(d), " ", "-"))


def section_numbers(d: Drawn) -> pa.Array:
    """Three digits: 001, 002, ..."""
    return pc.utf8_lpad(frame.texts(d.catalogue.section_ordinal + 1), 3, "0")


def section_sis(d: Drawn) -> pa.Array:
    """Such as 2026-fall-MATH-310-001: the SIS id of a section."""
    return frame.join(offering_sis(d).take(pa.array(d.catalogue.section_offering)), "-", section_numbers(d))


def _offering(d: Drawn) -> tuple[pa.Table, pa.Table]:
    c, rows, dates = d.catalogue, d.catalogue.offerings, term_dates(d.calendar)
    graduate = np.array([str(level) in ("500", "700") for level in d.pack.table("level")["level"]])[
        c.offering_level
    ]
    hours = offering_credits(d.pack, d.catalogue)
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    titles, code = course_titles(d), course_codes(d)
    begin = np.full(rows, d.open_ms)
    columns = {
        "course_offering_id": ids.udp_ids(rows),
        "academic_term_id": 1,
        "academic_session_id": 1,
        "academic_career_id": np.where(graduate, 2, 1),
        "campus_id": 1,
        "learning_environment_organization_id": department_account(d) + 1,
        "wiki_id": ids.udp_ids(rows),
        "title": titles,
        "subject": Coded(d.structures.offering_subject, d.structures.subjects),
        "number": pa.array(d.structures.offering_number),
        "code": code,
        "description": frame.join("A course on ", pc.utf8_lower(titles), "."),
        "cip_code2k": Coded(c.offering_cip, [f"{family}.0101" for family in families]),
        "available_credits": hours * 100,
        "start_date": np.full(rows, dates["start"]),
        "end_date": np.full(rows, dates["end"]),
        "le_code": frame.join(code, " ", d.calendar.term.name),
        "le_start_date": _local_dates(d, begin),
        "le_end_date": _local_dates(d, np.full(rows, d.close_ms - 1)),
        "le_status": "available",
        "is_publicly_visible": d.coin(c.offering_key, 110, 0.03),
        "syllabus_content": frame.join(
            "<h2>", titles, "</h2><p>Meetings, readings and grading for ", code, ".</p>"
        ),
        "created_date": begin - (20 + rng.integer(rng.extend(c.offering_key, 111), 100)) * DAY_MS,
    }
    keymap = ids.canvas_keymap(
        "course_offering",
        ids.udp_ids(rows),
        d.local("course_offering", rows),
        offering_sis(d),
        offering_sis(d),
    )
    return frame.table("course_offering", rows, columns), keymap


def _local_dates(d: Drawn, ms: I64) -> I64:
    """Days since 1970 by the campus's calendar: dates are local, as a registrar writes them."""
    return np.asarray(d.calendar.day_of(ms) + term_dates(d.calendar)["start"], dtype=np.int64)


def _section(d: Drawn) -> tuple[pa.Table, pa.Table]:
    c, rows, dates = d.catalogue, d.catalogue.sections, term_dates(d.calendar)
    mode = d.pack.categorical("course_section", "delivery_mode")
    size = np.bincount(d.enrolments.section[d.enrolments.is_student], minlength=rows)
    offering = c.section_offering + 1
    number = section_numbers(d)
    created = d.open_ms - (20 + rng.integer(rng.extend(c.section_key, 112), 100)) * DAY_MS
    modes = mode.draw(rng.extend(c.section_key, 113))
    online = np.array([value == "Online" for value in mode.values])[modes]
    most = ((size * 11 // 10 + 5) // 5) * 5
    columns = {
        "course_section_id": ids.udp_ids(rows),
        "course_offering_id": offering,
        "le_current_course_offering_id": offering,
        "le_original_course_offering_id": Maybe(offering, np.zeros(rows, np.bool_)),
        "academic_organization_id": len(COLLEGES) + 1 + d.structures.offering_subject[c.section_offering],
        "campus_id": 1,
        "section_number": number,
        "le_name": frame.join(course_codes(d).take(pa.array(c.section_offering)), " ", number),
        "type": Coded(np.where(size >= 8, 0, 1), ("Lecture", "Seminar")),
        "delivery_mode": Coded(modes, mode.values),
        "status": "active",
        "is_graded": True,
        "is_honors": d.coin(c.section_key, 114, 0.02),
        "is_default_section": c.section_ordinal == 0,
        "max_enrollment": most,
        "room_id": section_rooms(d, most, online),
        "start_date": np.full(rows, dates["start"]),
        "end_date": np.full(rows, dates["end"]),
        "is_accepting_enrollments": Maybe(np.zeros(rows, np.bool_), d.coin(c.section_key, 115, 0.1)),
        "can_manually_enroll": Maybe(np.zeros(rows, np.bool_), d.coin(c.section_key, 116, 0.1)),
        "is_restrict_enrollments_to_section_dates": d.coin(c.section_key, 117, 0.05),
        "created_date": created,
        "updated_date": created + rng.integer(rng.extend(c.section_key, 118), 19 * DAY_MS),
    }
    keymap = ids.canvas_keymap(
        "course_section", ids.udp_ids(rows), d.local("course_section", rows), section_sis(d), section_sis(d)
    )
    return frame.table("course_section", rows, columns), keymap


def _enrolment(d: Drawn) -> tuple[pa.Table, pa.Table]:
    e, rows = d.enrolments, len(d.enrolments)
    left = e.last_day <= int(d.calendar.days[-1])
    updated = np.where(left, e.exit_ms, e.entry_ms)
    student = e.is_student
    hours = offering_credits(d.pack, d.catalogue)[d.catalogue.section_offering[e.section]]
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
        "is_self_enrolled": d.coin(e.key, 122, 0.002),
        "created_date": e.created_ms,
        "updated_date": updated,
    }
    # Rows without a status were made in Canvas alone: the registrar doesn't know them.
    known = np.array([status is not None for status in e.role_statuses])[e.role_status]
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
    withdrawn = np.array([status == "Withdrawn" for status in e.role_statuses])[e.role_status[row]]
    counts = has & ~g.is_pass_fail
    passed = np.where(points > 0, len(g.letters) + 1, len(g.letters) + 2)
    letter = np.where(counts, g.letter, np.where(has, passed, np.where(withdrawn, len(g.letters), -1)))
    created = e.entry_ms[row]
    columns = {
        "course_section_id": e.section[row] + 1,
        "person_id": e.person[row] + 1,
        "grade_on_official_transcript": Coded(letter, (*g.letters, "W", "P", "NP")),
        "grade_points": np.where(counts, points * g.credits, NO_TIME),
        "grade_points_per_credit": np.where(counts, points, NO_TIME),
        "is_course_grade_in_gpa": Maybe(counts, has | withdrawn),
        "gpa_cumulative_excluding_course_grade": d.records.cumulative_hundredths[e.person[row]],
        "le_current_score": g.current_hundredths,
        "le_final_score": g.final_hundredths,
        "le_hidden_current_score": g.current_hundredths,
        "le_hidden_final_score": g.final_hundredths,
        "status": "active",
        "created_date": created,
        "updated_date": np.where(
            e.last_day[row] <= int(d.calendar.days[-1]), e.exit_ms[row], d.close_ms - 5 * DAY_MS
        ),
    }
    return frame.table("course_grade", len(row), columns)
