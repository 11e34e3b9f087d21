"""One Fall term in DuckDB, for gates: what an analyst measures against pack and published facts.

It has 2,000 FTE in ``make test`` and 5,000 in ``make gates``; what is counted to be sure that there is enough
of it is told for 5,000.

Bounds are five standard deviations of what is drawn (5.7e-7 two-sided, for counts taken as normal), and where
it says so an allowance on top for what is no chance: sizes that end with the campus, times cut by deadlines.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from math import sqrt
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from context.generate import store_parts
from context.scenario.scenario import Scenario
from context.store.files import StoreFiles
from context.store.store import ENTITY, KEYMAP, Store, read_table
from context.terms.history import calendars
from tests.samples.extent import further
from tests.samples.session_folder import made_once
from tests.samples.tiny import calendar_of, default_pack

CAMPUS = further(Scenario(name="gates", fte=2_000, seed=5))
LARGE_FTE = 5_000
NEEDS_MANY = pytest.mark.skipif(
    CAMPUS.fte < LARGE_FTE, reason="needs a campus of 5,000 FTE: the seeds of make gates have it"
)
SD = 5  # standard deviations

# Sections that students take for credits: not the labs and discussions that go with them, no sandboxes.
PRIMARY = "s.type IN ('Lecture', 'Seminar')"
# A section with its course as the registrar has it, and the course's level by its number.
SECTIONS = f"""
    SELECT s.course_section_id, s.course_offering_id, s.type, left(o.cip_code2k, 2) AS cip,
           CASE WHEN o.number < '500' THEN left(o.number, 1) || '00' WHEN o.number < '700' THEN '500'
                ELSE '700' END AS level
    FROM course_section s JOIN course_offering o USING (course_offering_id) WHERE {PRIMARY}"""
SEATS = """
    SELECT e.*, s.* EXCLUDE (course_section_id)
    FROM course_section_enrollment e JOIN sections s USING (course_section_id)"""


def least(large: int) -> float:
    """What there must be at least on this campus, of which 5,000 FTE have at least so many."""
    return large * min(1.0, CAMPUS.fte / LARGE_FTE)


def stored() -> Path:
    """A folder with its store, which one process of a session writes."""
    return made_once("gates-store", _store)


def _store(folder: Path) -> None:
    folder.mkdir()
    write_parts(folder, CAMPUS)


def write_parts(folder: Path, scenario: Scenario, wanted: Iterable[str] = ()) -> None:
    """Write a store's tables, or the wanted ones, each while it is made: no process holds them together."""
    names = set(wanted)
    terms = calendars(scenario, default_pack(), calendar_of(scenario, default_pack()))
    with StoreFiles(folder, scenario.terms) as files:
        for part in store_parts(scenario, default_pack(), terms):
            if not names or part[1] in names:
                files.add(part)


class _Kept(dict[str, pa.Table]):
    """Tables of a dataset by name, read whenever one is asked for."""

    def __init__(self, dataset: str) -> None:
        super().__init__()
        self._dataset = dataset

    def __missing__(self, name: str) -> pa.Table:
        return read_table(stored(), self._dataset, name)


def store_of_campus() -> Store:
    """The store as ``tests.samples.tiny.store_of`` has it, out of the files: none of it stays in memory."""
    return Store(_Kept(ENTITY), _Kept(KEYMAP))


def asked(folder: Path) -> duckdb.DuckDBPyConnection:
    """A connection with a store's entities as views by their names, and ``sections``; it holds a gigabyte."""
    connection = duckdb.connect(config={"threads": "2", "memory_limit": "1GB"})
    connection.execute("SET TimeZone = 'UTC'")
    for path in sorted((folder / ENTITY).glob("*.parquet")):
        connection.execute(f"CREATE VIEW {path.stem} AS FROM read_parquet('{path}')")
    connection.execute(f"CREATE TEMP TABLE sections AS {SECTIONS}")
    return connection


@cache
def campus() -> duckdb.DuckDBPyConnection:
    """The store's entities as views by their names, and ``sections`` and ``seats`` of primary sections."""
    connection = asked(stored())
    connection.execute(f"CREATE TEMP TABLE seats AS {SEATS}")
    return connection


def rows(text: str) -> list[tuple[object, ...]]:
    """The rows of a query."""
    return campus().execute(text).fetchall()


def numbers(text: str) -> list[float]:
    """The one row of a query."""
    (row,) = rows(text)
    return [float(str(value)) for value in row]


def counts(text: str) -> dict[object, int]:
    """Value -> rows, of a query that gives one column."""
    return {value: int(str(n)) for value, n in rows(f"SELECT x, COUNT(*) FROM ({text}) AS t(x) GROUP BY x")}


def check_shares(
    found: dict[object, int], wanted: dict[object, float], allowance: float = 0.0, spread: float = 1.0
) -> None:
    """Each value's share is the wanted one, and no other value is there.

    ``spread``: draws that go together make the standard deviation so many times that of single draws.
    """
    total = sum(found.values())
    off = {
        value: (found.get(value, 0) / total, share)
        for value, share in wanted.items()
        if abs(found.get(value, 0) / total - share)
        > allowance + SD * spread * sqrt(share * (1 - share) / total) + 1 / total
    }
    assert off == {}, f"of {total}: found, wanted"
    assert set(found) <= {value for value, share in wanted.items() if share}


def check_near(found: float, wanted: float, sd: float, allowance: float = 0.0) -> None:
    """A measure is the wanted one."""
    assert abs(found - wanted) <= SD * sd + allowance, f"{found} found, {wanted} wanted"
