"""Signatures of functions as data, and the choice of the one that a call means.

A table of rules has a line for each signature: ``NAME(types) -> type = DuckDB SQL``, with ``{0}`` for the
first argument. ``T`` is any type, the same wherever it stands; ``NUM`` any number likewise; ``X*`` takes any
number of arguments, ``X = sql`` may be left out. ``{*}`` is all arguments, ``{T}`` the type in DuckDB.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from sqlglot import exp

from sim.sql.grammar.coercion import coerced, distance, supertype
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import SCALARS, Type, array_of
from sim.sql.grammar.values import NULL, Value, once, settled

_LINE = re.compile(
    r"(?P<name>\$?[^\s(]+)\((?P<arguments>.*?)\)\s*->\s*(?P<result>[\w<>]+)\s*=\s*(?P<sql>.*)$"
)
_HOLE = re.compile(r"\{(\d+|\*|T)\}")
# What may be compared for order, grouped by, and so on.
_CLASSES: dict[str, Callable[[Type], bool]] = {
    "T": lambda _: True,
    "NUM": lambda kind: kind.is_number or kind.kind == "NULL",
    "ORD": lambda kind: kind.kind not in ("ARRAY", "STRUCT", "JSON", "INTERVAL"),
    "TIMELIKE": lambda kind: kind.is_time,
}


@dataclass(frozen=True)
class Parameter:
    """One argument of a signature: its type as written, whether it may come many times or be left out."""

    spelled: str
    many: bool = False
    default: str | None = None


@dataclass(frozen=True)
class Signature:
    """One way to call a function."""

    name: str
    parameters: tuple[Parameter, ...]
    result: str
    sql: str

    def __str__(self) -> str:
        shown = [
            f"[{p.spelled}]" if p.default is not None else p.spelled + (", ..." if p.many else "")
            for p in self.parameters
        ]
        text = f"{self.name}({', '.join(shown)})"
        if self.name.startswith("$"):
            text = f" {self.name[1:]} ".join(shown) if len(shown) > 1 else f"{self.name[1:]} {shown[0]}"
        return re.sub(r"\b(T|ORD)\b", "ANY", re.sub(r"\bNUM\b", "NUMBER", text))


def signatures(table: str) -> dict[str, list[Signature]]:
    """The signatures of a table by name."""
    found: dict[str, list[Signature]] = {}
    for line in table.strip().splitlines():
        text = line.strip()
        if text and not text.startswith("--"):
            signature = _signature(text)
            found.setdefault(signature.name, []).append(signature)
    return found


def _signature(line: str) -> Signature:
    match = _LINE.match(line)
    assert match is not None, line  # noqa: S101 - our own tables
    return Signature(
        match["name"], tuple(_parameters(match["arguments"])), match["result"], match["sql"].strip()
    )


def _parameters(text: str) -> Iterator[Parameter]:
    for part in filter(None, (part.strip() for part in re.split(r",(?![^(]*\))", text))):
        spelled, _, default = part.partition("=")
        kind = spelled.strip()
        yield Parameter(kind.rstrip("*"), kind.endswith("*"), default.strip() or None)


def apply(
    node: exp.Expr,
    name: str,
    choices: Sequence[Signature],
    values: Sequence[Value],
    *,
    safe: bool = False,
    inline: bool = False,
) -> Value:
    """The call of the signature nearest to the values. Raises InputError in BigQuery's words if none fits.

    ``inline``: the values stand in its SQL as they are, as those of an aggregate must.
    """
    best: tuple[int, Signature, dict[str, Type]] | None = None
    for signature in choices:
        fit = _fit(signature, values)
        if fit is not None and (best is None or fit[0] < best[0]):
            best = (fit[0], signature, fit[1])
    if best is None:
        given = ", ".join(str(settled(value.type)) for value in values) or "none"
        known = "; ".join(str(signature) for signature in choices)
        raise refused(
            node, f"No matching signature for {_called(name)} for argument types: {given}; allowed: {known}"
        )
    _, signature, bound = best

    def filled(given: Sequence[Value]) -> str:
        return fill(signature, given, bound, safe=safe)

    sql = filled(values) if inline or not _names_often(signature.sql) else once(values, filled)
    return Value(sql, settled(_type(signature.result, bound)), node=node)


def _names_often(sql: str) -> bool:
    """Whether a signature's SQL may name an argument more than once."""
    holes = [match[1] for match in _HOLE.finditer(sql) if match[1] != "T"]
    return "bq_" in sql or len(holes) > len(set(holes))


