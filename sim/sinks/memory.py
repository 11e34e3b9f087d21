"""Units kept in memory: a real sink, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Self

import pyarrow as pa

from context.errors import InputError, RunError
from context.files import Written
from sim.sinks.units import InOrder, Needs, Unit, UnitOptions, UnitWriter, stored


class MemorySink:
    """``units`` holds what was written, by campus day."""

    needs: Needs = "documents"
    root: Path | None = None
    compression = "none"

    def __init__(self, target: str = "", options: UnitOptions | None = None) -> None:
        del options
        if target:
            raise InputError(f"sink memory:{target}: nothing is allowed behind memory:")
        self.units: dict[date, Unit] = {}
        self._closed = False

    def unit(self, campus_day: date) -> UnitWriter:
        """Keep or replace a unit."""
        if self._closed:
            raise RunError("memory: the sink is closed")
        return _MemoryUnit(self.units, campus_day)

    def copy(self, campus_day: date, run_dir: Path, files: Sequence[Written]) -> list[Written]:
        """Read a unit, its documents too where it has them."""
        with self.unit(campus_day) as writer:
            for table in stored(run_dir, files):
                documents = table["event"]
                writer.add(Unit(campus_day, table, None if documents.null_count else documents))
        return writer.written

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
