"""Files that appear whole or not at all: written beside their place, then renamed into it; and their digests.

The digest of a file's bytes is XXH3-128: it finds what disks, networks and hands change by accident, at the
speed of memory. Nobody is meant to be kept from making another file of the same digest.
"""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import xxhash

from context.errors import DamagedError, InputError, RunError

DIGEST: Literal["xxh3_128"] = "xxh3_128"  # the algorithm, as manifests name it
SEAL = "seal"  # the last key of a JSON file of ours: the digest of all its others
_BLOCK = 1 << 20  # bytes read at a time
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
        for partial in beside:
            partial.parent.mkdir(parents=True, exist_ok=True)
            if partial.is_symlink():  # what it leads to is not ours
                partial.unlink()
        yield beside
        for partial, path in zip(beside, paths, strict=True):
            if durable:
                flush_to_disk(partial)
            partial.replace(path)
        if durable:
            for folder in {path.parent for path in paths}:
                flush_to_disk(folder)
    except OSError as error:
        _remove(beside)
        raise disk_error(paths[0], error) from error
    except BaseException:
        _remove(beside)
        raise


def flush_to_disk(path: Path) -> None:
    """Have a file's bytes, or a folder's names, on the disk. Raises OSError."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _remove(paths: Sequence[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def file_digest(path: Path) -> str:
    """XXH3-128 (hex) of a file's bytes. Raises OSError."""
    digest, block = xxhash.xxh3_128(), memoryview(bytearray(_BLOCK))
    with path.open("rb", buffering=0) as file:
        while count := file.readinto(block):
            digest.update(block[:count])
    return digest.hexdigest()


def bytes_digest(data: bytes | memoryview) -> str:
    """XXH3-128 (hex) of bytes."""
    return xxhash.xxh3_128(data).hexdigest()


def seal_of(facts: Mapping[str, Any]) -> str:
    """What the key ``seal`` of a JSON file has to be, given the whole of it, with that key or without."""
    others = {name: value for name, value in facts.items() if name != SEAL}
    return bytes_digest(json.dumps(others, sort_keys=True).encode())


def check_digest(path: Path, wanted: str) -> None:
    """Raise DamagedError unless a file is there with the bytes that were written; OSError if unreadable."""
    try:
        found = file_digest(path)
    except FileNotFoundError:
        raise damaged(path, "is missing") from None
    if found != wanted:
        raise damaged(path)


def checked_bytes(path: Path, wanted: str) -> bytes:
    """A file's bytes, which are those that were written. Raises DamagedError, OSError."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise damaged(path, "is missing") from None
    if bytes_digest(data) != wanted:
        raise damaged(path)
    return data


def copy_checked(source: Path, target: Path, wanted: str) -> None:
    """Copy a file, whose bytes must be those that were written. Raises DamagedError, OSError."""
    digest, block = xxhash.xxh3_128(), memoryview(bytearray(_BLOCK))
    try:
        with source.open("rb", buffering=0) as file, target.open("wb") as out:
            while count := file.readinto(block):
                digest.update(block[:count])
                out.write(block[:count])
    except FileNotFoundError:
        raise damaged(source, "is missing") from None
    if digest.hexdigest() != wanted:
        raise damaged(source)


def damaged(path: Path, what: str = "is not the file that was written") -> DamagedError:
    """The error for a file of a run that may not be handed on."""
    return DamagedError(f"{path}: {what}; `termtide run` with the run's scenario makes it again", str(path))


def linked_folder(root: Path) -> Path | None:
    """A folder below ``root`` that is a symbolic link, so that files in it would stand elsewhere."""
    for folder, names, _ in os.walk(root):
        for name in names:
            if (path := Path(folder, name)).is_symlink():
                return path
    return None


@dataclass(frozen=True)
class Written:
    """One file that was written: where (relative to its root), how many rows and bytes, and their digest.

    ``xxh3_128`` is empty for what is no file. ``lines_crc32``: of a file of lines, the CRC-32 of the lines,
    whatever compression they are in.
    """

    path: str
    rows: int
    bytes: int
    xxh3_128: str = ""
    lines_crc32: int | None = None

    @classmethod
    def of(cls, path: str, there: Path, rows: int, lines_crc32: int | None = None) -> Written:
        """The file that stands ``there`` now. Raises OSError."""
        return cls(path, rows, there.stat().st_size, file_digest(there), lines_crc32)
