"""Paths as DuckDB reads them: it takes some letters for patterns, and others for its own ends.

In names of files it reads ``*``, ``?`` and ``[`` as patterns, a backslash as a slash, and what stands behind
a ``?`` as options; a leading ``~`` or ``name:`` means another place. Escapes help only here and there: so an
odd folder gets a link in a folder of this process, and DuckDB is told that. Whatever it
opens, it opens by one of these.
"""

from __future__ import annotations

import os
import re
import shutil
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from itertools import count
from pathlib import Path

from context.errors import InputError

_ODD = re.compile(r"[*?\[\\]")
_NO_DATABASE = re.compile(r"[?\\]")
_one_at_a_time = threading.RLock()  # a cache alone would make things twice
_numbers = count()  # of links and copies; taking one is safe between threads


def duckdb_folder(folder: Path) -> str:
    """A folder as DuckDB reads it, the start of patterns too. It holds as long as this process lives.

    Raises InputError where there is no place for a link to it.
    """
    whole = str(folder.absolute())
    return whole if _ODD.search(whole) is None else _link(os.getpid(), whole)


def duckdb_file(file: Path) -> str:
    """A file that DuckDB reads or writes in one go, such as Parquet, CSV and JSON."""
    whole = str(file.absolute())
    return whole if _ODD.search(whole) is None else f"{duckdb_folder(file.parent)}/{file.name}"


def duckdb_database(file: Path) -> str:
    """A database that DuckDB opens, and puts others beside.

    It follows links, so that none helps here, and takes a backslash for a slash and a ``?`` for the end of
    the name of its journal. Raises InputError for a path that has one.
    """
    whole = str(file.resolve())
    if found := _NO_DATABASE.search(whole):
        meaning = "a slash" if found[0] == "\\" else "the end of a name"
        raise InputError(
            f"{file}: DuckDB opens no database there, in its path it takes {found[0]} for {meaning}, "
            "allowed: a path without ? and \\"
        )
    return whole


def readable_database(file: Path) -> str:
    """A small database of ours as DuckDB can open it to read: in a folder that it can't name, a copy."""
    if not _NO_DATABASE.search(str(file.resolve())):
        return duckdb_database(file)
    copy = _place() / f"{next(_numbers)}.duckdb"
    shutil.copyfile(file, copy)
    return str(copy)


@contextmanager
def written_database(file: Path) -> Iterator[str]:
    """A small database that is made or changed, in its place, or elsewhere and brought there at the end."""
    if not _NO_DATABASE.search(str(file.resolve())):
        yield duckdb_database(file)
        return
    made = _place() / f"{next(_numbers)}.duckdb"
    try:
        if file.exists():
            shutil.copyfile(file, made)
        yield str(made)
        shutil.copyfile(made, file)
    finally:
        for path in (made, made.with_name(made.name + ".wal")):
            path.unlink(missing_ok=True)


def duckdb_pattern(place: Path | str) -> str:
    """A folder or URL as a file that DuckDB keeps may name it: its letters stand for themselves in a pattern.

    One with a backslash no pattern can name: whoever opens that file tells the folder anew.
    """
    whole = place if isinstance(place, str) else str(place.absolute())
    return "".join(f"[{letter}]" if letter in "[*?" else letter for letter in whole)


def _place() -> Path:
    with _one_at_a_time:
        return Path(_folder(os.getpid()).name)


def _link(process: int, whole: str) -> str:
    """A link to a folder; each process has its own, which go with it. Threads may ask at once."""
    with _one_at_a_time:
        return _made_link(process, whole)


@cache
def _made_link(process: int, whole: str) -> str:
    link = Path(_folder(process).name, str(next(_numbers)))
    link.symlink_to(whole, target_is_directory=True)
    return str(link)


@cache
def _folder(process: int) -> tempfile.TemporaryDirectory[str]:
    """The folder of this process's links and copies, removed at its end."""
    del process
    try:
        found = tempfile.TemporaryDirectory(prefix="termtide-links-")
    except OSError as error:
        raise InputError(f"TMPDIR: no folder can be made there ({error.strerror})") from error
    if _ODD.search(found.name):
        raise InputError(f"TMPDIR: {Path(found.name).parent} given, allowed: a path without *, ?, [ and \\")
    return found
