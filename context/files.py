"""Files that appear whole or not at all: written beside their place, then renamed into it."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from context.errors import InputError, RunError

PARTIAL = ".tmp"  # suffix of a file that is being written; one that a kill left behind is rubbish


def disk_error(path: Path, error: OSError) -> RunError:
    """One clear line about a file that could not be written or read."""
    text = str(error)
    if error.errno == errno.ENOSPC or "No space left" in text:
        return RunError(f"{path}: no space left on the disk; free some, the same command continues")
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return RunError(f"{path}: not allowed to write there ({error.strerror})")
    reason = error.strerror or " ".join(text.split())
    return RunError(f"{path}: {reason}")


def typed_path(text: str | Path) -> Path:
    """A path as a person wrote it: on the command line, behind a scheme, or in a file.

    ``~`` and what begins with ``~/`` mean the home folder, which a shell doesn't see behind a scheme or in
    quotes. Any other character stands for itself; a name that begins with ``~`` comes back absolute, because
    Arrow and DuckDB would take it for somebody's home. Raises InputError for what is no path in UTF-8.
    """
    given = str(text)
    try:
        given.encode()
    except UnicodeEncodeError:
        raise InputError(f"{given!r} given, allowed: a path in UTF-8") from None
    if "\0" in given:
        raise InputError(f"{given!r} given, allowed: a path without NUL")
    if given == "~" or given.startswith("~/"):
        try:
            return Path.home() / given[1:].lstrip("/")
        except RuntimeError:
            raise InputError(f"{given!r} given, but there is no home folder; give the whole path") from None
    path = Path(given)
    return path.absolute() if str(path).startswith("~") else path  # ./~ too, which pathlib makes ~ of


@contextmanager
def replacing(paths: Sequence[Path], *, durable: bool = False) -> Iterator[tuple[Path, ...]]:
    """Yield one path beside each of ``paths`` to write to; on success all are renamed into place.

    On any failure, interruption included, none is renamed and what was written is removed; an OSError
    becomes a RunError. ``durable`` flushes the files to the disk before they are renamed.
    """
    beside = tuple(path.with_name(path.name + PARTIAL) for path in paths)
    try:
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        yield beside
        for partial, path in zip(beside, paths, strict=True):
            if durable:
                _flush(partial)
            partial.replace(path)
        if durable:
            for folder in {path.parent for path in paths}:
                _flush(folder)
    except OSError as error:
        _remove(beside)
        raise disk_error(paths[0], error) from error
    except BaseException:
        _remove(beside)
        raise


def _flush(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


@dataclass(frozen=True)
class Written:
    """One file that a sink has written: where (relative to the sink's root), how many rows and bytes.

    ``lines_crc32``: of a file of lines, the CRC-32 of the lines, whatever compression they are in.
    """

    path: str
    rows: int
    bytes: int
    lines_crc32: int | None = None
