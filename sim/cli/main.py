"""The command line: a thin skin over the library. Data to stdout, all else to stderr."""

from __future__ import annotations

import signal
from importlib import import_module
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from context.errors import TermtideError

# Where each command stands, in the order in which help lists them. A command imports what it needs when it is
# asked for: `termtide sql` does not wait for what draws a term.
COMMANDS = {
    "init": "run:init_command",
    "run": "run:run_command",
    "demo": "run:demo_command",
    "context": "context:context_command",
    "backfill": "backfill:backfill_command",
    "estimate": "backfill:estimate_command",
    "stream": "stream:stream_command",
    "verify": "delivered:verify_command",
    "drop": "delivered:drop_command",
    "ctl": "stream:ctl_app",
    "sql": "sql:sql_command",
    "open": "sql:open_command",
    "pack": "pack:pack_app",
    "schema": "schema:schema_app",
}


class _Commands(TyperGroup):
    """The commands, each imported when it is wanted."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002 - typer hands it over
        """Names, in order."""
        return [*COMMANDS]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002 - as above
        """The command of a name; None if there is none."""
        if cmd_name not in COMMANDS:
            return None
        module, name = COMMANDS[cmd_name].split(":")
        found = getattr(import_module(f"sim.cli.{module}"), name)
        if not isinstance(found, typer.Typer):
            alone = typer.Typer(add_completion=False, pretty_exceptions_enable=False, rich_markup_mode=None)
            alone.command(cmd_name)(found)
            found = alone
        command = get_command(found)
        command.name = cmd_name
        return command


app = typer.Typer(
    name="termtide",
    cls=_Commands,
    help="A synthetic university on tap: a context store, a term of Caliper events, a warehouse.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_INTERRUPTED = "interrupted; what is in place is whole, and the same command continues"


def _version(value: bool) -> None:
    if value:
        from sim.folder.manifest import termtide_version

        typer.echo(f"termtide {termtide_version()}")
        raise typer.Exit


@app.callback()
def main_options(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A synthetic university on tap."""


def fail(message: str, code: int) -> NoReturn:
    """One line on stderr, then out."""
    from sim.cli.terminal import err

    err.print(f"termtide: {message}", markup=False, emoji=False)
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
