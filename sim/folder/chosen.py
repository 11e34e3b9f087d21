"""What a command means: the run named, else the scenario of file or flags, else the newest run or a demo."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path

from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.scenario.load import any_scenario, find_scenario, pack_base
from context.scenario.scenario import Scenario
from sim.folder.find import default_run_dir, find_run, has_runs
from sim.folder.manifest import load_manifest

Flags = Mapping[str, str | None]  # by the scenario's keys; None: not given


def means_scenario(
    file: Path | None, run_dir: Path | None, flags: Flags, *, with_run: Collection[str] = ()
) -> bool:
    """Whether it is a scenario: that of a file or of flags, or the demo where there is no run.

    ``with_run`` are the flags that make sense beside a run. Raises InputError for others beside one that is
    named.
    """
    said = {"scenario": None if file is None else str(file), **flags}
    given = [key for key, value in said.items() if value is not None and key not in with_run]
    if run_dir is not None:
        if given:
            raise InputError(f"--run says which run, so --{given[0]} has no meaning")
        return False
    return bool(given) or find_scenario() is not None or not has_runs()


def chosen_term(file: Path | None, run_dir: Path | None, flags: Flags) -> tuple[Scenario, Pack, Path]:
    """(scenario, pack, run folder) of what is to be played; a run may be played with another shift.

    Raises InputError for what isn't there.
    """
    if means_scenario(file, run_dir, flags, with_run=("shift",)):
        scenario = any_scenario(file, flags)
        pack = load_pack(scenario.pack, pack_base(file or find_scenario()))
        return scenario, pack, default_run_dir(scenario)
    folder = find_run(run_dir)
    scenario, shift = load_manifest(folder).scenario, flags.get("shift")
    if shift is not None and str(scenario.shift) != shift:
        scenario = with_shift(scenario, shift)
        folder = default_run_dir(scenario)
    return scenario, load_pack(scenario.pack, Path.cwd()), folder


def with_shift(scenario: Scenario, weeks: str, flag: str = "--shift") -> Scenario:
    """The scenario with another shift. Raises InputError for one out of range."""
    try:
        return Scenario.model_validate(scenario.model_dump() | {"shift": int(weeks)})
    except ValueError:
        raise InputError(
            f"{flag}: {weeks} given, allowed: a whole number of weeks, up to 100 years"
        ) from None
