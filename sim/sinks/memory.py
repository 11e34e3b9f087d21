"""Units, tables and messages kept in memory: real sinks, for notebooks and tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import schemas
from context.errors import InputError, RunError, first_line
from context.files import Written, disk_error
from sim.sinks.messages import Messages, StreamOptions
from sim.sinks.tables import Fill, Item, Shipment, TableOptions
from sim.sinks.units import InOrder, Needs, Unit, UnitOptions, UnitWriter, stored
from sim.sql.rules.failing import needed
from sim.sql.warehouse import quoted


class MemorySink:
    """``units`` holds what was written, by campus day."""

    needs: Needs = "documents"
    root: Path | None = None
    compression = "none"

    def __init__(self, target: str = "", options: UnitOptions | None = None) -> None:
        del options
        _refuse(target)
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


class MemoryTables:
    """``tables`` holds rows by dataset, table and UTC date, which is None for a whole table."""

    places = frozenset(["memory:"])

    def __init__(self, target: str = "", options: TableOptions | None = None) -> None:
        del options
        _refuse(target)
        self.tables: dict[tuple[str, str, date | None], pa.Table] = {}
        self._recorded: dict[str, tuple[int, str]] = {}  # rows and digest by item
        self._shipment: Shipment | None = None
        self._is_open = False

    def check(self, shipment: Shipment) -> list[str]:
        """There is nothing to look at but whose rows it holds. Raises InputError for another run's."""
        if self._shipment is not None and self._shipment.run != shipment.run:
            raise InputError(f"memory: holds the run {self._shipment.run}, given: {shipment.run}")
        self._shipment = shipment
        return ["memory: in this process"]

    def open(self) -> None:
        """Take items from now on, again after a ``close`` too."""
        if self._shipment is None:
            raise RunError("memory: used before it was looked at")
        self._is_open = True

    def has(self, item: Item) -> bool:
        """Whether the item is recorded and has its rows."""
        rows = self.tables.get((item.dataset, item.table, item.day))
        return rows is not None and self._recorded.get(item.name) == (len(rows), item.digest)

    def put(self, item: Item) -> None:
        """Read the item's files. Raises RunError when they can't be read or have other rows than it says."""
        if not self._is_open:
            raise RunError("memory: the sink is closed")
        names = schemas.table(item.dataset, item.table).names
        try:
            rows = pa.concat_tables([pq.ParquetFile(path).read(list(names)) for path in item.files])
        except OSError as error:
            raise disk_error(item.files[0], error) from error
        if len(rows) != item.rows:
            raise RunError(f"memory: {item.name}: {item.rows} rows given, {len(rows)} there")
        self.tables[item.dataset, item.table, item.day] = rows
        self._recorded[item.name] = len(rows), item.digest

    def fill(self, what: Fill) -> int:
        """Replace rows by those of a query over what is kept. Raises RunError."""
        if not self._is_open:
            raise RunError("memory: the sink is closed")
        contract = schemas.table(what.dataset, what.table)
        try:
            with duckdb.connect() as connection:
                self._lay_out(connection)
                for macro in needed(what.duckdb):
                    connection.execute(macro)
                made = connection.sql(what.duckdb).to_arrow_table()
        except duckdb.Error as error:
            raise RunError(f"memory: {what.name}: {first_line(error)}") from error
        rows = made.select(contract.names).cast(schemas.arrow_schema(contract))
        key = (what.dataset, what.table, None)
        if what.span is not None and key in self.tables:
            column, first, last = what.span
            days = pc.cast(self.tables[key][column], pa.date32())
            inside = pc.and_(pc.greater_equal(days, first), pc.less_equal(days, last))
            self.tables[key] = pa.concat_tables([self.tables[key].filter(pc.invert(inside)), rows])
        else:
            self.tables[key] = rows
        return len(rows)

    def _lay_out(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Everything that is kept, by its names, in a session."""
        connection.execute("SET TimeZone = 'UTC'")
        parts: dict[tuple[str, str], list[pa.Table]] = {}
        for (dataset, table, _), part in self.tables.items():
            parts.setdefault((dataset, table), []).append(part)
        for (dataset, table), rows in parts.items():
            given = f"{dataset}__{table}"
            connection.register(given, pa.concat_tables(rows))
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {quoted(dataset)}")
            connection.execute(
                f"CREATE VIEW {quoted(dataset)}.{quoted(table)} AS SELECT * FROM {quoted(given)}"
            )

    def flush(self) -> None:
        """Everything put is in place at once."""

    def close(self) -> None:
        """Refuse items from now on; those put stay."""
        self._is_open = False


@dataclass(frozen=True)
class KeptMessage:
    """A message as it arrived."""

    data: str
    attributes: dict[str, str]


class MemoryMessages:
    """``messages`` holds what was delivered, in order."""

    lanes = 1
    most_messages = 4_096
    most_bytes = 16_000_000

    def __init__(self, target: str = "", options: StreamOptions | None = None) -> None:
        del options
        _refuse(target)
        self.messages: list[KeptMessage] = []
        self._is_open = False

    @property
    def mark(self) -> int:
        """How many messages there are."""
        return len(self.messages)

    def open(self, mark: Any) -> str:
        """Forget what was delivered and not acknowledged. Raises InputError for a mark beyond the end."""
        if (mark or 0) > len(self.messages):
            raise InputError(f"memory: has {len(self.messages)} messages, but {mark} were acknowledged")
        del self.messages[mark or 0 :]
        self._is_open = True
        return "memory: (in this process)"

    def encode(self, messages: Messages) -> pa.Array:
        """Each message as a line of JSON: its data, and its attributes without the nulls."""
        names = [attribute.name for attribute in messages.attributes]
        values = zip(*(messages.attribute(name).to_pylist() for name in names), strict=True)
        rows = list(values) or [()] * len(messages)
        lines = [
            orjson.dumps([data, {n: v for n, v in zip(names, row, strict=True) if v is not None}]) + b"\n"
            for data, row in zip(messages.data.to_pylist(), rows, strict=True)
        ]
        return pa.array(lines, pa.binary())

    def deliver(self, bodies: Sequence[memoryview], count: int) -> int:
        """Keep messages; returns how many there are now. Raises RunError when they are not ``count``."""
        if not self._is_open:
            raise RunError("memory: the sink is closed")
        kept = [KeptMessage(*orjson.loads(line)) for body in bodies for line in bytes(body).splitlines()]
        if len(kept) != count:
            raise RunError(f"memory: {count} messages given, {len(kept)} there")
        self.messages += kept
        return self.mark

    def close(self) -> None:
        """Refuse messages from now on; those delivered stay."""
        self._is_open = False


def _refuse(target: str) -> None:
    if target:
        raise InputError(f"sink memory:{target}: nothing is allowed behind memory:")


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
