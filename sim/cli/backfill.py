"""``termtide backfill`` and ``termtide estimate``."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from context.errors import InputError, number_of
from context.files import typed_path
from context.terms.premises import premises_given
from sim.cli.options import (
    AllowUnlabelled,
    AsJson,
    Force,
    Fte,
    NoMarts,
    Out,
    PackName,
    ScenarioFile,
    Seed,
    Shift,
    TermName,
    Terms,
    Verify,
    Workers,
    date_given,
)
from sim.cli.terminal import err, out, out_json
from sim.folder.find import default_run_dir
from sim.sinks.open import either, forms, is_stdout, schemes

if TYPE_CHECKING:
    from sim.run import Outcome

_FORMS = ", ".join(forms("units", "tables"))
_COMPRESSED = [scheme.name for scheme in schemes("units") if scheme.has_compression]
_To = Annotated[
    list[str] | None,
    typer.Option(
        "--to",
        metavar="URL",
        help=f"Destination, again for several: {_FORMS}.",
    ),
]
_From = Annotated[
    str | None, typer.Option("--from", metavar="DATE", help="First date; default: the term's first.")
]
_Until = Annotated[
    str | None, typer.Option("--until", metavar="DATE", help="Last date, included; default: the last.")
]
_Dataset = Annotated[
    list[str] | None, typer.Option("--dataset", metavar="NAME", help="Only this dataset; again for several.")
]
_Table = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME", help="Only this DATASET.TABLE; again for several."),
]
_Compression = Annotated[
    str,
    typer.Option(
        "--compression", metavar="HOW", help=f"Of {either(_COMPRESSED)}: files: none, gzip or zstd."
    ),
]
_Method = Annotated[
    str,
    typer.Option(
        "--method", metavar="HOW", help="How BigQuery replaces a day: auto, decorator or transaction."
    ),
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Look at the destinations, write nothing.")]
_Finished = Annotated[
    Path | None,
    typer.Option(
        "--run", parser=typed_path, metavar="DIR", help="Deliver this finished run, without drawing."
    ),
]


def backfill_command(
    to: _To = None,
    begin: _From = None,
    until: _Until = None,
    dataset: _Dataset = None,
    table: _Table = None,
    compression: _Compression = "none",
    method: _Method = "auto",
    allow_unlabelled: AllowUnlabelled = None,
    dry_run: _DryRun = False,
    no_marts: NoMarts = False,
    run_dir: _Finished = None,
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: TermName = None,
    seed: Seed = None,
    pack: PackName = None,
    shift: Shift = None,
    terms: Terms = None,
    out: Out = None,
    workers: Workers = None,
    force: Force = False,
    verify: Verify = False,
    as_json: AsJson = False,
) -> None:
    """Deliver store and events in bulk, to several places.

    What is missing there is drawn or copied, and nothing twice. The same command goes on after a kill.
    """
    from sim.backfill.backfill import Wanted, wanted_tables
    from sim.backfill.pool import default_workers
    from sim.folder.progress import Progress
    from sim.run import Order, backfill, deliver
    from sim.sinks.tables import TableOptions

    urls = _urls(to or [], compression)
    if taken := next((url for url in urls if is_stdout(url, "units")), None):
        if as_json:
            raise InputError(f"--json: stdout is taken by --to {taken}")
        workers = 1
    wanted = Wanted(
        date_given("--from", begin),
        date_given("--until", until),
        wanted_tables(dataset or [], table or []),
    )
    if wanted.begin and wanted.until and wanted.until < wanted.begin:
        raise InputError(f"--until: {until} given, which is before --from {begin}")
    options = TableOptions(method, tuple(allow_unlabelled or ()), say=err.print, verify=verify)
    order = Order(urls, wanted, options, dry_run=dry_run, verify=verify, marts=not no_marts)
    workers = workers or default_workers()
    flags = {"fte": fte, "term": term, "seed": seed, "pack": pack, "shift": shift, "terms": terms}
    if run_dir is not None:
        given = [name for name, value in {**flags, "scenario": scenario, "out": out}.items() if value]
        if given:
            raise InputError(f"--run says which run, so --{given[0]} has no meaning")
        with Progress(err) as show:
            outcome = deliver(run_dir, order, workers=workers, progress=show)
    else:
        made = premises_given(scenario, flags)
        folder = out or default_run_dir(made.scenario)
        with Progress(err) as show:
            outcome = backfill(made, folder, order, workers=workers, force=force, progress=show)
    _report(outcome, urls, dry_run=dry_run, as_json=as_json)


def _report(outcome: Outcome, urls: tuple[str, ...], *, dry_run: bool, as_json: bool) -> None:
    """What was delivered, for people or programs."""
    facts = {"run": str(outcome.run_dir), "synthetic": True, "dry_run": dry_run, "to": list(urls)}
    done: dict[str, Any] = asdict(outcome.delivered) if outcome.delivered else {}
    if as_json:
        out_json({**facts, **done})
    elif not dry_run:
        err.print(
            f"{outcome.run_dir}: {number_of(done['drawn'], 'day')} drawn, {done['copied']} copied "
            f"({number_of(done['events'], 'event')}), {number_of(done['tables'], 'table')} written; "
            f"warehouses: {number_of(done['loaded'], 'item')} loaded, {done['found']} there before; "
            "all synthetic"
        )


def _urls(given: list[str], compression: str) -> tuple[str, ...]:
    """Destinations; --compression becomes part of those it is for."""
    from sim.sinks.ndjson import SUFFIXES

    if not given:
        raise InputError(f"--to: missing, allowed: {_FORMS}")
    if compression not in SUFFIXES:
        raise InputError(f"--compression: {compression} given, allowed: {', '.join(SUFFIXES)}")
    if compression == "none":
        return tuple(given)
    chosen = [url for url in given if url.partition(":")[0] in _COMPRESSED]
    if not chosen:
        raise InputError(
            f"--compression {compression}: only {either(_COMPRESSED)}: files are compressed by choice"
        )
    return tuple(
        f"{url}?compression={compression}" if url in chosen and "?compression=" not in url else url
        for url in given
    )


def estimate_command(
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: TermName = None,
    seed: Seed = None,
    pack: PackName = None,
    shift: Shift = None,
    terms: Terms = None,
    workers: Workers = None,
    as_json: AsJson = False,
) -> None:
    """Tell rows, bytes and minutes before anything is made.

    And what many machines would cost, and BigQuery for keeping it.
    """
    from sim.backfill.pool import default_workers
    from sim.plan.estimate import estimate, machine_pace
    from sim.scale.cost import cost_facts, cost_lines

    flags = {"fte": fte, "term": term, "seed": seed, "pack": pack, "shift": shift, "terms": terms}
    given = premises_given(scenario, flags)
    workers = workers or default_workers()
    wanted = estimate(given.scenario, given.pack, given.calendar, workers, pace=machine_pace())
    if as_json:
        out_json({**wanted.facts(), **cost_facts(wanted)})
        return
    for line in (*wanted.lines(), *wanted.costs(), *cost_lines(wanted)):
        out(line)
