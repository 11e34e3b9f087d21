"""A run: context store, plan, events, warehouse, marts, report. This page is the data flow.

Marts and report bring a parser of SQL and templates of pages, which what
draws or streams alone does not wait for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from context.errors import InputError, RunError
from context.packs.pack import Pack, load_pack
from context.terms.premises import Premises
from sim.backfill.backfill import Backfill, Delivered, Wanted
from sim.backfill.pool import Processes
from sim.backfill.stages import claimed, copy_units, drawable, make_store, make_units, plan_term, to_draw
from sim.counts.recount import recount, uncounted
from sim.folder.claim import Claimed, only_one, verified
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.names import COMPLETED_BY, REPORT
from sim.folder.progress import Progress
from sim.folder.whole import Care, check_files, noting_damage, read_suspects
from sim.marts.record import load_record
from sim.sinks.open import check_address, check_flags, is_offered
from sim.sinks.tables import TableOptions
from sim.sql.warehouse import build_warehouse

CHART_LIBRARIES = ("altair", "vl_convert")


@dataclass(frozen=True)
class Outcome:
    """What a run or a backfill did."""

    run_dir: Path
    manifest: Manifest
    was_done: bool  # nothing was left to do
    delivered: Delivered | None = None


@dataclass(frozen=True)
class Order:
    """What a backfill delivers, and where to."""

    to: tuple[str, ...]  # URLs of sinks
    wanted: Wanted = field(default_factory=Wanted)
    options: TableOptions = field(default_factory=TableOptions)
    dry_run: bool = False  # look at the warehouses, write nothing
    verify: bool = False  # look at all that is there byte by byte
    marts: bool = False  # warehouses that get the stores whole get the marts too

    def check_addresses(self) -> None:
        """Raise InputError for a URL that can't be right, and for an option that none of them has."""
        given = {
            "--method": self.options.method != "auto",
            "--allow-unlabelled": self.options.allow_unlabelled,
        }
        check_flags(self.to, given, "units", "tables")
        for url in self.to:
            check_address(url, self.options)

    def check_dates(self, first: date, last: date) -> None:
        """Raise InputError when none of a term's days is wanted."""
        if (self.wanted.begin or first) > last or (self.wanted.until or last) < first:
            raise InputError(f"--from, --until: no day of the term, allowed: {first} to {last}")


