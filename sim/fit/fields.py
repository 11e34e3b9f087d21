"""The categorical and continuous fields of a pack, from counts and moments.

How certain a share or an average is depends on whether records that lie together (the quizzes of a course)
are alike. The variance between such clusters over the one that records picked by chance would have is the
design effect (Kish, Survey Sampling, 1965; one for all shares of a line, as in Rao and Scott 1981): so many
times fewer records by themselves would be as certain.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from math import inf, sqrt
from typing import Any

import numpy as np

from context.errors import InputError
from context.packs.distribution import Categorical, Continuous, make_continuous
from context.packs.moments import FAMILIES
from sim.fit.guard import GuardReport, named_safely, rounded_rate, rounded_shares
from sim.fit.warehouses.source import FitRow

Condition = tuple[str, ...]
_CHANCE = 4  # standard errors of a median that are no sign of another family


@dataclass(frozen=True)
class FittedShares:
    """Shares of a field by condition, and how many people (or things) each condition's stand for."""

    name: str
    given: tuple[str, ...]
    shares: dict[Condition, dict[str | None, float]]
    units: dict[Condition, int]  # -1 where the shares are borrowed
    certain: dict[Condition, int]  # records by themselves that would be as certain; -1 as well

    def rows(self, source: str) -> list[dict[str, Any]]:
        """As rows of categorical.csv."""
        entity, _, field = self.name.partition(".")
        found = []
        for condition, shares in self.shares.items():
            places: dict[str, str] = {}
            for i, (name, value) in enumerate(zip(self.given, condition, strict=True), 1):
                places |= {f"given_{i}": name, f"given_{i}_value": value}
            found += [
                {
                    "entity": entity,
                    "field": field,
                    **places,
                    "value": value,
                    "is_null": value is None,
                    "share": share,
                    "source": source,
                    "assumption": False,
                }
                for value, share in shares.items()
            ]
        return found


@dataclass
class _Line:
    """One condition's counts: records and people of each value that may be named, and of the rest."""

    records: dict[str | None, int]
    people: dict[str | None, int]
    few_records: int = 0
    few_people: int = 0
    cluster_squares: float = 0.0  # of what clusters differ by
    chance_squares: float = 0.0  # of what they would if records were picked by chance

    @property
    def total(self) -> int:
        return sum(self.records.values()) + self.few_records

    @property
    def total_people(self) -> int:
        return sum(self.people.values()) + self.few_people

    @property
    def certain(self) -> int:
        return as_certain(self.total, self.cluster_squares, self.chance_squares)


def fitted_shares(law: Categorical, rows: Iterable[FitRow], report: GuardReport) -> FittedShares | None:
    """Shares in place of ``law``'s, None where so few people are there that nothing is to be told.

    ``rows`` as ``schemas/fit/categorical.sql`` gives them. Values and conditions that ``law`` has not are not
    taken over. A condition that has too few people, and what few have within one, borrows from the margin: it
    has the shares of ``law``, lifted to those of the field over all conditions.
    """
    lines = _lines(law, rows)
    block, threshold = f"categorical {law.name}", report.threshold
    for condition, line in lines.items():
        named = named_safely(line.people, line.few_people, threshold)
        for value in [value for value in line.people if value not in named]:
            line.few_people += line.people.pop(value)
            line.few_records += line.records.pop(value)
        report.note(block, "values of few people", int(line.few_people > 0))
        if line.total_people < threshold:
            report.note(block, "conditions of few people", 1)
            lines[condition] = _Line({}, {})
    lift = _lift(law, lines)
    if not lift:
        return None
    shares, units, certain = {}, {}, {}
    for condition in law.conditions():
        line = lines.get(condition, _Line({}, {}))
        shares[condition] = _spread(line, law.shares(*condition), lift)
        units[condition] = line.total_people if line.records else -1
        certain[condition] = line.certain if line.records else -1
        if not line.records:
            report.borrowed.append(f"{block} given {', '.join(condition)}" if law.given else block)
    return FittedShares(law.name, law.given, shares, units, certain)


