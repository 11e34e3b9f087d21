"""Units and tables into folders and warehouses, only what is missing there: the one path of run and backfill.

Files are written by the workers as they draw, a unit at a time. Warehouses are loaded meanwhile from the
Parquet files of the run folder, a UTC date at a time, once every unit that touches it is done.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

import schemas
from context.errors import InputError
from context.store.memory import give_back
from sim.backfill.finished_tables import day_items, store_items
from sim.backfill.folders import Folder, OtherFolder, RunFolder, Stdout
from sim.backfill.job import Job, Task
from sim.backfill.partitions import Partitions, touched_dates
from sim.backfill.pool import Processes, units
from sim.backfill.warehouse_thread import WarehouseThread
from sim.folder.claim import Claimed
from sim.folder.names import PLAN
from sim.folder.whole import Care, changed
from sim.plan.plan_file import planned_events
from sim.sinks.open import offered, open_sink
from sim.sinks.tables import EXPANDED, TableOptions
from sim.sinks.units import Sink

UNIT_WORK = 5_000  # what a unit costs beside its events, in events: its part of the plan, its files


@dataclass(frozen=True)
class Wanted:
    """What is delivered: campus days into folders, UTC dates into warehouses, both ends included."""

    begin: date | None = None
    until: date | None = None
    tables: frozenset[tuple[str, str]] | None = None  # (dataset, table); None is everything

    def has_date(self, day: date) -> bool:
        """Whether a date is wanted."""
        return (self.begin is None or day >= self.begin) and (self.until is None or day <= self.until)

    def has_table(self, dataset: str, table: str) -> bool:
        """Whether a table is wanted."""
        return self.tables is None or (dataset, table) in self.tables


@dataclass
class Delivered:
    """What a backfill did."""

    drawn: int = 0  # units
    copied: int = 0
    events: int = 0  # of both
    tables: int = 0  # written to folders
    loaded: int = 0  # items put into warehouses
    found: int = 0  # items that warehouses had


def wanted_tables(datasets: Sequence[str], tables: Sequence[str]) -> frozenset[tuple[str, str]] | None:
    """The tables that flags name, None for everything. Raises InputError for an unknown name."""
    if not datasets and not tables:
        return None
    chosen: set[tuple[str, str]] = set()
    for dataset in datasets:
        if dataset not in schemas.DATASETS:
            raise InputError(f"--dataset {dataset}: unknown, allowed: {', '.join(schemas.DATASETS)}")
        chosen.update((dataset, table.name) for table in schemas.tables(dataset))
    for name in tables:
        dataset, _, table = name.partition(".")
        if dataset not in schemas.DATASETS or table not in {t.name for t in schemas.tables(dataset)}:
            raise InputError(f"--table {name}: unknown, allowed: DATASET.TABLE, such as event_store.expanded")
        chosen.add((dataset, table))
    return frozenset(chosen)


def _place(scheme: str, root: Path | None) -> str:
    """What a unit sink writes into."""
    return f"{scheme}:{'-' if root is None else root.resolve()}"


class _Places:
    """Where one delivery writes: each place once, and no folder in another's."""

    def __init__(self) -> None:
        self._seen: set[str] = set()
        self._roots: list[Path] = []

    def take(self, url: str, places: AbstractSet[str], root: Path | None = None) -> None:
        """Note the places of a URL, and the folder of its files. Raises InputError for what is taken.

        Two deliveries in one folder, or in one below the other, would take each other's files for foreign.
        """
        if self._seen & places:
            raise InputError(f"--to {url}: given twice")
        self._seen |= places
        if root is None:
            return
        for other in self._roots:
            if root.is_relative_to(other) or other.is_relative_to(root):
                raise InputError(f"--to {url}: {other} is another one's folder, allowed: folders apart")
        self._roots.append(root)


