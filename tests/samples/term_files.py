"""A whole Fall term, written as Parquet once per test session, and what SQL counts in it.

It has 1,500 FTE in ``make test`` and 5,000 in ``make gates``, from which figures of behaviour are measured.
What chance does to a figure of people goes with one over the root of their number: ``ERRORS`` is how many
times what it is at 5,000 FTE.

The events go the real way: draw, nested columns, Parquet by unit and UTC date. Columns that no check reads
are left empty. One DuckDB file of counts is kept; the events themselves go again. All of it takes about
half a minute of CPU time at 1,500 FTE, once for all test processes of a session.
"""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from math import sqrt
from pathlib import Path
from shutil import rmtree

import duckdb
import numpy as np
import pyarrow as pa
import pytest

import schemas
from context.scenario.scenario import Scenario
from sim.caliper.kinds import tool_sql
from sim.draw.day import draw_day
from sim.plan.plan_file import write_plan
from sim.render.expanded import Expander, _FieldPaths
from sim.render.scopes import Scoped
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Unit
from sim.sql.session_tables import session_sql
from tests.samples.extent import further
from tests.samples.in_one_call import write_unit
from tests.samples.tiny import Campus, campus_of, default_pack

TERM = further(Scenario(name="term", fte=1_500, seed=20261))
LARGE_FTE = 5_000
ERRORS = sqrt(max(1.0, LARGE_FTE / TERM.fte))
FIELDS = ("id", "extensions")  # of an event's object; other records are not read


@dataclass(frozen=True)
class TermFiles:
    """Where the counts are."""

    path: Path

    def connect(self) -> duckdb.DuckDBPyConnection:
        """A connection that only reads."""
        return duckdb.connect(str(self.path), read_only=True, config={"threads": "2"})


def make_term(temporary: pytest.TempPathFactory) -> TermFiles:
    """Draw, write and count the term, once for all processes of a test session."""
    folder = temporary.getbasetemp()
    folder = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "term"
    folder.mkdir(exist_ok=True)
    with (folder / "lock").open("w") as lock:
        # The first test process makes it, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        return make_term_in(folder, TERM)


def make_term_in(folder: Path, scenario: Scenario) -> TermFiles:
    """The term of a scenario in a folder, where it is not there yet."""
    done = folder / "counts.duckdb"
    if not done.is_file():
        campus = campus_of(scenario, default_pack(), folder)
        write_plan(folder / "plan.parquet", campus.plan, campus.calendar.term.start)
        write_events(campus, folder)
        half = folder / "half.duckdb"
        half.unlink(missing_ok=True)
        with duckdb.connect(str(half), config={"threads": "2", "memory_limit": "1500MB"}) as connection:
            count(connection, campus, folder)
        rmtree(folder / "event_store")
        half.rename(done)
    return TermFiles(done)


def write_events(campus: Campus, folder: Path) -> None:
    """Every campus day as the Parquet files of its unit."""
    expander, sink = _Narrow(campus.world), ParquetSink(folder)
    for day in map(int, campus.calendar.days):
        table = expander.table(draw_day(campus.engine, day)[0], extensions=False)
        write_unit(sink, Unit(campus.calendar.date_of(day), table))


class _Narrow(Expander):
    """Leaves empty what no check reads, which is most of an event."""

    @staticmethod
    def _ids(rows: Scoped) -> pa.Array:
        return pa.nulls(len(rows.batch), pa.string())

    def _node(self, rows: Scoped, column: str, node: str, fields: _FieldPaths) -> pa.Array:
        if column != "object":
            return pa.nulls(len(rows.batch), self.schema.field(column).type)
        return super()._node(rows, column, node, {name: fields[name] for name in FIELDS})

    def _membership(self, rows: Scoped) -> pa.Array:
        return pa.nulls(len(rows.batch), self.schema.field("membership").type)


EXPOSURE = """
    CREATE TABLE exposure AS  -- a row per student and Canvas course: days on which the student can click
    SELECT e.person_id AS person, s.le_current_course_offering_id AS course,
           left(o.cip_code2k, 2) AS cip, l.level, s.delivery_mode AS mode, e.course_section_id AS section,
           greatest(date_diff('day', $start::DATE, e.entry_date) + 1, $first) AS first,
           coalesce(least(date_diff('day', $start::DATE, e.exit_date), $last + 1), $last + 1) AS last
    FROM read_parquet($entity || '/course_section_enrollment.parquet') AS e
    JOIN read_parquet($entity || '/course_section.parquet') AS s USING (course_section_id)
    JOIN read_parquet($entity || '/course_offering.parquet') AS o
      ON o.course_offering_id = s.le_current_course_offering_id
    JOIN levels AS l ON CAST(regexp_extract(o.number, '^[0-9]+') AS INT) BETWEEN l.low AND l.high
    WHERE e.role = 'Student' AND s.is_graded AND o.le_status IN ('available', 'completed')"""
# A submission's document names no course: it is found through the keymap, as the platform's users do.
SUBMISSIONS = """
    CREATE TEMP TABLE submissions AS
    SELECT 'urn:instructure:canvas:submission:' || k.lms_int_id AS id, a.course_offering_id AS course
    FROM read_parquet($keymap || '/learner_activity_result.parquet') AS k
    JOIN read_parquet($entity || '/learner_activity_result.parquet') AS r
      ON r.learner_activity_result_id = k.id
    JOIN read_parquet($entity || '/learner_activity.parquet') AS a USING (learner_activity_id)"""
