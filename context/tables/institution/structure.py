"""Tables of the institution's frame: calendar, campus, organisations, careers, programs, majors, accounts."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids
from context.arrays import I64, NO_TIME
from context.columns import Maybe
from context.courses.structures import CAREER_CODES, COLLEGES, DEGREE_CODES, EDUCATIONAL_LEVELS, term_dates
from context.packs.people_codes import CAREERS
from context.tables.every_table import sis_keymap
from context.terms.drawn import Drawn, Tables


def _texts(values: list[str]) -> pa.Array:
    return pa.array(values, pa.string())


def structure_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of the frame."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, make in (
        ("academic_term", _term),
        ("academic_session", _session),
        ("campus", _campus),
        ("academic_organization", _organizations),
        ("academic_career", _careers),
        ("academic_program", _programs),
        ("academic_major", _majors),
        ("learning_environment_organization", _accounts),
    ):
        entity[name], keymap[name] = make(d)
    return entity, keymap


NO_TERM = 1  # row of the term that Canvas keeps for courses without one
CAMPUSES = (("MAIN", "Main Campus"), ("HSC", "Health Sciences Campus"))


def campus_of_college() -> I64:
    """Campus row of each college."""
    return np.array([1 if code == "HLTH" else 0 for code, _, _ in COLLEGES], dtype=np.int64)


def campus_of_subject(d: Drawn) -> I64:
    """Campus row of each subject: its college's."""
    return campus_of_college()[d.structures.college_of_cip[d.structures.subject_cip]]


def _term(d: Drawn) -> tuple[pa.Table, pa.Table]:
    """The term, and Canvas's term for courses without one, which no registrar knows."""
    term, dates = d.calendar.term, term_dates(d.calendar)
    local = d.local("academic_term", 2, np.array([1, 0]))

    def only(day: int) -> I64:
        return np.array([day, NO_TIME])

    columns = {
        "academic_term_id": ids.udp_ids(2),
        "name": _texts([term.name, "No Term"]),
        "term_type": _texts([term.term_type, "NoData"]),
        "term_begin_date": only(dates["start"]),
        "term_end_date": only(dates["end"]),
        "le_term_begin_date": only(dates["start"] - 14),
        "le_term_end_date": only(dates["end"] + 8),
    }
    external = pa.array([term.code, None], pa.string())
    internal = pa.array([term.code.replace("-", ""), None], pa.string())
    return frame.table("academic_term", 2, columns), ids.canvas_keymap(
        "academic_term", ids.udp_ids(2), local, external, internal
    )


def _session(d: Drawn) -> tuple[pa.Table, pa.Table]:
    dates = {name: np.array([day]) for name, day in term_dates(d.calendar).items()}
    columns = {
        "academic_session_id": ids.udp_ids(1),
        "academic_term_id": ids.udp_ids(1),
        "session_name": "Regular Academic Session",
        "session_type": "SummerTerm" if d.calendar.term.term_type == "Summer" else "Semester",
        "session_begin_date": dates["start"],
        "session_end_date": dates["end"],
        "instr_begin_date": dates["start"],
        "instr_end_date": dates["instruction_end"],
    }
    return frame.table("academic_session", 1, columns), sis_keymap(
        "academic_session", [f"{d.calendar.term.code}-REG"]
    )


def _campus(d: Drawn) -> tuple[pa.Table, pa.Table]:
    codes, names = zip(*CAMPUSES, strict=True)
    columns = {
        "campus_id": ids.udp_ids(len(CAMPUSES)),
        "name": _texts([f"{d.institution} {name}" for name in names]),
        "code": _texts(list(codes)),
    }
    return frame.table("campus", len(CAMPUSES), columns), sis_keymap("campus", list(codes))


def _organizations(d: Drawn) -> tuple[pa.Table, pa.Table]:
    s = d.structures
    colleges, rows = len(COLLEGES), s.organizations
    parent = np.concatenate([np.zeros(colleges, np.int64), 1 + s.college_of_cip[s.subject_cip]])
    codes = [code for code, _, _ in COLLEGES] + list(s.subjects)
    names = [name for _, name, _ in COLLEGES] + [f"Department of {title}" for title in s.subject_titles]
    columns = {
        "academic_organization_id": ids.udp_ids(rows),
        "campus_id": np.concatenate([campus_of_college(), campus_of_subject(d)]) + 1,
        "parent_academic_organization_id": Maybe(parent, parent > 0),
        "code": _texts(codes),
        "name": _texts(names),
        "description": _texts([f"{name}, {d.institution}" for name in names]),
    }
    prefixed = [f"ORG-{code}" for code in codes[:colleges]] + [f"DEPT-{code}" for code in codes[colleges:]]
    return frame.table("academic_organization", rows, columns), sis_keymap("academic_organization", prefixed)


