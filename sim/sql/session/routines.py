"""What fails and is caught, transactions, texts that are statements, and procedures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from sqlglot import exp

from context.errors import InputError, RunError
from sim.sql.grammar.catalog import SYSTEM_ERROR
from sim.sql.grammar.types import STRING, Type, struct_of
from sim.sql.script.blocks import steps_of
from sim.sql.script.statements import POSITIONAL, Statement
from sim.sql.script.structure import CallStep, DropProcedure, Execute, Procedure, Step, Steps, Transaction
from sim.sql.session.engine import SqlEngine
from sim.sql.session.steps import declared_type, fitting
from sim.sql.warehouse import quoted

CALLS_MAX = 50  # BigQuery's own
_ERROR = struct_of(
    (name, STRING) for name in ("message", "statement_text", "stack_trace", "formatted_stack_trace")
)
_KEPT = "kept_"  # temporary tables as they were when a transaction began


class RaisedError(InputError):
    """What RAISE and ASSERT raise; ``message``: without the line."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(f"line {line}: {message}")
        self.message = message


@contextmanager
def known_error(engine: SqlEngine, error: InputError | RunError) -> Iterator[None]:
    """While a handler runs, @@error tells what failed."""
    before = engine.variables.get(SYSTEM_ERROR)
    message = error.message if isinstance(error, RaisedError) else str(error)
    value = dict.fromkeys(name for name, _ in _ERROR.fields) | {"message": message}
    engine.variables[SYSTEM_ERROR] = (_ERROR, value)
    try:
        yield
    finally:
        del engine.variables[SYSTEM_ERROR]
        if before is not None:
            engine.variables[SYSTEM_ERROR] = before


def again(engine: SqlEngine) -> InputError:
    """What a handler has caught, to be raised once more."""
    return InputError(engine.variables[SYSTEM_ERROR][1]["message"])


def routine_done(engine: SqlEngine, step: Step) -> None:
    """Begin or end a transaction, make or drop a procedure. Raises InputError, RunError."""
    if isinstance(step, Transaction):
        _transaction(engine, step)
    elif isinstance(step, Procedure):
        _make_procedure(engine, step)
    elif isinstance(step, DropProcedure):
        dataset, name = engine.names.target(step.name)
        if (dataset, name) in engine.names.scratch.procedures():
            engine.names.scratch.drop_procedure(dataset, name)
        elif not step.forgiving:
            raise _no_procedure(engine, step.line, dataset, name)


def _transaction(engine: SqlEngine, step: Transaction) -> None:
    scratch = engine.names.scratch
    if step.word == "BEGIN":
        if scratch.in_transaction:
            raise InputError(f"line {step.line}: BEGIN TRANSACTION given; there is one already")
        scratch.begin()
        engine.kept = dict(engine.names.temp)
        for number, place in enumerate(engine.kept.values()):
            text = f"CREATE OR REPLACE TEMP TABLE {_KEPT}{number} AS FROM {place.duckdb}"
            engine.connection.execute(text)
    elif not scratch.in_transaction:
        raise InputError(f"line {step.line}: {step.word} TRANSACTION given; there is no transaction")
    elif step.word == "COMMIT":
        scratch.end(keep=True)
    else:
        roll_back(engine)


def roll_back(engine: SqlEngine) -> None:
    """Undo what a transaction has done, if there is one."""
    if not engine.names.scratch.in_transaction:
        return
    engine.names.scratch.end(keep=False)
    for place in engine.names.temp.values():
        engine.connection.execute(f"DROP TABLE {place.duckdb}")
    for number, place in enumerate(engine.kept.values()):
        engine.connection.execute(f"CREATE TEMP TABLE {quoted(place.name)} AS FROM {_KEPT}{number}")
        engine.connection.execute(f"DROP TABLE {_KEPT}{number}")
    engine.names.temp.clear()
    engine.names.temp.update(engine.kept)


def immediate(engine: SqlEngine, step: Execute) -> Statement:
    """The one statement that the text of an EXECUTE IMMEDIATE is. Raises InputError."""
    kind, text = engine.value(step.text)
    if kind != STRING or text is None:
        given = "NULL" if text is None else f"a value of type {kind}"
        raise InputError(f"line {step.line}: EXECUTE IMMEDIATE: {given} given, allowed: a STRING")
    steps = steps_of(text)
    if (
        len(steps) != 1
        or not isinstance(steps[0], Statement)
        or isinstance(steps[0].tree, exp.Declare | exp.Set)
    ):
        raise InputError(
            f"line {step.line}: EXECUTE IMMEDIATE: allowed in its text: one statement, without DECLARE, SET, "
            "IF, loops, BEGIN and CALL"
        )
    return steps[0]


