"""A stream as lines of JSON: appended to a file, which is exact after any kill, or written to stdout."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from context.errors import InputError
from context.files import disk_error, typed_path
from sim.sinks.messages import Messages, StreamOptions


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
        self._size = 0

    @property
    def mark(self) -> Any:
        """Bytes of the file, None for stdout."""
        return self._size if self._path is not None else None

    def open(self, mark: Any) -> str:
        """Cut off what was written and not acknowledged. Raises InputError for a file that is not ours."""
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
            if mark is not None and size < mark:
                raise InputError(
                    f"--to ndjson:{self._path}: has {size} bytes, but {mark} were written; "
                    "put the file back, or begin anew with --fresh and another file"
                )
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._handle = os.open(self._path, os.O_WRONLY | os.O_CREAT, 0o644)
            self._size = mark or 0
            os.ftruncate(self._handle, self._size)
            os.lseek(self._handle, self._size, os.SEEK_SET)
        except OSError as error:
            raise disk_error(self._path, error) from error
        return f"ndjson:{self._path} (a file)"

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
                self._size += len(body)
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
