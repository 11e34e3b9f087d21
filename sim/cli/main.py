"""The command line: a thin skin over the library. Data to stdout, all else to stderr."""

from __future__ import annotations

import json
import signal
import sys
import tomllib
from collections.abc import Callable
from importlib import resources
from typing import Annotated, NoReturn

import typer

from context.errors import TermtideError
from sim.cli.backfill import backfill_command, estimate_command
from sim.cli.context import context_command
from sim.cli.drop import drop_command
from sim.cli.pack import pack_app
from sim.cli.run import demo, init, run
from sim.cli.schema import schema_app
from sim.cli.sql import sql
from sim.cli.stream import ctl_app, stream_command
from sim.cli.terminal import err
from sim.folder.manifest import termtide_version

app = typer.Typer(
    name="termtide",
    help="A synthetic university on tap: a context store, a term of Caliper events, a warehouse.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)
_INTERRUPTED = "interrupted; what is in place is whole, and the same command continues"
_EXAMPLES: dict[str, list[str]] = tomllib.loads(
    resources.files("sim.cli").joinpath("examples.toml").read_text(encoding="utf-8")
)["examples"]


def _version(value: bool) -> None:
    if value:
        typer.echo(f"termtide {termtide_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main_options(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A synthetic university on tap: a context store, a term of Caliper events, a warehouse."""
    _help_alone(context)


def _help_alone(context: typer.Context) -> None:
    """A group that is called without a command tells what there is."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())


def _add(name: str, command: Callable[..., None]) -> None:
    app.command(name, epilog=_epilog(name))(command)


def _add_group(name: str, group: typer.Typer) -> None:
    group.callback(invoke_without_command=True)(_help_alone)
    for info in group.registered_commands:
        info.epilog = _epilog(f"{name} {info.name}")
    app.add_typer(group, name=name)


def _epilog(command: str) -> str:
    """Examples, one a line; the mark keeps them from being wrapped."""
    return "\n".join(["\b", "Examples:", *(f"  termtide {line}" for line in _EXAMPLES[command])])


_add("init", init)
_add("run", run)
_add("demo", demo)
_add("context", context_command)
_add("backfill", backfill_command)
_add("estimate", estimate_command)
_add("stream", stream_command)
_add("drop", drop_command)
_add_group("ctl", ctl_app)
_add("sql", sql)
_add_group("pack", pack_app)
_add_group("schema", schema_app)


def fail(message: str, code: int, *, as_json: bool = False) -> NoReturn:
    """One line on stderr, then out."""
    if as_json:
        typer.echo(json.dumps({"error": message, "exit_code": code}), err=True)
    else:
        err.print(f"termtide: {message}")
    raise SystemExit(code)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: errors become one line and an exit code."""
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _interrupt)
    as_json = "--json" in (sys.argv[1:] if arguments is None else arguments)
    try:
        code = app(arguments, prog_name="termtide", standalone_mode=False)
    except TermtideError as error:
        fail(str(error), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        _stopped(as_json=as_json)
    except SystemExit:
        raise SystemExit(0) from None  # whoever read our output has heard enough: no failure of ours
    except OSError as error:
        fail(f"{error.filename or 'input or output'}: {error.strerror or error}", 3, as_json=as_json)
    except typer.Exit as leave:
        raise SystemExit(leave.exit_code) from None
    except Exception as error:
        usage = getattr(error, "format_message", None)
        if usage is None and "interrupted" in str(error).lower():
            _stopped(as_json=as_json)  # DuckDB's own word for Ctrl-C in a query
        if usage is None:
            raise
        fail(f"{usage().rstrip('.')}; {_where_help_is(error)}", 2, as_json=as_json)
    # Outside its standalone mode, typer returns the exit code of an interruption instead of raising it.
    if code == 130:
        _stopped(as_json=as_json)


def _where_help_is(error: Exception) -> str:
    """A hint for a command line that wasn't understood."""
    path = getattr(getattr(error, "ctx", None), "command_path", "termtide")
    return f"`{path} -h` shows what there is"


def _stopped(*, as_json: bool) -> NoReturn:
    """Out after an interruption; whoever presses again changes nothing any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    fail(_INTERRUPTED, 130, as_json=as_json)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
