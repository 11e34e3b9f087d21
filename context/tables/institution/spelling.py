"""How people write their names: with the letters of their language, or plain as forms have them."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import I32, U64
from context.columns import Coded
from context.packs.pack import Pack

_TABLES = {"first": "first_name", "last": "surname"}
_SPELLS = 1461  # purpose of a person's key: whether they write letters beyond ASCII


def spelled(pack: Pack, part: str, key: U64, name: I32) -> Coded:
    """First or last names of people of ``key``: ``name`` are rows of the pack's table of that ``part``."""
    names = [str(value) for value in pack.table(_TABLES[part])["name"]]
    table = pack.table("spelling")
    other = np.arange(len(names))
    share = np.zeros(len(names))
    spellings: list[str] = []
    for own, plain, spelling, bearers in zip(
        table["part"], table["name"], table["spelling"], table["share"], strict=True
    ):
        if own == part:
            rows = [row for row, value in enumerate(names) if value == plain]
            other[rows], share[rows] = len(names) + len(spellings), float(str(bearers))
            spellings.append(str(spelling))
    writes = rng.uniform(rng.extend(key, _SPELLS)) < share[name]
    return Coded(np.where(writes, other[name], name), (*names, *spellings))
