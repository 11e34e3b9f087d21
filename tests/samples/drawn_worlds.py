"""Worlds that are drawn and not written: a store in files, and the clicks of a term as a fit counts them.

What rendering and reading events would give is taken from the draw's columns: a tenth of the time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pyarrow as pa

from context.arrays import I64
from sim.caliper.batch import NO_TOOL, Batch
from sim.caliper.kinds import KINDS
from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.fit.fit import fit
from sim.fit.fitted import Fitted, FitWish
from sim.fit.warehouses.duckdb_source import DuckdbSource
from sim.fit.warehouses.open import open_warehouse
from sim.fit.warehouses.source import KEPT
from tests.samples.tiny import Campus

_NO_STUDENTS = ("staff", "system", "twin")
_COUNTED = np.array([kind.role not in _NO_STUDENTS for kind in KINDS])
_DAY_MS = 86_400_000


def clicks_of_term(engine: Engine, time_zone: str) -> pa.Table:
    """Rows of ``fit.click``: person, course, local date, tool (of no work), number of events."""
    days = [_of_day(engine, draw_day(engine, int(day))[0], time_zone) for day in engine.calendar.days]
    keys = ["person_id", "course_offering_id", "click_date", "tool", "is_work"]
    return pa.concat_tables(days).group_by(keys).aggregate([("num_events", "sum")]).rename_columns(
        [*keys, "num_events"]
    )  # fmt: skip


def _of_day(engine: Engine, batch: Batch, time_zone: str) -> pa.Table:
    batch = batch.take(np.flatnonzero(_COUNTED[batch.kind] & (batch.person >= 0) & (batch.tool != NO_TOOL)))
    local = batch.time_ms + _offsets_ms(batch.time_ms, time_zone)
    world, place = engine.world, np.maximum(batch.course, 0)
    rows = pa.table(
        {
            "person_id": world.persons.udp_id[batch.person],
            "course_offering_id": pa.array(world.courses.udp_id[place], mask=batch.course < 0),
            "click_date": pa.array((local // _DAY_MS).astype(np.int32)).cast(pa.date32()),
            "tool": pa.array(world.tools).take(pa.array(batch.tool)),
            "is_work": np.zeros(len(batch), dtype=np.bool_),
            "num_events": np.ones(len(batch), dtype=np.int64),
        }
    )
    keys = [name for name in rows.column_names if name != "num_events"]
    return rows.group_by(keys).aggregate([("num_events", "sum")]).rename_columns([*keys, "num_events"])


def _offsets_ms(times_ms: I64, time_zone: str) -> I64:
    """What the clock on the wall is ahead of UTC, hour by hour of the events."""
    hours, place = np.unique(times_ms // 3_600_000, return_inverse=True)
    zone = ZoneInfo(time_zone)
    ahead = [datetime.fromtimestamp(int(hour) * 3600, UTC).astimezone(zone).utcoffset() for hour in hours]
    return np.array([delta.total_seconds() * 1000 for delta in ahead if delta], dtype=np.int64)[place]


@dataclass
class _DrawnSource:
    """A folder's store, in which ``fit.click`` is there already."""

    inner: DuckdbSource
    clicks: pa.Table

    @property
    def label(self) -> str:
        return "a drawn world"

    @property
    def days_at_once(self) -> int:
        return 10_000

    def tables(self) -> frozenset[str]:
        return self.inner.tables()

    def lacks(self, sql: str) -> str:
        found = self.inner.lacks(sql)
        return "" if "FROM fit.submission" in sql or "fit.submission AS s" in sql else found

    def rows(self, sql: str) -> list[dict[str, object]]:
        return self.inner.rows(sql)

    def keep(self, name: str, *parts: str) -> None:
        if name != "click":
            self.inner.keep(name, *parts)
            return
        self.inner.connection.register("drawn_clicks", self.clicks)
        self.inner.connection.execute(f"CREATE TABLE {KEPT}.click AS SELECT * FROM drawn_clicks")


@contextmanager
def _opened(root: Path, clicks: pa.Table) -> Iterator[_DrawnSource]:
    with open_warehouse(f"parquet:{root}", threads=1) as source:
        assert isinstance(source, DuckdbSource)
        yield _DrawnSource(source, clicks)


def fitted_to_draw(campus: Campus, engine: Engine) -> Fitted:
    """A fit of a store and of the clicks that an engine draws on it."""
    zone = str(campus.scenario.time_zone)
    with _opened(campus.root, clicks_of_term(engine, zone)) as source:
        return fit(source, FitWish(time_zone=zone))
