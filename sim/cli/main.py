"""The command line: a thin skin over the library. Data to stdout, all else to stderr."""

from __future__ import annotations

import gc
import os
import re
import signal
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib import import_module, resources
from itertools import pairwise
from typing import Annotated, Any, NoReturn

import typer
from typer.core import TyperGroup
from typer.main import get_command

from context.errors import InputError, TermtideError, shortened
from context.foreign import ours
from sim.backfill.kept_pages import keep_free_pages
from sim.cli.variables import check_variables, read_variables

# So many new objects before cycles among them are looked for: what a command imports leaves none, and
# with Python's own 700 (2,000 from 3.12 on) a query's start takes some 3 % longer.
_OBJECTS = 50_000
_HELP_WIDTH = 80
_ALLOWED_NUMBERS = {  # by Pydantic's names of what is wrong
    "greater_than_equal": "{ge} and more",
    "less_than_equal": "{le} and less",
    "int_parsing": "a whole number",
    "int_parsing_size": "a whole number",
    "int_from_float": "a whole number",
    "float_parsing": "a number",
    "finite_number": "a number",
}
# Where each command stands, in the order in which help lists them. A command imports what it needs when it is
# asked for: `termtide sql` does not wait for what draws a term.
COMMANDS = {
    "init": "run:init_command",
    "run": "run:run_command",
    "demo": "run:demo_command",
    "context": "context:context_command",
    "backfill": "backfill:backfill_command",
    "estimate": "backfill:estimate_command",
    "report": "reading.report:report_command",
    "stream": "live.stream:stream_command",
    "audit": "delivered:audit_command",
    "verify": "delivered:verify_command",
    "drop": "delivered:drop_command",
    "ctl": "live.ctl:ctl_app",
    "sql": "reading.sql:sql_command",
    "open": "reading.sql:open_command",
    "marts": "marts:marts_app",
    "scale": "scale:scale_app",
    "pack": "packs.pack:pack_app",
    "fit": "packs.fit:fit_command",
    "compare": "packs.compare:compare_command",
    "schema": "reading.schema:schema_app",
}


@cache
def examples() -> dict[str, list[str]]:
    """Command lines without the program's name, by command: what its help shows."""
    text = resources.files("sim.cli").joinpath("examples.toml").read_text(encoding="utf-8")
    found: dict[str, list[str]] = tomllib.loads(text)["examples"]
    return found


def _epilog(command: str) -> str:
    """Examples; the mark keeps them from being wrapped anywhere but where a shell goes on."""
    lines = (row for line in examples()[command] for row in shell_rows(f"termtide {line}"))
    return "\n".join(["\b", "Examples:", *(f"  {row}" for row in lines)])


def shell_rows(command: str, width: int = _HELP_WIDTH - 4) -> list[str]:
    """A command in rows of at most ``width`` letters, each but the last ending as shells want it to go on.

    An option stays beside its value.
    """
    words = re.findall(r"'[^']*'|\"[^\"]*\"|\S+", command)
    parts: list[str] = []
    for before, word in pairwise(["", *words]):
        if before.startswith("--") and not word.startswith("-"):
            parts[-1] += f" {word}"
        else:
            parts.append(word)
    rows = [parts[0]]
    for part in parts[1:]:
        if len(rows[-1]) + len(part) + 3 > width:
            rows[-1] += " \\"
            rows.append(f"    {part}")
        else:
            rows[-1] += f" {part}"
    return rows


def _help_alone(context: typer.Context) -> None:
    """A group that is called without a command tells what there is."""
    if context.invoked_subcommand is None:
        from sim.cli.terminal import out_document

        out_document(context.get_help() + "\n")


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
            alone.command(cmd_name, epilog=_epilog(cmd_name))(found)
            found = alone
        else:
            found.callback(invoke_without_command=True)(_help_alone)
            for below in found.registered_commands:
                below.epilog = _epilog(f"{cmd_name} {below.name}")
        command = get_command(found)
        command.name = cmd_name
        read_variables(command)
        return command

    def every_command(self) -> Iterator[Any]:
        """All commands, imported one after the other."""
        for name in COMMANDS:
            yield self.get_command(None, name)


