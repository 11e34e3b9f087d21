"""Which UTC dates the units touch, and when a date is complete: when every unit that touches it is done."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from context.arrays import DAY_MS
from context.errors import RunError
from sim.folder.manifest import UnitEntry
from sim.folder.names import date_of

_EPOCH = date(1970, 1, 1)


class Partitions:
    """The UTC dates that units touch: by their files where they are done, else by how far they reach."""

    def __init__(self, units: Mapping[str, UnitEntry], reach: Mapping[str, tuple[int, int]]) -> None:
        """``reach``: first and last UTC ms that a unit's events can have, by campus day."""
        self._open = {day: _between(first, last) for day, (first, last) in reach.items() if day not in units}
        self._dates = {day: touched_dates(unit) for day, unit in units.items()}
        self._left: dict[date, int] = {}
        for dates in self._open.values():
            for touched in dates:
                self._left[touched] = self._left.get(touched, 0) + 1

    def touched(self, day: str) -> frozenset[date]:
        """Dates that a unit has, or may have."""
        return self._open.get(day) or self._dates.get(day, frozenset())

    def complete(self) -> list[date]:
        """Dates with events to which no unit that is still open can add, in order."""
        found = {touched for dates in self._dates.values() for touched in dates}
        return sorted(touched for touched in found if not self._left.get(touched))

    def done(self, day: str, unit: UnitEntry) -> list[date]:
        """Note a unit; returns the dates that it completes. Raises RunError for one beyond its reach."""
        bound, dates = self._open.pop(day, frozenset()), touched_dates(unit)
        if not dates <= bound:
            raise RunError(f"unit {day}: has events of {max(dates - bound)}, which is out of its reach")
        self._dates[day] = dates
        for touched in bound:
            self._left[touched] -= 1
        complete = set(self.complete())
        return sorted(touched for touched in bound if touched in complete)


def _between(first_ms: int, last_ms: int) -> frozenset[date]:
    return frozenset(_EPOCH + timedelta(day) for day in range(first_ms // DAY_MS, last_ms // DAY_MS + 1))


def touched_dates(unit: UnitEntry) -> frozenset[date]:
    """The UTC dates that a unit has files of."""
    return frozenset(day for file in unit.files if (day := date_of(file.path)) is not None)