# What decides the tool is looked at once per distinct text; 64 bits of hash stand for it in the events.
RAW = """
    CREATE TEMP TABLE raw AS
    SELECT person.udp_id::INT AS person, course_offering.udp_id::INT AS course,
           date_diff('day', $start::DATE, substr(filename, -18, 10)::DATE)::INT AS day,
           hash(type, action, object.extensions) AS look,
           CASE WHEN course_offering.udp_id IS NULL THEN object.id END AS submission,
           CASE WHEN person.udp_id % 10 = 0 THEN session.id END AS session,
           CASE WHEN person.udp_id % 10 = 0 THEN event_time END AS time
    FROM read_parquet($events || '/*/*.parquet', filename = true, hive_partitioning = false)"""
EVENTS = """
    CREATE TEMP TABLE events AS
    SELECT person, coalesce(raw.course, s.course)::INT AS course, day, tool, session, time
    FROM raw JOIN tools USING (look) LEFT JOIN submissions AS s ON s.id = raw.submission"""


def count(connection: duckdb.DuckDBPyConnection, campus: Campus, folder: Path) -> None:
    """Tables of the term: exposure, clicks by person, course, day and tool, visits, cells of the plan."""
    calendar, pack = campus.calendar, campus.pack
    place = {
        "entity": str(folder / "context_store_entity"),
        "keymap": str(folder / "context_store_keymap"),
        "events": str(folder / "event_store/expanded"),
        "start": calendar.term.start.isoformat(),
        "first": calendar.first_day,
        "last": calendar.last_day,
    }

    def run(sql: str) -> None:
        connection.execute(sql, {name: value for name, value in place.items() if f"${name}" in sql})

    connection.register("levels_given", schemas.derivation("level_of_course_number"))
    low, high, level = schemas.derivation("level_of_course_number").column_names
    columns = f"{low}::INT AS low, {high}::INT AS high, {level} AS level"
    run(f"CREATE TEMP TABLE levels AS SELECT {columns} FROM levels_given")
    run(EXPOSURE)
    run(SUBMISSIONS)
    table = pack.table("tool")
    domains = {d: tool for d, tool in zip(table["lti_domain"], table["tool"], strict=True) if d}
    run("""
        CREATE TEMP TABLE looks AS
        SELECT DISTINCT type, action, object.extensions AS extensions
        FROM read_parquet($events || '/*/*.parquet', hive_partitioning = false)""")
    run("CREATE TEMP TABLE looked AS SELECT type, action, {'extensions': extensions} AS object FROM looks")
    tools = session_sql(connection, f"SELECT type, action, object, {tool_sql(domains)} AS tool FROM looked")
    run(f"""
        CREATE TEMP TABLE tools AS
        SELECT hash(type, action, object.extensions) AS look, coalesce(tool, 'staff') AS tool
        FROM ({tools})""")
    run(RAW)
    run(EVENTS)
    run("""
        CREATE TABLE clicks AS
        SELECT person, course, day, tool, count(*)::INT AS n FROM events
        WHERE tool NOT IN ('staff', 'login') GROUP BY ALL""")
    run("CREATE TABLE by_day AS SELECT person, day, sum(n)::INT AS n FROM clicks GROUP BY ALL")
    run("CREATE TABLE by_tool AS SELECT person, tool, sum(n)::INT AS n FROM clicks GROUP BY ALL")
    run("""
        CREATE TEMP TABLE of_course AS SELECT DISTINCT course, cip, level FROM exposure""")
    run("""
        CREATE TABLE by_course AS SELECT person, course, cip, level, sum(n)::INT AS n
        FROM clicks JOIN of_course USING (course) GROUP BY ALL""")
    run("""
        CREATE TABLE by_cell AS
        SELECT cip, level, day, tool, sum(n)::INT AS n, sum(n * n)::BIGINT AS squares
        FROM clicks JOIN of_course USING (course) GROUP BY ALL""")
    starts = campus.engine.class_ms
    connection.register("given", pa.table({"section": np.arange(1, len(starts) + 1), "start_ms": starts}))
    run("CREATE TABLE classes AS SELECT * FROM given  -- when classes begin, wall clock since midnight")
    # Visits and gaps are looked at for one person in ten.
    run("CREATE TABLE sample AS SELECT * FROM events WHERE session IS NOT NULL AND tool <> 'staff'")
    run(f"""
        CREATE TABLE cells AS
        SELECT day, {_named("cip", pack.rates.cips)} AS cip, {_named("level", pack.rates.levels)} AS level,
               {_named("tool", pack.rates.tools)} AS tool, cell.overshoot_micro / 1e6 AS overshoot,
               cell.moved_micro / 1e6 AS moved
        FROM (SELECT day, unnest(cells) AS cell FROM read_parquet('{folder / "plan.parquet"}'))
        WHERE cell.overshoot_micro > 0 OR cell.moved_micro <> 0""")


def _named(field: str, names: tuple[str, ...]) -> str:
    """SQL for the name that a cell's code stands for."""
    return f"list_extract({list(names)}, cell.{field} + 1)"