app = typer.Typer(
    name="termtide",
    cls=_Commands,
    help="A synthetic university on tap: a context store, a term of Caliper events, a warehouse.",
    context_settings={"help_option_names": ["-h", "--help"]},
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
_INTERRUPTED = "interrupted; what is in place is whole, and the same command continues"


def _version(value: bool) -> None:
    if value:
        from sim.cli.terminal import out
        from sim.folder.manifest import termtide_version

        out(f"termtide {termtide_version()}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def main_options(
    context: typer.Context,
    _: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """A synthetic university on tap: a context store, a term of Caliper events, a warehouse."""
    check_variables(_Commands(name="termtide").every_command())
    _help_alone(context)


def fail(message: str, code: int, *, as_json: bool = False) -> NoReturn:
    """One line on stderr, then out."""
    from sim.cli.terminal import err, err_json

    if as_json:
        err_json({"error": message, "exit_code": code})
    elif _is_json_log():
        err_json({"severity": "ERROR", "message": message, "exit_code": code})
    else:
        err.print(f"termtide: {message}")
    raise SystemExit(code)


def _is_json_log() -> bool:
    """Whether a stream's log is to be JSON to its last line."""
    words = sys.argv[1:]
    given = dict(pairwise(words)).get("--log-format", "") or os.environ.get("TERMTIDE_LOG_FORMAT", "")
    return words[:1] == ["stream"] and (given == "json" or "--log-format=json" in words)


def main(arguments: list[str] | None = None) -> None:
    """Entry point: errors become one line and an exit code."""
    gc.set_threshold(_OBJECTS, 10, 10)
    keep_free_pages()
    if hasattr(signal, "SIGTERM"):
        signal.signal(signal.SIGTERM, _interrupt)
    words = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in words
    try:
        _check_letters(words)
        code = app(arguments, prog_name="termtide", standalone_mode=False)
    except TermtideError as error:
        if _is_interruption(error):
            _stopped(as_json=as_json)
        fail(error.told(words), error.exit_code, as_json=as_json)
    except (KeyboardInterrupt, typer.Abort):
        _stopped(as_json=as_json)
    except SystemExit:
        raise SystemExit(0) from None  # whoever read our output has heard enough: no failure of ours
    except typer.Exit as leave:
        raise SystemExit(leave.exit_code) from None
    except Exception as error:
        usage = getattr(error, "format_message", None)
        # "Interrupted" is DuckDB's own word for Ctrl-C in a query.
        if usage is None and ("interrupted" in str(error).lower() or _is_interruption(error)):
            _stopped(as_json=as_json)
        if usage is not None:
            line = shortened(_number_wanted(error) or usage().rstrip("."), words)
            fail(f"{line}; {_where_help_is(error)}", 2, as_json=as_json)
        known = ours(error)
        if known is None:
            raise
        fail(known.told(words), known.exit_code, as_json=as_json)
    # Outside its standalone mode, typer returns exit codes, that of an interruption too.
    if code == 130:
        _stopped(as_json=as_json)
    if isinstance(code, int) and code:
        raise SystemExit(code)


def _number_wanted(error: Exception) -> str:
    """What was given for an option that takes a number, and what it takes; "" for another fault.

    Typer hands on Pydantic's sentence, which does not say what was given.
    """
    from pydantic import ValidationError

    option, fault = getattr(error, "param", None), error.__cause__
    if option is None or not isinstance(fault, ValidationError):
        return ""
    found = fault.errors(include_url=False)[0]
    allowed = _ALLOWED_NUMBERS.get(found["type"], "").format(**found.get("ctx", {}))
    return f"{option.opts[0]}: {found['input']} given, allowed: {allowed}" if allowed else ""


def _where_help_is(error: Exception) -> str:
    """A hint for a command line that wasn't understood."""
    path = getattr(getattr(error, "ctx", None), "command_path", "termtide")
    return f"`{path} -h` shows what there is"


def _check_letters(arguments: list[str]) -> None:
    """Raise InputError for an argument whose bytes are no UTF-8: neither Arrow nor DuckDB could take it."""
    for argument in arguments:
        try:
            argument.encode()
        except UnicodeEncodeError:
            raise InputError(f"{argument} given, allowed: arguments in UTF-8") from None


def _is_interruption(error: BaseException) -> bool:
    """Whether a library has made another error of an interruption: its cause, or its name in a text.

    Pydantic does so with one that is heard while it writes.
    """
    one: BaseException | None = error
    while one is not None:
        if isinstance(one, KeyboardInterrupt) or KeyboardInterrupt.__name__ in str(one):
            return True
        one = one.__cause__ or one.__context__
    return False


def _stopped(*, as_json: bool) -> NoReturn:
    """Out after an interruption; whoever presses again changes nothing any more."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)
    fail(_INTERRUPTED, 130, as_json=as_json)


def _interrupt(_signal: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
