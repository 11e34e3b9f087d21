"""Tables of progress: students in modules, and how they stand to what the items ask for."""

from __future__ import annotations

import numpy as np

from context import columns as frame
from context import ids
from context.arrays import NO_TIME
from context.columns import Coded, Maybe
from context.grades.module_progress import MODULE_STATES
from context.tables.every_table import Columns
from context.terms.drawn import Drawn, Tables

# Purposes of randomness: what each number draws.
_COLLAPSED, _KNOWS_COLLAPSED, _CURRENT, _EVALUATED = 1, 2, 3, 4


def progress_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of progress."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, (columns, rows) in {
        "module_progression": _progressions(d),
        "module_item_completion": _completions(d),
    }.items():
        entity[name] = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
        local = d.local(name, rows, frame.created(columns))
        keymap[name] = ids.canvas_keymap(name, ids.udp_ids(rows), local)
    return entity, keymap


def _progressions(d: Drawn) -> Columns:
    p = d.module_progress
    return {
        "module_id": p.module + 1,
        "person_id": d.enrolments.person[p.enrolment] + 1,
        "status": Coded(p.state, MODULE_STATES),
        "is_collapsed": Maybe(
            d.coin(p.key, _COLLAPSED, "module_progression.collapsed_share"),
            d.coin(p.key, _KNOWS_COLLAPSED, "module_progression.collapsed_known_share"),
        ),
        "is_current": Maybe(
            d.coin(p.key, _CURRENT, "module_progression.current_share"),
            d.coin(p.key, _EVALUATED, "module_progression.evaluated_share"),
        ),
        "current_position": Maybe(p.position, p.position > 0),
        "lock_version": p.done,
        "completed_date": p.completed_ms,
        "evaluated_date": np.where(
            d.coin(p.key, _EVALUATED, "module_progression.evaluated_share"), p.changed_ms, NO_TIME
        ),
        "created_date": p.created_ms,
        "updated_date": p.changed_ms,
    }, len(p)


def _completions(d: Drawn) -> Columns:
    p, r = d.module_progress, d.requirements
    least = r.min_score_hundredths[p.item]
    return {
        "module_item_id": p.item + 1,
        "module_progression_id": p.item_of + 1,
        "completion_status": Coded(np.where(p.item_done_ms != NO_TIME, 0, 1), ("complete", "incomplete")),
        "requirement_type": Coded(r.type[p.item], r.types),
        "min_score": Maybe(least, least > 0),
        "score": p.item_score,
        "completed_date": p.item_done_ms,
    }, len(p.item)
