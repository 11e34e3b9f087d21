"""Units kept in memory: a real sink, for notebooks and tests."""

from __future__ import annotations

from datetime import date
from types import TracebackType
from typing import Self

import pyarrow as pa

from context.errors import RunError
from context.files import Written
from sim.sinks.units import InOrder, Unit, UnitWriter


class MemorySink:
    """``units`` holds what was written, by campus day."""

    def __init__(self) -> None:
        self.units: dict[date, Unit] = {}
        self._closed = False

    def unit(self, campus_day: date) -> UnitWriter:
        """Keep or replace a unit."""
        if self._closed:
            raise RunError("memory: the sink is closed")
        return _MemoryUnit(self.units, campus_day)

    def close(self) -> None:
        """Refuse units from now on; those written stay."""
        self._closed = True


class _MemoryUnit:
    """Parts of a unit until it is whole; an empty one counts as written but makes no entry in the list."""

    def __init__(self, units: dict[date, Unit], campus_day: date) -> None:
        self.written: list[Written] = []
        self._units, self._parts, self._order = units, list[Unit](), InOrder(campus_day)

    def __enter__(self) -> Self:
        return self

    def add(self, part: Unit) -> None:
        self._order.times(part)
        self._parts.append(part)

    def __exit__(
        self, kind: type[BaseException] | None, _error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        day = self._order.campus_day
        if kind is not None:
            return
        if not self._parts:
            self._units.pop(day, None)
            return
        table = pa.concat_tables([part.table for part in self._parts])
        texts = [part.json for part in self._parts if part.json is not None]
        chunks = [c for text in texts for c in (text.chunks if isinstance(text, pa.ChunkedArray) else [text])]
        self._units[day] = Unit(day, table, pa.chunked_array(chunks) if texts else None)
        if table.num_rows:
            self.written = [Written(f"unit-{day}", table.num_rows, table.nbytes)]
