"""Files that are read whole: with bounds, so that no pipe, device, depth or size of them is waited for."""

from __future__ import annotations

import json
import os
import re
import stat
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import Any

from context.errors import InputError

MOST_BYTES = 1 << 30
MOST_DEPTH = 64  # tables in tables in lists: ours have five
_MOST_INTEGER = 1 << 128  # what is larger no key takes, and Python refuses to print some of it
_PIPES = re.compile(r"/dev/(fd/[0-9]+|stdin)|/proc/self/fd/[0-9]+")  # what a shell makes of <(…)


class UnreadableError(InputError):
    """A file that can't be read, or isn't what it should be: ``problem`` is the message without the path.

    ``line`` counts from 1, None where the fault is of the whole file; ``is_missing``: there is no such file.
    """

    def __init__(
        self, path: Path, problem: str, *, line: int | None = None, is_missing: bool = False
    ) -> None:
        super().__init__(f"{path}: {problem}")
        self.problem, self.line, self.is_missing = problem, line, is_missing


def read_bytes(path: Path) -> bytes:
    """A regular file's bytes. Raises UnreadableError for what is none, is too large or can't be read.

    A pipe that a shell made for this process may be read, any other would be waited for without end.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode) and not _PIPES.fullmatch(str(path)):
            kind = "folder" if stat.S_ISDIR(found.st_mode) else "pipe or device"
            raise UnreadableError(path, f"this is a {kind}, allowed: a file")
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        gone = isinstance(error, FileNotFoundError)
        raise UnreadableError(path, f"can't be read: {error.strerror}", is_missing=gone) from error
    except ValueError as error:  # of a path with a NUL in it
        raise UnreadableError(path, f"can't be read: {error}") from error
    if len(data) > MOST_BYTES:
        raise UnreadableError(path, f"too large, allowed: {MOST_BYTES >> 20} MB")
    return data


def read_text(path: Path, form: str = "text") -> str:
    """A file's text in UTF-8, byte order mark or not; lines end with newlines. Raises UnreadableError."""
    data = read_bytes(path)
    try:
        return data.decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(
            path, f"not UTF-8 at byte {error.start + 1}, allowed: {form} in UTF-8", line=line
        ) from error


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file. Raises UnreadableError."""
    tables: dict[str, Any] = _parsed(path, read_text(path, "TOML"), "TOML", tomllib.loads)
    return tables


def read_json(path: Path) -> Any:
    """The value of a JSON file. Raises UnreadableError."""
    return _parsed(path, read_text(path, "JSON"), "JSON", json.loads)


def _parsed(path: Path, text: str, form: str, parse: Callable[[str], Any]) -> Any:
    deep = f"nested more than {MOST_DEPTH} deep"
    try:
        value = parse(text)
    except RecursionError:
        raise UnreadableError(path, f"not valid {form} here: {deep}") from None
    except ValueError as error:
        told = re.sub(r"\((at [^()]*)\)$", r"\1", str(error))  # "... at line 3, column 7"
        if "integer string conversion" in told:
            told = "a number of too many digits"
        found = re.search(r"line (\d+)", told)
        line = int(found[1]) if found else None
        raise UnreadableError(path, f"not valid {form}: {told}", line=line) from error
    fault = _fault(value, deep)
    if fault:
        raise UnreadableError(path, f"not valid {form} here: {fault}")
    return value


def _fault(value: Any, deep: str) -> str:
    """What is beyond bounds in a parsed value; "" when nothing is. It doesn't recurse: depth is a fault."""
    level, depth = [value], 0
    while level:
        if any(isinstance(item, int) and abs(item) >= _MOST_INTEGER for item in level):
            return "a number of too many digits"
        level = [inner for item in level for inner in _inner(item)]
        depth += 1
        if depth > MOST_DEPTH:
            return deep
    return ""


def _inner(item: Any) -> list[Any]:
    if isinstance(item, dict):
        return list(item.values())
    return item if isinstance(item, list) else []


def is_outside(name: str) -> bool:
    """Whether the name of a file, as another file gives it, leads out of that one's folder."""
    return not name or Path(name).name != name or "\0" in name or name in (os.curdir, os.pardir)
