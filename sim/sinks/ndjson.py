"""JSON documents, one a line: a file per unit in a folder, plain or compressed, or everything to stdout."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, suppress
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash
from isal import igzip, isal_zlib

from context.errors import InputError, RunError
from context.files import Written, disk_error, replacing, typed_path
from sim.sinks.units import InOrder, Needs, Unit, UnitOptions, UnitWriter, stored

JOINED_DOCUMENTS = 16_384  # documents joined at a time: some 30 MB
# ISA-L's: CPU seconds per million events of 1.9 KB, one core, and bytes an event: level 1 1.73, 246; level 2
# 1.79, 244; level 3 5.2, 232; zlib's level 4 15.4, 204; zstd 1.77, 127. Bytes may differ between processors.
GZIP_LEVEL = 2
_PIECE = 1 << 19  # bytes digested, summed and written at a time, while the processor's cache has them
SUFFIXES = {"none": "", "gzip": ".gz", "zstd": ".zst"}
Blocks = Iterator[tuple[int, memoryview]]  # lines: how many, and their bytes


class NdjsonSink:
    """``target`` is a folder (made when missing) or ``-`` for stdout, which is never compressed.

    ``?compression=`` may stand behind a folder. Raises InputError for what can be neither.
    """

    needs: Needs = "lines"

    def __init__(self, target: str, options: UnitOptions | None = None) -> None:
        del options
        target, compression = _read(target)
        self.root = None if target == "-" else typed_path(target)
        if self.root is not None and self.root.exists() and not self.root.is_dir():
            raise InputError(f"sink ndjson:{target}: this is a file, allowed: a folder, or - for stdout")
        if compression not in SUFFIXES or (self.root is None and compression != "none"):
            raise InputError(
                f"sink ndjson:{target}: compression {compression} given, "
                + (f"allowed: {', '.join(SUFFIXES)}" if self.root else "allowed: none on stdout")
            )
        self.compression = compression
        self._closed = False

    def unit(self, campus_day: date) -> UnitWriter:
        """Begin ``unit-<campus day>.ndjson``, with the suffix of its compression, or lines on stdout."""
        if self._closed:
            raise RunError("ndjson: the sink is closed")
        if self.root is None:
            return _StdoutUnit(campus_day)
        return _NdjsonUnit(self.root / unit_name(campus_day, self.compression), self.compression, campus_day)

    def copy(self, campus_day: date, run_dir: Path, files: Sequence[Written]) -> list[Written]:
        """The documents in a unit's files. Raises RunError when they have none."""
        with self.unit(campus_day) as writer:
            for table in stored(run_dir, files, ["event_time", "event"]):
                writer.add(Unit(campus_day, table))
        return writer.written

    def close(self) -> None:
        """Flush stdout."""
        self._closed = True
        if self.root is None:
            sys.stdout.buffer.flush()


def _read(target: str) -> tuple[str, str]:
    """(folder or ``-``, compression)."""
    folder, mark, query = target.rpartition("?")
    if not mark:
        return target, "none"
    key, _, compression = query.partition("=")
    if key != "compression":
        raise InputError(
            f"sink ndjson:{target}: {query!r} given behind the last ?, "
            "allowed: compression=none, gzip or zstd; behind a folder's own ?, too"
        )
    return folder, compression or "none"


def unit_name(campus_day: date, compression: str) -> str:
    """The file of a unit."""
    return f"unit-{campus_day}.ndjson{SUFFIXES[compression]}"


class _NdjsonUnit:
    """A unit's file, beside its place until it is whole."""

    def __init__(self, path: Path, compression: str, campus_day: date) -> None:
        self.written: list[Written] = []
        self._path, self._compression, self._order = path, compression, InOrder(campus_day)
        self._stack = ExitStack()
        self._beside, self._rows, self._bytes, self._crc32 = path, 0, 0, 0
        self._digest = xxhash.xxh3_128()
        self._write: Callable[[memoryview], Any] | None = None

    def __enter__(self) -> Self:
        return self

    def add(self, part: Unit) -> None:
        self._order.times(part)
        if not part.table.num_rows:
            return
        if self._write is None:
            (self._beside,) = self._stack.enter_context(replacing([self._path]))
            self._write = self._stack.enter_context(_compressed(self._beside, self._compression)).write
        rows, self._crc32 = _write(_blocks(part), self._out, self._crc32)
        self._rows += rows

    def _out(self, block: memoryview) -> None:
        """Lines that are not compressed are digested while they are in the processor's cache."""
        if self._compression == "none":
            self._digest.update(block)
            self._bytes += len(block)
        if self._write is not None:
            self._write(block)

    def _of_file(self) -> Written:
        if self._compression == "none":
            if (size := self._path.stat().st_size) != self._bytes:
                raise RunError(f"{self._path}: {self._bytes} bytes written, {size} there")
            digest = self._digest.hexdigest()
            return Written(self._path.name, self._rows, self._bytes, digest, self._crc32)
        return Written.of(self._path.name, self._path, self._rows, self._crc32)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            try:
                self._order.check(self._rows, self._path.name)
            except RunError as found:
                self._stack.__exit__(type(found), found, None)
                raise
        self._stack.__exit__(kind, error, trace)
        if error is not None:
            return
        try:
            if self._rows:
                self.written = [self._of_file()]
            for suffix in SUFFIXES.values():  # the same unit under another compression would count twice
                other = self._path.with_name(f"unit-{self._order.campus_day}.ndjson{suffix}")
                if other != self._path or not self._rows:
                    other.unlink(missing_ok=True)
        except OSError as problem:
            raise disk_error(self._path, problem) from problem


