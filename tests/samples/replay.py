"""An independent replay of a store's dated facts, in SQL: what a batch of an earlier morning held.

It shares with ``context.store.as_of`` the declarations of ``schemas`` and nothing else: no array, no
function.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

import schemas
from context.store.store import Store
from schemas._model import Since, Table

ENTITIES = {table.name: table for table in schemas.tables("context_store_entity")}
# Scores by view, whole (period 0) and by grading period: what counts, what is kept, groups, courses.
GRADES = """
    CREATE OR REPLACE TEMP TABLE due AS
    SELECT r.learner_activity_result_id AS id, coalesce(
        max(o.due_date) FILTER (o.person_id = r.person_id),
        greatest(any_value(a.due_date), max(o.due_date) FILTER (
            o.course_section_id = g.course_section_id OR o.learner_group_id = r.learner_group_id))
        ) AS due_date
    FROM was.learner_activity_result r
    JOIN main.learner_activity a USING (learner_activity_id)
    LEFT JOIN (SELECT c.*, s.le_current_course_offering_id AS course_offering_id
        FROM main.course_grade c JOIN main.course_section s USING (course_section_id)) g
        ON g.person_id = r.person_id AND g.course_offering_id = a.course_offering_id
    LEFT JOIN was.learner_activity_override o ON o.learner_activity_id = r.learner_activity_id
    GROUP BY r.learner_activity_result_id;
    CREATE OR REPLACE TEMP TABLE counted AS
    SELECT v.view, p.period, a.course_offering_id AS course, r.person_id AS person,
        a.learner_activity_group_id AS unit, a.learner_activity_id AS act, a.drop_rule IS NULL AS droppable,
        CASE WHEN r.graded_date < {cut} THEN (r.score * 100)::BIGINT ELSE 0 END AS score,
        (a.points_possible * 100)::BIGINT AS points
    FROM was.learner_activity_result r
    JOIN due ON due.id = r.learner_activity_result_id
    JOIN main.learner_activity a USING (learner_activity_id)
    CROSS JOIN (VALUES ('current', true, false), ('final', false, false), ('hidden_current', true, true),
        ('hidden_final', false, true)) v (view, graded, hidden)
    JOIN (SELECT 0 AS period, NULL AS low, NULL AS high, NULL AS latest UNION ALL
        SELECT grading_period_id, start_date, end_date,
            max(end_date) OVER (PARTITION BY grading_period_group_id) FROM main.grading_period) p
        ON p.period = 0 OR due.due_date BETWEEN p.low AND p.high
        OR (due.due_date IS NULL AND p.high = p.latest)
    WHERE a.points_possible > 0 AND a.grade_type <> 'not_graded'
        AND NOT (r.is_excused AND r.updated_date < {cut})
        AND (v.hidden OR NOT a.is_hidden) AND (NOT v.graded OR coalesce(r.graded_date < {cut}, false));
    CREATE OR REPLACE TEMP TABLE unit_scores AS
    WITH ranked AS (
        SELECT c.*, (g.group_weight * 100)::BIGINT // 100 AS weight, g.drop_lowest_amount AS low,
            g.drop_highest_amount AS high, count(*) FILTER (droppable) OVER unit AS n,
            row_number() OVER (PARTITION BY view, period, course, person, unit, droppable
                ORDER BY score, act) AS nth
        FROM counted c JOIN main.learner_activity_group g ON g.learner_activity_group_id = c.unit
        WINDOW unit AS (PARTITION BY view, period, course, person, unit)),
    kept AS (
        SELECT * FROM ranked WHERE low + high = 0 OR NOT droppable
            OR (nth > least(low, n - 1) AND nth <= n - least(high, n - 1 - least(low, n - 1))))
    SELECT view, period, course, person, unit, any_value(weight) AS weight, sum(score)::BIGINT AS earned,
        sum(points)::BIGINT AS possible, (20000 * earned + possible) // (2 * possible) AS score
    FROM kept GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE scores AS
    SELECT view, period, course, person, CASE WHEN any_value(w.weight) > 0
        THEN (2 * sum(u.weight * score) + sum(u.weight)) // nullif(2 * sum(u.weight), 0)
        ELSE (20000 * sum(earned) + sum(possible)) // (2 * sum(possible)) END AS score
    FROM unit_scores u JOIN (SELECT course_offering_id AS course, sum(group_weight) AS weight
        FROM main.learner_activity_group GROUP BY ALL) w USING (course)
    GROUP BY ALL;
    CREATE OR REPLACE TEMP TABLE acts AS
    SELECT course, person, max(done) AS done FROM (
        SELECT a.course_offering_id AS course, r.person_id AS person, r.response_date AS done
        FROM was.learner_activity_result r JOIN main.learner_activity a USING (learner_activity_id)
        UNION ALL SELECT a.course_offering_id, r.grader_id, r.graded_date
        FROM was.learner_activity_result r JOIN main.learner_activity a USING (learner_activity_id)
        UNION ALL SELECT course_offering_id, person_id, created_date FROM was.discussion_entry)
    WHERE done < {cut} GROUP BY ALL"""


def open_store(store: Store) -> duckdb.DuckDBPyConnection:
    """The whole store's entities in schema ``main``."""
    db = duckdb.connect()
    db.execute("CREATE SCHEMA was; CREATE SCHEMA now; SET threads = 1")
    for name, table in store.entity.items():
        _load(db, "main", name, table)
    return db


