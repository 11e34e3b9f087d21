"""Surrogate ids, Canvas-like native ids, and the keymaps that tie them together.

Canvas numbers its objects per installation (local ids) and prefixes the shard for global ones:
global = shard * 10**13 + local. Local ids grow with gaps, since a real table loses rows.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context import columns as frame
from context import rng
from context.arrays import I64
from context.errors import InputError

_SHARD_SIZE = 10**13
SHARD = 1977  # unless a scenario has another
MOST_SHARD = 900_000  # a long id has 64 bits
_MOST_ROWS = (
    50_000_000  # of an entity in a term, in the term's own stretch of numbers; others follow far behind
)
_FAR, _MOST_FAR_ROWS = 10**11, 10**10  # where these begin, and how many of a term have room there
_STEP = 5  # room for gaps between neighbouring local ids


def udp_ids(rows: int) -> I64:
    """Surrogate UDP ids 1..rows."""
    return np.arange(1, rows + 1, dtype=np.int64)


def local_ids(seed: int, entity: str, rows: int, created: I64 | None = None, place: int = 0) -> I64:
    """Short Canvas ids of an entity's rows, with keyed gaps, int64.

    They rise with the instants of creation where those are given, else with the rows. Each term has a stretch
    of its own, by its ``place`` before the played one, so that an earlier term moves no id. Raises InputError
    for more rows than there are numbers.
    """
    check_rows(entity, rows)
    rising = rising_ids(seed, entity, np.arange(rows, dtype=np.int64), place)
    if created is None:
        return rising
    local = np.empty(rows, dtype=np.int64)
    local[np.argsort(created, kind="stable")] = rising
    return local


def check_rows(entity: str, rows: int) -> None:
    """Raise InputError for more rows of a term than there are numbers."""
    if rows > _MOST_FAR_ROWS:
        raise InputError(f"{entity}: {rows:,} rows, allowed: {_MOST_FAR_ROWS:,}; make several tenants of it")


def rising_ids(seed: int, entity: str, row: I64, place: int = 0) -> I64:
    """Short ids of the rows ``row`` of a term, which rise with them: ``local_ids``, some at a time."""
    base = int(rng.integer(rng.key(seed, f"id base {entity}"), 90_000)[0]) + 10_000
    beyond = _FAR + place * _MOST_FAR_ROWS - place * _MOST_ROWS
    ordinal = place * _MOST_ROWS + row + np.where(row < _MOST_ROWS, 0, beyond)
    return np.asarray(base + ordinal * _STEP + rng.integer(rng.key(seed, f"id gap {entity}", ordinal), _STEP))


def global_ids(local: I64, shard: int = SHARD) -> I64:
    """Long Canvas ids: the shard's prefix and the local id."""
    return shard * _SHARD_SIZE + local


def from_shard(ids: I64, shard: int) -> I64:
    """Long ids of the usual shard as those of ``shard``; what is no long id stays."""
    return np.where(ids >= SHARD * _SHARD_SIZE, ids + (shard - SHARD) * _SHARD_SIZE, ids)


def keymap_from_shard(name: str, table: pa.Table, shard: int) -> pa.Table:
    """The keymap of entity ``name`` with its long Canvas ids in ``shard``; opaque keys of people stay."""
    if shard == SHARD or name in schemas.OPAQUE_KEYS:
        return table
    place = table.schema.get_field_index("lms_int_id")
    column = table.column(place)
    long = pc.and_kleene(
        pc.starts_with(column, str(SHARD)), pc.equal(pc.utf8_length(column), len(str(SHARD * _SHARD_SIZE)))
    )
    other = pc.binary_join_element_wise(str(shard), pc.utf8_slice_codeunits(column, len(str(SHARD))), "")
    moved = pc.if_else(pc.fill_null(long, fill_value=False), other, column)
    return table.set_column(place, table.schema.field(place), moved)


def keymap(
    name: str,
    ids: I64,
    *,
    sis_int: pa.Array | None = None,
    sis_ext: pa.Array | None = None,
    lms_int: pa.Array | None = None,
    lms_ext: pa.Array | None = None,
) -> pa.Table:
    """The keymap table of entity ``name``; native ids that a row lacks are NULL."""
    schema = schemas.arrow_schema(schemas.table("context_store_keymap", name))
    rows = len(ids)
    native = [
        pa.nulls(rows, pa.string()) if array is None else array
        for array in (sis_int, sis_ext, lms_int, lms_ext)
    ]
    return pa.table([pa.array(ids), *native], names=schema.names)


def canvas_keymap(
    name: str, ids: I64, local: I64, sis_ext: pa.Array | None = None, sis_int: pa.Array | None = None
) -> pa.Table:
    """A keymap of Canvas content: the long id as ``lms_int_id``, the short one as ``lms_ext_id``."""
    return keymap(
        name,
        ids,
        sis_int=sis_int,
        sis_ext=sis_ext,
        lms_int=frame.texts(global_ids(local)),
        lms_ext=frame.texts(local),
    )