def _called(name: str) -> str:
    return f"operator {name[1:]}" if name.startswith("$") else f"function {name}"


def _slots(signature: Signature, count: int) -> list[Parameter] | None:
    """The parameter that each of ``count`` arguments is given to."""
    slots: list[Parameter] = []
    for parameter in signature.parameters:
        if parameter.many:
            slots += [parameter] * max(0, count - len(slots))
        elif len(slots) < count:
            slots.append(parameter)
        elif parameter.default is None:
            return None
    return slots if len(slots) == count else None


def _fit(signature: Signature, values: Sequence[Value]) -> tuple[int, dict[str, Type]] | None:
    """(distance, types of the letters) if the values fit."""
    slots = _slots(signature, len(values))
    if slots is None:
        return None
    bound: dict[str, Type] = {}
    for letter, takes in _CLASSES.items():
        mine = [
            _inside(value, slot) for value, slot in zip(values, slots, strict=True) if letter in _words(slot)
        ]
        if not mine:
            continue
        if any(value is None for value in mine):
            return None
        kind = supertype([value for value in mine if value is not None])
        if kind is None or not takes(settled(kind)):
            return None
        bound[letter] = settled(kind)
    total = 0
    for value, slot in zip(values, slots, strict=True):
        step = distance(value, _type(slot.spelled, bound))
        if step is None:
            return None
        if step:  # what is no literal weighs more, as in BigQuery's choice
            total += step if value.literal is not None or value.type == NULL else 100 + step
    return total, bound


def _words(slot: Parameter) -> list[str]:
    return re.findall(r"\w+", slot.spelled)


def _inside(value: Value, slot: Parameter) -> Value | None:
    """What stands for the letter in a value: the element, for ARRAY<T>."""
    if not slot.spelled.startswith("ARRAY<"):
        return value
    if value.type.kind == "NULL":
        return Value("", NULL)
    return Value("", value.type.element) if value.type.element is not None else None


def _type(spelled: str, bound: dict[str, Type]) -> Type:
    if spelled.startswith("ARRAY<"):
        return array_of(_type(spelled[6:-1], bound))
    return bound[spelled] if spelled in bound else SCALARS[spelled]


def fill(signature: Signature, values: Sequence[Value], bound: dict[str, Type], *, safe: bool) -> str:
    """The signature's SQL with the values in it; ``safe`` gives NULL where it would fail."""
    slots = _slots(signature, len(values)) or []
    texts = [
        coerced(value, _type(slot.spelled, bound)).sql for value, slot in zip(values, slots, strict=True)
    ]
    texts += [
        parameter.default or "" for parameter in signature.parameters[len(texts) :] if not parameter.many
    ]
    letter = next(iter(bound.values()), None)

    def hole(match: re.Match[str]) -> str:
        if match[1] == "*":
            return ", ".join(texts)
        return (letter.duckdb if letter else "") if match[1] == "T" else texts[int(match[1])]

    return _HOLE.sub(hole, safe_sql(signature.sql) if safe else signature.sql)


def safe_sql(sql: str) -> str:
    """SQL of ours that gives NULL where it would fail: our macros and casts have such twins."""
    return re.sub(r"\bbq_", "bqs_", re.sub(r"\bCAST\(", "TRY_CAST(", sql))