@dataclass
class Backfill:
    """A delivery: where from, what, and where to."""

    at: Claimed  # the run folder
    wanted: Wanted
    folders: list[Folder] = field(default_factory=list)  # the run folder too, if it is wanted for itself
    warehouses: list[WarehouseThread] = field(default_factory=list)
    delivered: Delivered = field(default_factory=Delivered)
    care: Care = "cheap"  # how folders are looked at that were delivered to before

    def __post_init__(self) -> None:
        self.run = RunFolder(self.at.run_dir, self.at.manifest)

    def add_run(self) -> None:
        """Deliver to the run folder itself."""
        self.folders.append(self.run)

    @contextmanager
    def opened(self, urls: Iterable[str], options: TableOptions) -> Iterator[None]:
        """Add the folders and warehouses of URLs, looked at and not yet written to; close them afterwards.

        Raises InputError for an unknown scheme, one destination named twice, or one that isn't ours.
        """
        places = _Places()
        try:
            sinks = [(url, self._looked_at(url, options, places)) for url in urls]
            for url, sink in sinks:  # now that none of them is refused, which leaves no folder behind
                if sink is not None:
                    self._add_folder(url, sink)
            yield
        finally:
            for warehouse in self.warehouses:
                warehouse.close()

    def _looked_at(self, url: str, options: TableOptions, places: _Places) -> Sink | None:
        """Open a URL unless it leads to a place that is taken; None for a warehouse, which is added."""
        scheme = offered(url, "units", "tables")
        if scheme.protocol == "tables":
            warehouse = WarehouseThread(url, options)
            self.warehouses.append(warehouse)
            places.take(url, warehouse.places)
            return None
        sink = open_sink(url)
        places.take(url, {_place(scheme.name, sink.root)}, None if sink.root is None else sink.root.resolve())
        return sink

    def _add_folder(self, url: str, sink: Sink) -> None:
        scheme = offered(url, "units").name
        if _place(scheme, sink.root) == _place(self.run.scheme, self.at.run_dir):
            self.add_run()
        elif sink.root is None:
            self.folders.append(Stdout(url, sink))
        else:
            self.folders.append(OtherFolder(url, sink, self.at.manifest, self.care))

    def check(self) -> None:
        """Look at the warehouses, write nothing, and tell what is found. Raises InputError, RunError."""
        tables = [(dataset, table.name) for dataset in schemas.DATASETS for table in schemas.tables(dataset)]
        chosen = frozenset(name for name in tables if self.wanted.has_table(*name))
        for warehouse in self.warehouses:
            for line in warehouse.check(self.at.manifest, chosen):
                self.at.show.say(line)

    def forget_changed(self) -> None:
        """Units that would be delivered from files which are not what was written are to be drawn again."""
        units = self.at.manifest.units
        if not self.wanted.has_table(*EXPANDED):
            return
        files = [
            file
            for name, unit in units.items()
            if any(map(self.wanted.has_date, (date.fromisoformat(name), *touched_dates(unit))))
            for file in unit.files
        ]
        lost = {file.path for file in changed(self.at.run_dir, files)}
        for name in [day for day, unit in units.items() if not lost.isdisjoint(f.path for f in unit.files)]:
            self.at.show.say(f"{name}: its files are not what was written, so it is drawn again")
            del units[name]
        if lost:
            if self.at.manifest.is_done:
                self.at.manifest.state = "events"
            self.at.manifest.save(self.at.run_dir)

    def put_tables(self) -> None:
        """Deliver the store's tables. Raises RunError."""
        items = [
            item
            for item in store_items(self.at.run_dir, self.at.manifest)
            if self.wanted.has_table(item.dataset, item.table)
        ]
        for warehouse in self.warehouses:
            warehouse.open()
            for item in items:
                warehouse.offer(item)
        for folder in self.folders:
            self.delivered.tables += sum(folder.put_table(item) for item in items)

    def tasks(self, days: Mapping[int, date], dates: Partitions, *, has_json: bool) -> list[Task]:
        """Units that are missing somewhere, for the sinks of ``folders``."""
        if not self.wanted.has_table(*EXPANDED):
            return []
        tasks = []
        for number, day in days.items():
            name, wants = day.isoformat(), self._wants(day, dates)
            sinks = tuple(i for i, t in enumerate(self.all_folders) if t in wants and not t.has_unit(name))
            if not sinks:
                continue
            task = Task(number, day, sinks)
            unit = self.at.manifest.units.get(name)
            if unit is not None and (has_json or all(self.all_folders[i].needs == "columns" for i in sinks)):
                files = tuple(file.written for file in unit.files)
                task = replace(task, files=files, rows=unit.rows, digest=unit.digest)
            tasks.append(task)
        return tasks

    def _wants(self, day: date, dates: Partitions) -> list[Folder]:
        """Who is to have a campus day: folders, and the run folder for what warehouses load of it."""
        wants = list(self.folders) if self.wanted.has_date(day) else []
        if self.warehouses and any(map(self.wanted.has_date, dates.touched(day.isoformat()))):
            wants.append(self.run)
        return wants

    @property
    def all_folders(self) -> list[Folder]:
        """What a task's sinks are numbered by."""
        return self.folders if self.run in self.folders else [*self.folders, self.run]

    def fill(
        self, job: Job, tasks: list[Task], dates: Partitions, *, days: Iterable[date], processes: Processes
    ) -> None:
        """Make the units, and load every wanted date as it gets complete. Raises RunError.

        ``days``: the campus days there are in all, for the progress shown.
        """
        folders, result = self.all_folders, self.delivered
        job = replace(job, urls=tuple(folder.url for folder in folders))
        copied = {task.day for task in tasks if task.files is not None}
        self._offer(dates.complete())
        if not tasks:
            return
        work = self._work(tasks)
        give_back(threads=False)  # the processes that draw want the room
        there = sum(bool(self._wants(day, dates)) for day in days) - len(tasks)
        with self.at.show.counted("events", "days", len(tasks), sum(work.values()), there) as bar:
            for unit in units(job, tasks, processes):
                name = unit.campus_day.isoformat()
                for i, files in unit.files.items():
                    folders[i].add_unit(name, files, unit.rows, unit.digest, unit.counts)
                    if folders[i] is self.run:
                        self._offer(dates.done(name, self.at.manifest.units[name]))
                result.events += unit.rows
                result.copied += unit.day in copied
                result.drawn += unit.day not in copied
                bar.advance(work[unit.day], unit.rows)

    def _work(self, tasks: list[Task]) -> dict[int, int]:
        """What each unit costs, in events, by day: those it has or is planned to have, and any unit's own."""
        drawn = any(task.files is None for task in tasks)
        planned = planned_events(self.at.run_dir / PLAN) if drawn else {}
        return {
            task.day: UNIT_WORK + (planned[task.campus_day] if task.files is None else task.rows)
            for task in tasks
        }

    def finish(self) -> None:
        """Wait until the warehouses have everything. Raises RunError."""
        waiting = sum(warehouse.waiting for warehouse in self.warehouses)
        if waiting:
            with self.at.show.counted("loads", "items", waiting, waiting) as bar:
                for warehouse in self.warehouses:
                    warehouse.finish(lambda: bar.advance(1))
        for warehouse in self.warehouses:
            warehouse.finish()
            self.delivered.loaded += warehouse.loaded
            self.delivered.found += warehouse.found

    def _offer(self, dates: list[date]) -> None:
        """Offer complete dates to the warehouses."""
        ready = {day for day in dates if self.wanted.has_date(day)}
        if not self.warehouses or not ready or not self.wanted.has_table(*EXPANDED):
            return
        for item in day_items(self.at.run_dir, self.at.manifest):
            if item.day in ready:
                for warehouse in self.warehouses:
                    warehouse.offer(item)
