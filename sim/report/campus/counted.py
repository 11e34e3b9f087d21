"""What the report shows of the events: from the counts that units have beside them, without the events."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

Records = list[dict[str, Any]]
LEAST_SEATS = 20  # enrolments that a week before withdrawal must have to be shown


@dataclass(frozen=True)
class Margin:
    """One sum of what was asked and drawn. ``error`` is the standard error of their difference, from how far
    its days are apart.
    """

    name: str
    asked: float
    drawn: int
    error: float


@dataclass(frozen=True)
class Counted:
    """Sums of the records. Clicks are what the rates ask for: students', no logins, nothing of staff."""

    asked: float  # without overshoot
    overshoot: float
    drawn: int
    events: int
    lost: int  # clicks that outages cost
    days: Records  # date, asked, drawn, events (all, asked for or not); one per campus day
    hours: Records  # weekday, hour, events; local time
    margins: Mapping[str, list[Margin]]  # by "tool", "cip" and "level", largest first
    tool_weekdays: Records  # tool, weekday, clicks
    tool_cips: Records  # tool, cip, clicks
    tool_levels: Records  # tool, level, clicks
    adoption: Records  # tool, courses: those in which it was clicked at all
    clicked_courses: int
    leaving: Records  # weeks_left, seats, clicks, expected: clicks of as many others on the same days
    kinds: Records  # kind, role, events


def counted(connection: duckdb.DuckDBPyConnection, records: pa.Table) -> Counted:
    """Sum the records up, in SQL and in whole numbers, so that no order shows. Raises duckdb.Error."""
    connection.register("records", records)
    for name in ("cells", "hours", "courses", "leaving", "kinds"):
        connection.execute(
            f"CREATE OR REPLACE TEMP TABLE counted_{name} AS "
            f"SELECT campus_day, unnest({name}, recursive := true) FROM records"
        )
    connection.execute(_LOCAL_HOURS)

    def rows(sql: str) -> Records:
        return list(connection.sql(sql).to_arrow_table().to_pylist())

    (totals,) = rows(_TOTALS)
    return Counted(
        asked=(totals["asked"] or 0) / 1e6,
        overshoot=(totals["overshoot"] or 0) / 1e6,
        drawn=totals["drawn"] or 0,
        events=totals["events"] or 0,
        lost=totals["lost"] or 0,
        days=[{**row, "asked": row["asked"] / 1e6} for row in rows(_DAYS)],
        hours=rows(_HOURS),
        margins={
            by: [
                Margin(row["name"], row["asked"] / 1e6, row["drawn"], row["squares"] ** 0.5 / 1e6)
                for row in rows(_MARGIN.format(by=by))
            ]
            for by in ("tool", "cip", "level")
        },
        tool_weekdays=rows(_TOOL_WEEKDAYS),
        tool_cips=rows(_TOOL_CELLS.format(by="cip")),
        tool_levels=rows(_TOOL_CELLS.format(by="level")),
        adoption=rows(_ADOPTION),
        clicked_courses=rows("SELECT count(DISTINCT course) AS n FROM counted_courses")[0]["n"],
        leaving=_leaving(rows(_LEAVING)),
        kinds=rows(_KINDS),
    )


_TOTALS = """
    SELECT (SELECT sum(asked_micro)::BIGINT FROM counted_cells) AS asked,
           (SELECT sum(overshoot_micro)::BIGINT FROM counted_cells) AS overshoot,
           (SELECT sum(drawn)::BIGINT FROM counted_cells) AS drawn,
           (SELECT sum(events)::BIGINT FROM records) AS events,
           (SELECT sum(lost)::BIGINT FROM records) AS lost"""
_DAYS = """
    SELECT CAST(campus_day AS VARCHAR) AS date, coalesce(asked, 0)::BIGINT AS asked,
           coalesce(drawn, 0)::BIGINT AS drawn, events
    FROM records LEFT JOIN (
        SELECT campus_day, sum(asked_micro + overshoot_micro) AS asked, sum(drawn) AS drawn
        FROM counted_cells GROUP BY 1) USING (campus_day)
    ORDER BY 1"""
_LOCAL_HOURS = """
    CREATE OR REPLACE TEMP TABLE counted_local AS
    SELECT isodow(campus_day + (hour // 24)::INT)::INT - 1 AS weekday, (hour % 24)::INT AS hour, tool,
           counted, sum(events)::BIGINT AS events
    FROM counted_hours
    GROUP BY ALL"""
_HOURS = """
    SELECT weekday, hour, sum(events)::BIGINT AS events FROM counted_local GROUP BY 1, 2 ORDER BY 1, 2"""
_TOOL_WEEKDAYS = """
    SELECT tool, weekday, sum(events)::BIGINT AS clicks FROM counted_local WHERE counted
    GROUP BY 1, 2 ORDER BY 1, 2"""
_TOOL_CELLS = """
    SELECT tool, {by}, sum(drawn)::BIGINT AS clicks FROM counted_cells GROUP BY 1, 2 ORDER BY 1, 2"""
# A margin's days are its sample: they hang together less than the clicks of a day do.
_MARGIN = """
    WITH daily AS (
        SELECT {by} AS name, campus_day, sum(asked_micro + overshoot_micro)::HUGEINT AS asked,
               sum(drawn)::HUGEINT AS drawn
        FROM counted_cells GROUP BY 1, 2)
    SELECT name, sum(asked)::BIGINT AS asked, sum(drawn)::BIGINT AS drawn,
           CAST(sum((drawn * 1000000 - asked) * (drawn * 1000000 - asked)) AS DOUBLE) AS squares
    FROM daily GROUP BY 1 ORDER BY asked DESC, name"""
_ADOPTION = """
    SELECT tool, count(DISTINCT course) AS courses FROM counted_courses GROUP BY 1 ORDER BY 2 DESC, 1"""
_LEAVING = """
    SELECT campus_day, weeks_left, seats, clicks FROM counted_leaving
    ORDER BY campus_day, weeks_left NULLS FIRST"""
_KINDS = """
    SELECT kind, role, sum(events)::BIGINT AS events FROM counted_kinds
    GROUP BY 1, 2 ORDER BY 3 DESC, 1, 2"""


def _leaving(rows: Records) -> Records:
    """By weeks left until withdrawal: clicks, beside those that as many others make on the same days."""
    mean = {row["campus_day"]: row["clicks"] / row["seats"] for row in rows if row["weeks_left"] is None}
    found: dict[int, dict[str, Any]] = {}
    for row in rows:
        left, day = row["weeks_left"], row["campus_day"]
        if left is None or day not in mean:
            continue
        into = found.setdefault(left, {"weeks_left": left, "seats": 0, "clicks": 0, "expected": 0.0})
        into["seats"] += row["seats"]
        into["clicks"] += row["clicks"]
        into["expected"] += row["seats"] * mean[day]
    enough = [row for _, row in sorted(found.items()) if row["seats"] >= 7 * LEAST_SEATS and row["expected"]]
    return enough[:10]