def run(
    given: Premises,
    run_dir: Path,
    *,
    workers: int = 1,
    force: bool = False,
    verify: bool = False,
    marts: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Make or finish the run of a scenario in ``run_dir``. Killed anywhere and called again, it goes on.

    What is there already is looked at cheaply, or byte by byte to ``verify`` it; what is not whole is made
    again. ``marts``: make the data marts too; a finished run gets those that it lacks. Raises InputError for
    a folder that can't be this run's, RunError when disk or processes fail.
    """
    care: Care = "all" if verify else "cheap"
    with claimed(given, run_dir, progress or Progress.silent(), care, force=force) as at:
        if at.manifest.is_done:
            made = make_marts(at) if marts else 0
            if made:
                make_report(given.pack, at)
            return Outcome(run_dir, at.manifest, was_done=not made)
        work = Backfill(at, Wanted())
        work.add_run()
        make_events(given, work, workers)
        make_warehouse(at)
        if marts:
            make_marts(at)
        make_report(given.pack, at)
        at.begin("done")
    return Outcome(run_dir, at.manifest, was_done=False, delivered=work.delivered)


def make_events(given: Premises, work: Backfill, workers: int) -> None:
    """Store, plan and units, as far as ``work`` misses them. Raises RunError.

    Processes that will draw start first: they import in the time that the store takes one of them.
    """
    with Processes(workers) as processes:
        if to_draw(given, work) > 1:
            processes.start()
        make_store(given, work.at)
        work.put_tables()
        with drawable(given, work.at, work) as world:
            plan_term(given, work.at, world)
            make_units(given, work, world, processes)


def make_warehouse(at: Claimed, place: str | None = None) -> None:
    """Every dataset under its name, in one file, whose views name the folder or another ``place``.

    Raises RunError.
    """
    at.show.stage("warehouse")
    build_warehouse(at.run_dir, place)


def make_marts(at: Claimed) -> int:
    """The data marts that are not there, made from the stores; returns how many files. Raises RunError."""
    from sim.marts.build import Wish, build_marts

    at.show.stage("marts")
    if not at.manifest.totals.events:
        at.show.say("marts: none, as there are no events")
        return 0
    return build_marts(at.run_dir, Wish(), at.show.say).made


def make_report(pack: Pack, at: Claimed, pictures: Path | None = None) -> None:
    """The page that shows what the run holds, where its charts can be drawn. Raises RunError."""
    from sim.report.campus.page import write_report

    at.show.stage("report")
    if lacking := lacking_libraries():  # as in the container image, for which they would be a fifth more
        at.show.say(f"report: left out, as {lacking} can't be imported here")
        return
    if missing := uncounted(at.manifest):
        with at.show.counted("counts", "days", len(missing), len(missing)) as bar:
            for _ in recount(at.run_dir, at.manifest, pack):
                bar.advance(1)
    write_report(at.run_dir, pack, load_record(at.run_dir).rows, pictures)


def lacking_libraries() -> str:
    """What draws a report's charts and is not here, in words; empty where nothing is lacking."""
    return " and ".join(name for name in CHART_LIBRARIES if find_spec(name) is None)


def report_again(run_dir: Path, pictures: Path | None = None, progress: Progress | None = None) -> Path:
    """The report of a complete run anew, and each of its charts as a picture; returns the page.

    Raises InputError for a run that is not complete or whose pack is not at hand, RunError where nothing
    draws charts, or when files can't be read or written.
    """
    if lacking := lacking_libraries():
        raise RunError(f"{run_dir}: no report, as {lacking} can't be imported here")
    with only_one(run_dir):
        manifest = load_manifest(run_dir)
        if not manifest.is_done:
            raise InputError(f"{run_dir}: not complete; {COMPLETED_BY}")
        pack = load_pack(manifest.scenario.pack, Path.cwd())
        if pack.digest != manifest.pack.digest:
            raise InputError(
                f"{run_dir}: made with pack {manifest.pack.name} {manifest.pack.version}, which reads "
                "otherwise here; its report is made where its pack is"
            )
        make_report(pack, Claimed(run_dir, manifest, progress or Progress.silent()), pictures)
    return run_dir / REPORT


def backfill(
    given: Premises,
    run_dir: Path,
    order: Order,
    *,
    workers: int = 1,
    force: bool = False,
    progress: Progress | None = None,
) -> Outcome:
    """Deliver a scenario's store and events; what of them the run folder lacks is made first.

    Raises InputError before anything is drawn when a destination can't be written to.
    """
    order.check_addresses()
    care: Care = "all" if order.verify else "sources"
    with (
        claimed(given, run_dir, progress or Progress.silent(), care, force=force) as at,
        noting_damage(run_dir),
    ):
        calendar = given.calendar
        first, last = (calendar.date_of(day) for day in (calendar.first_day, calendar.last_day))
        order.check_dates(first, last)
        work = Backfill(at, order.wanted, care=care)
        with work.opened(order.to, order.options):
            work.check()
            if not order.dry_run:
                work.forget_changed()
                make_events(given, work, workers)
                work.finish()
        deliver_all_marts(at, order)
    return Outcome(run_dir, at.manifest, was_done=False, delivered=work.delivered)


def deliver(run_dir: Path, order: Order, *, workers: int = 1, progress: Progress | None = None) -> Outcome:
    """Deliver a finished run, without drawing.

    Raises InputError for one that is not whole, DamagedError when it meets a file that is not what was
    written: of that nothing is delivered.
    """
    order.check_addresses()
    care: Care = "all" if order.verify else "cheap"
    with only_one(run_dir), noting_damage(run_dir):
        manifest = load_manifest(run_dir)
        _check_bytes(run_dir, manifest, every=order.verify)
        whole = verified(run_dir, manifest)
        if (
            not (manifest.is_done and manifest.units)
            or whole.units != manifest.units
            or whole.store != manifest.store
        ):
            raise InputError(f"--run {run_dir}: not complete; {COMPLETED_BY}")
        days = sorted(map(date.fromisoformat, manifest.units))
        order.check_dates(days[0], days[-1])
        at = Claimed(run_dir, manifest, progress or Progress.silent())
        work = Backfill(at, order.wanted, care=care)
        with work.opened(order.to, order.options):
            work.check()
            if not order.dry_run:
                work.put_tables()
                with Processes(workers) as processes:
                    copy_units(work, processes)
                work.finish()
        deliver_all_marts(at, order)
    return Outcome(run_dir, manifest, was_done=False, delivered=work.delivered)


def _check_bytes(run_dir: Path, manifest: Manifest, *, every: bool) -> None:
    """Raise DamagedError unless every file, or each that was found to differ, is what was written."""
    suspects = read_suspects(run_dir)
    files = [file for file in manifest.files if every or file.path in suspects]
    check_files(run_dir, [file for file in files if (run_dir / file.path).is_file()])


def deliver_all_marts(at: Claimed, order: Order) -> None:
    """The data marts of the warehouses of a delivery, which must have the stores whole. Raises RunError."""
    from sim.marts.build import Wish
    from sim.marts.deliver import deliver_marts

    warehouses = [url for url in order.to if is_offered(url, "tables")]
    if not order.marts or order.dry_run or not warehouses or not at.manifest.totals.events:
        return
    at.show.stage("marts")
    if order.wanted != Wanted():
        at.show.say("marts: left out, as the stores are delivered in part; see `termtide marts build`")
        return
    for url in warehouses:
        deliver_marts(at.run_dir, url, Wish(), order.options, at.show.say)


def prepare(given: Premises, run_dir: Path, *, progress: Progress | None = None) -> None:
    """Make what a stream needs of a run, store and plan, unless the folder has them whole.

    ``run`` continues from there; events that the folder has stay as they are.
    """
    with claimed(given, run_dir, progress or Progress.silent(), "sources") as at:
        make_store(given, at)
        with drawable(given, at) as world:
            plan_term(given, at, world)
