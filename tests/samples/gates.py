"""One Fall term of 5,000 FTE in DuckDB, for gates: what an analyst measures against pack and published facts.

Bounds are five standard deviations of what is drawn (5.7e-7 two-sided, for counts taken as normal), and where
it says so an allowance on top for what is no chance: sizes that end with the campus, times cut by deadlines.
"""

from __future__ import annotations

from functools import cache
from math import sqrt
from pathlib import Path

import duckdb
import pyarrow.parquet as pq

from context.scenario.scenario import Scenario
from context.store.store import ENTITY
from tests.samples.extent import further
from tests.samples.in_one_call import write_store
from tests.samples.session_folder import made_once
from tests.samples.tiny import store_of

CAMPUS = further(Scenario(name="gates", fte=5_000, seed=5))
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


def stored() -> Path:
    """A folder with its store, which one process of a session writes."""
    return made_once("gates-store", _store)


def _store(folder: Path) -> None:
    folder.mkdir()
    write_store(folder, store_of(CAMPUS))


@cache
def campus() -> duckdb.DuckDBPyConnection:
    """The store's entities as views by their names, and ``sections`` and ``seats`` of primary sections."""
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    for path in sorted((stored() / ENTITY).glob("*.parquet")):
        connection.register(path.stem, pq.read_table(path))
    connection.execute(f"CREATE TEMP TABLE sections AS {SECTIONS}")
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
