"""The figures of a run's report, computed by SQL from what was written."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

import schemas
from context.errors import RunError, first_line
from context.packs.pack import Pack
from sim.caliper.kinds import KINDS, tool_sql
from sim.folder.duckdb_paths import duckdb_folder
from sim.folder.facts import event_files
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.names import PLAN
from sim.sql.session_tables import session_sql
from sim.sql.warehouse import literal, open_run

Records = list[dict[str, Any]]
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_SIZES = (1, 5, 10, 20, 30, 50, 100, 200)  # lower bounds of the bins of section sizes


@dataclass(frozen=True)
class Figures:
    """What the report shows. ``asked`` is what the plan asks, overshoot by deadlines included; ``drawn`` what
    is in the files. Both count what the rates count: clicks of students, no logins, nothing of staff.
    """

    manifest: Manifest
    students: int
    courses: int
    sections: int
    enrolments: int
    asked: float  # without overshoot
    overshoot: float
    drawn: int
    days: Records  # date, asked, drawn, events (all, asked for or not); one per campus day
    tools: Records  # name, asked, drawn
    levels: Records  # name None: events that name no course, so that nobody asked for them by level
    families: Records
    hours: Records  # weekday, hour, events; local time
    letters: Records  # name, number
    sizes: Records


def gather(run_dir: Path, pack: Pack) -> Figures:
    """Read the run. Raises InputError when it has no warehouse, RunError when its files can't be read."""
    manifest = load_manifest(run_dir)
    with open_run(run_dir) as connection:
        try:
            _prepare(connection, run_dir, manifest, pack)
            return _figures(connection, manifest, pack)
        except duckdb.Error as error:
            raise RunError(f"{run_dir}: no report: {first_line(error)}") from error


def _prepare(connection: duckdb.DuckDBPyConnection, run_dir: Path, manifest: Manifest, pack: Pack) -> None:
    """Temporary tables: clicks by day, hour and course; looks by object; the plan's cells by name.

    What was asked stays in whole millionths as long as it is added up: so its order is nobody's matter, and
    a run's report is the same each time.
    """
    root = duckdb_folder(run_dir)
    files = (f"{root}/{path}" for paths in event_files(run_dir).values() for path in paths)
    listed = ", ".join(literal(file) for file in files)
    events = f"read_parquet([{listed}], filename = true, hive_partitioning = false)"
    if not manifest.totals.events:
        events = "(SELECT *, '' AS filename FROM event_store.expanded)"
    zone = literal(manifest.scenario.time_zone)
    counted = {kind.type for kind in KINDS if kind.role == "Student"}
    staff = ", ".join(sorted({literal(kind.type) for kind in KINDS} - {literal(name) for name in counted}))
    # A submission's document names no course: it is found through the keymap.
    connection.execute("""
        CREATE TEMP TABLE submissions AS
        SELECT 'urn:instructure:canvas:submission:' || k.lms_int_id AS id, a.course_offering_id AS course
        FROM context_store_keymap.learner_activity_result AS k
        JOIN context_store_entity.learner_activity_result AS r ON r.learner_activity_result_id = k.id
        JOIN context_store_entity.learner_activity AS a USING (learner_activity_id)""")
    connection.execute(f"""
        CREATE TEMP TABLE clicks AS
        SELECT CAST(regexp_extract(filename, 'unit-([0-9-]{{10}})\\.parquet$', 1) AS DATE) AS day,
               date_trunc('hour', event_time AT TIME ZONE 'UTC' AT TIME ZONE {zone}) AS local_hour,
               type NOT IN ({staff}) AND NOT coalesce(list_contains(membership.roles, 'Instructor'), false)
                 AND NOT coalesce(membership.id LIKE '%:user:%', false) AS counted,
               coalesce(course_offering.udp_id, s.course) AS course,
               count(*) AS n
        FROM {events} AS e LEFT JOIN submissions AS s
          ON e.course_offering.udp_id IS NULL AND s.id = e.object.id
        GROUP BY ALL""")
    connection.execute("""
        CREATE TEMP TABLE looks AS
        SELECT type, action, {'extensions': object.extensions} AS object, count(*) AS n
        FROM event_store.expanded GROUP BY ALL""")
    connection.execute(f"""
        CREATE TEMP TABLE cells AS
        WITH each AS (SELECT date, unnest(cells) AS cell FROM read_parquet({literal(f"{root}/{PLAN}")}))
        SELECT date AS day, {_name_of("cip", pack.table("cip")["cip"])} AS family,
               {_name_of("level", pack.table("level")["level"])} AS level,
               {_name_of("tool", pack.rates.tools)} AS tool,
               sum(cell.asked_micro) AS asked_micro, sum(cell.overshoot_micro) AS overshoot_micro
        FROM each GROUP BY ALL""")
    low, high, level = (schemas.derivation("level_of_course_number").column(i).to_pylist() for i in range(3))
    ranges = ", ".join(f"({a}, {b}, {literal(c)})" for a, b, c in zip(low, high, level, strict=True))
    connection.execute(f"""
        CREATE TEMP TABLE courses AS
        SELECT o.course_offering_id AS course, left(o.cip_code2k, 2) AS family, r.level
        FROM context_store_entity.course_offering o
        LEFT JOIN (VALUES {ranges}) AS r(low, high, level)
          ON try_cast(regexp_extract(o.number, '^[0-9]+') AS INT) BETWEEN r.low AND r.high""")


