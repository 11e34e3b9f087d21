"""``termtide init``, ``run`` and ``demo``."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from humanize import naturalsize

from context.errors import InputError, number_of
from context.packs.pack import load_pack
from context.scenario.load import FILE_NAME, demo_scenario, init_text
from context.terms.premises import Premises, premises, premises_of_file
from sim.cli.options import (
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
)
from sim.cli.terminal import ask_to_go_on, err, out_json, program
from sim.folder.find import default_run_dir
from sim.folder.names import REPORT, WAREHOUSE

if TYPE_CHECKING:
    from sim.run import Outcome

_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run above 5 GB.")]


def init_command(
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
) -> None:
    """Write a commented termtide.toml into this folder."""
    path = Path(FILE_NAME)
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; edit it, or replace it with --force")
    path.write_text(init_text(), encoding="utf-8")
    err.print(f"wrote {path}: edit it, then `termtide run`")


def run_command(
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
    no_marts: NoMarts = False,
    yes: _Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the scenario's university, a term of it.

    Context store, events, warehouse and report. Killed or stopped, the same command goes on.
    """
    flags = {"fte": fte, "term": term, "seed": seed, "pack": pack, "shift": shift, "terms": terms}
    given = premises_of_file(scenario, flags)
    _make(given, out, workers, force=force, verify=verify, yes=yes, marts=not no_marts, as_json=as_json)


def demo_command(
    fte: Fte = None,
    term: TermName = None,
    seed: Seed = None,
    shift: Shift = None,
    terms: Terms = None,
    out: Out = None,
    workers: Workers = None,
    force: Force = False,
    verify: Verify = False,
    no_marts: NoMarts = False,
    yes: _Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make a demo, of 1,000 FTE unless told otherwise.

    It needs no scenario file. What differs from the plain demo is in the name of its folder.
    """
    chosen = demo_scenario({"fte": fte, "term": term, "seed": seed, "shift": shift, "terms": terms})
    given = premises(chosen, load_pack(chosen.pack, Path.cwd()))
    _make(given, out, workers, force=force, verify=verify, yes=yes, marts=not no_marts, as_json=as_json)


def _make(
    given: Premises,
    out: Path | None,
    workers: int | None,
    *,
    force: bool,
    verify: bool,
    yes: bool,
    marts: bool,
    as_json: bool,
) -> None:
    from sim.backfill.pool import default_workers
    from sim.folder.progress import Progress
    from sim.plan.estimate import LARGE_BYTES, check_disk, estimate, machine_pace
    from sim.run import run

    scenario = given.scenario
    run_dir = out or default_run_dir(scenario)
    workers = workers or default_workers()
    pace = machine_pace()
    wanted = estimate(scenario, given.pack, given.calendar, workers, marts=marts, pace=pace)
    title = f"{scenario.name}: {scenario.fte:,} FTE, {scenario.term}, seed {scenario.seed}"
    for line in (f"{title}, pack {given.pack.name}", *wanted.lines()):
        err.print(line)
    check_disk(run_dir, wanted)
    if wanted.bytes > LARGE_BYTES and not yes:
        ask_to_go_on(f"This needs about {naturalsize(wanted.bytes)}. Go on?")
    with Progress(err) as show:
        outcome = run(given, run_dir, workers=workers, force=force, verify=verify, marts=marts, progress=show)
    facts = _summary(outcome)
    if as_json:
        out_json(facts)
    else:
        _print_summary(facts)
    if (run_dir / REPORT).is_file():
        err.print(f"report: {(run_dir / REPORT).resolve()}")


def _summary(outcome: Outcome) -> dict[str, Any]:
    """The run's facts as plain data."""
    from sim.report.queries import queries

    manifest, run_dir = outcome.manifest, outcome.run_dir
    days = sorted(manifest.units)
    return {
        "run": str(run_dir),
        "synthetic": True,
        "was_done": outcome.was_done,
        "scenario": manifest.scenario.name,
        "seed": manifest.seed,
        "store_rows": manifest.totals.store_rows,
        "events": manifest.totals.events,
        "event_bytes": manifest.totals.event_bytes,
        "warehouse": str(run_dir / WAREHOUSE),
        "report": str(run_dir / REPORT),
        "queries": [" ".join(sql.split()) for _, sql in queries(days)],
    }


def _print_summary(facts: dict[str, Any]) -> None:
    """The summary for people."""
    run_dir = facts["run"]
    if facts["was_done"]:
        err.print(f"{run_dir}: this run is complete already; nothing to do")
    err.print(
        f"{run_dir}: {number_of(facts['store_rows'], 'store row')}, {number_of(facts['events'], 'event')} "
        f"({naturalsize(facts['event_bytes'])} of Parquet), all synthetic"
    )
    err.print(f"warehouse: {Path(facts['warehouse']).resolve()}")
    err.print("Try:")
    for query in facts["queries"]:
        # To be copied: no end of a row in it.
        err.print(f'  {program()} sql --run {shlex.quote(run_dir)} "{query}"', soft_wrap=True)
