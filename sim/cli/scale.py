"""``termtide scale``: one term by many machines."""

from __future__ import annotations

import os
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from context.errors import InputError, number_of
from context.files import typed_path
from sim.cli.options import AllowUnlabelled, AsJson, NoMarts, ScenarioFile, Workers
from sim.cli.terminal import err, out_json

scale_app = typer.Typer(
    help="A term by many machines: prepare, units, finish.", no_args_is_help=True, rich_markup_mode=None
)
_Work = Annotated[
    str,
    typer.Option("--work", metavar="URL", help="Where the work stands: a folder or gs://BUCKET/PATH."),
]
_ToOut = Annotated[
    str, typer.Option("--out", metavar="URL", help="Where the run appears: a folder or gs://BUCKET/PATH.")
]


@scale_app.command("prepare")
def scale_prepare(
    work: _Work,
    scenario: ScenarioFile = None,
    tenants: Annotated[
        Path | None,
        typer.Option(
            "--tenants",
            parser=typed_path,
            metavar="FILE",
            help="A TOML file of several scenarios: tables [[tenant]] of name, scenario and prefix.",
        ),
    ] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Make store, plan and world of a scenario, or of several, which all machines then read."""
    if tenants is not None:
        _prepare_tenants(work, scenario, tenants, workers, as_json=as_json)
        return
    from context.terms.premises import premises_of_file
    from sim.folder.progress import Progress
    from sim.scale.places.open import open_storage
    from sim.scale.prepare import prepare_work

    given = premises_of_file(scenario, {})
    with Progress(err) as show:
        job = prepare_work(given, open_storage(work), show)
    events = sum(unit.events for unit in job.units.values())
    facts = {"work": work, "synthetic": True, "job": job.seal, "units": len(job.units), "planned": events}
    told = f"{work}: {number_of(len(job.units), 'unit')}, about {number_of(events, 'event')}"
    _tell(facts, told, as_json=as_json)


def _prepare_tenants(
    work: str, scenario: Path | None, file: Path, workers: int | None, *, as_json: bool
) -> None:
    """Several scenarios, several at a time."""
    from sim.backfill.pool import default_workers
    from sim.scale.tenants import prepare_tenants, read_tenants

    if scenario is not None:
        raise InputError("--scenario: given beside --tenants, whose file names the scenarios")
    done = prepare_tenants(read_tenants(file), work, workers or default_workers())
    units, events = sum(tenant.units for tenant in done), sum(tenant.events for tenant in done)
    facts = {
        "work": work,
        "synthetic": True,
        "tenants": [asdict(tenant) for tenant in done],
        "units": units,
        "planned": events,
    }
    _tell(facts, f"{work}: {len(done)} tenants, {units} units, about {events:,} events", as_json=as_json)


@scale_app.command("units")
def scale_units(
    work: _Work,
    out: _ToOut,
    index: Annotated[
        int | None,
        typer.Option("--index", metavar="I", help="This task, from 0; default: as its scheduler says."),
    ] = None,
    count: Annotated[
        int | None, typer.Option("--count", metavar="N", help="Tasks; default: as their scheduler says.")
    ] = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Make the units of this task that are not in place.

    Index and count are taken from Cloud Run, Batch, Slurm or Kubernetes unless they are given.
    """
    from sim.backfill.pool import default_workers
    from sim.folder.progress import Progress
    from sim.scale.tasks import share_of
    from sim.scale.units import make_own_units

    share = share_of(index, count, os.environ)
    with Progress(err) as show:
        done = make_own_units(work, out, share, workers or default_workers(), show)
    made = [unit for unit in done if not unit.was_there]
    events = sum(unit.events for unit in made)
    share_facts = {"index": share.index, "count": share.count}
    _tell_made(out, len(made), len(done) - len(made), events, share_facts, as_json=as_json)


@scale_app.command("beam")
def scale_beam(
    work: _Work,
    out: _ToOut,
    options: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- BEAM OPTIONS]", help="Options of Beam's own, behind two hyphens."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make all units by Apache Beam, on Dataflow or another runner."""
    from sim.scale.beam import make_by_beam
    from sim.scale.units import all_units

    done = make_by_beam(all_units(work, out), options or [])
    _tell_made(out, done.made, done.found, done.events, {}, as_json=as_json)


@scale_app.command("finish")
def scale_finish(
    work: _Work,
    out: _ToOut,
    to: Annotated[
        str | None,
        typer.Option(
            "--to", metavar="URL", help="Then load it into BigQuery: bigquery://PROJECT?prefix=NAME_."
        ),
    ] = None,
    allow_unlabelled: AllowUnlabelled = None,
    no_marts: NoMarts = False,
    as_json: AsJson = False,
) -> None:
    """Merge what all tasks made into a run; no event is read for it but by the marts.

    BigQuery fetches what stands in a bucket by itself.
    """
    from sim.folder.progress import Progress
    from sim.scale.deliver import check_warehouse, deliver_run, warehouse_of
    from sim.scale.finish import finish_run
    from sim.scale.places.open import open_storage
    from sim.scale.tenants import tenants_of
    from sim.sinks.tables import TableOptions

    options = TableOptions(allow_unlabelled=tuple(allow_unlabelled or ()), say=err.print)
    if to is not None:
        check_warehouse(to)
    source, target = open_storage(work), open_storage(out)
    for tenant in tenants_of(source):
        here, there = (place.below(tenant.name) if tenant.name else place for place in (source, target))
        with Progress(err) as show:
            run = finish_run(here, there, show, marts=not no_marts)
            url = None if to is None else warehouse_of(to, tenant.prefix)
            loads = None if url is None else deliver_run(there, run.manifest, url, options, show)
        totals = run.manifest.totals
        facts = {
            "run": run.where,
            "synthetic": True,
            "was_done": run.was_done,
            "store_rows": totals.store_rows,
            "events": totals.events,
            "event_bytes": totals.event_bytes,
        }
        rows, events = number_of(totals.store_rows, "store row"), number_of(totals.events, "event")
        line = f"{run.where}: {rows}, {events}, all synthetic"
        if loads is not None:
            facts |= {"to": url, **asdict(loads)}
            line += f"; {url}: {number_of(loads.loaded, 'item')} loaded, {loads.found} there before"
        _tell(facts, line, as_json=as_json)


def _tell_made(out: str, made: int, found: int, events: int, more: dict[str, Any], *, as_json: bool) -> None:
    """Units that were made and those that were there, whichever engine made them."""
    facts = {"out": out, "synthetic": True, **more, "made": made, "found": found, "events": events}
    drawn = f"{number_of(made, 'unit')} made ({number_of(events, 'event')})"
    _tell(facts, f"{out}: {drawn}, {found} there before", as_json=as_json)


def _tell(facts: dict[str, Any], line: str, *, as_json: bool) -> None:
    """The outcome, for programs or people."""
    if as_json:
        out_json(facts)
    else:
        err.print(line)
