"""People: students with their standing, load and latent traits; instructors and support staff.

Everything is keyed by role and ordinal, never by surrogate ids: person 12 of the students is the same
person whatever else the scenario holds. All people are invented.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum, sqrt

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


@dataclass(frozen=True)
class Students:
    """Row i is student i; ``key`` is the natural key (admission ordinal)."""

    key: U64
    course_key: U64  # of the courses wanted: the key itself in the played term
    career: I32  # index into CAREERS
    standing: I32  # index into STANDINGS
    load: I32  # index into LOADS
    major_cip: I32  # index into the pack's CIP families
    sex: I32  # index into the values of person.sex
    courses: I64  # enrolments wanted in the term
    ability: F64  # standard normal: the student's part of scores
    diligence: F64  # rank in (0, 1), tied to ability: who hands work in

    def __len__(self) -> int:
        return len(self.key)

    @property
    def is_undergraduate(self) -> BOOL:
        """True for undergraduates; the others are graduate and professional students."""
        return np.asarray(self.career == Career.UNDERGRADUATE)


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
    major = _majors(pack, key, career)
    return Students(
        key=key,
        course_key=key,
        career=career,
        standing=standing,
        load=load,
        major_cip=major,
        sex=draw_sex(pack, key, major),
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


def draw_sex(pack: Pack, key: U64, major_cip: I32) -> I32:
    """Sexes of students, into the values of ``person.sex``: women by field, their share of all the pack's.

    Fields keep their odds to each other; one factor on all odds makes the pack's share of all students.
    """
    law = pack.categorical("person", "sex")
    values, shares = law.values, law.shares()
    if "Female" not in values or not 0 < shares["Female"] < 1:
        return law.draw(rng.extend(key, _SEX))
    of_field = _women(pack, shares["Female"])
    female = rng.uniform(key, _SEX) < of_field[major_cip]
    others = rng.thresholds([0.0 if value == "Female" else shares[value] for value in values])
    rest = rng.categorical(rng.extend(key, _SEX), others, 1)
    return np.where(female, values.index("Female"), rest).astype(np.int32)


def _women(pack: Pack, wanted: float) -> F64:
    """Share of women in each CIP family, float64, such that ``wanted`` of all students are some."""
    cip, careers = pack.table("cip"), pack.categorical("person", "career").shares()
    women = [float(share) for share in cip["women"]]
    heads = [
        fsum(
            careers[name] * float(cip["major_share_grad" if code else "major_share_ug"][i])
            for code, name in enumerate(CAREERS)
        )
        for i in range(len(women))
    ]
    low, high = 1e-3, 1e3
    for _ in range(80):
        odds = (low + high) / 2
        found = fsum(h * odds * w / (1 - w + odds * w) for h, w in zip(heads, women, strict=True))
        low, high = (odds, high) if found < wanted * fsum(heads) else (low, odds)
    return np.array([round(low * w / (1 - w + low * w), 9) for w in women])