def _load(db: duckdb.DuckDBPyConnection, schema: str, name: str, table: pa.Table) -> None:
    db.register("incoming", table)
    db.execute(f'CREATE OR REPLACE TABLE {schema}."{name}" AS SELECT * FROM incoming')
    db.unregister("incoming")


def differences(db: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> list[str]:
    """The columns in which a table differs from what was replayed."""
    key = ENTITIES[name].key
    schema = schemas.arrow_schema(ENTITIES[name])
    replayed = db.sql(f'SELECT * FROM now."{name}" ORDER BY {", ".join(key)}').to_arrow_table()
    ours = table.sort_by([(column, "ascending") for column in key])
    return [
        field.name
        for field in schema
        if ours[field.name].cast(field.type) != replayed[field.name].cast(field.type)
    ]


def replay(db: duckdb.DuckDBPyConnection, day: date, midnight: str) -> None:
    """Fill schema ``now``: the store on the morning of ``day``, whose ``midnight`` is an instant in UTC."""
    cut = f"TIMESTAMP '{midnight}'"
    morning = _Morning(f"DATE '{day}'", cut)
    for table in ENTITIES.values():
        born = morning.born(table)
        db.execute(
            f'CREATE OR REPLACE TABLE was."{table.name}" AS SELECT * FROM main."{table.name}" x WHERE {born}'
        )
    while sum(_drop_orphans(db, table, morning) for table in ENTITIES.values()):
        pass  # until nobody refers to a row that is not there
    db.execute(GRADES.format(cut=cut))
    for table in ENTITIES.values():
        columns = ", ".join(f'{morning.column(table, column)} AS "{column.name}"' for column in table.columns)
        db.execute(
            f'CREATE OR REPLACE TABLE now."{table.name}" AS SELECT {columns} FROM was."{table.name}" x'
        )


def _drop_orphans(db: duckdb.DuckDBPyConnection, table: Table, morning: _Morning) -> bool:
    """Delete the rows that refer to a row that is not there; True when there were any."""
    lost = []
    for column in table.columns:
        if column.references:
            other, key = column.references.split(".")
            rule = table.as_of.rule(column.name)
            holds = morning.known(table, rule.since[0].path) if rule and rule.since else "true"
            lost.append(
                f'(x."{column.name}" IS NOT NULL AND {holds} '
                f'AND x."{column.name}" NOT IN (SELECT y."{key}" FROM was."{other}" y))'
            )
    if not lost:
        return False
    rows = db.execute(f'DELETE FROM was."{table.name}" x WHERE {" OR ".join(lost)}').fetchall()
    return int(rows[0][0]) > 0


class _Morning:
    """SQL for what a morning knows of a row x."""

    def __init__(self, day: str, cut: str) -> None:
        self.day, self.cut = day, cut

    def value(self, table: Table, path: tuple[str, ...]) -> tuple[str, str]:
        """(expression, type) of a path."""
        expression, here = f'x."{path[0]}"', table.column(path[0])
        for name in path[1:]:
            assert here.references
            other, key = here.references.split(".")
            expression = f'(SELECT y."{name}" FROM main."{other}" y WHERE y."{key}" = {expression})'
            here = ENTITIES[other].column(name)
        return expression, here.type

    def known(self, table: Table, path: tuple[str, ...]) -> str:
        """True where a date is past."""
        expression, kind = self.value(table, path)
        return f"coalesce({expression} < {self.day if kind == 'DATE' else self.cut}, false)"

    def born(self, table: Table) -> str:
        """True where a row is there, its references apart."""
        path = table.as_of.born
        if not path:
            return "true"
        if path[0] != "first":
            return f"({self.known(table, path)} OR {self.value(table, path)[0]} IS NULL)"
        _, child, dated = path
        mine = f'{_refers(child, table)} AND z."{dated}" < {self.cut}'
        return f'EXISTS (SELECT 1 FROM main."{child}" z WHERE {mine})'

    def since(self, table: Table, stored: str, since: Since, kind: str) -> str:
        """A value before and after it came about."""
        if isinstance(since.before, Since):
            before = self.since(table, _literal(since.before.value), since.before, kind)
        else:
            before = f"CAST({_literal(since.before)} AS {kind})"
        still = f"NOT {self.known(table, since.path)}"
        if since.only:
            still += f" AND coalesce({stored} IN ({', '.join(map(_literal, since.only))}), false)"
        return f"CASE WHEN {still} THEN {before} ELSE {stored} END"

    def column(self, table: Table, column: schemas.Column) -> str:
        """What a column showed."""
        here = f'x."{column.name}"'
        rule = table.as_of.rule(column.name)
        if rule is None or rule.kind in ("planned", "created"):
            return here
        if rule.kind == "actual":
            return f"CASE WHEN {self.known(table, (column.name,))} THEN {here} END"
        if rule.kind == "since":
            shown = here
            for since in rule.since:
                shown = self.since(table, shown, since, _kind(column))
            return shown
        if rule.kind == "changed":
            own = [
                f'CASE WHEN {self.known(table, (c.name,))} THEN x."{c.name}" END'
                for c in table.columns
                if c.type == "DATETIME"
                and (r := table.as_of.rule(c.name))
                and r.kind in ("created", "actual")
            ]
            return f"CASE WHEN {here} < {self.cut} THEN {here} ELSE greatest({', '.join(own)}) END"
        if rule.kind == "last":
            child, dated = rule.path
            return (
                f'(SELECT max(z."{dated}") FROM was."{child}" z WHERE {_refers(child, table)} '
                f'AND z."{dated}" < {self.cut})'
            )
        if rule.kind == "grows":
            first, (last, _) = (
                f"CAST({self.value(table, table.as_of.born)[0]} AS DATE)",
                self.value(table, rule.path),
            )
            whole = f"greatest({last} + 1 - {first}, 1)"
            return f"{here} * least(greatest({self.day} - {first}, 0), {whole}) // {whole}"
        return self.computed(table, column)

    def computed(self, table: Table, column: schemas.Column) -> str:
        """What a column showed that follows from other tables."""

        def section(value: str) -> str:
            of = "main.course_section s WHERE s.course_section_id = x.course_section_id"
            return f"(SELECT {value} FROM {of})"

        view = column.name.removeprefix("le_").removesuffix("_score")
        course = section("s.le_current_course_offering_id")
        if column.name == "mid_term_grade":
            middle = section("s.start_date + ((s.end_date - s.start_date) // 2)::INTEGER")
            return f'CASE WHEN {middle} < {self.day} THEN x."{column.name}" END'
        if column.name == "last_activity_date":
            return f"(SELECT z.done FROM acts z WHERE z.course = {course} AND z.person = x.person_id)"
        mine = f"z.view = '{view}' AND z.course = {course} AND z.person = x.person_id"
        if table.name == "learner_activity_group_grade":
            where = f"unit_scores z WHERE {mine} AND z.period = 0 AND z.unit = x.learner_activity_group_id"
        else:
            period = "x.grading_period_id" if table.name == "grading_period_grade" else "0"
            where = f"scores z WHERE {mine} AND z.period = {period}"
        return f"CAST((SELECT score / 100 FROM {where}) AS DECIMAL(38, 9))"


def _refers(child: str, table: Table) -> str:
    """True where a child z refers to x."""
    back = next(c.name for c in ENTITIES[child].columns if (c.references or "").startswith(f"{table.name}."))
    return f'z."{back}" = x."{table.key[0]}"'


def _kind(column: schemas.Column) -> str:
    return {"STRING": "VARCHAR", "INT64": "BIGINT", "BOOL": "BOOLEAN", "NUMERIC": "DECIMAL(38, 9)"}[
        column.type
    ]


def _literal(value: object) -> str:
    if value is None:
        return "NULL"
    return f"'{value}'" if isinstance(value, str) else str(value).lower()
