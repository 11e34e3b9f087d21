"""Event rates: expected events per enrolled student-day, the product of a pack's factor tables.

Factors are absolute. Nothing is normalised over tools, so a tool added to a pack leaves the rates of all
others as they were, bit for bit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from context.arrays import F64, I64
from context.errors import InputError
from context.packs.spec import (
    AXES,
    DAY_KINDS,
    FIRST_DAY,
    FIRST_WEEK,
    LAST_DAY,
    LAST_WEEK,
    SHORT_TERM,
    TERM_TYPES,
)

_NAMES = tuple(AXES)  # term_type, day, week, kind, role | cip, level, tool
DEFAULT_ROLE = "Student"


@dataclass(frozen=True)
class Rates:
    """``factors``: one float64 array per rate table, eight axes each, length 1 where it has no such axis."""

    cips: tuple[str, ...]
    levels: tuple[str, ...]
    tools: tuple[str, ...]  # in the order of tool.csv
    roles: tuple[str, ...]
    factors: tuple[F64, ...]

    def of(self, term_type: str, day: int, kind: str = "class", role: str = DEFAULT_ROLE) -> F64:
        """Expected events per enrolled person of that role on that day: float64 [cip, level, tool].

        ``day`` is the campus day (0 is the term's first); ``kind`` one of DAY_KINDS. Raises InputError for a
        term type, day, kind or role outside the pack.
        """
        place = (
            _code("term_type", term_type, TERM_TYPES),
            _code("day", day, range(FIRST_DAY, LAST_DAY + 1)),
            week_of(term_type, day) - FIRST_WEEK,
            _code("kind of day", kind, DAY_KINDS),
            _code("role", role, self.roles),
        )
        product = np.ones((len(self.cips), len(self.levels), len(self.tools)))
        for factor in self.factors:
            at = tuple(0 if factor.shape[axis] == 1 else code for axis, code in enumerate(place))
            product *= factor[at]
        return product


def week_of(term_type: str, day: int) -> int:
    """The week of the term in which a campus day is, from 0; those of short terms are stretched to Fall's."""
    long, short = SHORT_TERM.get(term_type, (1, 1))
    return min((day * long // short if day >= 0 else day) // 7, LAST_WEEK)


def _code(what: str, value: str | int, allowed: tuple[str, ...] | range) -> int:
    if value not in allowed:
        text = f"{allowed[0]} to {allowed[-1]}" if isinstance(allowed, range) else ", ".join(allowed)
        raise InputError(f"event rates: {what}: {value} given, allowed: {text}")
    return allowed.index(value)  # type: ignore[arg-type]  # str in str tuple, int in range: checked above


def build_rates(tables: dict[str, dict[str, list[Any]]]) -> Rates:
    """Rates of a pack's checked tables; every table whose name begins with ``rate_`` is a factor."""
    names = sorted(name for name in tables if name.startswith("rate_"))
    given = dict.fromkeys(role for name in names for role in tables[name].get("role", ()))
    roles = tuple(given) or (DEFAULT_ROLE,)
    labels: dict[str, tuple[Any, ...]] = {
        "term_type": TERM_TYPES,
        "day": tuple(range(FIRST_DAY, LAST_DAY + 1)),
        "week": tuple(range(FIRST_WEEK, LAST_WEEK + 1)),
        "kind": DAY_KINDS,
        "role": roles,
        "cip": tuple(tables["cip"]["cip"]),
        "level": tuple(tables["level"]["level"]),
        "tool": tuple(tables["tool"]["tool"]),
    }
    factors = tuple(_factor(tables[name], labels) for name in names)
    return Rates(labels["cip"], labels["level"], labels["tool"], roles, factors)


def _factor(table: dict[str, list[Any]], labels: dict[str, tuple[Any, ...]]) -> F64:
    """A table as an array over all axes; what has no row, as a kind of day may, has factor 1."""
    shape = tuple(len(labels[axis]) if axis in table else 1 for axis in _NAMES)
    array = np.ones(shape)
    place: list[I64] = []
    for axis in _NAMES:
        codes = {label: code for code, label in enumerate(labels[axis])}
        rows = table.get(axis, [labels[axis][0]] * len(table["factor"]))
        place.append(np.array([codes[label] if axis in table else 0 for label in rows], dtype=np.int64))
    array[tuple(place)] = table["factor"]
    array.setflags(write=False)
    return array
