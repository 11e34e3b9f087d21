"""How hard the courses of a discipline are marked, and in what steps teachers give points."""

from __future__ import annotations

from functools import lru_cache
from math import fsum, sqrt

import numpy as np

from context import rng
from context.arrays import F64, I64
from context.content.activities import Activities
from context.courses.catalogue import Catalogue
from context.packs.pack import Pack
from context.people.standing import family_seats

GRADUATE_LEVEL = 500  # courses with such numbers have one mean grade, whatever the discipline
LARGE, MIDDLING = 5_000, 2_000  # hundredths of points from which on steps are coarser
LEAST_STEPS = 8  # marks that a piece of work has at the least
# Purposes of randomness: of an activity's key, of a course's.
_STEP, _TEACHER = 760, 761


@lru_cache(maxsize=8)
def family_scores(pack: Pack) -> tuple[float, ...]:
    """How good scores of each CIP family are: its published mean grade, of mean 0 and sd 1 over seats."""
    seats = family_seats(pack)
    means = [float(gpa) for gpa in pack.table("cip")["gpa"]]
    whole = fsum(seats)
    mean = fsum(w * gpa for w, gpa in zip(seats, means, strict=True)) / whole
    spread = sqrt(fsum(w * (gpa - mean) ** 2 for w, gpa in zip(seats, means, strict=True)) / whole)
    return tuple(round((gpa - mean) / spread, 9) if spread else 0.0 for gpa in means)


def discipline_scores(pack: Pack, catalogue: Catalogue) -> F64:
    """The same by course offering; 0 in graduate courses. So that the same score is worth about the same."""
    levels = np.array([int(level) for level in pack.table("level")["level"]])
    scores = np.array(family_scores(pack))[catalogue.offering_cip]
    return np.where(levels[catalogue.offering_level] >= GRADUATE_LEVEL, 0.0, scores)


def point_steps(pack: Pack, catalogue: Catalogue, acts: Activities) -> I64:
    """Hundredths of points between marks of each activity: halves, whole points, or fives for much work.

    A teacher keeps to one habit, but for one piece of work in five. Marks stay at least LEAST_STEPS.
    """
    points = acts.points_hundredths
    whole = np.where(
        points >= MIDDLING, *(pack.number(f"score.whole_share_{size}") for size in ("large", "small"))
    )
    fives = np.where(points >= LARGE, pack.number("score.fives_share"), 0.0)
    teacher = rng.uniform(rng.extend(catalogue.offering_key, _TEACHER))[acts.offering]
    own = rng.uniform(rng.extend(acts.key, _STEP))
    u = np.where(own < 0.2, own / 0.2, teacher)
    step = np.where(u < fives, 500, np.where(u < fives + whole * (1 - fives), 100, 50))
    # What does not come out even, or leaves few marks, is given in finer ones.
    for finer in (100, 50, 25):
        coarse = (points < LEAST_STEPS * step) | (points % step > 0)
        step = np.where(coarse & (step > finer), finer, step)
    return np.asarray(step, dtype=np.int64)
