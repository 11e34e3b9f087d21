"""What a script is made of: statements, and blocks, choices, loops and procedures round them."""

from __future__ import annotations

from dataclasses import dataclass

from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.types import Type
from sim.sql.script.statements import Statement


@dataclass(frozen=True)
class Choice:
    """IF and CASE: the steps of the first branch whose condition is true, None for ELSE.

    ``subject``: what the branches of a CASE are compared with.
    """

    line: int
    branches: tuple[tuple[exp.Expr | None, Steps], ...]
    subject: exp.Expr | None = None


@dataclass(frozen=True)
class Looping:
    """LOOP, WHILE with its condition before the steps, REPEAT with it after them."""

    line: int
    word: str
    steps: Steps
    condition: exp.Expr | None = None
    label: str = ""


@dataclass(frozen=True)
class Rows:
    """FOR variable IN (query): the steps for each of its rows."""

    line: int
    name: str
    query: exp.Query
    steps: Steps
    label: str = ""


@dataclass(frozen=True)
class Block:
    """BEGIN ... END: its variables are known inside of it; ``handler``: the steps after what fails there."""

    line: int
    steps: Steps
    label: str = ""
    handler: Steps | None = None


@dataclass(frozen=True)
class Jump:
    """BREAK, CONTINUE or RETURN."""

    line: int
    word: str
    label: str = ""


@dataclass(frozen=True)
class Stop:
    """RAISE with its message, or ASSERT, which goes on where its condition is true.

    ``again``: a RAISE without a message, of what has failed.
    """

    line: int
    message: exp.Expr | None
    condition: exp.Expr | None = None
    again: bool = False


@dataclass(frozen=True)
class Transaction:
    """BEGIN, COMMIT or ROLLBACK TRANSACTION."""

    line: int
    word: str


@dataclass(frozen=True)
class Execute:
    """EXECUTE IMMEDIATE: a text that is a statement, variables for its one row, values for its parameters.

    The values have the names of their parameters, "" for those by position.
    """

    line: int
    text: exp.Expr
    into: tuple[str, ...] = ()
    values: tuple[tuple[str, exp.Expr], ...] = ()


@dataclass(frozen=True)
class Argument:
    """One argument of a procedure; ``mode``: IN, OUT or INOUT."""

    name: str
    mode: str
    kind: Type


@dataclass(frozen=True)
class Procedure:
    """CREATE PROCEDURE; ``word``: "", OR REPLACE or IF NOT EXISTS; ``text``: the whole of it."""

    line: int
    name: exp.Table
    arguments: tuple[Argument, ...]
    steps: Steps
    word: str
    text: str


@dataclass(frozen=True)
class CallStep:
    """CALL of a procedure."""

    line: int
    name: exp.Table
    values: tuple[exp.Expr, ...]


@dataclass(frozen=True)
class DropProcedure:
    """DROP PROCEDURE; ``forgiving``: IF EXISTS."""

    line: int
    name: exp.Table
    forgiving: bool


Step = (
    Statement
    | Choice
    | Looping
    | Rows
    | Block
    | Jump
    | Stop
    | Transaction
    | Execute
    | Procedure
    | CallStep
    | DropProcedure
)
Steps = tuple[Step, ...]


def parts_of(steps: Steps) -> list[exp.Expr]:
    """All trees in a script, those of its conditions too."""
    found: list[exp.Expr | None] = []
    for step in steps:
        if isinstance(step, Statement):
            found.append(step.tree)
        elif isinstance(step, Choice):
            found.append(step.subject)
            for condition, inner in step.branches:
                found += [condition, *parts_of(inner)]
        elif isinstance(step, Looping):
            found += [step.condition, *parts_of(step.steps)]
        elif isinstance(step, Rows):
            found += [step.query, *parts_of(step.steps)]
        elif isinstance(step, Block):
            found += [*parts_of(step.steps), *parts_of(step.handler or ())]
        elif isinstance(step, Stop):
            found += [step.message, step.condition]
        elif isinstance(step, Execute):
            found += [step.text, *(value for _, value in step.values)]
        elif isinstance(step, CallStep):
            found += step.values
    return [tree for tree in found if tree is not None]


def check_steps(steps: Steps) -> None:
    """Raise InputError for a DECLARE, BREAK, CONTINUE or label that stands in a wrong place."""
    _check(steps, frozenset(), {}, declares=True)


def _check(steps: Steps, names: frozenset[str], labels: dict[str, bool], *, declares: bool) -> None:
    """``names`` are the variables of blocks round it, ``labels`` those round it, True for a loop's.

    A loop without a label is there under "". ``declares``: a DECLARE may stand at its start.
    """
    begun = not declares
    for step in steps:
        if isinstance(step, Statement):
            if isinstance(step.tree, exp.Declare):
                if begun:
                    raise InputError(
                        f"line {step.line}: DECLARE given, allowed at the start of a script or BEGIN only"
                    )
                names = _declared(step, names)
                continue
        elif isinstance(step, Jump):
            _check_jump(step, labels)
        elif isinstance(step, Choice):
            for _, inner in step.branches:
                _check(inner, names, labels, declares=False)
        elif isinstance(step, Looping | Rows | Block):
            inside = _check_label(step, labels)
            known = names
            if isinstance(step, Rows):
                if step.name in names:
                    raise InputError(f"line {step.line}: FOR {step.name} given, but it is a variable already")
                known = names | {step.name}
            _check(step.steps, known, inside, declares=isinstance(step, Block))
            if isinstance(step, Block) and step.handler is not None:
                _check(step.handler, names, inside, declares=False)
        elif isinstance(step, Procedure):
            _check(step.steps, frozenset(item.name for item in step.arguments), {}, declares=True)
        begun = True


def _declared(step: Statement, names: frozenset[str]) -> frozenset[str]:
    for item in step.tree.expressions:
        for name in item.this if isinstance(item.this, list) else [item.this]:
            if name.name.lower() in names:
                raise InputError(f"line {step.line}: DECLARE {name.name} given, but it is a variable already")
            names |= {name.name.lower()}
    return names


def _check_label(step: Looping | Rows | Block, labels: dict[str, bool]) -> dict[str, bool]:
    is_loop = not isinstance(step, Block)
    if step.label and step.label in labels:
        raise InputError(f"line {step.line}: label {step.label} given, but it is one round it already")
    inside = labels | ({"": True} if is_loop else {})
    return inside | ({step.label: is_loop} if step.label else {})


def _check_jump(step: Jump, labels: dict[str, bool]) -> None:
    if step.word == "RETURN":
        return
    if step.label not in labels:
        where = f"label {step.label} is not round it" if step.label else "allowed inside of a loop only"
        raise InputError(f"line {step.line}: {step.word} given; {where}")
    if step.word == "CONTINUE" and not labels[step.label]:
        raise InputError(
            f"line {step.line}: CONTINUE given; label {step.label} is of a BEGIN, allowed: a loop's"
        )
