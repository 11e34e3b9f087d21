"""The command line: a thin skin over the library. Data to stdout, all else to stderr."""

from __future__ import annotations

import signal
from typing import Annotated, NoReturn

import typer

from context.errors import TermtideError
from sim.cli.backfill import backfill_command, estimate_command
from sim.cli.context import context_command
from sim.cli.delivered import drop_command, verify_command
from sim.cli.pack import pack_app
from sim.cli.run import demo_command, init_command, run_command
from sim.cli.schema import schema_app
from sim.cli.sql import sql_command
from sim.cli.stream import ctl_app, stream_command
from sim.cli.terminal import err
from sim.folder.manifest import termtide_version

app = typer.Typer(
    name="termtide",
    help="A synthetic university on tap: a context store, a term of Caliper events, a warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_INTERRUPTED = "interrupted; what is in place is whole, and the same command continues"


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


app.command("init")(init_command)
app.command("run")(run_command)
app.command("demo")(demo_command)
app.command("context")(context_command)
app.command("backfill")(backfill_command)
app.command("estimate")(estimate_command)
app.command("stream")(stream_command)
app.command("verify")(verify_command)
app.command("drop")(drop_command)
app.add_typer(ctl_app, name="ctl")
app.command("sql")(sql_command)
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
