"""Who studies full time and drops a course still studies full time."""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, I64, U64
from context.packs.pack import Pack
from context.packs.people_codes import Load
from context.people.students import Students

# Purposes of randomness: what each number draws.
_DROPS_INSTEAD = 14


def keep_full_time(
    pack: Pack,
    students: Students,
    key: U64,
    person: I64,
    hours: I64,
    rows: tuple[BOOL, BOOL, BOOL],
    like: I64,
) -> None:
    """Let nobody who studies full time drop below that, in place: others, who can afford it, drop instead.

    ``rows``: where a student takes a course, those of them that may be dropped instead, those dropped.
    """
    takes, may, drops = rows
    least = np.where(
        students.is_undergraduate, *(pack.number(f"load.full_time_{who}") for who in ("ug", "grad"))
    )
    least = np.where(students.load == Load.FULL_TIME, least, 0)
    kept = np.bincount(person[takes & ~drops], hours[takes & ~drops], minlength=len(students))
    whole = np.bincount(person[takes], hours[takes], minlength=len(students))
    wrong = np.flatnonzero(drops)
    wrong = wrong[(kept < least)[person[wrong]] & (whole >= least)[person[wrong]]]
    free = np.flatnonzero(may)
    free = free[kept[person[free]] - hours[free] >= least[person[free]]]
    free = free[np.lexsort((free, rng.bits(rng.extend(key[free], _DROPS_INSTEAD))))]
    free = free[np.sort(np.unique(person[free], return_index=True)[1])]
    count = min(len(wrong), len(free))
    like[wrong[:count]], like[free[:count]] = like[free[:count]], like[wrong[:count]]