def _careers(_d: Drawn) -> tuple[pa.Table, pa.Table]:
    rows = len(CAREERS)
    columns = {
        "academic_career_id": ids.udp_ids(rows),
        "code": _texts(list(CAREER_CODES)),
        "description": _texts(list(CAREERS)),
    }
    return frame.table("academic_career", rows, columns), sis_keymap("academic_career", list(CAREER_CODES))


def _programs(d: Drawn) -> tuple[pa.Table, pa.Table]:
    programs = d.structures.programs
    codes = [f"{CAREER_CODES[career]}-{COLLEGES[college][0]}" for career, college in programs]
    columns = {
        "academic_program_id": ids.udp_ids(len(programs)),
        "academic_career_id": np.array([career + 1 for career, _ in programs]),
        "code": _texts(codes),
        "description": _texts([f"{CAREERS[career]}, {COLLEGES[college][1]}" for career, college in programs]),
        "educational_level": _texts([EDUCATIONAL_LEVELS[career] for career, _ in programs]),
    }
    return frame.table("academic_program", len(programs), columns), sis_keymap("academic_program", codes)


def _majors(d: Drawn) -> tuple[pa.Table, pa.Table]:
    s = d.structures
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    subject = [s.subjects[i] for i in s.major_subject]
    codes = [f"{code}-{DEGREE_CODES[career]}" for code, career in zip(subject, s.major_career, strict=True)]
    columns = {
        "academic_major_id": ids.udp_ids(len(codes)),
        "academic_program_id": s.program_of_major + 1,
        "cip_code2k": _texts([f"{families[cip]}.0101" for cip in s.major_cip]),
        "code": _texts(codes),
        "description": _texts([s.subject_titles[i] for i in s.major_subject]),
    }
    return frame.table("academic_major", len(codes), columns), sis_keymap("academic_major", codes)


def _accounts(d: Drawn) -> tuple[pa.Table, pa.Table]:
    """Canvas accounts: the root, colleges below it, departments below them; two are Canvas's alone."""
    s, colleges = d.structures, len(COLLEGES)
    own = ("Sandboxes", "Migrated Courses")
    rows = 1 + s.organizations + len(own)
    depth = np.concatenate([[0], np.ones(colleges, np.int64), np.full(len(s.subjects), 2), [1, 1]])
    parent = np.concatenate([[0], np.ones(colleges, np.int64), 2 + s.college_of_cip[s.subject_cip], [1, 1]])
    names = (
        [d.institution]
        + [name for _, name, _ in COLLEGES]
        + [f"Department of {title}" for title in s.subject_titles]
        + list(own)
    )
    columns = {
        "learning_environment_organization_id": ids.udp_ids(rows),
        "name": _texts(names),
        "depth": depth,
        "status": _texts(["active"] * (rows - 1) + ["deleted"]),
        "parent_learning_environment_organization_id": Maybe(parent, depth > 0),
        "grandparent_learning_environment_organization_id": Maybe(np.ones(rows, np.int64), depth == 2),
        "root_learning_environment_organization_id": 1,
    }
    codes = ["ROOT"] + [f"ORG-{code}" for code, _, _ in COLLEGES] + [f"DEPT-{code}" for code in s.subjects]
    name = "learning_environment_organization"
    external = pa.array([*codes, None, None], pa.string())
    numbers = pa.array([*(str(1001 + row) for row in range(len(codes))), None, None], pa.string())
    keymap = ids.canvas_keymap(name, ids.udp_ids(rows), d.local(name, rows), external, numbers)
    return frame.table(name, rows, columns), keymap


def department_account(d: Drawn) -> I64:
    """Account row of each offering: that of its department."""
    return 1 + len(COLLEGES) + d.structures.offering_subject


def sandbox_account(d: Drawn) -> int:
    """Account row of sandboxes."""
    return 1 + d.structures.organizations
