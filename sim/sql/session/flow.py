"""Running a script: its statements in turn, its choices and loops by the values of their conditions."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Generic, TypeVar

from sqlglot import exp

from context.errors import InputError, RunError
from sim.sql.grammar.types import BOOL, STRING, struct_of
from sim.sql.script.statements import Statement
from sim.sql.script.structure import Block, CallStep, Choice, Execute, Jump, Looping, Rows, Step, Steps, Stop
from sim.sql.session.engine import SqlEngine
from sim.sql.session.routines import (
    RaisedError,
    again,
    called,
    immediate,
    known_error,
    parameters_only,
    put_into,
    roll_back,
    routine_done,
)

ROUNDS_MAX = 10_000  # of all loops of a script; BigQuery ends one after hours
Given = TypeVar("Given")
_SUBJECT = "case_subject_"


class _Jumped(Exception):  # noqa: N818 - a way on, no error
    """BREAK, CONTINUE or RETURN, on its way out to the loop or block that is meant."""

    def __init__(self, jump: Jump) -> None:
        super().__init__()
        self.word, self.label = jump.word, jump.label


class Flow(Generic[Given]):
    """One script on its way; ``outcome`` carries out a plain statement.

    ``dry``: nothing is made, so conditions have no values yet and only plain statements are taken.
    """

    def __init__(self, engine: SqlEngine, outcome: Callable[[Statement], Given], *, dry: bool) -> None:
        self._engine = engine
        self._outcome = outcome
        self._dry = dry
        self._rounds = 0

    def run(self, steps: Steps) -> Iterator[Given]:
        """What the statements give. Raises InputError, RunError."""
        try:
            yield from self._all(steps)
        except _Jumped:  # a RETURN
            return
        finally:  # what no COMMIT has kept is gone
            roll_back(self._engine)

    def _all(self, steps: Steps) -> Iterator[Given]:
        for step in steps:
            if isinstance(step, Statement):
                yield self._outcome(step)
            else:
                if self._dry:
                    raise InputError(
                        f"line {step.line}: allowed in a dry run: plain statements, without IF, CASE, loops, "
                        "BEGIN, RAISE, ASSERT, transactions, procedures and EXECUTE IMMEDIATE"
                    )
                yield from self._step(step)

    def _step(self, step: Step) -> Iterator[Given]:
        if isinstance(step, Choice):
            yield from self._choice(step)
        elif isinstance(step, Jump):
            raise _Jumped(step)
        elif isinstance(step, Stop):
            self._stop(step)
        elif isinstance(step, Looping | Rows):
            yield from self._loop(step)
        elif isinstance(step, Block):
            yield from self._block(step)
        elif isinstance(step, Execute):
            yield from self._execute(step)
        elif isinstance(step, CallStep):
            yield from self._call(step)
        else:
            routine_done(self._engine, step)

    def _block(self, step: Block) -> Iterator[Given]:
        try:
            try:
                yield from self._inside(step.steps)
            except (InputError, RunError) as error:
                if step.handler is None:
                    raise
                with known_error(self._engine, error):
                    yield from self._inside(step.handler)
        except _Jumped as jump:
            if not step.label or jump.label != step.label:
                raise

    def _execute(self, step: Execute) -> Iterator[Given]:
        """EXECUTE IMMEDIATE: a statement by itself, which knows no variables."""
        statement = immediate(self._engine, step)
        with parameters_only(self._engine, step):
            if step.into:
                if not isinstance(statement.tree, exp.Query):
                    raise InputError(f"line {step.line}: INTO with {statement.word}, allowed: with a query")
                held = self._engine.held(statement.tree)
                columns, rows = held.columns, held.rows().to_pylist()
            else:
                yield self._outcome(statement)
                return
        put_into(self._engine, step, columns, rows)

    def _call(self, step: CallStep) -> Iterator[Given]:
        """CALL: the steps of a procedure, which know their arguments only."""
        with called(self._engine, step) as steps, suppress(_Jumped):  # a RETURN
            yield from self._all(steps)

    def _inside(self, steps: Steps) -> Iterator[Given]:
        """Steps whose variables are gone after them."""
        known = set(self._engine.variables)
        try:
            yield from self._all(steps)
        finally:
            for name in set(self._engine.variables) - known:
                del self._engine.variables[name]

    def _choice(self, step: Choice) -> Iterator[Given]:
        variables = self._engine.variables
        if step.subject is not None:
            variables[_SUBJECT] = self._engine.value(step.subject)
        try:
            chosen = next((steps for test, steps in step.branches if self._fits(step, test)), ())
        finally:
            variables.pop(_SUBJECT, None)
        yield from self._all(chosen)

    def _fits(self, step: Choice, test: exp.Expr | None) -> bool:
        if test is None:
            return True
        if step.subject is not None:
            test = exp.EQ(this=exp.column(_SUBJECT), expression=exp.paren(test))
        return self._truth(test, "CASE" if step.subject is not None else "IF", step.line)

    def _truth(self, test: exp.Expr, word: str, line: int) -> bool:
        kind, value = self._engine.value(test)
        if kind != BOOL and value is not None:
            raise InputError(f"line {line}: {word} with a condition of type {kind}, allowed: BOOL")
        return bool(value)

    def _loop(self, step: Looping | Rows) -> Iterator[Given]:
        for _ in self._turns(step):
            self._rounds += 1
            if self._rounds > ROUNDS_MAX:
                raise InputError(
                    f"line {step.line}: the script's loops have gone round more than {ROUNDS_MAX:,} times"
                )
            try:
                yield from self._all(step.steps)
            except _Jumped as jump:
                if jump.word == "RETURN" or jump.label not in ("", step.label):
                    raise
                if jump.word == "BREAK":
                    return

    def _turns(self, step: Looping | Rows) -> Iterator[None]:
        """One for each round, as long as there is one."""
        if isinstance(step, Rows):
            yield from self._rows(step)
        elif step.condition is None:
            while True:
                yield
        elif step.word == "WHILE":
            while self._truth(step.condition, step.word, step.line):
                yield
        else:
            yield
            while not self._truth(step.condition, step.word, step.line):
                yield

    def _rows(self, step: Rows) -> Iterator[None]:
        held = self._engine.held(step.query)
        kind = struct_of(held.columns)
        try:
            for row in held.rows().to_pylist():
                self._engine.variables[step.name] = (kind, row)
                yield
        finally:
            self._engine.variables.pop(step.name, None)

    def _stop(self, step: Stop) -> None:
        if step.again:
            raise again(self._engine)
        if step.condition is not None and self._truth(step.condition, "ASSERT", step.line):
            return
        message = "Assertion failed"
        if step.message is not None:
            kind, message = self._engine.value(step.message)
            if kind != STRING:
                raise InputError(f"line {step.line}: a message of type {kind} given, allowed: STRING")
        raise RaisedError(step.line, str(message))
