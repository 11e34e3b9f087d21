"""The command line: a thin skin over the library. Data to stdout, all else to stderr."""

from __future__ import annotations

import json
import signal
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from context.calendar import build_calendar
from context.errors import InputError, TermtideError
from context.history import calendars
from context.pack import Pack, load_pack
from context.scenario import (
    FILE_NAME,
    Scenario,
    demo_scenario,
    find_scenario,
    init_text,
    load_scenario,
    pack_base,
)
from sim.cli_backfill import backfill_command, estimate_command
from sim.cli_context import context_command
from sim.cli_drop import drop_command
from sim.cli_live import ctl_app, stream_command
from sim.cli_pack import pack_app
from sim.cli_schema import schema_app
from sim.manifest import termtide_version
from sim.runs import default_run_dir

app = typer.Typer(
    name="termtide",
    help="A synthetic university on tap: a context store, a term of Caliper events, a warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_INTERRUPTED = "interrupted; what is in place is whole, and the same command continues"
err = Console(stderr=True, highlight=False, soft_wrap=True)

ScenarioFile = Annotated[
    Path | None, typer.Option("--scenario", help=f"Scenario file; default: {FILE_NAME} in this folder.")
]
Fte = Annotated[str | None, typer.Option("--fte", help="Size in student full-time equivalents.")]
Term = Annotated[str | None, typer.Option("--term", help='Term, such as "Fall 2026".')]
Seed = Annotated[str | None, typer.Option("--seed", help="Seed: the same seed makes the same bytes.")]
PackName = Annotated[str | None, typer.Option("--pack", help="Name of a built-in pack or path of a folder.")]
Out = Annotated[Path | None, typer.Option("--out", help="Output folder; default: runs/<scenario>-<seed>.")]
Workers = Annotated[
    int | None,
    typer.Option("--workers", min=1, max=256, help="Worker processes; default: one per processor."),
]
Shift = Annotated[
    str | None, typer.Option("--shift", help="Weeks by which the whole calendar moves, below 0: back.")
]
Terms = Annotated[
    str | None, typer.Option("--terms", help="Terms in the store: the played one and those before it.")
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the run of another scenario in the output folder.")
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before a run above 5 GB.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]
RunDir = Annotated[
    Path | None, typer.Option("--run", help="Folder of a run; default: the newest below runs/.")
]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"termtide {termtide_version()}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A synthetic university on tap."""


@app.command()
def init(force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False) -> None:
    """Write a commented termtide.toml into this folder."""
    path = Path(FILE_NAME)
    if path.exists() and not force:
        raise InputError(f"{path}: exists already; edit it, or replace it with --force")
    path.write_text(init_text(), encoding="utf-8")
    err.print(f"wrote {path}: edit it, then `termtide run`")


@app.command()
def run(
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: Term = None,
    seed: Seed = None,
    pack: PackName = None,
    shift: Shift = None,
    terms: Terms = None,
    out: Out = None,
    workers: Workers = None,
    force: Force = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the scenario's university: context store, a term of events, warehouse and report."""
    flags = {"fte": fte, "term": term, "seed": seed, "pack": pack, "shift": shift, "terms": terms}
    chosen = load_scenario(scenario, flags)
    _make(chosen, pack_base(scenario or find_scenario()), out, workers, force=force, yes=yes, as_json=as_json)


@app.command()
def demo(
    fte: Fte = None,
    term: Term = None,
    seed: Seed = None,
    shift: Shift = None,
    terms: Terms = None,
    out: Out = None,
    workers: Workers = None,
    force: Force = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Make the demo: a university of 1,000 FTE and its Fall term, without a scenario file."""
    chosen = demo_scenario({"fte": fte, "term": term, "seed": seed, "shift": shift, "terms": terms})
    _make(chosen, Path.cwd(), out, workers, force=force, yes=yes, as_json=as_json)


app.command("context")(context_command)
app.command("backfill")(backfill_command)
app.command("estimate")(estimate_command)
app.command("stream")(stream_command)
app.command("drop")(drop_command)
app.add_typer(ctl_app, name="ctl")


def _make(
    scenario: Scenario,
    base: Path,
    out: Path | None,
    workers: int | None,
    *,
    force: bool,
    yes: bool,
    as_json: bool,
) -> None:
    from sim.claim import REPORT
    from sim.estimate import LARGE_BYTES, check_disk, estimate
    from sim.progress import Progress
    from sim.run import default_workers, run
    from sim.summary import print_summary, summary

    loaded: Pack = load_pack(scenario.pack, base)
    calendar = build_calendar(scenario, loaded.table("calendar"))
    calendars(scenario, loaded, calendar)  # refuses terms that overlap, before anything else is asked
    run_dir = out or default_run_dir(scenario)
    workers = workers or default_workers()
    wanted = estimate(scenario, loaded, calendar, workers)
    err.print(
        f"{scenario.name}: {scenario.fte:,} FTE, {scenario.term}, seed {scenario.seed}, "
        f"pack {loaded.name}: {wanted.line()}"
    )
    check_disk(run_dir, wanted)
    if wanted.bytes > LARGE_BYTES and not yes:
        _ask(f"This needs about {wanted.bytes / 1e9:.1f} GB. Go on?")
    outcome = run(scenario, loaded, run_dir, workers=workers, force=force, progress=Progress(err))
    facts = summary(outcome)
    if as_json:
        typer.echo(json.dumps(facts))
    else:
        print_summary(facts, err)
    err.print(f"report: {(run_dir / REPORT).resolve()}")


def _ask(question: str) -> None:
    if not sys.stdin.isatty():
        raise InputError(f"{question} Nobody to ask here: give --yes to go on")
    if not typer.confirm(question, err=True):
        raise InputError("not started; a smaller --fte or event_json = false needs less")


@app.command()
def sql(
    query: Annotated[str, typer.Argument(help="BigQuery SQL, or - to read it from standard input.")],
    run_dir: RunDir = None,
    form: Annotated[str, typer.Option("--format", help="table, csv or jsonl.")] = "table",
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format jsonl.")] = False,
) -> None:
    """Run BigQuery SQL, read-only, on a run's warehouse."""
    from sim.manifest import load_manifest
    from sim.runs import find_run
    from sim.sql import run_sql
    from sim.sql_output import FORMATS

    chosen = "jsonl" if as_json else form
    if chosen not in FORMATS:
        raise InputError(f"--format: {chosen} given, allowed: {', '.join(FORMATS)}")
    where = find_run(run_dir)
    project = str(load_manifest(where).scenario["project"])
    FORMATS[chosen](run_sql(where, project, sys.stdin.read() if query == "-" else query), sys.stdout)


app.add_typer(pack_app, name="pack")
app.add_typer(schema_app, name="schema")


def fail(message: str, code: int) -> NoReturn:
    """One line on stderr, then out."""
    err.print(f"termtide: {message}", markup=False)
    raise SystemExit(code)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: errors become one line and an exit code."""
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = app(arguments, prog_name="termtide", standalone_mode=False)
    except TermtideError as error:
        fail(str(error), error.exit_code)
    except (KeyboardInterrupt, typer.Abort):
        _stopped()
    except SystemExit:
        raise SystemExit(0) from None  # whoever read our output has heard enough: no failure of ours
    except OSError as error:
        fail(f"{error.filename or 'input or output'}: {error.strerror or error}", 3)
    except typer.Exit as leave:
        raise SystemExit(leave.exit_code) from None
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None and "interrupted" in str(error).lower():
            _stopped()  # DuckDB's own word for Ctrl-C in a query
        if usage is None:
            raise
        fail(usage(), 2)
    # Outside its standalone mode, typer returns the exit code of an interruption instead of raising it.
    if code == 130:
        _stopped()


def _stopped() -> NoReturn:
    """Out after an interruption; whoever presses again changes nothing any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    fail(_INTERRUPTED, 130)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
