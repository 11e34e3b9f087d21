"""What goes to a process that draws, and what it reports: small enough to be sent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

from context.files import Written
from context.scenario.scenario import Scenario
from sim.backfill.mapped_world import Shared


@dataclass(frozen=True)
class Task:
    """A unit to make: for which of the job's sinks, and the run folder's files of it if it has them whole."""

    day: int
    campus_day: date
    sinks: tuple[int, ...] = (0,)
    files: tuple[Written, ...] | None = None
    rows: int = 0
    digest: str | None = None


@dataclass(frozen=True)
class UnitDone:
    """What a worker reports of a unit."""

    day: int
    campus_day: date
    rows: int
    digest: str | None  # of its columns; None where only lines were made
    files: dict[int, list[Written]]  # by sink
    counts: Written | None = None  # the record of what it has, where it was drawn for the run folder


@dataclass(frozen=True)
class Job:
    """What a worker needs to set itself up: small enough to send to another process."""

    scenario: Scenario
    pack_path: Path
    run_dir: Path
    urls: tuple[str, ...] = ()  # of sinks; none: the run folder itself
    shared: Shared | None = None  # world and anchors, else each worker makes its own
    made_dir: Path | None = None  # where the run's units are put and counted, if not into its folder

    @property
    def unit_dir(self) -> Path:
        """Where the run's units are put."""
        return self.made_dir or self.run_dir

    @property
    def run_url(self) -> str:
        """Where the run's units are put, as a sink."""
        return f"parquet:{self.unit_dir}"
