"""The two kinds of distribution a pack holds: shares of values, and laws given by their moments.

Both draw by comparing 32 random bits with integer tables, so a draw is equal on every machine. ``exp``,
``log`` and ``erfc`` are called through ``math`` and only while a table is built; the fitted parameters are
rounded to 12 digits and the table to 2**-32, coarser than the last bits in which machines differ.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import ceil, floor, fsum, isqrt

import numpy as np
import numpy.typing as npt

from context.arrays import BOOL, F64, I32, I64, U64
from context.errors import InputError
from context.packs.moments import fit
from context.rng import bits

_ONE = 1 << 32  # the whole of a table: shares are multiples of 2**-32
_SHIFT = np.uint64(32)
MAX_GRID = 20_000  # grid points of a continuous distribution; more would take seconds to fit


def integer_cdf(shares: Sequence[float]) -> list[int]:
    """Cumulative shares as whole multiples of 2**-32; the last one is 2**32."""
    total, running, table = fsum(shares), 0.0, []
    for share in shares:
        running += share
        table.append(min(round(running / total * _ONE), _ONE))
    table[-1] = _ONE
    return table


def _lookup(flat: U64, width: int, groups: I64, keys: U64, index: npt.ArrayLike) -> I64:
    """Codes 0..width-1: one search in the tables of all groups, group g's standing at g * 2**32."""
    high = bits(keys, index) >> _SHIFT
    place = np.searchsorted(flat, high + (groups.astype(np.uint64) << _SHIFT), side="right")
    return place.astype(np.int64) - groups * width


@dataclass(frozen=True, eq=False)
class Categorical:
    """Shares of values, null (None) included, optionally given one or two other fields.

    ``given`` names the conditioning fields, ``given_values[i]`` lists the values of the i-th; codes of
    conditions index those tuples. Built by ``make_categorical``.
    """

    name: str  # "entity.field"
    values: tuple[str | None, ...]
    given: tuple[str, ...]
    given_values: tuple[tuple[str, ...], ...]
    _groups: Mapping[tuple[str, ...], tuple[float, ...]]
    _flat: U64
    _known: BOOL

    def draw(self, key: U64, *given: npt.ArrayLike, index: npt.ArrayLike = 0) -> I32:
        """Codes into ``values``, int32, one per key; ``given``: codes of each condition, broadcast.

        ``index`` chooses another number of the same keys. Raises InputError when the pack has no row for a
        condition asked for.
        """
        self._check_count(len(given))
        group = np.zeros(len(key), dtype=np.int64)
        for codes, values in zip(given, self.given_values, strict=True):
            part = np.asarray(codes, dtype=np.int64)
            if part.size and (int(part.min()) < 0 or int(part.max()) >= len(values)):
                raise InputError(f"{self.name}: condition code outside 0..{len(values) - 1}")
            group = group * len(values) + part
        known = self._known[group]
        if not known.all():
            raise self._missing(self._condition(int(group[np.argmin(known)])))
        return _lookup(self._flat, len(self.values), group, key, index).astype(np.int32)

    def shares(self, *given_values: str) -> dict[str | None, float]:
        """Share of each value under the given condition values; values without a row have share 0."""
        self._check_count(len(given_values))
        if given_values not in self._groups:
            raise self._missing(given_values)
        return dict(zip(self.values, self._groups[given_values], strict=True))

    def conditions(self) -> tuple[tuple[str, ...], ...]:
        """The combinations of condition values the pack has rows for; ``((),)`` without conditions."""
        return tuple(self._groups)

    def given_code(self, position: int, value: str) -> int:
        """The code of a value of the condition at ``position``. Raises InputError for an unknown one."""
        if value not in self.given_values[position]:
            raise self._missing(tuple(value if i == position else "any" for i in range(len(self.given))))
        return self.given_values[position].index(value)

    def _condition(self, group: int) -> tuple[str, ...]:
        texts: list[str] = []
        for values in reversed(self.given_values):
            group, code = divmod(group, len(values))
            texts.insert(0, values[code])
        return tuple(texts)

    def _check_count(self, count: int) -> None:
        if count != len(self.given):
            wanted = ", ".join(self.given) or "no field"
            raise InputError(f"{self.name}: {count} conditions given, allowed: {len(self.given)} ({wanted})")

    def _missing(self, condition: tuple[str, ...]) -> InputError:
        asked = ", ".join(f"{field} = {value}" for field, value in zip(self.given, condition, strict=False))
        known = "; ".join(", ".join(group) for group in list(self._groups)[:12])
        return InputError(f"{self.name} given {asked}: the pack has no row for it, allowed: {known}")


def make_categorical(
    name: str,
    groups: Mapping[tuple[str, ...], Mapping[str | None, float]],
    given: tuple[str, ...] = (),
) -> Categorical:
    """A Categorical from shares by condition: ``{(): {"F": .5, "M": .5}}`` or ``{("Student",): {...}}``.

    Values and conditions keep the order in which they first appear. The shares of a condition are brought
    to sum 1 exactly (the pack's check holds them to 1e-6 before).
    """
    values = tuple(dict.fromkeys(value for shares in groups.values() for value in shares))
    given_values = tuple(tuple(dict.fromkeys(group[i] for group in groups)) for i in range(len(given)))
    sizes = [len(part) for part in given_values]
    count = int(np.prod(sizes, dtype=np.int64)) if sizes else 1
    tables = np.full((count, len(values)), _ONE, dtype=np.uint64)
    known = np.zeros(count, dtype=np.bool_)
    rows = {group: tuple(shares.get(value, 0.0) for value in values) for group, shares in groups.items()}
    for group, row in rows.items():
        place = 0
        for i, value in enumerate(group):
            place = place * sizes[i] + given_values[i].index(value)
        tables[place] = integer_cdf(row)
        known[place] = True
    flat = tables + (np.arange(count, dtype=np.uint64) << _SHIFT)[:, None]
    return Categorical(name, values, given, given_values, rows, flat.ravel(), known)


