"""Units kept in memory: a real sink, for notebooks and tests."""

from __future__ import annotations

from datetime import date

from context.errors import RunError
from sim.sinks import Unit, Written, event_micros


class MemorySink:
    """``units`` holds what was written, by campus day."""

    def __init__(self) -> None:
        self.units: dict[date, Unit] = {}
        self._closed = False

    def write(self, unit: Unit) -> list[Written]:
        """Keep or replace a unit; an empty one counts as written but makes no entry in the list."""
        if self._closed:
            raise RunError("memory: the sink is closed")
        event_micros(unit)
        self.units[unit.campus_day] = unit
        rows = unit.table.num_rows
        return [Written(f"unit-{unit.campus_day}", rows, unit.table.nbytes)] if rows else []

    def close(self) -> None:
        """Refuse units from now on; those written stay."""
        self._closed = True
