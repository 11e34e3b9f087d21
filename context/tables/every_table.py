"""What the modules that lay out tables share."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, DAY_MS, I64, MINUTE_MS, NO_TIME, U64
from context.columns import Coded
from context.terms.drawn import Drawn

Pair = tuple[pa.Table, pa.Table]  # an entity and its keymap
Columns = tuple[dict[str, object], int]  # columns of a table by name, and its number of rows
# Purposes of randomness: what each number draws.
_COURSE_MADE, _UPDATED_AFTER = 111, 150


def drawn(d: Drawn, entity: str, field: str, key: U64, purpose: int) -> I64:
    """A continuous field of the pack as whole numbers in its unit."""
    law = d.pack.continuous(entity, field)
    return np.asarray(np.rint(law.draw(rng.extend(key, purpose)) * law.step), dtype=np.int64)


def coded(d: Drawn, entity: str, field: str, key: U64, purpose: int) -> Coded:
    """A categorical field of the pack, drawn by key."""
    law = d.pack.categorical(entity, field)
    return Coded(law.draw(rng.extend(key, purpose)), law.values)


def is_value(value: Coded, text: str) -> BOOL:
    """True where a drawn field has the value ``text``."""
    return np.asarray(np.array([v == text for v in value.values])[value.codes])


def touched(d: Drawn, created: I64, key: U64) -> I64:
    """When a row was last changed: within two days of its creation, never after the term."""
    return np.asarray(
        np.minimum(created + rng.integer(rng.extend(key, _UPDATED_AFTER), 2 * DAY_MS), d.close_ms)
    )


def course_made_ms(d: Drawn) -> I64:
    """When the Canvas course of each offering was made: weeks before courses open."""
    return d.open_ms - (20 + rng.integer(rng.extend(d.catalogue.offering_key, _COURSE_MADE), 100)) * DAY_MS


def sis_keymap(name: str, codes: list[str] | pa.Array) -> pa.Table:
    """A keymap of SIS-only rows: the code is the external id, a number the internal one."""
    external = pa.array(codes, pa.string()) if isinstance(codes, list) else codes
    rows = ids.udp_ids(len(external))
    return ids.keymap(name, rows, sis_int=frame.texts(1000 + rows), sis_ext=external)


def canvas_table(d: Drawn, name: str, rows: int, columns: Mapping[str, object], created: I64) -> Pair:
    """(entity, keymap) of objects that only Canvas has: ids rise with ``created``, SIS ids are NULL."""
    entity = frame.table(name, rows, {f"{name}_id": ids.udp_ids(rows), **columns})
    return entity, ids.canvas_keymap(name, ids.udp_ids(rows), d.local(name, rows, created))


def activity_unlocked(d: Drawn) -> I64:
    """When activities open, where that is later than their creation."""
    a = d.content.activities
    return np.where(a.release_ms != a.created_ms, a.release_ms, NO_TIME)


def first_date(d: Drawn) -> int:
    """Day 0 of the term in days since 1970."""
    return int(np.datetime64(d.calendar.term.start, "D").astype(np.int64))


def is_last_minute(d: Drawn, ms: I64) -> BOOL:
    """True for instants in the last minute of a local day: what is due then, Canvas calls due all day."""
    c = d.calendar
    row = c.day_of(ms) - c.first_day
    return np.asarray((c.midnight_ms[row + 1] - ms) <= MINUTE_MS)
