"""Surrogate ids, Canvas-like native ids, and the keymaps that tie them together.

Canvas numbers its objects per installation (local ids) and prefixes the shard for global ones:
global = shard * 10**13 + local. Local ids grow with gaps, since a real table loses rows.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

import schemas
from context import columns as frame
from context import rng
from context.arrays import I64

SHARD = 1977
_MOST_ROWS = 50_000_000  # of an entity in a term
_STEP = 5  # room for gaps between neighbouring local ids


def udp_ids(rows: int) -> I64:
    """Surrogate UDP ids 1..rows."""
    return np.arange(1, rows + 1, dtype=np.int64)


def local_ids(seed: int, entity: str, rows: int, created: I64 | None = None, place: int = 0) -> I64:
    """Short Canvas ids of an entity's rows, with keyed gaps, int64.

    They rise with the instants of creation where those are given, else with the rows. Each term has a stretch
    of its own, by its ``place`` before the played one, so that an earlier term moves no id.
    """
    base = int(rng.integer(rng.key(seed, f"id base {entity}"), 90_000)[0]) + 10_000
    ordinal = place * _MOST_ROWS + np.arange(rows, dtype=np.int64)
    rising = base + ordinal * _STEP + rng.integer(rng.key(seed, f"id gap {entity}", ordinal), _STEP)
    if created is None:
        return np.asarray(rising)
    local = np.empty(rows, dtype=np.int64)
    local[np.argsort(created, kind="stable")] = rising
    return local


def global_ids(local: I64) -> I64:
    """Long Canvas ids: the shard's prefix and the local id."""
    return SHARD * 10**13 + local


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
