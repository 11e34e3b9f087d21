"""Counts of units that have none, as in older runs: drawn again, neither rendered nor written.

What events a campus day has follows from plan and store, so counting needs none of the run's event files;
that they are the same events is seen by how many each of those has.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import numpy as np

from context.arrays import DAY_MS
from context.errors import InputError, RunError
from context.packs.pack import Pack
from sim.caliper.batch import Batch
from sim.counts.record import write_counts
from sim.counts.unit import Counter
from sim.draw.day import draw_day
from sim.draw.engine import load_engine
from sim.folder.manifest import FileEntry, Manifest, UnitEntry, termtide_version
from sim.folder.names import file_path


def uncounted(manifest: Manifest) -> list[str]:
    """Campus days whose units have no record."""
    return [day for day, unit in manifest.units.items() if unit.counts is None]


def recount(run_dir: Path, manifest: Manifest, pack: Pack) -> Iterator[str]:
    """Make the records that are missing, yield each campus day as it is done, and save the manifest.

    Raises InputError where another version or pack made the run, whose events can't be drawn here; RunError
    when what is drawn is not what the files have, or the disk fails.
    """
    missing = uncounted(manifest)
    if not missing:
        return
    _check_same(run_dir, manifest, pack)
    engine = load_engine(run_dir, manifest.scenario, pack.path)
    counter = Counter(engine)
    days = {engine.calendar.date_of(int(day)).isoformat(): int(day) for day in engine.calendar.days}
    for name in missing:
        batch, tally = draw_day(engine, days[name])
        unit, day = manifest.units[name], engine.calendar.date_of(days[name])
        wanted = {file.path: file.rows for file in unit.files}
        found = {file_path(on, day): rows for on, rows in _by_date(batch).items()}
        if found != wanted:
            raise RunError(f"{run_dir}: unit {name}: its files have other events than are drawn here")
        record = FileEntry.of(write_counts(run_dir, day, counter.record(days[name], batch, tally)))
        manifest.units[name] = UnitEntry(**{**dict(unit), "counts": record})
        yield name
    manifest.save(run_dir)


def _by_date(batch: Batch) -> dict[date, int]:
    dates, rows = np.unique((batch.time_ms // DAY_MS).astype("datetime64[D]"), return_counts=True)
    return dict(zip(dates.tolist(), rows.tolist(), strict=True))


def _check_same(run_dir: Path, manifest: Manifest, pack: Pack) -> None:
    if manifest.termtide != termtide_version():
        raise InputError(
            f"{run_dir}: made by Termtide {manifest.termtide} without counts, this is {termtide_version()}; "
            "its events can be counted by that version only, or made anew with `termtide run --force`"
        )
    if manifest.pack.digest != pack.digest:
        raise InputError(
            f"{run_dir}: made with pack {manifest.pack.name} of digest {manifest.pack.digest[:8]}, here it "
            f"has {pack.digest[:8]}; its events can't be counted with another pack"
        )
