"""People: students with their standing, load and latent traits; instructors and support staff.

Everything is keyed by role and ordinal, never by surrogate ids: person 12 of the students is the same
person whatever else the scenario holds. All people are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I32, I64, U64
from context.packs.distribution import Categorical
from context.packs.pack import Pack
from context.packs.people_codes import CAREERS, LOADS, STANDINGS, Career

SEXES = ("F", "M")
# Purposes of randomness: what each number draws.
_CAREER, _STANDING, _LOAD, _MAJOR = 1, 2, 3, 4
_COURSE_LOAD, _ABILITY, _DILIGENCE, _SEX = 5, 6, 7, 20
_FIRST_NAME, _LAST_NAME, _MIDDLE_INITIAL = 21, 22, 23


@dataclass(frozen=True)
class Students:
    """Row i is student i; ``key`` is the natural key (admission ordinal)."""

    key: U64
    course_key: U64  # of the courses wanted: the key itself in the played term
    career: I32  # index into CAREERS
    standing: I32  # index into STANDINGS
    load: I32  # index into LOADS
    major_cip: I32  # index into the pack's CIP families
    courses: I64  # enrolments wanted in the term
    ability: F64  # standard normal: the student's part of scores
    diligence: F64  # rank in (0, 1), tied to ability: who hands work in

    def __len__(self) -> int:
        return len(self.key)

    @property
    def is_undergraduate(self) -> BOOL:
        """True for undergraduates; the others are graduate and professional students."""
        return np.asarray(self.career == Career.UNDERGRADUATE)


@dataclass(frozen=True)
class Identity:
    """Who a person is, for students, instructors and staff alike; codes into the pack's tables."""

    key: U64
    sex: I32
    first_name: I32  # into the pack's first names (of that sex, offset to one list)
    middle_initial: I32
    last_name: I32

    def __len__(self) -> int:
        return len(self.key)


def student_count(fte: int, pack: Pack) -> int:
    """Headcount of students for a size in FTE: by the shares of career and load and the IPEDS weights."""
    career = pack.categorical("person", "career").shares()
    load = pack.categorical("person", "load")
    per_head = 0.0
    for name in CAREERS:
        full = load.shares(name)["FullTime"]
        weight = pack.number("fte.part_time_ug" if name == "Undergraduate" else "fte.part_time_grad")
        per_head += career[name] * (full + (1 - full) * weight)
    return max(1, round(fte / per_head))


def quota(category: Categorical, keys: U64, values: tuple[str, ...], *given: str) -> I32:
    """Codes into ``values`` in exact shares: the category's law read at stratified probabilities."""
    shares = category.shares(*given)
    table = rng.thresholds([shares.get(value, 0.0) for value in values])
    u = (rng.stratified(keys) * 2.0**53).astype(np.uint64) << np.uint64(11)
    codes = np.searchsorted(table, u, side="right")
    return np.minimum(codes, len(values) - 1).astype(np.int32)


def _by_career(career: I32, keys: U64, category: Categorical, values: tuple[str, ...]) -> I32:
    """``quota`` within each career, by the category's law given it."""
    codes = np.zeros(len(keys), dtype=np.int32)
    for code, name in enumerate(CAREERS):
        rows = np.flatnonzero(career == code)
        codes[rows] = quota(category, keys[rows], values, name)
    return codes


def make_students(seed: int, fte: int, pack: Pack) -> Students:
    """Students of a campus of ``fte`` full-time equivalents, in admission order."""
    ordinal = np.arange(student_count(fte, pack), dtype=np.int64)
    key = rng.key(seed, "student", ordinal)
    career = quota(pack.categorical("person", "career"), rng.extend(key, _CAREER), CAREERS)
    standing_law = pack.categorical("person", "standing")
    load_law = pack.categorical("person", "load")
    standing = _by_career(career, rng.extend(key, _STANDING), standing_law, STANDINGS)
    load = _by_career(career, rng.extend(key, _LOAD), load_law, LOADS)
    ability = _standard_normal(rng.extend(key, _ABILITY))
    return Students(
        key=key,
        course_key=key,
        career=career,
        standing=standing,
        load=load,
        major_cip=_majors(pack, key, career),
        courses=course_load(pack, key, career, load),
        ability=ability,
        diligence=_diligence(pack, key, ability),
    )


def _standard_normal(keys: U64) -> F64:
    return rng.from_rank(rng.normal_table(), rng.stratified(keys))


def _diligence(pack: Pack, key: U64, ability: F64) -> F64:
    """Rank in (0, 1) of a trait tied to ability: who hands work in."""
    r = pack.number("diligence.ability_correlation")
    mixed = r * ability + sqrt(1 - r * r) * rng.normal(rng.extend(key, _DILIGENCE))
    rank = np.empty(len(key))
    rank[np.lexsort((key, mixed))] = (np.arange(len(key)) + 0.5) / len(key)
    return rank


def _majors(pack: Pack, key: U64, career: I32) -> I32:
    cip = pack.table("cip")
    major = np.zeros(len(key), dtype=np.int32)
    undergraduate = career == Career.UNDERGRADUATE
    for column, rows in (("major_share_ug", undergraduate), ("major_share_grad", ~undergraduate)):
        table = rng.thresholds([float(share) for share in cip[column]])
        where = np.flatnonzero(rows)
        u = (rng.stratified(rng.extend(key[where], _MAJOR)) * 2.0**53).astype(np.uint64) << np.uint64(11)
        major[where] = np.minimum(np.searchsorted(table, u, side="right"), len(table) - 1)
    return major


def course_load(pack: Pack, key: U64, career: I32, load: I32) -> I64:
    """Courses that each student asks for, by the pack's law of career and load."""
    rows = pack.table("course_load")
    courses = np.zeros(len(key), dtype=np.int64)
    for c, career_name in enumerate(CAREERS):
        for ld, load_name in enumerate(LOADS):
            law = [
                (int(n), float(share))
                for name, loading, n, share in zip(
                    rows["career"], rows["load"], rows["courses"], rows["share"], strict=True
                )
                if name == career_name and loading == load_name
            ]
            where = np.flatnonzero((career == c) & (load == ld))
            codes = rng.categorical(
                rng.extend(key[where], _COURSE_LOAD), rng.thresholds([share for _, share in law])
            )
            courses[where] = np.array([n for n, _ in law], dtype=np.int64)[codes]
    return courses


def make_identity(pack: Pack, key: U64) -> Identity:
    """Sex and names by the pack's frequencies."""
    sex_law = pack.categorical("person", "sex")
    drawn = sex_law.draw(rng.extend(key, _SEX))
    sex = np.array([0 if value == "Female" else 1 for value in sex_law.values], dtype=np.int32)[drawn]
    names = pack.table("first_name")
    sexes = np.array([SEXES.index(code) for code in names["sex"]])
    first = np.zeros(len(key), dtype=np.int32)
    for code in range(2):
        choices = np.flatnonzero(sexes == code)
        table = rng.thresholds([float(names["weight"][i]) for i in choices])
        rows = np.flatnonzero(sex == code)
        first[rows] = choices[rng.categorical(rng.extend(key[rows], _FIRST_NAME), table)]
    surnames = rng.thresholds([float(weight) for weight in pack.table("surname")["weight"]])
    return Identity(
        key=key,
        sex=drawn,
        first_name=first,
        middle_initial=rng.integer(rng.extend(key, _MIDDLE_INITIAL), 26).astype(np.int32),
        last_name=rng.categorical(rng.extend(key, _LAST_NAME), surnames).astype(np.int32),
    )