@contextmanager
def parameters_only(engine: SqlEngine, step: Execute) -> Iterator[None]:
    """While a text runs as a statement, it knows the values of USING only."""
    values = [(name, engine.value(value)) for name, value in step.values]
    before = engine.variables, engine.parameters
    engine.variables = {}
    engine.parameters = {name or f"{POSITIONAL}{i}": value for i, (name, value) in enumerate(values, 1)}
    try:
        yield
    finally:
        engine.variables, engine.parameters = before


def put_into(
    engine: SqlEngine, step: Execute, columns: Sequence[tuple[str, Type]], rows: Sequence[dict[str, Any]]
) -> None:
    """INTO: the one row into variables; without a row they are NULL. Raises InputError."""
    if len(rows) > 1:
        raise InputError(f"line {step.line}: EXECUTE IMMEDIATE ... INTO: {len(rows)} rows, allowed: one")
    if len(columns) != len(step.into):
        raise InputError(f"line {step.line}: INTO: {len(step.into)} variables, {len(columns)} columns")
    values = list(rows[0].values()) if rows else [None] * len(columns)
    for name, (_, kind), value in zip(step.into, columns, values, strict=True):
        engine.variables[name] = (fitting(f"INTO {name}", declared_type(engine, name), kind), value)


def _make_procedure(engine: SqlEngine, step: Procedure) -> None:
    dataset, name = engine.names.target(step.name)
    if engine.names.scratch.in_transaction:
        raise InputError(f"line {step.line}: CREATE PROCEDURE is not allowed in a transaction")
    if (dataset, name) in engine.names.scratch.procedures():
        if step.word == "IF NOT EXISTS":
            return
        if not step.word:
            raise InputError(
                f"line {step.line}: procedure {dataset}.{name}: there already; "
                "allowed: CREATE OR REPLACE PROCEDURE"
            )
    engine.names.scratch.put_procedure(dataset, name, step.text)


@contextmanager
def called(engine: SqlEngine, step: CallStep) -> Iterator[Steps]:
    """The steps of a procedure, while its arguments are all that is known; then OUT arguments have values."""
    dataset, name = engine.names.target(step.name)
    text = engine.names.scratch.procedures().get((dataset, name))
    if text is None:
        raise _no_procedure(engine, step.line, dataset, name)
    made = steps_of(text)[0]
    assert isinstance(made, Procedure)  # noqa: S101 - the text of one was kept
    where = f"line {step.line}: CALL {dataset}.{name}"
    if len(step.values) != len(made.arguments):
        raise InputError(f"{where}: {len(step.values)} arguments given, allowed: {len(made.arguments)}")
    if engine.calls >= CALLS_MAX:
        raise InputError(f"{where}: more than {CALLS_MAX} calls in calls")
    inside, back = {}, {}
    for argument, given in zip(made.arguments, step.values, strict=True):
        kind, value = engine.value(given)
        if argument.mode != "IN":
            if not isinstance(given, exp.Column) or given.table or given.name.lower() not in engine.variables:
                raise InputError(f"{where}: {argument.name} is {argument.mode}, allowed for it: a variable")
            back[argument.name] = given.name.lower()
            fitting(f"{where}: {given.name}", kind, argument.kind)
        held = fitting(f"{where}: {argument.name}", argument.kind, kind)
        inside[argument.name] = (held, None if argument.mode == "OUT" else value)
    before = engine.variables, engine.parameters
    engine.variables, engine.parameters = inside, {}
    engine.calls += 1
    try:
        yield made.steps
        given_back = {name: engine.variables[argument][1] for argument, name in back.items()}
    finally:
        engine.calls -= 1
        engine.variables, engine.parameters = before
    for variable, value in given_back.items():
        engine.variables[variable] = (engine.variables[variable][0], value)


def _no_procedure(engine: SqlEngine, line: int, dataset: str, name: str) -> InputError:
    known = ", ".join(f"{one}.{other}" for one, other in sorted(engine.names.scratch.procedures())) or "none"
    return InputError(f"line {line}: no procedure named {dataset}.{name}; there are: {known}")


def check_in_transaction(engine: SqlEngine, tree: exp.Expr) -> None:
    """Raise InputError for a statement that BigQuery takes in no transaction."""
    if not engine.names.scratch.in_transaction or not isinstance(tree, exp.Create | exp.Drop):
        return
    words = tree.args["properties"].expressions if tree.args.get("properties") else ()
    kind = str(tree.args.get("kind")).upper()
    node = tree.find(exp.Table)
    name = node.name.lower() if node is not None and not node.db else ""
    if kind == "FUNCTION" or any(isinstance(word, exp.TemporaryProperty) for word in words):
        return
    if not (isinstance(tree, exp.Drop) and name in engine.names.temp):
        raise InputError(
            f"{tree.key.upper()} {kind} is not allowed in a transaction, but for temporary tables"
        )
