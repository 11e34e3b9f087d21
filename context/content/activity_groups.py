"""Assignment groups of courses: how many, under which names, with which weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import I32, I64, U64, ordinals
from context.courses.catalogue import Catalogue, OfferingKind
from context.packs.pack import Pack

# Purposes of randomness: what each number draws.
_WEIGHT, _NAME, _GROUPS, _GROUP = 1, 2, 50, 51
_WEIGHTED = 52


@dataclass(frozen=True)
class ActivityGroups:
    """Assignment groups."""

    offering: I64
    ordinal: I64
    name: I32  # code into the pack's learner_activity_group.name values
    weight_percent: I64  # 0 where the course does not weight its groups
    drop_lowest: I64  # scores left out of the group's
    drop_highest: I64
    key: U64


def make_groups(pack: Pack, catalogue: Catalogue) -> ActivityGroups:
    """Assignment groups of all courses."""
    key = catalogue.offering_key
    counts = pack.continuous("course_offering", "groups").draw(rng.extend(key, _GROUPS))
    counts = np.where(catalogue.offering_kind == OfferingKind.TAUGHT, counts, 0)  # in taught courses alone
    offering = np.repeat(np.arange(catalogue.offerings), counts)
    ordinal = ordinals(counts)
    group_key = rng.extend(rng.extend(key[offering], _GROUP), ordinal)
    weighted = rng.uniform(rng.extend(key, _WEIGHTED)) < pack.number("content.weighted_groups_share")
    # Percent weights by cutting 100 at keyed places: whole numbers that always add up to 100.
    raw = 1 + rng.integer(group_key, 40, _WEIGHT)
    total = np.bincount(offering, raw, minlength=catalogue.offerings)[offering].astype(np.int64)
    upto = _running_sum(raw, ordinal)
    percent = upto * 100 // total - (upto - raw) * 100 // total
    names = _distinct(
        pack, offering, pack.categorical("learner_activity_group", "name").draw(rng.extend(group_key, _NAME))
    )
    none = np.zeros(len(offering), dtype=np.int64)
    return ActivityGroups(
        offering, ordinal, names, np.where(weighted[offering], percent, 0), none, none, group_key
    )


def _distinct(pack: Pack, offering: I64, names: I32) -> I32:
    """Names without one twice in a course: the next unused one takes its place, as long as there is one."""
    count = len(pack.categorical("learner_activity_group", "name").values)
    used: set[tuple[int, int]] = set()
    chosen = []
    for course, name in zip(offering.tolist(), names.tolist(), strict=True):
        free = (code % count for code in range(name, name + count) if (course, code % count) not in used)
        pick = next(free, name)
        used.add((course, pick))
        chosen.append(pick)
    return np.array(chosen, dtype=np.int32)


def _running_sum(values: I64, ordinal: I64) -> I64:
    """Cumulative sums that start anew where ``ordinal`` is 0."""
    upto = np.cumsum(values)
    starts = np.flatnonzero(ordinal == 0)
    before = upto[starts] - values[starts]
    return upto - np.repeat(before, np.diff([*starts, len(values)]))
