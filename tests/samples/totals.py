"""Drawn against asked, by SQL: on every margin of the pack's rates, and cell by cell.

Asked are a pack's rates times the student-days that the context store has, plus what the plan reports: the
overshoot of deadlines, and what it moved between cells and days, since courses have some tools and not others
and their days differ. How little that is over a margin is held in ``tests.events.test_totals``. Standard
errors are clustered by student, whose clicks of a margin hang together.

Some pages of Canvas (calendars, a person's files) name no course: sums by family and level, and cells, leave
them out, in what is asked by their shares of their tools.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.kinds import KINDS

F64 = npt.NDArray[np.float64]
LEAST = 0.01  # a margin may always miss by this share
# A course without outcomes shows its list instead of one: how many of these pages name a course is not known.
UNPLACED = "outcomes"
LEAST_EXPECTED = 400  # cells that expect fewer events are pooled


@dataclass(frozen=True)
class Miss:
    """One sum: what was asked and drawn, and the clustered standard error of the difference."""

    name: str
    asked: float
    drawn: int
    error: float

    @property
    def sigmas(self) -> float:
        """The difference in standard errors."""
        return (self.drawn - self.asked) / self.error if self.error else 0.0

    def beyond(self, sigmas: float, share: float = LEAST) -> bool:
        """Whether the difference is over ``sigmas`` standard errors and over ``share`` of what was asked."""
        return abs(self.drawn - self.asked) > max(sigmas * self.error, share * self.asked)


def ask(connection: duckdb.DuckDBPyConnection, pack: Pack, calendar: Calendar) -> None:
    """Temporary tables of what ``pack`` asks: rates by cell, and expected events by student and margin."""
    rates = pack.rates
    days = [int(day) for day in calendar.days]
    kinds = [str(kind) for kind in calendar.kind_of(calendar.days)]
    cube = np.stack(
        [
            rates.of(calendar.term.term_type, calendar.curve_day_of(day), kind)
            for day, kind in zip(days, kinds, strict=True)
        ]
    )
    place = np.indices(cube.shape).reshape(4, -1)
    names = (days, rates.cips, rates.levels, rates.tools)
    columns = [pa.array(list(values)).take(pa.array(at)) for values, at in zip(names, place, strict=True)]
    placed = np.broadcast_to(_placed(pack), cube.shape)
    given = pa.table(
        [*columns, pa.array(cube.ravel()), pa.array((cube * placed).ravel())],
        names=["day", "cip", "level", "tool", "rate", "placed"],
    )
    connection.register("given_rates", given)
    connection.execute("CREATE OR REPLACE TEMP TABLE rates AS SELECT * FROM given_rates")
    connection.unregister("given_rates")
    connection.register("given_placement", pa.table({"tool": list(rates.tools), "placed": _placed(pack)}))
    connection.execute("CREATE OR REPLACE TEMP TABLE placement AS SELECT * FROM given_placement")
    connection.unregister("given_placement")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE enrolled AS
        SELECT cip, level, day, count(*) AS students
        FROM (SELECT cip, level, unnest(range(first, last)) AS day FROM exposure) GROUP BY ALL""")
    connection.execute("""
        CREATE OR REPLACE TEMP TABLE ask_day AS
        WITH r AS (SELECT cip, level, day, sum(rate) AS rate, sum(placed) AS placed FROM rates GROUP BY ALL)
        SELECT person, course, cip, level, day, rate, placed
        FROM (SELECT person, course, cip, level, unnest(range(first, last)) AS day FROM exposure)
        JOIN r USING (cip, level, day)""")


def _placed(pack: Pack) -> F64:
    """By tool, the share of its clicks whose events name a course."""
    nowhere = {kind.name for kind in KINDS if kind.is_view and kind.context == "none"}
    table = pack.table("tool_kind")
    share = dict.fromkeys(pack.rates.tools, 1.0)
    for tool, kind, part in zip(table["tool"], table["kind"], table["share"], strict=True):
        share[tool] -= float(part) * (kind in nowhere)
    return np.array([round(share[tool], 9) for tool in pack.rates.tools])