class _StdoutUnit:
    """Lines of a unit on stdout, as they come."""

    def __init__(self, campus_day: date) -> None:
        self.written: list[Written] = []
        self._order = InOrder(campus_day)
        self._rows = self._bytes = self._crc32 = 0

    def __enter__(self) -> Self:
        return self

    def add(self, part: Unit) -> None:
        self._order.times(part)
        try:
            rows, self._crc32 = _write(_blocks(part), self._out, self._crc32)
            self._rows += rows
            sys.stdout.buffer.flush()
        except OSError as error:
            raise disk_error(Path("stdout"), error) from error

    def _out(self, block: memoryview) -> int:
        self._bytes += len(block)
        return sys.stdout.buffer.write(block)

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._order.check(self._rows, "stdout")
            written = Written("-", self._rows, self._bytes, lines_crc32=self._crc32)
            self.written = [written] if self._rows else []


def _compressed(path: Path, compression: str) -> IO[bytes]:
    """A file to write to; neither name nor time gets into compressed bytes."""
    if compression == "gzip":
        return cast("IO[bytes]", _Gzip(path))
    if compression == "zstd":
        return cast("IO[bytes]", pa.CompressedOutputStream(pa.OSFile(str(path), "wb"), "zstd"))
    return path.open("wb")


class _Gzip(igzip.IGzipFile):
    """A gzip file that closes what is below it.

    ISA-L's bytes show how what it is given was cut: so it is given pieces of one size.
    """

    def __init__(self, path: Path) -> None:
        self._below, self._held = path.open("wb"), bytearray()
        super().__init__("", "wb", GZIP_LEVEL, self._below, mtime=0)  # type: ignore[no-untyped-call]

    def write(self, data: Any) -> int:
        self._held += data
        while len(self._held) >= _PIECE:
            super().write(bytes(self._held[:_PIECE]))  # type: ignore[no-untyped-call]
            del self._held[:_PIECE]
        return len(data)

    def close(self) -> None:
        try:
            if rest := bytes(getattr(self, "_held", b"")):  # a file that could not be opened has none
                self._held.clear()
                super().write(rest)  # type: ignore[no-untyped-call]
            super().close()
        finally:
            with suppress(AttributeError):
                self._below.close()


def lines(documents: pa.Array | pa.ChunkedArray) -> Iterator[memoryview]:
    """Documents as newline-ended lines, joined by Arrow some thousands at a time."""
    chunks = documents.chunks if isinstance(documents, pa.ChunkedArray) else [documents]
    for chunk in chunks:
        for start in range(0, len(chunk), JOINED_DOCUMENTS):
            part = chunk.slice(start, JOINED_DOCUMENTS)
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


def _blocks(unit: Unit) -> Blocks:
    """The unit's lines, as it brings them or made of its documents."""
    if unit.lines is not None:
        yield from unit.lines()
        return
    for chunk in _documents(unit).chunks:
        for start in range(0, len(chunk), JOINED_DOCUMENTS):
            part = chunk.slice(start, JOINED_DOCUMENTS)
            for block in lines(part):
                if len(block) != len(part) + _data_bytes(part):
                    raise RunError(f"ndjson: {len(block)} bytes of {len(part)} documents")
                yield len(part), block


def _write(blocks: Blocks, out: Callable[[memoryview], Any], crc32: int) -> tuple[int, int]:
    """Write all lines; returns their number, and the CRC-32 of all bytes so far."""
    rows = 0
    for count, block in blocks:
        rows += count
        for start in range(0, len(block), _PIECE):
            piece = block[start : start + _PIECE]
            crc32 = isal_zlib.crc32(piece, crc32)
            out(piece)
    return rows, crc32


def _data_bytes(chunk: pa.Array) -> int:
    return int(pc.sum(pc.binary_length(chunk)).as_py() or 0)
