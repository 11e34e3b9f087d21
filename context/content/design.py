"""How each course is taught: its format by discipline and level, and what follows from it for its work.

One keyed draw per course. Which tools a format uses is relative: the shares of all taught courses without
quizzes, discussions and modules are the published ones, whatever the mix of formats.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np

from context import rng
from context.arrays import BOOL, I64, U64
from context.courses.catalogue import Catalogue, OfferingKind
from context.courses.sections import section_modes
from context.packs.course_spec import FORMATS
from context.packs.pack import Pack

# Purposes of randomness: what each number draws.
_FORMAT, _HAS_EXAMS, _HAS_FINAL, _FINAL_APART = 910, 911, 912, 913
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
        < _to_total(
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
    """Formats by family and level, into FORMATS."""
    cips, levels = list(pack.table("cip")["cip"]), list(pack.table("level")["level"])
    by_cip, by_level = pack.table("format_given_cip"), pack.table("format_given_level")
    shares = np.zeros((len(cips), len(FORMATS)))
    for cip, name, share in zip(by_cip["cip"], by_cip["format"], by_cip["share"], strict=True):
        shares[cips.index(cip), FORMATS.index(name)] = share
    factors = np.ones((len(levels), len(FORMATS)))
    for level, name, factor in zip(by_level["level"], by_level["format"], by_level["factor"], strict=True):
        factors[levels.index(level), FORMATS.index(name)] = factor
    key: U64 = rng.extend(catalogue.offering_key, _FORMAT)
    cell = catalogue.offering_cip.astype(np.int64) * len(levels) + catalogue.offering_level
    found = np.zeros(len(key), dtype=np.int64)
    for code in np.unique(cell).tolist():
        weights = (shares[code // len(levels)] * factors[code % len(levels)]).tolist()
        rows = np.flatnonzero(cell == code)
        found[rows] = rng.categorical(key[rows], rng.thresholds(weights))
    return found


def _online(pack: Pack, catalogue: Catalogue) -> BOOL:
    """True for courses whose first section is taught online."""
    modes, names = section_modes(pack, catalogue)
    first = np.zeros(catalogue.offerings, dtype=np.int64)
    first[catalogue.section_home[::-1]] = np.arange(catalogue.sections)[::-1]
    return np.array([name == "Online" for name in names])[modes[first]]


def _to_total(shares: np.ndarray, taught: BOOL, total: float) -> np.ndarray:
    """``shares`` scaled so that their mean over the taught courses is ``total``, none above 1."""
    scaled = shares
    for _ in range(_ROUNDS):
        values, counts = np.unique(scaled[taught], return_counts=True)
        # fsum is the same in any order.
        mean = fsum(float(v) * int(n) for v, n in zip(values, counts, strict=True)) / max(
            int(counts.sum()), 1
        )
        scaled = np.minimum(scaled * (total / mean), 1.0) if mean > 0 else scaled
    return scaled