@dataclass(frozen=True, eq=False)
class Continuous:
    """A law on the multiples of ``step`` from ``min`` to ``max`` whose average and sd are the asked ones.

    Built by ``make_continuous``. ``family`` is the one drawn from ("point", "maxent", "lognormal",
    "normal"); ``median`` is a figure of the source, not a constraint.
    """

    avg: float
    sd: float
    min: float
    max: float
    median: float | None
    family: str
    step: float
    values: I64  # grid multiples, ascending and contiguous: value = int * step
    thresholds: U64  # cumulative shares x 2**32, one per value

    def draw(self, key: U64, index: npt.ArrayLike = 0) -> I64:
        """Grid multiples, int64, one per key; the value is the multiple times ``step``."""
        none = np.zeros(len(key), dtype=np.int64)
        return self.values[_lookup(self.thresholds, len(self.values), none, key, index)]

    def at(self, rank: F64) -> I64:
        """Grid multiples, int64, below which the shares ``rank`` in [0, 1) lie."""
        u = (rank * _ONE).astype(np.uint64)
        place = np.searchsorted(self.thresholds, u, side="right")
        return self.values[np.minimum(place, len(self.values) - 1)]

    def realised(self) -> tuple[float, float]:
        """Average and sd of what is drawn, exact to float: from the integer table, not from the fit."""
        return _moments_of(self.values, self.thresholds, self.step)


def _moments_of(values: I64, thresholds: U64, step: float) -> tuple[float, float]:
    weights = np.diff(thresholds, prepend=np.uint64(0)).tolist()
    first = sum(k * w for k, w in zip(values.tolist(), weights, strict=True))
    second = sum(k * k * w for k, w in zip(values.tolist(), weights, strict=True))
    variance = second * _ONE - first * first  # of the grid multiples, x 2**64
    return first / _ONE * step, isqrt(variance << 64) / 2**64 * step


def make_continuous(
    avg: float,
    sd: float,
    low: float,
    high: float,
    median: float | None = None,
    family: str = "lognormal",
    step: float = 1.0,
) -> Continuous:
    """Fit a law with these moments on the grid; cached. Raises InputError where no law has them.

    The fit takes milliseconds (tens of them on grids of thousands of points).
    """
    values, thresholds, used = _fitted(avg, sd, low, high, family, step)
    return Continuous(
        avg, sd, low, high, median, family=used, step=step, values=values, thresholds=thresholds
    )


@lru_cache(maxsize=512)
def _fitted(avg: float, sd: float, low: float, high: float, family: str, step: float) -> tuple[I64, U64, str]:
    first, last = _grid(low, high, step)
    _refuse_impossible(avg, sd, low, high, step)
    shares, used = fit(avg / step, sd / step, first, last, family)
    values = np.arange(first, last + 1, dtype=np.int64)
    thresholds = np.array(integer_cdf(shares), dtype=np.uint64)
    realised = _moments_of(values, thresholds, step)
    for name, asked, got in (("avg", avg, realised[0]), ("sd", sd, realised[1])):
        if abs(asked - got) > 1e-6 * max(abs(asked), step):
            raise InputError(
                f"{name}: {asked:g} given, the nearest law found has {got:.7g}, finer steps may do"
            )
    values.setflags(write=False)
    thresholds.setflags(write=False)
    return values, thresholds, used


def _grid(low: float, high: float, step: float) -> tuple[int, int]:
    if not step > 0:
        raise InputError(f"step: {step:g} given, allowed: a number above 0")
    if low > high:
        raise InputError(f"min: {low:g} given, allowed: at most max ({high:g})")
    first, last = round(low / step), round(high / step)
    for name, bound, multiple in (("min", low, first), ("max", high, last)):
        if abs(bound / step - multiple) > 1e-9 * max(1.0, abs(multiple)):
            raise InputError(f"{name}: {bound:g} given, allowed: a multiple of the step {step:g}")
    if last - first >= MAX_GRID:
        raise InputError(
            f"step: {step:g} given makes {last - first + 1} grid points, allowed: at most {MAX_GRID}"
        )
    return first, last


def _refuse_impossible(avg: float, sd: float, low: float, high: float, step: float) -> None:
    """Any law on [min, max] has sd <= sqrt((avg - min)(max - avg)); on a grid it has a smallest sd too."""
    if not low <= avg <= high:
        raise InputError(f"avg: {avg:g} given, allowed: from min to max ({low:g} to {high:g})")
    if sd < 0:
        raise InputError(f"sd: {sd:g} given, allowed: 0 or more")
    largest = ((avg - low) * (high - avg)) ** 0.5
    below, above = floor(avg / step + 1e-12), ceil(avg / step - 1e-12)
    smallest = step * max(0.0, (avg / step - below) * (above - avg / step)) ** 0.5
    slack = 1e-9 * max(step, sd)
    if not smallest - slack <= sd <= largest + slack:
        raise InputError(
            f"sd: {sd:g} given, allowed: from {smallest:.6g} to {largest:.6g} "
            f"(average {avg:g} within {low:g} to {high:g}, steps of {step:g})"
        )
