"""The few facts of a run that a query needs, read without what else makes and checks a manifest."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from context.documents import UnreadableError, read_json
from context.errors import InputError, RunError
from sim.folder.names import MANIFEST


@dataclass(frozen=True)
class RunFacts:
    """A run's project, and the first and last of its campus days that are there."""

    project: str
    first_day: date
    last_day: date


def facts_of(run_dir: Path) -> RunFacts:
    """The facts of a run folder. Raises InputError where no run is, RunError for a damaged file."""
    path = run_dir / MANIFEST
    try:
        found = read_json(path)
        days = [date.fromisoformat(day) for day in found["units"]] or [date(1970, 1, 1)]
        return RunFacts(str(found["scenario"]["project"]), min(days), max(days))
    except UnreadableError as error:
        if error.is_missing:
            raise InputError(f"{run_dir}: no {MANIFEST} there, allowed: the folder of a run") from None
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(f"{path}: no manifest of a run") from error
