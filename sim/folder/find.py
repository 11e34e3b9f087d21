"""Which run a command means: the folder given, or else the newest below runs/."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from context.errors import InputError
from context.scenario.scenario import Scenario
from sim.folder.manifest import FILE_NAME

RUNS = Path("runs")


def default_run_dir(scenario: Scenario) -> Path:
    """Where a scenario's run stands unless a folder is given."""
    shift = f"-shift{scenario.shift}" if scenario.shift else ""
    return RUNS / f"{scenario.name}-{scenario.seed}{shift}"


def is_run_meant(
    run_dir: Path | None, scenario: Path | None, flags: Mapping[str, str | None], *, has_file: bool
) -> bool:
    """Whether a command means a run that is there: the one it names, else, told nothing else, the newest.

    ``flags`` say what a scenario is to have, ``has_file`` that there is a scenario file in this folder.
    Raises InputError for flags that a run named leaves no room for.
    """
    given = [name for name, value in {"scenario": scenario, **flags}.items() if value is not None]
    if run_dir is not None and given:
        raise InputError(f"--run says which run, so --{given[0]} has no meaning")
    return run_dir is not None or not (given or has_file or not _runs())


def _runs() -> list[Path]:
    """Manifests of the runs below runs/, the newest last."""
    return sorted(RUNS.glob(f"*/{FILE_NAME}"), key=lambda path: (path.stat().st_mtime_ns, str(path)))


def find_run(given: Path | None) -> Path:
    """The folder of a run. Raises InputError when there is none."""
    if given is not None:
        if not (given / FILE_NAME).is_file():
            raise InputError(f"--run {given}: no {FILE_NAME} there, allowed: the folder of a run")
        return given
    manifests = _runs()
    if not manifests:
        raise InputError(
            "no run below runs/ in this folder: `termtide demo` or `termtide run` makes one, --run names one"
        )
    return manifests[-1].parent
