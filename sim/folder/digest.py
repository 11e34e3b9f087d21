"""Digests of what was generated: of columns, whatever file or encoding they stand in.

The digest of a column depends on its values alone: not on chunks, slices, dictionary or Parquet encoding,
nor on the machine. Nulls differ from empty texts, a null record from a record of nulls. Nested columns are
taken apart into leaves, named by their path: ``actor.id``, ``membership.roles[]``.

The algorithm is XXH3-128: it finds what fails or was changed by accident, at the speed of memory, and is none
against forgers.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import xxhash

import schemas
from context.arrays import U8
from context.errors import RunError

WHOLE_ROWS = 1 << 18  # a column of a file with no more rows is read once, of one with more several times
DIGEST_ROWS = 32_768  # rows of the event store digested at a time; part of the definition too
_MANY_TEXTS = 1_000  # of 4,000 on a table numbers codes in 0.3 ms, hashing in 0.5; of some hundred as fast


def column_digests(
    table: pa.Table, *, plain: Collection[str] | None = None, each_once: bool = False
) -> dict[str, str]:
    """XXH3-128 (hex) per leaf, in the order of the schema.

    ``plain`` names the text leaves whose bytes are digested one by one; None means all. Texts elsewhere are
    digested as codes in order of first appearance, which is fast for dictionaries. The choice belongs to the
    leaf, so both sides of a comparison must make the same one. ``each_once``: no dictionary holds a text
    twice, so that none need be looked through for it; it changes no digest where that is so.
    """
    digests: dict[str, str] = {}
    for name in table.column_names:
        column = table.column(name)
        chunks = column.chunks or [pa.array([], column.type)]
        _digest(chunks, name, _How(plain, each_once), digests)
    return digests


def table_digest(table: pa.Table, *, plain: Collection[str] | None = None, each_once: bool = False) -> str:
    """One XXH3-128 (hex) over number of rows, paths and ``column_digests``."""
    return combined(column_digests(table, plain=plain, each_once=each_once), table.num_rows)


def parquet_digest(path: Path) -> str:
    """``table_digest`` of a Parquet file of flat columns, of which a row group of one column is held.

    Raises RunError when it can't be read.
    """
    try:
        with pq.ParquetFile(path) as file:
            digests: dict[str, str] = {}
            for name in file.schema_arrow.names:
                groups: Sequence[pa.Array] = _Groups(file, name)
                if file.metadata.num_rows <= WHOLE_ROWS:
                    groups = list(groups)
                _digest(groups, name, _How(), digests)
            return combined(digests, file.metadata.num_rows)
    except (OSError, pa.ArrowInvalid) as error:
        raise RunError(f"{path}: cannot be read: {error}") from error


class _Groups(Sequence[pa.Array]):
    """A column of a Parquet file by row groups, each read when it is asked for."""

    def __init__(self, file: pq.ParquetFile, name: str) -> None:
        self._file, self._name = file, name

    def __len__(self) -> int:
        return max(int(self._file.num_row_groups), 1)

    def __getitem__(self, i: Any) -> Any:
        if i >= len(self):
            raise IndexError(i)
        groups = [i] if self._file.num_row_groups else []
        return self._file.read_row_groups(groups, columns=[self._name]).column(0).combine_chunks()


class RowsDigest:
    """The digest of rows in their order, part by part.

    It is taken of runs of DIGEST_ROWS rows, so that no more than that is held, and then of their digests.
    ``plain`` and ``each_once`` as ``column_digests`` has them.
    """

    def __init__(self, plain: Collection[str] | None = None, *, each_once: bool = False) -> None:
        self.rows = 0
        self._plain, self._each_once = plain, each_once
        self._held: list[pa.Table] = []
        self._runs: dict[str, str] = {}

    def update(self, part: pa.Table) -> None:
        """The next rows, however the whole is cut into parts."""
        while part.num_rows:
            room = DIGEST_ROWS - sum(table.num_rows for table in self._held)
            self._held.append(part.slice(0, room))
            self.rows += self._held[-1].num_rows
            part = part.slice(room)
            if self._held[-1].num_rows == room:
                self._take()

    def hexdigest(self) -> str:
        """XXH3-128 (hex) of all rows given; nothing may be added afterwards."""
        if self._held:
            self._take()
        return combined(self._runs, self.rows)

    def _take(self) -> None:
        table = _concatenated(self._held)
        self._runs[str(len(self._runs))] = table_digest(table, plain=self._plain, each_once=self._each_once)
        self._held = []


class EventsDigest(RowsDigest):
    """The digest of rows of event_store.expanded, as manifests hold it for each unit.

    Texts that repeat come as dictionaries and are digested by codes. Which do is part of the definition of a
    digest: changing it in the contract changes digests. ``each_once`` is for tables of an Expander.
    """

    def __init__(self, *, each_once: bool = False) -> None:
        super().__init__(schemas.table("event_store", "expanded").unrepeated, each_once=each_once)


def events_digest(table: pa.Table) -> str:
    """The digest of a table of event_store.expanded that is whole in memory."""
    digest = EventsDigest()
    digest.update(table)
    return digest.hexdigest()


def _concatenated(tables: list[pa.Table]) -> pa.Table:
    """One table of chunks; parts may come with dictionaries or without."""
    if all(table.schema == tables[0].schema for table in tables):
        return pa.concat_tables(tables)
    return pa.concat_tables([table.cast(_plain_schema(table.schema)) for table in tables])


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    return pa.schema([pa.field(field.name, _plain_type(field.type)) for field in schema])


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return kind.value_type
    if pa.types.is_struct(kind):
        return pa.struct([pa.field(field.name, _plain_type(field.type)) for field in kind])
    if pa.types.is_list(kind):
        return pa.list_(_plain_type(kind.value_type))
    return kind


def combined(digests: Mapping[str, str], rows: int) -> str:
    """One XXH3-128 (hex) over named digests, in their order."""
    text = "".join(f"{name}\n{digest}\n" for name, digest in digests.items())
    return xxhash.xxh3_128(f"{rows}\n{text}".encode()).hexdigest()


@dataclass(frozen=True)
class _How:
    """What ``column_digests`` is told."""

    plain: Collection[str] | None = None
    each_once: bool = False

    def is_coded(self, path: str) -> bool:
        """Whether texts of a leaf are digested as codes."""
        return self.plain is not None and path not in self.plain


def _digest(chunks: Sequence[pa.Array], path: str, how: _How, into: dict[str, str]) -> None:
    """Digest one column; ``chunks`` is not empty and all have one type.

    Nulls, lengths and values are passed over one after the other, all chunks each: so chunks can't show.
    """
    coded = pa.types.is_dictionary(chunks[0].type)
    kind = chunks[0].type.value_type if coded else chunks[0].type
    if coded:  # a null may also stand in the dictionary itself
        chunks = [chunk.dictionary_decode() if chunk.dictionary.null_count else chunk for chunk in chunks]
        coded = all(pa.types.is_dictionary(chunk.type) for chunk in chunks)
        chunks = chunks if coded else [_decoded(chunk) for chunk in chunks]
    sizes = [(len(chunk), chunk.null_count) for chunk in chunks]
    rows, nulls = map(sum, zip(*sizes, strict=True))
    state = xxhash.xxh3_128(f"{_name(kind)}\n{rows} {nulls}\n".encode())
    if 0 < nulls < rows:
        for chunk in chunks:
            state.update(_little(chunk.is_valid().cast(pa.uint8()), "u1").data)
    if pa.types.is_struct(kind):
        into[path] = state.hexdigest()
        # flatten() carries a null record down to its fields, whatever bytes stand there.
        fields = zip(*(chunk.flatten() for chunk in chunks), strict=True)
        for field, parts in zip(kind, fields, strict=True):
            _digest(parts, f"{path}.{field.name}", how, into)
    elif pa.types.is_list(kind) or pa.types.is_large_list(kind):
        for chunk in chunks:
            state.update(_little(pc.fill_null(pc.list_value_length(chunk), 0), "<i8").data)
        into[path] = state.hexdigest()
        _digest([chunk.flatten() for chunk in chunks], f"{path}[]", how, into)
    else:
        if nulls < rows and _is_text(kind) and how.is_coded(path):
            codes, texts = _codes(pa.chunked_array(chunks), each_once=how.each_once)
            state.update(_little(codes, "<i4").data)
            _update_texts(state, [texts])
        elif nulls < rows:
            _update_values(state, chunks)
        into[path] = state.hexdigest()


def _update_values(state: xxhash.xxh3_128, chunks: Sequence[pa.Array]) -> None:
    if pa.types.is_dictionary(chunks[0].type):
        chunks = [chunk.dictionary_decode() for chunk in chunks]
    if _is_text(chunks[0].type):
        _update_texts(state, chunks)
    else:
        for chunk in chunks:
            state.update(_fixed(chunk).data)


def _update_texts(state: xxhash.xxh3_128, chunks: Sequence[pa.Array]) -> None:
    """Lengths in bytes (0 for null), then the bytes; chunks may be read anew for each of the two."""
    for chunk in chunks:
        state.update(_lengths(chunk).data)
    for chunk in chunks:
        state.update(_bytes_of_texts(chunk))


def _lengths(chunk: pa.Array) -> npt.NDArray[np.int64]:
    return _little(pc.fill_null(pc.binary_length(chunk), 0), "<i8")


def _bytes_of_texts(chunk: pa.Array) -> memoryview:
    """The bytes of texts one after the other; what stands in the place of a null is left out."""
    _, offsets, values = chunk.buffers()
    if values is None or not len(chunk):
        return memoryview(b"")
    width = np.int64 if str(chunk.type).startswith("large_") else np.int32
    ends = np.frombuffer(offsets, width)[chunk.offset : chunk.offset + len(chunk) + 1]
    first, last = int(ends[0]), int(ends[-1])
    if chunk.null_count and int(_lengths(chunk).sum()) < last - first:
        return _bytes_of_texts(pc.fill_null(chunk.cast(pa.large_binary()), b""))
    return memoryview(values)[first:last]


def _codes(column: pa.ChunkedArray, *, each_once: bool) -> tuple[pa.Array, pa.Array]:
    """Codes (int32, -1 for null) in order of first appearance, and the texts they stand for."""
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.chunk(0) if column.num_chunks == 1 else column.unify_dictionaries().combine_chunks()
    if len(whole.dictionary) > _MANY_TEXTS:
        codes, met = _numbered(whole.indices, len(whole.dictionary))
    else:
        used = whole.indices.dictionary_encode()  # Arrow numbers what it meets as it meets it
        codes, met = used.indices, used.dictionary
    texts = whole.dictionary.take(met)
    if not each_once:
        once = texts.dictionary_encode()
        if len(once.dictionary) < len(texts):
            codes, texts = once.indices.take(codes), once.dictionary
    return codes.fill_null(-1), texts


def _numbered(codes: pa.Array, count: int) -> tuple[pa.Array, pa.Array]:
    """Codes below ``count`` in order of first appearance, and which they were."""
    at = np.arange(len(codes), dtype=np.int32)
    given = codes.cast(pa.int32()).fill_null(count).to_numpy().astype(np.intp)
    number = np.empty(count + 1, dtype=np.int32)
    number[given[::-1]] = at[::-1]  # where each is met first: what is written last stays
    met = given[number.take(given) == at]
    met = met[met < count]
    number[met] = at[: len(met)]
    return pa.array(number.take(given), mask=given == count if codes.null_count else None), pa.array(met)


def _fixed(chunk: pa.Array) -> U8:
    """Bytes of a column of fixed width, zeros for nulls, little-endian."""
    if pa.types.is_boolean(chunk.type):
        chunk = chunk.cast(pa.uint8())
    if pa.types.is_null(chunk.type):
        return np.zeros(0, np.uint8)
    width = chunk.type.bit_width // 8
    buffer = chunk.buffers()[1]
    if buffer is None or not len(chunk):
        return np.zeros(0, np.uint8)
    start = chunk.offset * width
    values = np.frombuffer(buffer, np.uint8)[start : start + len(chunk) * width].reshape(-1, width)
    if chunk.null_count:
        values = values * _little(chunk.is_valid().cast(pa.uint8()), "u1").reshape(-1, 1)
    return np.ascontiguousarray(values).reshape(-1)


def _decoded(chunk: pa.Array) -> pa.Array:
    return chunk.dictionary_decode() if pa.types.is_dictionary(chunk.type) else chunk


def _little(values: pa.Array, dtype: str) -> npt.NDArray[Any]:
    return np.asarray(values.to_numpy(zero_copy_only=False)).astype(dtype, copy=False)


def _is_text(kind: pa.DataType) -> bool:
    return _name(kind) in ("string", "binary")


def _name(kind: pa.DataType) -> str:
    """The type's name, the same for what only differs in the width of offsets or in nested parts."""
    if pa.types.is_struct(kind):
        return "struct"
    name = str(kind).removeprefix("large_")
    return "list" if name.startswith("list<") else name
