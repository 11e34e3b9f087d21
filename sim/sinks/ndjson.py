"""JSON documents, one a line: a file per unit in a folder, or everything to stdout."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context.errors import InputError, RunError
from sim.atomic import disk_error, replacing
from sim.sinks import Unit, Written, check_rows, event_micros

CHUNK = 16_384  # documents joined at a time: some 30 MB
Blocks = Iterator[tuple[int, memoryview]]  # lines: how many, and their bytes


class NdjsonSink:
    """``target`` is a folder (made when missing) or ``-`` for stdout."""

    def __init__(self, target: str) -> None:
        self._root = None if target == "-" else Path(target)
        if self._root is not None and self._root.exists() and not self._root.is_dir():
            raise InputError(f"sink ndjson:{target}: this is a file, allowed: a folder, or - for stdout")
        self._closed = False

    def write(self, unit: Unit) -> list[Written]:
        """Write ``unit-<campus day>.ndjson``, or the lines to stdout. Raises RunError."""
        if self._closed:
            raise RunError("ndjson: the sink is closed")
        event_micros(unit)
        blocks = unit.lines() if unit.lines is not None else _blocks(_documents(unit))
        if self._root is None:
            return self._to_stdout(unit, blocks)
        path = self._root / f"unit-{unit.campus_day}.ndjson"
        if not unit.table.num_rows:
            path.unlink(missing_ok=True)
            return []
        with replacing([path]) as (beside,), beside.open("wb") as file:
            rows, size = _write(blocks, file)
            check_rows(unit, rows, path.name)
        return [Written(path.name, rows, size)]

    def close(self) -> None:
        """Flush stdout."""
        self._closed = True
        if self._root is None:
            sys.stdout.buffer.flush()

    def _to_stdout(self, unit: Unit, blocks: Blocks) -> list[Written]:
        try:
            rows, size = _write(blocks, sys.stdout.buffer)
            sys.stdout.buffer.flush()
        except OSError as error:
            raise disk_error(Path("stdout"), error) from error
        check_rows(unit, rows, "stdout")
        return [Written("-", rows, size)] if rows else []


def lines(documents: pa.Array | pa.ChunkedArray) -> Iterator[memoryview]:
    """Documents as newline-ended lines, joined by Arrow some thousands at a time."""
    chunks = documents.chunks if isinstance(documents, pa.ChunkedArray) else [documents]
    for chunk in chunks:
        for start in range(0, len(chunk), CHUNK):
            part = chunk.slice(start, CHUNK)
            # Joined with nothing: the separator ends each line.
            joined = pc.binary_join_element_wise(part, *_nothing_and_newline(part.type))
            offsets = np.frombuffer(joined.buffers()[1], dtype=np.int64 if _is_large(part.type) else np.int32)
            yield memoryview(joined.buffers()[2])[: int(offsets[len(joined)])]


def _is_large(kind: pa.DataType) -> bool:
    return bool(pa.types.is_large_binary(kind) or pa.types.is_large_string(kind))


def _nothing_and_newline(kind: pa.DataType) -> tuple[pa.Scalar, pa.Scalar]:
    text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
    return (
        (pa.scalar("", kind), pa.scalar("\n", kind))
        if text
        else (pa.scalar(b"", kind), pa.scalar(b"\n", kind))
    )


def _documents(unit: Unit) -> pa.ChunkedArray:
    """The unit's documents, or those in its table. Raises RunError when one is missing."""
    documents = unit.table.column("event") if unit.json is None else unit.json
    if isinstance(documents, pa.Array):
        documents = pa.chunked_array([documents])
    if documents.null_count:
        raise RunError(f"unit {unit.campus_day}: {documents.null_count} events without a document")
    return documents


def _blocks(documents: pa.ChunkedArray) -> Blocks:
    """Documents as lines, (how many, their bytes) at a time."""
    for chunk in documents.chunks:
        for start in range(0, len(chunk), CHUNK):
            part = chunk.slice(start, CHUNK)
            for block in lines(part):
                yield len(part), block


def _write(blocks: Blocks, file: BinaryIO) -> tuple[int, int]:
    """Write all lines; returns lines and bytes. Raises RunError when not every byte went out."""
    rows = size = wanted = 0
    for count, block in blocks:
        rows += count
        wanted += len(block)
        size += file.write(block)
    if size != wanted:
        raise RunError(f"ndjson: {size} bytes written, {wanted} wanted")
    return rows, size
