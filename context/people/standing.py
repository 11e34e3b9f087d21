"""How students of one class stand against the others: seniors get better grades than freshmen.

Those who stay learn, and those who do badly leave. Disciplines have their grades whoever takes them, so that
what is left to class standing is what the published means of classes have beyond their mix of disciplines.
"""

from __future__ import annotations

from functools import lru_cache
from math import fsum, sqrt

import numpy as np

from context import rng
from context.arrays import F64
from context.packs.pack import Pack
from context.packs.people_codes import CLASSES, STANDINGS
from context.people.students import Students

_PRIOR_GRADES = 9  # purpose of randomness: of a student's key
POINTS_PER_SD = 0.43  # grade points of a course by one sd of ability: measured on the letters that come out
_ROUNDS = 60  # of an iteration that halves what is left each time


def own_major_share(pack: Pack) -> float:
    """Share of undergraduates' courses that are of their own CIP family, over the classes."""
    heads = pack.categorical("person", "standing").shares("Undergraduate")
    own = fsum(heads[name] * pack.number(f"demand.own_major_{name.lower()}") for name in CLASSES)
    return own / fsum(heads[name] for name in CLASSES)


def family_seats(pack: Pack) -> list[float]:
    """Undergraduates' seats of each CIP family, as shares: some in majors of their own, some elsewhere."""
    law, own = pack.table("cip"), own_major_share(pack)
    return [
        own * float(major) + (1 - own) * float(service)
        for major, service in zip(law["major_share_ug"], law["seat_share_service"], strict=True)
    ]


@lru_cache(maxsize=8)
def class_gaps(pack: Pack) -> tuple[float, ...]:
    """Grade points of each class above its disciplines' means, freshmen to seniors; seats have mean 0."""
    law = pack.table("cip")
    means = [float(gpa) for gpa in law["gpa"]]
    majors = [float(share) for share in law["major_share_ug"]]
    heads = pack.categorical("person", "standing").shares("Undergraduate")
    share = [heads[name] for name in CLASSES]
    seats = []  # of each class by discipline
    for name in CLASSES:
        own = pack.number(f"demand.own_major_{name.lower()}")
        tilt = [
            float(s) * float(t) for s, t in zip(law["seat_share_service"], law[name.lower()], strict=True)
        ]
        total = fsum(tilt)
        seats.append([own * m + (1 - own) * t / total for m, t in zip(majors, tilt, strict=True)])
    of_family = [fsum(w * row[i] for w, row in zip(share, seats, strict=True)) for i in range(len(means))]
    published = [pack.number(f"gpa.{name.lower()}") for name in CLASSES]
    level = fsum(w * gpa for w, gpa in zip(share, published, strict=True))
    mix = [fsum(w * gpa for w, gpa in zip(row, means, strict=True)) for row in seats]
    overall = fsum(w * gpa for w, gpa in zip(share, mix, strict=True))
    gaps = [0.0] * len(CLASSES)
    for _ in range(_ROUNDS):
        # A discipline's mean stays where it is: what its classes are above others they have not of it.
        inside = [
            fsum(w * row[i] * gap for w, row, gap in zip(share, seats, gaps, strict=True)) / max(whole, 1e-12)
            for i, whole in enumerate(of_family)
        ]
        gaps = [
            gpa - level - (mean - overall) + fsum(w * x for w, x in zip(row, inside, strict=True))
            for gpa, mean, row in zip(published, mix, seats, strict=True)
        ]
        centre = fsum(w * gap for w, gap in zip(share, gaps, strict=True))
        gaps = [gap - centre for gap in gaps]
    return tuple(round(gap, 9) for gap in gaps)


def ability_now(pack: Pack, students: Students) -> F64:
    """Students' part of scores in this term, float64 of sd 1: their ability and what their class brings."""
    gaps = [gap / POINTS_PER_SD for gap in class_gaps(pack)]
    heads = pack.categorical("person", "standing").shares("Undergraduate")
    spread = fsum(heads[name] * gap * gap for name, gap in zip(CLASSES, gaps, strict=True))
    own = np.where(students.is_undergraduate, sqrt(1 - spread), 1.0)
    shift = np.array([*gaps, *[0.0] * (len(STANDINGS) - len(CLASSES))])
    return np.asarray(own * students.ability + shift[students.standing])


def prior_grades(students: Students) -> F64:
    """How good the grades before this term were, float64 of mean 0 and sd 1: ability for the most part."""
    return np.asarray(0.8 * students.ability + 0.6 * rng.normal(rng.extend(students.key, _PRIOR_GRADES)))
