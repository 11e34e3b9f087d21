"""Which run a command means: the folder given, or else the newest below runs/."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from context.errors import InputError
from sim.folder.names import MANIFEST

if TYPE_CHECKING:
    from context.scenario.scenario import Scenario

RUNS = Path("runs")


def default_run_dir(scenario: Scenario) -> Path:
    """Where a scenario's run stands unless a folder is given."""
    shift = f"-shift{scenario.shift}" if scenario.shift else ""
    return RUNS / f"{scenario.name}-{scenario.seed}{shift}"


def has_runs() -> bool:
    """Whether there is a run below runs/."""
    return any(RUNS.glob(f"*/{MANIFEST}"))


def find_run(given: Path | None) -> Path:
    """The folder of a run. Raises InputError when there is none."""
    if given is not None:
        if not (given / MANIFEST).is_file():
            raise InputError(f"--run {given}: no {MANIFEST} there, allowed: the folder of a run")
        return given
    manifests = sorted(RUNS.glob(f"*/{MANIFEST}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))
    if not manifests:
        raise InputError(
            "no run below runs/ in this folder: `termtide demo` or `termtide run` makes one, --run names one"
        )
    return manifests[-1].parent
