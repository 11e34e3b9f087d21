"""What a fit is asked for and what it finds: the pack, and how many records stand behind each figure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from context.arrays import BOOL, F64
from context.packs.pack import Pack
from context.packs.spec import DEFAULT_PACK
from context.packs.write import Draft
from sim.fit.events import Clicks
from sim.fit.fields import FittedShares
from sim.fit.guard import LEAST_THRESHOLD, GuardReport
from sim.fit.noise import Noise, NoNoise
from sim.fit.rates import FittedRates

FIT_NOTE = "fit.json"
FIT_FORMAT = 1
_COUNT_DIGITS = 3


@dataclass(frozen=True)
class FitWish:
    """What is to be fitted, and how carefully."""

    threshold: int = LEAST_THRESHOLD
    pack: str = DEFAULT_PACK  # begun with
    name: str = "fitted"
    term_type: str | None = None  # default: that of most students
    time_zone: str | None = None
    noise: Noise = field(default_factory=NoNoise)


@dataclass
class Fitted:
    """The pack, and what compare needs to know of it: how many records each figure is as certain as."""

    draft: Draft
    base: Pack
    report: GuardReport
    shares: dict[str, FittedShares] = field(default_factory=dict)
    moments: dict[str, dict[str, float]] = field(default_factory=dict)
    laws: dict[str, dict[str, int]] = field(default_factory=dict)  # records by group of a table
    clicks: Clicks | None = None
    rates: FittedRates | None = None
    role_rates: dict[str, tuple[F64, BOOL]] = field(default_factory=dict)  # as fit_role has them
    missing: dict[str, str] = field(default_factory=dict)  # block: why it has the values of before

    def note(self) -> dict[str, Any]:
        """What stands in ``fit.json``: counts with few digits, what was held back, what is missing."""
        return {
            "format": FIT_FORMAT,
            "begun_with": f"{self.base.name} {self.base.version}",
            "threshold": self.report.threshold,
            "units": {
                **{f"categorical {name}": _units(law.certain) for name, law in sorted(self.shares.items())},
                "continuous": {
                    name: few_digits(found["certain"]) for name, found in sorted(self.moments.items())
                },
                **{f"table {name}": _units(self.told(groups)) for name, groups in sorted(self.laws.items())},
            },
            "rates": {} if self.clicks is None else self.clicks.note(),
            "held_back": self.report.held_back,
            "borrowed": sorted(set(self.report.borrowed)),
            "as_before": self.missing,
        }

    def told(self, groups: Mapping[str, int]) -> dict[str, int]:
        """Records by group; -1 for those of so few that it is not told, which have the shares of before."""
        return {name: count if count >= self.report.threshold else -1 for name, count in groups.items()}


def _units(by_given: Mapping[Any, int]) -> dict[str, int]:
    """Counts with few digits, by condition."""
    return {at if isinstance(at, str) else ", ".join(at): few_digits(n) for at, n in by_given.items()}


def few_digits(count: float) -> int:
    """A count as it may be told."""
    return round(float(f"{count:.{_COUNT_DIGITS}g}"))
