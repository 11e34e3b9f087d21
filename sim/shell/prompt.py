"""The interactive shell: a query ends with a semicolon; what is made stays while the shell is open.

Lines that begin with a point are for the shell itself: .tables, .schema, .format, .help, .quit.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.auto_suggest import AutoSuggestFromHistory
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.history import FileHistory, History, InMemoryHistory
from prompt_toolkit.key_binding import KeyBindings, KeyPressEvent
from prompt_toolkit.lexers import PygmentsLexer
from pygments.lexers.sql import SqlLexer

from context.errors import InputError, TermtideError, number_of
from sim.folder.find import find_run
from sim.shell.answers import Asked, Tell, session_of, show_rows, write_cost
from sim.shell.completion import proposals, word_before
from sim.sql.output import RESULT_FORMATS, write_rows
from sim.sql.script.blocks import is_open
from sim.sql.script.parameters import parameters_of
from sim.sql.session.session import Session

_HELP = """a query ends with ;   Tab completes   Ctrl-C stops a query   Ctrl-D leaves
.tables [TEXT]   tables whose name has that text
.schema TABLE    columns of a table
.format NAME     pretty, json, prettyjson, jsonl, csv
.quit            leave"""


def shell(asked: Asked, say: Tell, **terminal: Any) -> None:
    """Ask for queries and answer them until the user leaves; ``terminal``: other input and output.

    A query that is wrong is told in a line, and the shell goes on. Raises InputError where there is no run.
    """
    run_dir = find_run(asked.run_dir)
    with session_of(asked, run_dir, say) as session:
        tables = session.tables()
        say(f"{run_dir}: {number_of(len(tables), 'table')}, all synthetic; .help tells what there is")
        desk = _Desk(session, asked, say, tables)
        prompt: PromptSession[str] = PromptSession(
            "sql> ",
            history=_history(),
            multiline=True,
            prompt_continuation="...> ",
            key_bindings=_keys(),
            completer=_Names(desk),
            complete_while_typing=False,
            auto_suggest=AutoSuggestFromHistory(),
            lexer=PygmentsLexer(SqlLexer),
            **terminal,
        )
        while True:
            try:
                text = prompt.prompt().strip()
            except KeyboardInterrupt:
                continue
            except EOFError:
                return
            if text in (".quit", ".exit"):
                return
            if text:
                desk.answer(text)


class _Desk:
    """What the shell does with a line."""

    def __init__(self, session: Session, asked: Asked, say: Tell, tables: dict[str, list[str]]) -> None:
        self.tables = tables
        self._session, self._asked, self._say = session, asked, say
        self._form = asked.chosen
        self._parameters = parameters_of(asked.parameters)

    def answer(self, text: str) -> None:
        """Answer a query, or one of the shell's own lines."""
        try:
            if text.startswith("."):
                self._own(text)
            else:
                self._query(text)
        except TermtideError as error:
            self._say(str(error))
        except KeyboardInterrupt:
            self._say("interrupted")
        except RuntimeError as error:  # DuckDB's own word for Ctrl-C in a query
            if "interrupted" not in str(error).lower():
                raise
            self._say("interrupted")

    def _query(self, text: str) -> None:
        costs = []
        first = True
        for outcome in self._session.run(text, self._parameters, dry=self._asked.dry):
            if outcome.said:
                self._say(outcome.said)
            if outcome.cost is not None:
                costs.append(outcome.cost)
            if outcome.rows is None:
                continue
            if self._form == "pretty":
                show_rows(outcome.rows, self._asked.rows_max, sys.stdout, self._say, first=first)
            else:
                write_rows(outcome.rows, self._form, sys.stdout)
            first = False
        if self._asked.dry:
            write_cost(costs, self._form, sys.stdout)
        sys.stdout.flush()
        self.tables = self._session.tables()

    def _own(self, text: str) -> None:
        word, _, rest = text.partition(" ")
        rest = rest.strip().strip(";`")
        if word == ".help":
            self._say(_HELP)
        elif word == ".tables":
            sys.stdout.write("".join(f"{name}\n" for name in self.tables if rest in name))
        elif word == ".schema":
            if rest not in self.tables:
                raise InputError(f".schema {rest}: no such table; .tables lists them")
            sys.stdout.write("".join(f"{column}\n" for column in self.tables[rest]))
        elif word == ".format":
            if rest not in RESULT_FORMATS or rest == "parquet":
                allowed = ", ".join(form for form in RESULT_FORMATS if form != "parquet")
                raise InputError(f".format {rest}: allowed: {allowed}")
            self._form = rest
        else:
            raise InputError(f"{word}: allowed: .tables, .schema, .format, .help, .quit")


class _Names(Completer):
    """Tables, columns and words of SQL."""

    def __init__(self, desk: _Desk) -> None:
        self._desk = desk

    def get_completions(
        self,
        document: Document,
        complete_event: CompleteEvent,  # noqa: ARG002 - the prompt hands it over
    ) -> Iterable[Completion]:
        """What may stand in place of the word before the cursor."""
        before = document.text_before_cursor
        back = -len(word_before(before))
        for name in proposals(before, document.text, self._desk.tables):
            yield Completion(name, start_position=back)


def _keys() -> KeyBindings:
    """Enter hands over what is whole: it ends with a semicolon outside of blocks, or is the shell's own."""
    keys = KeyBindings()

    @keys.add("enter")
    def _enter(event: KeyPressEvent) -> None:
        text = event.current_buffer.text.strip()
        whole = text.endswith(";") and not is_open(text)
        if not text or whole or text.startswith("."):
            event.current_buffer.validate_and_handle()
        else:
            event.current_buffer.insert_text("\n")

    return keys


def _history() -> History:
    """Earlier queries, kept where programs keep such things; in memory where nothing can be written."""
    base = os.environ.get("XDG_STATE_HOME") or "~/.local/state"
    path = Path(base).expanduser() / "termtide" / "sql_history"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    except OSError:
        return InMemoryHistory()
    return FileHistory(str(path))
