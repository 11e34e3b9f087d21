"""Where a store comes from that is delivered: the files of a run, or a scenario, generated without events."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyarrow as pa

import schemas
from context.errors import InputError
from context.files import check_digest, disk_error
from context.generate import store_parts
from context.store.as_of import as_of
from context.store.files import StoreFiles
from context.store.store import ENTITY, KEYMAP, Store, read_table, table_path
from context.terms.premises import Premises, premises_given
from sim.folder.chosen import Flags, means_scenario
from sim.folder.find import find_run
from sim.folder.manifest import Manifest, PackEntry, load_manifest, new_manifest
from sim.folder.names import COMPLETED_BY
from sim.folder.progress import Progress

Name = tuple[str, str]  # dataset, table


@dataclass(frozen=True)
class Source:
    """A store that is there, or made when it is asked for."""

    manifest: Manifest  # of the run, or of one that the scenario would have
    names: tuple[Name, ...]
    get: Callable[[str, str], pa.Table]
    folder: Path | None = None  # where its tables stand as files; None: in memory

    def file(self, dataset: str, name: str) -> Path | None:
        """A table's Parquet file, if there is one.

        Raises DamagedError when it is a run's and not what was written there.
        """
        if self.folder is None:
            return None
        path = table_path(self.folder, dataset, name)
        _check(self.manifest, path, dataset, name)
        return path

    def whole(self) -> Store:
        """All of it in memory."""
        store = Store({}, {})
        for dataset, name in self.names:
            (store.entity if dataset == ENTITY else store.keymap)[name] = self.get(dataset, name)
        return store


def open_source(
    run_dir: Path | None,
    file: Path | None,
    flags: Flags,
    show: Progress,
    folder: Path,
    check: Callable[[Manifest], object],
) -> Source:
    """The store of the run named, else of the scenario of file or flags, else of the newest run or a demo.

    ``folder`` is an empty one for the store of a scenario, ``flags`` are the command's, by the scenario's
    keys. ``check`` is asked before anything is drawn. Raises InputError.
    """
    if means_scenario(file, run_dir, flags):
        return of_scenario(premises_given(file, flags), show, folder, check)
    source = of_run(find_run(run_dir))
    check(source.manifest)
    return source


def of_run(run_dir: Path) -> Source:
    """The store of a run. Raises InputError when the run has none yet."""
    manifest = load_manifest(run_dir)
    if not manifest.has_store:
        raise InputError(f"{run_dir}: its context store is not complete; {COMPLETED_BY}")
    names = [(dataset, name) for dataset, _, name in (entry.partition(".") for entry in manifest.store)]
    return _of_files(manifest, names, run_dir)


def _of_files(manifest: Manifest, names: Iterable[Name], folder: Path) -> Source:
    def get(dataset: str, name: str) -> pa.Table:
        _check(manifest, table_path(folder, dataset, name), dataset, name)
        return read_table(folder, dataset, name)

    return Source(manifest, tuple(names), get, folder=folder)


def _check(manifest: Manifest, path: Path, dataset: str, name: str) -> None:
    """What a run holds must be what its manifest says; what was made just now stands in none."""
    entry = manifest.store.get(f"{dataset}.{name}")
    if entry is not None:
        try:
            check_digest(path, entry.xxh3_128)
        except OSError as error:
            raise disk_error(path, error) from error


def of_scenario(
    given: Premises, show: Progress, folder: Path, check: Callable[[Manifest], object] = lambda _: None
) -> Source:
    """The store of a scenario, generated now, term by term, into files of ``folder``."""
    scenario, pack = given.scenario, given.pack
    entry = PackEntry(name=pack.name, version=pack.version, digest=pack.digest)
    manifest = new_manifest(scenario, entry)
    check(manifest)
    show.stage(
        f"context store of {scenario.name}: {scenario.fte:,} FTE, {scenario.term}, seed {scenario.seed}"
    )
    names = set()
    with StoreFiles(folder, scenario.terms) as files:
        for part in store_parts(scenario, pack, given.calendars):
            files.add(part)
            names.add(part[:2])
            del part  # before the next one is laid out
    return _of_files(manifest, sorted(names), folder)


def of_store(store: Store, manifest: Manifest) -> Source:
    """A store in memory."""
    parts = {ENTITY: store.entity, KEYMAP: store.keymap}
    names = tuple((dataset, name) for dataset, name, _ in store.datasets())
    return Source(manifest, names, lambda dataset, name: parts[dataset][name])


def on_morning(source: Source, day: date) -> Source:
    """The store as a nightly batch would show it on the morning of ``day``.

    Raises InputError for a store that lacks a table: what rows look like follows from others.
    """
    for dataset, name in every_name():
        if (dataset, name) not in source.names:
            raise InputError(f"--as-of: needs every table, {_unknown(dataset, name)}")
    store = as_of(source.whole(), source.manifest.scenario.time_zone, day)
    return of_store(store, source.manifest)


def every_name() -> list[Name]:
    """Every table that a store can have, by the contracts."""
    return [(dataset, table.name) for dataset in (ENTITY, KEYMAP) for table in schemas.tables(dataset)]


def chosen_names(wanted: Sequence[str], there: Sequence[Name]) -> list[Name]:
    """The tables that flags name, all without one; a bare name stands for an entity and its native ids.

    Raises InputError for a name that no table of the store has.
    """
    if not wanted:
        return list(there)
    chosen: list[Name] = []
    for name in wanted:
        dataset, dot, bare = name.rpartition(".")
        datasets = (dataset,) if dot else (ENTITY, KEYMAP)
        if dot and dataset not in (ENTITY, KEYMAP):
            raise InputError(f"--table {name}: allowed: tables of {ENTITY} and {KEYMAP}")
        found = [(other, bare) for other in datasets if (other, bare) in there]
        if not found:
            raise InputError(f"--table: {_unknown(datasets[0], bare)}")
        chosen += found
    return list(dict.fromkeys(chosen))


def _unknown(dataset: str, name: str) -> str:
    try:
        schemas.table(dataset, name)
    except schemas.UnknownName as error:
        return str(error)
    return f"{dataset}.{name} is not in this run, which an earlier version made"


def scenario_facts(manifest: Manifest) -> dict[str, object]:
    """What a delivery notes of where its rows come from."""
    facts = manifest.scenario.model_dump(include={"name", "fte", "term", "institution"})
    return {
        "termtide": manifest.termtide,
        "scenario": facts,
        "scenario_digest": manifest.scenario_digest,
        "seed": manifest.seed,
        "pack": json.loads(manifest.pack.model_dump_json()),
    }
