"""The few facts of a run that a query needs, read without what else makes and checks a manifest.

Which files have its rows is one of them: what else lies in its folders is nobody's.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from context.documents import UnreadableError, read_json
from context.errors import InputError, RunError
from sim.folder.names import MANIFEST, MARTS, date_of


@dataclass(frozen=True)
class RunFacts:
    """A run's project, and the first and last of its campus days that are there."""

    project: str
    first_day: date
    last_day: date


def facts_of(run_dir: Path) -> RunFacts:
    """The facts of a run folder. Raises InputError where no run is."""
    path = run_dir / MANIFEST
    try:
        found = _read(path)
        days = [date.fromisoformat(day) for day in found["units"]] or [date(1970, 1, 1)]
        return RunFacts(str(found["scenario"]["project"]), min(days), max(days))
    except UnreadableError as error:
        if error.is_missing:
            raise InputError(f"{run_dir}: no {MANIFEST} there, allowed: the folder of a run") from None
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise _none(path) from error


def event_files(run_dir: Path) -> dict[str, list[str]]:
    """Paths of the files of events, relative to the run folder, by UTC date ("2026-09-01"), in order.

    Raises InputError for what is no manifest of a run.
    """
    path = run_dir / MANIFEST
    found: dict[str, list[str]] = {}
    try:
        for unit in _read(path)["units"].values():
            for file in unit["files"]:
                day = date_of(file["path"])
                if day is not None:
                    found.setdefault(day.isoformat(), []).append(file["path"])
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _none(path) from error
    return {day: sorted(found[day]) for day in sorted(found)}


def mart_files(run_dir: Path, mart: str) -> dict[str, str]:
    """The same of a mart ("mart_general.lms_tool"): one file a day, by its day.

    Raises RunError for a damaged record.
    """
    path = run_dir / MARTS
    if not path.is_file():
        return {}
    try:
        files = _read(path)["marts"].get(mart, {}).get("files", {})
        return {str(day): str(files[day]["path"]) for day in sorted(files)}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RunError(f"{path}: no record of marts") from error


def _none(path: Path) -> InputError:
    return InputError(f"{path}: this is no manifest of a Termtide run")


def _read(path: Path) -> Any:
    try:
        found = path.stat()
    except OSError:
        return read_json(path)  # which says why not
    return _read_once(path, found.st_mtime_ns, found.st_ino)


@lru_cache(maxsize=4)
def _read_once(path: Path, _changed_ns: int, _inode: int) -> Any:
    return read_json(path)
