"""What a rule is given: the call as it is written, and the means to turn its parts into values."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.coercion import coerced, distance
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import Type
from sim.sql.grammar.values import Value, settled

if TYPE_CHECKING:
    from sim.sql.rules.json_reads import JsonRead


class Walker(Protocol):
    """What turns parts of a query into values."""

    @property
    def only_duckdb(self) -> bool:
        """Whether the SQL may call nothing of Python's."""
        ...

    def value(self, node: exp.Expr) -> Value:
        """The value of an expression."""
        ...

    def read_together(self, read: JsonRead) -> str | None:
        """The SQL of what a path into a JSON finds, read with other paths; None if it is read alone."""
        ...


@dataclass(frozen=True)
class Call:
    """A call of a function: its name in capitals, the node, its arguments; ``safe`` after SAFE."""

    name: str
    node: exp.Expr
    arguments: Sequence[exp.Expr]
    walker: Walker
    safe: bool = False

    def value(self, position: int, kind: Type | None = None) -> Value:
        """An argument as a value, of a type if one is told. Raises InputError if it does not turn into it."""
        if position >= len(self.arguments):
            raise self.refused(f"{self.name} given {len(self.arguments)} arguments, allowed: more")
        value = self.walker.value(self.arguments[position])
        if kind is None:
            return value
        if distance(value, kind) is None:
            raise self.refused(
                f"No matching signature for function {self.name}: argument {position + 1} is "
                f"{settled(value.type)}, allowed: {kind}"
            )
        return coerced(value, kind)

    def count(self, least: int, most: int | None = None) -> int:
        """The number of arguments. Raises InputError if there are too few or too many."""
        top = least if most is None else most
        if not least <= len(self.arguments) <= top:
            allowed = str(least) if least == top else f"{least} to {top}"
            raise self.refused(f"{self.name} given {len(self.arguments)} arguments, allowed: {allowed}")
        return len(self.arguments)

    def text(self, position: int, what: str) -> str:
        """An argument that must be a text written in the query."""
        value = self.value(position)
        if value.literal is None or value.type.kind != "STRING":
            raise self.refused(f"{self.name}: {what} must be a text in quotes here")
        return value.literal

    def refused(self, message: str) -> InputError:
        """An error about the call."""
        return refused(self.node, message)

    def result(self, sql: str, kind: Type) -> Value:
        """A value that the call gives."""
        return Value(sql, kind, node=self.node)


Rule = Callable[[Call], Value]


def word(node: exp.Expr) -> str | None:
    """A bare word, such as a part of a date, in capitals."""
    if isinstance(node, exp.Column) and not node.table:
        return node.name.upper()
    if isinstance(node, exp.Var):
        return node.name.upper()
    return None
