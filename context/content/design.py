"""How each course is taught: its format by discipline and level, and what follows from it for its work.

One keyed draw per course. Which tools a format uses is relative: the shares of all taught courses without
quizzes, discussions and modules are the published ones, whatever the mix of formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I64, U64
from context.courses.catalogue import Catalogue, OfferingKind, SectionKind
from context.courses.sections import section_modes
from context.packs.course_spec import FORMATS
from context.packs.pack import Pack

# Purposes of randomness: what each number draws.
_FORMAT, _HAS_EXAMS, _HAS_FINAL, _FINAL_APART = 910, 911, 912, 913
_SEMINAR = 109
_USES = {"quizzes": 914, "discussions": 915, "modules": 916}
_ROUNDS = 8  # of bringing shares to their total: what is cut at 1 goes to the others


@dataclass(frozen=True)
class CourseDesign:
    """Row i is course offering i. Only what is taught in Canvas comes to anything."""

    format: I64  # into FORMATS
    has_exams: BOOL
    has_final: BOOL  # in finals week
    final_apart: BOOL  # the final has a group of its own
    uses_quizzes: BOOL
    uses_discussions: BOOL
    uses_modules: BOOL


def make_design(pack: Pack, catalogue: Catalogue) -> CourseDesign:
    """The designs of all courses of a term."""
    key, law = catalogue.offering_key, pack.table("format")
    form = _formats(pack, catalogue)

    def share(column: str) -> np.ndarray:
        by_format = dict(zip(law["format"], law[column], strict=True))
        return np.array([float(by_format[name]) for name in FORMATS])[form]

    has_exams = rng.uniform(rng.extend(key, _HAS_EXAMS)) < share("exams")
    has_final = has_exams & (rng.uniform(rng.extend(key, _HAS_FINAL)) < share("final_exam"))
    online = _online(pack, catalogue)
    uses = {
        name: rng.uniform(rng.extend(key, purpose))
        < to_total(
            share(name) * np.where(online, pack.number("content.online_use_factor"), 1.0),
            catalogue.offering_kind == OfferingKind.TAUGHT,
            1 - pack.number(f"content.unused_{name}_share"),
        )
        for name, purpose in _USES.items()
    }
    return CourseDesign(
        format=form,
        has_exams=has_exams,
        has_final=has_final,
        final_apart=has_final & (rng.uniform(rng.extend(key, _FINAL_APART)) < share("final_apart")),
        **{f"uses_{name}": used for name, used in uses.items()},
    )


def _formats(pack: Pack, catalogue: Catalogue) -> I64:
    """Formats by family and level, into FORMATS; courses with laboratories are laboratory courses first."""
    level, has = catalogue.offering_level, _has_laboratories(catalogue)
    weights = _format_weights(pack, catalogue, has)
    key: U64 = rng.extend(catalogue.offering_key, _FORMAT)
    cell = (catalogue.offering_cip.astype(np.int64) * (int(level.max(initial=0)) + 1) + level) * 2 + has
    found = np.zeros(len(key), dtype=np.int64)
    for code in np.unique(cell).tolist():
        rows = np.flatnonzero(cell == code)
        found[rows] = rng.categorical(key[rows], rng.thresholds(weights[rows[0]].tolist()))
    return found


def _has_laboratories(catalogue: Catalogue) -> BOOL:
    """True for courses with sections in a laboratory."""
    home = catalogue.section_home[catalogue.section_kind == SectionKind.LABORATORY]
    return np.bincount(home, minlength=catalogue.offerings) > 0


def _format_weights(pack: Pack, catalogue: Catalogue, has_laboratories: BOOL) -> F64:
    """[courses, formats]: chances by family and level; families keep their number of laboratory courses."""
    cips, levels = list(pack.table("cip")["cip"]), list(pack.table("level")["level"])
    by_cip, by_level = pack.table("format_given_cip"), pack.table("format_given_level")
    shares = np.zeros((len(cips), len(FORMATS)))
    for cip, name, share in zip(by_cip["cip"], by_cip["format"], by_cip["share"], strict=True):
        shares[cips.index(cip), FORMATS.index(name)] = share
    factors = np.ones((len(levels), len(FORMATS)))
    for level, name, factor in zip(by_level["level"], by_level["format"], by_level["factor"], strict=True):
        factors[levels.index(level), FORMATS.index(name)] = factor
    family = catalogue.offering_cip
    weights = shares[family] * factors[catalogue.offering_level]
    weights /= weights.sum(axis=1, keepdims=True)
    laboratory = FORMATS.index("laboratory")
    before = weights[:, laboratory].copy()
    after = before * np.where(has_laboratories, pack.number("format.laboratories_factor"), 1.0)
    for code in np.unique(family).tolist():
        mine = (family == code) & (catalogue.offering_kind == OfferingKind.TAUGHT)
        if mine.any():
            total = fsum(before[mine].tolist()) / int(mine.sum())
            after = np.where(family == code, to_total(after, mine, total), after)
    weights *= ((1 - after) / np.maximum(1 - before, 1e-9))[:, None]
    weights[:, laboratory] = after
    return np.asarray(weights)


def _online(pack: Pack, catalogue: Catalogue) -> BOOL:
    """True for courses whose first section is taught online."""
    modes, names = section_modes(pack, catalogue)
    first = np.zeros(catalogue.offerings, dtype=np.int64)
    first[catalogue.section_home[::-1]] = np.arange(catalogue.sections)[::-1]
    return np.array([name == "Online" for name in names])[modes[first]]


def to_total(shares: F64, counted: BOOL, total: float) -> F64:
    """``shares`` scaled so that their mean over those ``counted`` is ``total``, none above 1."""
    scaled = shares
    for _ in range(_ROUNDS):
        values, counts = np.unique(scaled[counted], return_counts=True)
        # fsum is the same in any order.
        mean = fsum(float(v) * int(n) for v, n in zip(values, counts, strict=True)) / max(
            int(counts.sum()), 1
        )
        scaled = np.minimum(scaled * (total / mean), 1.0) if mean > 0 else scaled
    return scaled


def are_seminars(pack: Pack, catalogue: Catalogue, design: CourseDesign, size: I64) -> BOOL:
    """Which sections are seminars, of those taken for credit: by students of each, as many as the pack has.

    Courses that are taught as seminars have most of them.
    """
    law = pack.categorical("course_section", "type")
    bands = sorted(law.given_values[0], key=lambda band: int(band.partition("-")[0]))
    least = np.array([int(band.partition("-")[0]) for band in bands])
    of_band = np.maximum(np.searchsorted(least, size, side="right") - 1, 0)
    form = design.format[catalogue.section_home]
    weight = np.where(form == FORMATS.index("seminar"), pack.number("format.seminars_factor"), 1.0)
    primary = catalogue.section_kind == SectionKind.PRIMARY
    chance = np.zeros(len(size))
    for code, band in enumerate(bands):
        mine = primary & (of_band == code)
        if mine.any():
            chance[mine] = to_total(weight, mine, law.shares(band).get("Seminar", 0.0))[mine]
    return np.asarray(rng.uniform(rng.extend(catalogue.section_key, _SEMINAR)) < chance)