_ASKED = {
    "day": "SELECT person, day AS name, sum(rate) AS x FROM ask_day GROUP BY ALL",
    "cip": "SELECT person, cip AS name, sum(placed) AS x FROM ask_day GROUP BY ALL",
    "level": "SELECT person, level AS name, sum(placed) AS x FROM ask_day GROUP BY ALL",
    "tool": """
        WITH upto AS (
          SELECT cip, level, tool, day + 1 AS day,
                 sum(rate) OVER (PARTITION BY cip, level, tool ORDER BY day) AS total FROM rates)
        SELECT person, a.tool AS name, sum(a.total - coalesce(b.total, 0)) AS x
        FROM exposure AS e
        JOIN upto AS a ON a.cip = e.cip AND a.level = e.level AND a.day = e.last
        LEFT JOIN upto AS b ON b.cip = e.cip AND b.level = e.level AND b.tool = a.tool AND b.day = e.first
        WHERE e.first < e.last GROUP BY ALL""",
}
_DRAWN = {
    "day": "SELECT person, day AS name, n AS y FROM by_day",
    "tool": "SELECT person, tool AS name, n AS y FROM by_tool",
    "cip": "SELECT person, cip AS name, sum(n) AS y FROM by_course GROUP BY ALL",
    "level": "SELECT person, level AS name, sum(n) AS y FROM by_course GROUP BY ALL",
}
MARGINS = tuple(_ASKED)
# What of events moved between cells is seen by a margin: those by course only where a page names one.
_SHOWN = {"day": "1", "tool": "1", "cip": "placed", "level": "placed"}


def margin(connection: duckdb.DuckDBPyConnection, by: str) -> list[Miss]:
    """Every sum of one margin: ``by`` is one of MARGINS. ``ask`` comes first."""
    rows = connection.execute(f"""
        WITH x AS ({_ASKED[by]}), y AS ({_DRAWN[by]}),
          total AS (SELECT name, sum(x) AS x FROM x GROUP BY ALL),
          over AS (SELECT {by} AS name, sum(overshoot + moved * {_SHOWN[by]}) AS over
                   FROM cells JOIN placement USING (tool) GROUP BY ALL),
          scaled AS (SELECT name, x, coalesce(over, 0) AS over, 1 + coalesce(over, 0) / x AS up
                     FROM total LEFT JOIN over USING (name)),
          each AS (SELECT name, coalesce(y, 0) AS y, coalesce(x, 0) AS x
                   FROM x FULL JOIN y USING (person, name))
        SELECT name::VARCHAR, any_value(s.x + s.over), sum(e.y)::BIGINT, sqrt(sum((e.y - e.x * s.up) ** 2))
        FROM each AS e JOIN scaled AS s USING (name) GROUP BY ALL ORDER BY 1""").fetchall()
    return [Miss(f"{by} {name}", asked, drawn, error) for name, asked, drawn, error in rows]


def cells(connection: duckdb.DuckDBPyConnection) -> tuple[list[Miss], int]:
    """(CIP family x level x day x tool with LEAST_EXPECTED events asked or more, the others pooled over days,
    and what is small even then by tool; how many cells were pooled).
    """
    rows = connection.execute(f"""
        WITH every AS (
          SELECT cip, level, day, tool, students,
                 rates.placed * students + coalesce(overshoot + moved * placement.placed, 0) AS x,
                 coalesce(n, 0) AS y, coalesce(squares, 0) AS squares
          FROM rates JOIN enrolled USING (cip, level, day) JOIN placement USING (tool)
          LEFT JOIN by_cell USING (cip, level, day, tool) LEFT JOIN cells USING (cip, level, day, tool)
          WHERE (rates.placed > 0 OR n > 0) AND tool <> '{UNPLACED}'),
        errors AS (
          SELECT *, squares - 2 * y * x / students + x * x / students AS variance,
                 sum(x) FILTER (x < {LEAST_EXPECTED}) OVER (PARTITION BY cip, level, tool) AS pool
          FROM every),
        named AS (
          SELECT *, CASE WHEN x >= {LEAST_EXPECTED} THEN concat_ws(' ', cip, level, day, tool)
                         WHEN pool >= {LEAST_EXPECTED} THEN concat_ws(' ', cip, level, 'other days', tool)
                         ELSE concat_ws(' ', 'small', tool) END AS name
          FROM errors)
        SELECT name, sum(x), sum(y)::BIGINT, sqrt(sum(variance)), count(*) FILTER (x < {LEAST_EXPECTED})
        FROM named GROUP BY name ORDER BY name""").fetchall()
    found = [Miss(name, asked, drawn, error) for name, asked, drawn, error, _ in rows]
    return found, sum(row[4] for row in rows)