def _name_of(field: str, names: Iterable[object]) -> str:
    """SQL for the name that a cell's code stands for."""
    return f"list_extract([{', '.join(literal(str(name)) for name in names)}], cell.{field} + 1)"


def _figures(connection: duckdb.DuckDBPyConnection, manifest: Manifest, pack: Pack) -> Figures:
    def rows(sql: str) -> Records:
        return list(connection.sql(sql).to_arrow_table().to_pylist())

    def number(sql: str) -> Any:
        found = connection.sql(sql).fetchall()
        return found[0][0] or 0

    roles = "context_store_entity.course_section_enrollment WHERE role = 'Student'"
    titles = dict(zip(pack.table("cip")["cip"], pack.table("cip")["title"], strict=True))
    drawn = {
        key: f"SELECT {key} AS name, sum(n) AS drawn FROM clicks LEFT JOIN courses USING (course) "
        "WHERE counted GROUP BY 1"
        for key in ("family", "level")
    }
    families = rows(_compared("family", drawn["family"]))
    return Figures(
        manifest=manifest,
        students=number(f"SELECT count(DISTINCT person_id) FROM {roles}"),
        courses=number("SELECT count(*) FROM context_store_entity.course_offering"),
        sections=number("SELECT count(*) FROM context_store_entity.course_section"),
        enrolments=number(f"SELECT count(*) FROM {roles}"),
        asked=float(number("SELECT sum(asked_micro) / 1e6 FROM cells")),
        overshoot=float(number("SELECT sum(overshoot_micro) / 1e6 FROM cells")),
        drawn=int(number("SELECT sum(n) FROM clicks WHERE counted")),
        days=rows(_DAYS),
        tools=rows(_compared("tool", _drawn_tools(connection, pack))),
        levels=sorted(
            rows(_compared("level", drawn["level"])), key=lambda row: (row["name"] is None, row["name"])
        ),
        families=[
            {**row, "name": row["name"] and f"{row['name']} {titles.get(row['name'], '')}".strip()}
            for row in families
        ],
        hours=rows(_HOURS),
        letters=_letters(rows(_LETTERS), pack),
        sizes=_sizes(rows(_SECTION_SIZES)),
    )


_DAYS = """
    SELECT CAST(p.day AS VARCHAR) AS date, p.asked, coalesce(c.drawn, 0)::BIGINT AS drawn,
           coalesce(c.events, 0)::BIGINT AS events
    FROM (SELECT day, sum(asked_micro + overshoot_micro) / 1e6 AS asked FROM cells GROUP BY 1) p
    LEFT JOIN (SELECT day, sum(n) FILTER (WHERE counted) AS drawn, sum(n) AS events FROM clicks GROUP BY 1) c
      USING (day) ORDER BY 1"""
_HOURS = """
    SELECT isodow(local_hour)::INT - 1 AS weekday, hour(local_hour)::INT AS hour, sum(n)::BIGINT AS events
    FROM clicks GROUP BY 1, 2 ORDER BY 1, 2"""
_LETTERS = """
    SELECT grade_on_official_transcript AS name, count(*) AS number
    FROM context_store_entity.course_grade GROUP BY 1"""
_SECTION_SIZES = """
    SELECT count(*) AS size FROM context_store_entity.course_section_enrollment
    JOIN context_store_entity.course_section USING (course_section_id)
    WHERE role = 'Student' AND coalesce(is_graded, true) GROUP BY course_section_id"""


def _compared(key: str, drawn: str) -> str:
    """SQL: asked and drawn by one of the plan's axes, largest first; what was not asked so comes last."""
    return f"""
        SELECT name, coalesce(asked, 0) AS asked, coalesce(drawn, 0)::BIGINT AS drawn
        FROM (SELECT {key} AS name, sum(asked_micro + overshoot_micro) / 1e6 AS asked FROM cells GROUP BY 1)
        FULL JOIN ({drawn}) USING (name) ORDER BY name IS NULL, asked DESC, name"""


def _drawn_tools(connection: duckdb.DuckDBPyConnection, pack: Pack) -> str:
    """SQL: drawn events by tool, through the one derivation of tools, which is BigQuery SQL."""
    table = pack.table("tool")
    domains = {
        domain: tool for domain, tool in zip(table["lti_domain"], table["tool"], strict=True) if domain
    }
    case = tool_sql(domains)
    return session_sql(
        connection,
        f"SELECT name, SUM(n) AS drawn FROM (SELECT {case} AS name, n FROM looks) "
        "WHERE name <> 'login' GROUP BY name",
    )


def _letters(rows: Records, pack: Pack) -> Records:
    """Letters in the pack's order, then all else, then no grade."""
    order = list(pack.table("letter")["letter"])
    place = {letter: i for i, letter in enumerate(order)}
    sized = sorted(
        rows, key=lambda row: (row["name"] is None, place.get(row["name"], len(order)), str(row["name"]))
    )
    return [{"name": row["name"] or "none", "number": row["number"]} for row in sized]


def _sizes(rows: Records) -> Records:
    """Sections by bins of size."""
    bins = []
    for i, low in enumerate(_SIZES):
        high = _SIZES[i + 1] - 1 if i + 1 < len(_SIZES) else None
        count = sum(1 for row in rows if row["size"] >= low and (high is None or row["size"] <= high))
        bins.append({"name": f"{low}-{high}" if high else f"{low}+", "number": count})
    return bins
