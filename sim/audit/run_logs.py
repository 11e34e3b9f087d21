"""Logs of a run's courses, read from its warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np

from context.errors import InputError, RunError, first_line
from context.packs.pack import Pack
from sim.audit.course_log import LEAST_CLICKS, CourseLog
from sim.caliper.kinds import tool_sql
from sim.folder.manifest import load_manifest
from sim.sql.session_tables import session_sql
from sim.sql.warehouse import literal, open_run


def course_logs(run_dir: Path, pack: Pack, most: int, least: int) -> Iterator[CourseLog]:
    """Clicks that students of a course make there, of ``most`` courses with ``least`` students and more.

    Which courses is decided by their ids' hash, so that a run is looked at in the same ones each time.
    Hand-ins name no course and are left out. Raises InputError where there are none, RunError for files that
    cannot be read.
    """
    zone = literal(load_manifest(run_dir).scenario.time_zone)
    with open_run(run_dir) as connection:
        try:
            _choose(connection, most, least)
            columns = connection.sql(_clicks(connection, pack, zone)).fetchnumpy()
        except duckdb.Error as error:
            raise RunError(f"{run_dir}: no audit: {first_line(error)}") from error
    course = np.asarray(columns["course"], dtype=np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(course)) + 1).tolist(), len(course)]
    found = False
    for low, high in pairwise(bounds):
        if high - low >= LEAST_CLICKS:
            found = True
            person, ms, tool = (np.asarray(columns[name])[low:high] for name in ("person", "ms", "tool"))
            yield CourseLog.of(person, ms, np.unique(tool.astype(str), return_inverse=True)[1])
    if not found:
        raise InputError(
            f"{run_dir}: no course with {least} students and {LEAST_CLICKS} clicks, "
            "allowed: a run with such courses and with events; --students takes smaller ones"
        )


def _choose(connection: duckdb.DuckDBPyConnection, most: int, least: int) -> None:
    connection.execute("""
        CREATE TEMP TABLE seats AS
        SELECT DISTINCT s.le_current_course_offering_id AS course, e.person_id AS person
        FROM context_store_entity.course_section_enrollment e
        JOIN context_store_entity.course_section s USING (course_section_id) WHERE e.role = 'Student'""")
    connection.execute(f"""
        CREATE TEMP TABLE chosen AS
        SELECT course FROM seats GROUP BY course HAVING count(*) >= {least}
        ORDER BY md5(course::VARCHAR), course LIMIT {most}""")


def _clicks(connection: duckdb.DuckDBPyConnection, pack: Pack, zone: str) -> str:
    """SQL for clicks of the chosen courses, in order of the course."""
    table = pack.table("tool")
    pairs = zip(table["tool"], table["lti_domain"], strict=True)
    domains = {str(domain): str(tool) for tool, domain in pairs if domain}
    connection.execute(f"""
        CREATE TEMP TABLE looks AS
        SELECT e.course_offering.udp_id AS course, e.person.udp_id AS person,
               epoch_ms(e.event_time AT TIME ZONE 'UTC' AT TIME ZONE {zone}) AS ms, e.type, e.action,
               {{'extensions': e.object.extensions}} AS object
        FROM event_store.expanded e
        JOIN seats s ON s.course = e.course_offering.udp_id AND s.person = e.person.udp_id
        WHERE e.course_offering.udp_id IN (SELECT course FROM chosen)""")
    inner = session_sql(connection, f"SELECT course, person, ms, {tool_sql(domains)} AS tool FROM looks")
    return f"SELECT * FROM ({inner}) WHERE tool IS NOT NULL AND tool <> 'login' ORDER BY course, person, ms"
