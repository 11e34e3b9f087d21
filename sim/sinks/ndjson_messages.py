"""A stream as lines of JSON: appended to a file, which is exact after any kill, or written to stdout.

The digest of what was written goes with the mark into the checkpoint: so `termtide verify` can tell.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from context.errors import InputError
from context.files import disk_error, typed_path
from sim.sinks.messages import Messages, StreamOptions

_BLOCK = 1 << 26  # bytes; part of the definition of a file's chain
_PIECE = 1 << 20
_MARK = re.compile(r"([0-9]{1,18}) ([0-9a-f]{32}) ([0-9a-f]{32})")


class Chain:
    """The digest of a file that grows: XXH3-128 of each block, chained, and of what has come since.

    So it is known at any byte, and who goes on from there reads no more than the block that isn't full.
    """

    def __init__(self, size: int = 0, full: str = "0" * 32) -> None:
        self.size = size  # bytes
        self._full = full  # of the blocks before
        self._tail = xxhash.xxh3_128()

    def update(self, data: memoryview | bytes) -> None:
        """The next bytes."""
        rest = memoryview(data)
        while rest:
            part = rest[: _BLOCK - self.size % _BLOCK]
            self._tail.update(part)
            self.size += len(part)
            rest = rest[len(part) :]
            if self.size % _BLOCK == 0:
                self._full = xxhash.xxh3_128(bytes.fromhex(self._full) + self._tail.digest()).hexdigest()
                self._tail = xxhash.xxh3_128()

    @property
    def mark(self) -> str:
        """Size, digest of the full blocks, digest of the rest."""
        return f"{self.size} {self._full} {self._tail.hexdigest()}"


def size_of_mark(mark: str) -> int:
    """The bytes that a file had. Raises ValueError for another text."""
    return int(_parts(mark)[0])


def chain_of(path: Path, mark: str, *, whole: bool) -> Chain:
    """The chain of a file as far as a mark says that it goes, read whole or just its last block.

    What was read agrees with the mark if the chain's mark is the same. Raises OSError, ValueError.
    """
    size, full, _ = _parts(mark)
    done = 0 if whole else int(size) // _BLOCK * _BLOCK
    chain = Chain(done, full) if done else Chain()
    with path.open("rb", buffering=0) as file:
        file.seek(done)
        while chain.size < int(size):
            data = file.read(min(_PIECE, int(size) - chain.size))
            if not data:
                break
            chain.update(data)
    return chain


def _parts(mark: str) -> tuple[str, ...]:
    found = _MARK.fullmatch(mark)
    if found is None:
        raise ValueError(f"{mark!r} is no mark of a file")
    return found.groups()


class NdjsonStream:
    """``target`` is a file (made when missing) or ``-``."""

    lanes = 1
    most_messages = 4_096
    most_bytes = 16_000_000

    def __init__(self, target: str, options: StreamOptions) -> None:
        if not target:
            raise InputError("--to ndjson: needs a file behind the colon, or - for stdout")
        if options.ordering_key:
            raise InputError("--ordering-key: only pubsub:// has ordering keys; a file is in order anyway")
        self._path = None if target == "-" else typed_path(target)
        self._handle = -1
        self._chain = Chain()

    @property
    def mark(self) -> Any:
        """Bytes of the file and their digest, None for stdout."""
        return self._chain.mark if self._path is not None else None

    def open(self, mark: Any) -> str:
        """Cut off what was written and not acknowledged.

        Raises InputError for a file that is not ours, or that ends otherwise than it was written.
        """
        if self._path is None:
            self._handle = sys.stdout.fileno()
            return "ndjson:- (stdout)"
        try:
            if self._path.is_dir():
                raise InputError(f"--to ndjson:{self._path}: this is a folder, allowed: a file, or -")
            size = self._path.stat().st_size if self._path.exists() else 0
            if mark is None and size:
                raise InputError(
                    f"--to ndjson:{self._path}: this file exists and is not of this stream; "
                    "remove it or name another one"
                )
            if mark is not None:
                self._chain = self._continued(self._path, size, str(mark))
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
            os.ftruncate(self._handle, self._chain.size)
            os.lseek(self._handle, self._chain.size, os.SEEK_SET)
        except OSError as error:
            raise disk_error(self._path, error) from error
        return f"ndjson:{self._path} (a file)"

    @staticmethod
    def _continued(path: Path, size: int, mark: str) -> Chain:
        again = "put the file back, or begin anew with --fresh and another file"
        try:
            wanted = size_of_mark(mark)
        except ValueError as error:
            raise InputError(f"--to ndjson:{path}: {error}; {again}") from None
        if size < wanted:
            raise InputError(f"--to ndjson:{path}: has {size} bytes, but {wanted} were written; {again}")
        chain = Chain() if not wanted else chain_of(path, mark, whole=False)
        if chain.mark != mark:
            raise InputError(f"--to ndjson:{path}: its end is not what was written; {again}")
        return chain

    def encode(self, messages: Messages) -> pa.Array:
        """Each message as a line."""
        return pc.binary_join_element_wise(messages.data, "\n", "").cast(pa.binary())

    def deliver(self, bodies: Sequence[memoryview], count: int) -> Any:
        """Append lines; returns the file's size. Raises RunError when the disk fails."""
        del count
        try:
            for body in bodies:
                rest = body
                while len(rest):
                    rest = rest[os.write(self._handle, rest) :]
                self._chain.update(body)
        except BrokenPipeError:
            raise SystemExit(0) from None  # whoever read our output has heard enough
        except OSError as error:
            raise disk_error(self._path or Path("stdout"), error) from error
        return self.mark

    def close(self) -> None:
        """Close the file."""
        if self._path is not None and self._handle >= 0:
            os.close(self._handle)
        self._handle = -1
