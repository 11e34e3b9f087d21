"""What must not leave a warehouse: cells of few people, and cells that could be worked out from what is told.

Primary suppression is in the queries themselves: what fewer people than the threshold have goes without its
name. Here the second step is taken, complementary suppression: as long as what is left unnamed in a line of a
table stands for fewer people than the threshold, the least of the named goes too (Hundepool and others,
Statistical Disclosure Control, 2012, chapter 4). Then shares and rates are rounded.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import floor, fsum
from typing import TypeVar

import numpy as np

from context.arrays import BOOL, I64
from context.errors import InputError

LEAST_THRESHOLD = 10  # people
SHARE_DIGITS = 4
RATE_DIGITS = 4  # significant ones
_NEVER = np.iinfo(np.int64).max
_Key = TypeVar("_Key")


@dataclass
class GuardReport:
    """What was held back, by what it is of: no values, only how much."""

    threshold: int
    held_back: dict[str, dict[str, int]] = field(default_factory=dict)
    borrowed: list[str] = field(default_factory=list)

    def note(self, block: str, what: str, count: int) -> None:
        """Add to what is held back of a block."""
        if count:
            entry = self.held_back.setdefault(block, {})
            entry[what] = entry.get(what, 0) + count


def checked_threshold(threshold: int) -> int:
    """The threshold, which can be raised only. Raises InputError."""
    if threshold < LEAST_THRESHOLD:
        raise InputError(f"--threshold: {threshold} given, allowed: {LEAST_THRESHOLD} people or more")
    return threshold


def named_safely(people: Mapping[_Key, int], unnamed: int, threshold: int) -> set[_Key]:
    """Which values of a line may be named, ``unnamed`` people being held back already."""
    kept = {key: count for key, count in people.items() if count >= threshold}
    held = unnamed + sum(count for count in people.values() if count < threshold)
    while 0 < held < threshold and kept:
        least = min(kept, key=lambda key: (kept[key], str(key)))
        held += kept.pop(least)
    return set(kept)


def safe_cells(people: I64, threshold: int) -> BOOL:
    """True for the cells of a table that may be told, such that no line along any axis gives another away.

    ``people``: of any shape, those who stand behind each cell. A cell of nobody is told. In each line either
    nothing is held back, or cells of ``threshold`` people or more together, and two of them at least.
    """
    held = (people > 0) & (people < threshold)
    changed = True
    while changed:
        changed = False
        for axis in range(people.ndim):
            lines, cells = np.moveaxis(held, axis, -1), np.moveaxis(people, axis, -1)  # views
            for at in _open_lines(cells, lines, threshold):
                rest = np.where(lines[at] | (cells[at] == 0), _NEVER, cells[at])
                place = int(rest.argmin())
                if rest[place] < _NEVER:  # else all of the line is held back: nothing to subtract from
                    lines[(*at, place)] = True
                    changed = True
    return ~held


def _open_lines(people: I64, held: BOOL, threshold: int) -> list[tuple[int, ...]]:
    """Lines along the last axis in which what is held back can be worked out, by their place."""
    count = held.sum(axis=-1)
    behind = np.where(held, people, 0).sum(axis=-1)
    bare = (count == 1) | ((count > 0) & (behind < threshold))
    told = ((people > 0) & ~held).any(axis=-1)
    return [tuple(int(i) for i in place) for place in np.argwhere(bare & told)]


def rounded_shares(weights: Sequence[float], digits: int = SHARE_DIGITS) -> list[float]:
    """Shares in the ratios of the weights that sum to 1 exactly in so many digits (largest remainders)."""
    total, whole = fsum(weights), 10**digits
    if total <= 0:
        raise InputError("shares: no weight given, allowed: a sum above 0")
    exact = [weight / total * whole for weight in weights]
    parts = [floor(value) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: whole - sum(parts)]:
        parts[i] += 1
    return [part / whole for part in parts]


def rounded_rate(value: float) -> float:
    """A rate with few digits."""
    return float(f"{value:.{RATE_DIGITS}g}")