def _lines(law: Categorical, rows: Iterable[FitRow]) -> dict[Condition, _Line]:
    known, values = set(law.conditions()), set(law.values)
    lines: dict[Condition, _Line] = defaultdict(lambda: _Line({}, {}))
    for row in rows:
        condition = tuple(str(row[f"given_{i}_value"]) for i in range(1, len(law.given) + 1))
        if condition not in known:
            continue
        line, value = lines[condition], row["field_value"]
        line.cluster_squares += float(row.get("cluster_squares") or 0.0)
        line.chance_squares += float(row.get("chance_squares") or 0.0)
        if (value is None and not row["is_null"]) or value not in values:
            line.few_records += int(row["num_records"])
            line.few_people += int(row["num_people"])
        else:
            line.records[value] = line.records.get(value, 0) + int(row["num_records"])
            line.people[value] = line.people.get(value, 0) + int(row["num_people"])
    return dict(lines)


def _lift(law: Categorical, lines: dict[Condition, _Line]) -> dict[str | None, float]:
    """How much more frequent each value is than in ``law``, over all conditions; {} where none is named."""
    found: dict[str | None, float] = defaultdict(float)
    expected: dict[str | None, float] = defaultdict(float)
    for condition, line in lines.items():
        for value, share in law.shares(*condition).items():
            if value in line.records:
                found[value] += line.records[value]
                expected[value] += share * line.total
    return {value: found[value] / expected[value] if expected[value] else 1.0 for value in found}


def _spread(
    line: _Line, before: dict[str | None, float], lift: dict[str | None, float]
) -> dict[str | None, float]:
    """A condition's shares over all values; what has no name of its own is spread by the margin.

    That is one step of iterative proportional fitting: the shares of before, lifted to the field's margin.
    """
    weights = dict.fromkeys(before, 0.0)
    weights |= {value: float(count) for value, count in line.records.items()}
    rest = float(line.few_records) if line.total else 1.0
    open_to = {v: share * lift.get(v, 1.0) for v, share in before.items() if v not in line.records}
    total = sum(open_to.values())
    if total:
        for value, part in open_to.items():
            weights[value] += rest * part / total
    elif not line.total:
        return before
    return dict(zip(weights, rounded_shares(list(weights.values())), strict=True))


def as_certain(records: int, cluster_squares: float, chance_squares: float) -> int:
    """Records by themselves that would be as certain as ``records`` in clusters: as many, or fewer."""
    effect = cluster_squares / chance_squares if chance_squares > 0 else 1.0
    return max(round(records / max(effect, 1.0)), 1)


def fitted_moments(law: Continuous, row: FitRow, report: GuardReport, name: str) -> dict[str, Any] | None:
    """Average, sd, guarded bounds and median as cells of continuous.csv, and the family where it is another
    one than that of ``law``; None where they make no law.

    ``row`` as ``schemas/fit/continuous.sql`` gives it.
    """
    if not row["num_people"] or row["num_people"] < 2 * report.threshold:
        report.note(f"continuous {name}", "fields of few people", 1)
        return None
    low, high = (round(row[f"{key}_field_value"] / law.step) * law.step for key in ("min", "max"))
    low, high = (float(f"{bound:.10g}") for bound in (low, high))
    found = {
        "avg": min(max(rounded_rate(row["avg_field_value"]), low), high),
        "sd": rounded_rate(row["sd_field_value"]),
        "min": low,
        "max": high,
        "median": min(max(rounded_rate(row["median_field_value"]), low), high),
    }
    family = _family(law, found, int(row["num_people"]))
    if family is None:
        report.borrowed.append(f"continuous {name}: its moments make no law in steps of {law.step:g}")
        return None
    return found if family == law.family else {**found, "family": family}


def _family(law: Continuous, found: dict[str, float], people: int) -> str | None:
    """The family of ``law``, or where its median is further from the counted one than chance has it, the one
    whose median is nearest; None where no family has these moments.
    """
    away = {family: _median_away(family, law.step, found) for family in (law.family, *FAMILIES)}
    # A median's standard error is 1.25 times a mean's (of the normal law; those of long tails have less).
    room = law.step / 2 + _CHANCE * 1.25 * found["sd"] / sqrt(people)
    nearest = law.family if away[law.family] <= room else min(away, key=lambda family: away[family])
    return nearest if away[nearest] < inf else None


def _median_away(family: str, step: float, found: dict[str, float]) -> float:
    """How far the median of a family's law of these moments is from the counted one; inf for no law."""
    try:
        made = make_continuous(found["avg"], found["sd"], found["min"], found["max"], None, family, step)
    except InputError:
        return inf
    return abs(float(made.at(np.array([0.5]))[0]) * step - found["median"])
