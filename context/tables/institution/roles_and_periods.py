"""Tables of what the learning environment is set up with: its roles, and the term's grading periods."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import rng
from context.arrays import DAY_MS, I64, MINUTE_MS, NO_TIME
from context.columns import Coded, Maybe
from context.courses.grading_periods import make_periods, period_sets
from context.courses.structures import COLLEGES
from context.tables.every_table import Pair, canvas_table
from context.terms.drawn import Drawn, Tables

# (name, role whose rights it starts from, college whose account made it or None, state). The built-in ones
# come first, as they do in Canvas.
ROLES = (
    ("StudentEnrollment", "StudentEnrollment", None, "built_in"),
    ("TeacherEnrollment", "TeacherEnrollment", None, "built_in"),
    ("TaEnrollment", "TaEnrollment", None, "built_in"),
    ("DesignerEnrollment", "DesignerEnrollment", None, "built_in"),
    ("ObserverEnrollment", "ObserverEnrollment", None, "built_in"),
    ("AccountAdmin", "AccountMembership", None, "built_in"),
    ("Faculty of Record", "TeacherEnrollment", "ROOT", "active"),
    ("Librarian", "DesignerEnrollment", "ROOT", "active"),
    ("Clinical Preceptor", "TaEnrollment", "HLTH", "inactive"),
    ("Grader", "TaEnrollment", "BUS", "deleted"),
)
ROLE_OF = {  # the name in ROLES behind each role of an enrolment
    "Student": "StudentEnrollment",
    "Teacher": "TeacherEnrollment",
    "TeachingAssistant": "TaEnrollment",
    "Designer": "DesignerEnrollment",
    "Observer": "ObserverEnrollment",
    "Faculty": "Faculty of Record",
    "Other": "Librarian",
}


def frame_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of roles and grading periods."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, make in (
        ("role", _roles),
        ("grading_period_group", _period_groups),
        ("grading_period", _periods),
    ):
        entity[name], keymap[name] = make(d)
    return entity, keymap


def role_rows(roles: tuple[str, ...]) -> I64:
    """Row of ROLES of each role of an enrolment; roles that the pack adds are a Librarian's."""
    names = [name for name, _, _, _ in ROLES]
    return np.array([names.index(ROLE_OF.get(role, ROLE_OF["Other"])) for role in roles], dtype=np.int64)


def _account(code: str | None) -> int:
    """Row of the account of a college, of the root (0), or -1."""
    codes = ["ROOT", *(code for code, _, _ in COLLEGES)]
    return -1 if code is None else codes.index(code)


def _days_before(d: Drawn, purpose: str, rows: int, most_days: int) -> I64:
    """Instants up to ``most_days`` before the term's courses open."""
    return d.open_ms - rng.integer(rng.key(d.seed, purpose, np.arange(rows)), most_days) * DAY_MS


def _roles(d: Drawn) -> Pair:
    names, bases, accounts, states = zip(*ROLES, strict=True)
    account = np.array([_account(code) for code in accounts])
    # Built-in roles are as old as the installation; the others came later.
    age = np.where(account < 0, 4000, 300 + rng.integer(rng.key(d.seed, "role", np.arange(len(ROLES))), 1500))
    created = d.open_ms - age * DAY_MS
    deleted = np.array([state == "deleted" for state in states])
    updated = np.where(account < 0, created, created + (age - 200) * DAY_MS // 2)
    columns = {
        "name": pa.array(names),
        "base_role_type": pa.array(bases),
        "learning_environment_organization_id": Maybe(account + 1, account >= 0),
        "root_learning_environment_organization_id": 1,
        "status": pa.array(states),
        "created_date": created,
        "updated_date": updated,
        "deleted_date": np.where(deleted, updated, NO_TIME),
    }
    return canvas_table(d, "role", len(ROLES), columns, created)


def _period_groups(d: Drawn) -> Pair:
    sets = period_sets(d.pack)
    rows = len(sets)
    created = _days_before(d, "grading period group", rows, 60) - 30 * DAY_MS
    accounts = np.array([_account(each.college or "ROOT") for each in sets])
    deleted = np.array([each.is_deleted for each in sets])
    columns = {
        "learning_environment_organization_id": accounts + 1,
        "title": pa.array([each.title.format(term=d.calendar.term.name) for each in sets]),
        "status": Coded(deleted.astype(np.int64), ("active", "deleted")),
        "created_date": created,
        "updated_date": created + np.where(deleted, 12, 1) * DAY_MS,
    }
    return canvas_table(d, "grading_period_group", rows, columns, created)


def _periods(d: Drawn) -> Pair:
    sets, periods = period_sets(d.pack), make_periods(d.pack, d.calendar)
    deleted = np.array([each.is_deleted for each in sets])[periods.of_set]
    created = (_days_before(d, "grading period group", len(sets), 60) - 30 * DAY_MS)[periods.of_set]
    created = created + MINUTE_MS * (1 + np.arange(len(periods)))
    columns = {
        "grading_period_group_id": periods.of_set + 1,
        "title": pa.array(periods.title),
        "start_date": periods.start_ms,
        "end_date": periods.end_ms,
        "close_date": periods.close_ms,
        "weight": np.where(periods.weight_percent > 0, periods.weight_percent * 100, NO_TIME),
        "status": Coded(deleted.astype(np.int64), ("active", "deleted")),
        "created_date": created,
        "updated_date": created + np.where(deleted, 12, 1) * DAY_MS,
    }
    return canvas_table(d, "grading_period", len(periods), columns, created)
