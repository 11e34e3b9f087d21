"""Surrogate ids, Canvas-like native ids, and the keymaps that tie them together.

Canvas numbers its objects per installation (local ids) and prefixes the shard for global ones:
global = shard * 10**13 + local. Local ids grow with gaps, since a real table loses rows.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context import columns as frame
from context import rng
from context.arrays import I32, I64, U8
from context.errors import InputError

_SHARD_SIZE = 10**13
SHARD = 1977  # unless a scenario has another
MOST_SHARD = 900_000  # a long id has 64 bits
_MOST_ROWS = (
    50_000_000  # of an entity in a term, in the term's own stretch of numbers; others follow far behind
)
_FAR, _MOST_FAR_ROWS = 10**11, 10**10  # where these begin, and how many of a term have room there
_STEP = 5  # room for gaps between neighbouring local ids
_LOCAL_DIGITS = len(str(_SHARD_SIZE)) - 1  # of a long id, behind its shard
_WORD_DIGITS = 8  # letters that are written at once
_SPELLED_ROWS = 1 << 13  # at a time: what is between numbers and letters stays in the processor's cache
_FOUR_DIGITS = np.frombuffer("".join(f"{number:04d}" for number in range(10_000)).encode(), dtype="<u4")


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
    long, short = canvas_texts(local)
    return keymap(name, ids, sis_int=sis_int, sis_ext=sis_ext, lms_int=long, lms_ext=short)


def canvas_texts(local: I64) -> tuple[pa.Array, pa.Array]:
    """(long ids, short ids) as decimal texts, of short ids from 0 up.

    Eight digits are one word, made once for both, from a table of four: half the time of formatting each.
    """
    if not len(local) or int(local.max()) >= 10**_WORD_DIGITS:
        return frame.texts(global_ids(local)), frame.texts(local)
    rows, width = len(local), len(str(SHARD)) + _LOCAL_DIGITS
    long = np.full(rows, np.void(str(SHARD * _SHARD_SIZE).encode()))
    tails = np.ndarray(rows, dtype="<u8", buffer=long, offset=width - _WORD_DIGITS, strides=(width,))
    ends = np.zeros(rows + 1, dtype=np.int32)
    np.cumsum(_digits(local), out=ends[1:])
    # A word at every byte: each is written without its zeros in front, and what then stands behind its last
    # digit gives way to the next one.
    letters = np.empty(int(ends[-1]) + _WORD_DIGITS, dtype=np.uint8)
    words = np.ndarray(int(ends[-1]) + 1, dtype="<u8", buffer=letters, strides=(1,))
    for start in range(0, rows, _SPELLED_ROWS):
        part = slice(start, start + _SPELLED_ROWS)
        above = local[part] // 10_000
        cells = np.empty((len(above), 2), dtype="<u4")
        cells[:, 0] = _FOUR_DIGITS[above]
        cells[:, 1] = _FOUR_DIGITS[local[part] - above * 10_000]
        word = cells.view("<u8")[:, 0]
        tails[part] = word
        begins = ends[part][: len(word)]
        zeros = _WORD_DIGITS - (ends[1:][part] - begins)
        words[begins] = word >> (zeros * 8).astype(np.uint64)
    every = np.arange(0, (rows + 1) * width, width, dtype=np.int32)
    return _text_array(every, long.view(np.uint8)), _text_array(ends, letters)


def _digits(values: I64) -> npt.NDArray[np.int8]:
    """How many digits each has."""
    digits, limit, most = np.ones(len(values), dtype=np.int8), 10, int(values.max())
    while limit <= most:
        digits += values >= limit
        limit *= 10
    return digits


def _text_array(ends: I32, letters: U8) -> pa.Array:
    return pa.StringArray.from_buffers(len(ends) - 1, pa.py_buffer(ends), pa.py_buffer(letters))
