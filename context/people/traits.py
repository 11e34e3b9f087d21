"""What of a student goes with what: marks at school with marks here, income with the parents' schooling.

A Gaussian copula: normal variables that correlate as the pack says, each read in its own law by its rank, so
that the law of every single column stays the pack's.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I64, U64, YEAR_DAYS
from context.packs.pack import Pack
from context.packs.people_codes import CAREERS, STANDINGS, Standing
from context.people.students import Students

# Purposes of randomness: what each number draws.
_FIRST_GENERATION, _KNOWS_PARENTS, _INCOME, _OLDER = 39, 33, 44, 51
_HS_GPA, _BIRTHDAY, _HONORS, _KNOWS_HONORS, _LATE_IN_BAND, _COMES_LATE = 52, 55, 60, 58, 59, 67
_LEAST_AGE = 17.2  # of an undergraduate who begins, years (assumption)
_LEAST_GRADUATE_AGE = 20.6


def tied(z: F64, key: U64, r: float) -> F64:
    """Standard normals, float64, that correlate ``r`` with the standard normals ``z``."""
    return np.asarray(r * z + sqrt(1 - r * r) * rng.normal(key))


def school_gpa(pack: Pack, students: Students) -> I64:
    """GPA at school in hundredths, int64, tied to ability."""
    law = pack.continuous("person", "hs_gpa")
    z = tied(students.ability, rng.extend(students.key, _HS_GPA), pack.number("traits.school_gpa_ability"))
    return np.asarray(np.rint(law.at(rng.normal_rank(z)) * law.step * 100), dtype=np.int64)


def honors(pack: Pack, students: Students) -> tuple[BOOL, BOOL]:
    """(whether in the honors program, whether that is on record): the best of each career, give or take."""
    law = pack.categorical("person__academic_term", "in_honors_program")
    key = students.key
    z = tied(students.ability, rng.extend(key, _HONORS), pack.number("traits.honors_ability"))
    of_career = [law.shares(name) for name in CAREERS]
    known = np.array([1 - shares.get(None, 0.0) for shares in of_career])
    share = np.array([shares.get("true", 0.0) for shares in of_career]) / np.maximum(known, 1e-9)
    there = rng.uniform(rng.extend(key, _KNOWS_HONORS)) < known[students.career]
    return rng.normal_rank(z) >= 1 - share[students.career], there


def parents(pack: Pack, students: Students) -> tuple[BOOL, BOOL, I64]:
    """(whether first of the family at college, whether that is on record, family income in dollars)."""
    law = pack.categorical("person", "is_first_generation_hed_student")
    shares = law.shares()
    known = 1 - shares.get(None, 0.0)
    key, z = students.key, rng.normal(rng.extend(students.key, _FIRST_GENERATION))
    first = rng.normal_rank(z) < shares.get("true", 0.0) / max(known, 1e-9)
    there = rng.uniform(rng.extend(key, _KNOWS_PARENTS)) < known
    income = pack.continuous("person", "estimated_gross_family_income")
    rank = rng.normal_rank(tied(z, rng.extend(key, _INCOME), pack.number("traits.income_first_generation")))
    return first, there, np.asarray(np.rint(income.at(rank) * income.step), dtype=np.int64)


def ages(pack: Pack, students: Students, years: F64) -> F64:
    """Ages at the begin of the term: the pack's band of the standing, and a place in it.

    Of two classes that share a band the lower one has its first part. ``years``: that each has been here;
    nobody came before the age of 17 to college, or of 20 to a graduate school.
    """
    law = pack.categorical("person", "age_band")
    of_standing = np.array([law.given_code(0, name) for name in STANDINGS])
    band = law.draw(rng.extend(students.key, _OLDER), of_standing[students.standing])
    edges = [(int(text.partition("-")[0]), int(text.rpartition("-")[2]) + 1) for text in map(str, law.values)]
    low, high = (np.array([edge[side] for edge in edges], dtype=np.float64)[band] for side in (0, 1))
    u = rng.uniform(rng.extend(students.key, _BIRTHDAY))
    upper = np.isin(students.standing, (Standing.SOPHOMORE, Standing.SENIOR))
    young = students.is_undergraduate & (high <= 22)
    u = np.where(young, np.where(upper, 0.45 + 0.55 * u, 0.65 * u), u)
    # The old are fewer with each year.
    u = np.where(high - low > 5, u * rng.uniform(rng.extend(students.key, _LATE_IN_BAND)), u)
    found = low + (high - low) * u
    # Of a standing the oldest have been here longest, give or take a year: nobody came as a child.
    longest = years + rng.uniform(rng.extend(students.key, _COMES_LATE))
    for standing in Standing:
        rows = np.flatnonzero(students.standing == standing)
        found[rows[np.argsort(longest[rows], kind="stable")]] = np.sort(found[rows])
    least = np.where(students.is_undergraduate, _LEAST_AGE, _LEAST_GRADUATE_AGE) + years
    return np.asarray(np.maximum(found, least))


def birth_days(ages_years: F64, begin: int) -> I64:
    """Days since 1970 of birth, int64, of people of these ages on day ``begin``."""
    return begin - (ages_years * YEAR_DAYS).astype(np.int64)
