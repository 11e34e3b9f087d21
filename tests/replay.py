"""An independent replay of a store's dated facts, in SQL: what a batch of an earlier morning held.

It shares with ``context.as_of`` the declarations of ``schemas`` and nothing else: no array, no function.
"""

from __future__ import annotations

from datetime import date

import duckdb
import pyarrow as pa

import schemas
from context.store import Store
from schemas import Since, Table

ENTITIES = {table.name: table for table in schemas.tables("context_store_entity")}
GRADES = """
    CREATE OR REPLACE TEMP TABLE counted AS
    SELECT s.course_section_id, r.person_id, a.learner_activity_group_id AS group_id, g.group_weight,
        a.points_possible AS points, CASE WHEN r.graded_date < {cut} THEN r.score END AS score
    FROM was.learner_activity_result r
    JOIN main.learner_activity a USING (learner_activity_id)
    JOIN main.learner_activity_group g USING (learner_activity_group_id)
    JOIN main.course_section s ON s.le_current_course_offering_id = a.course_offering_id
    JOIN main.course_section_enrollment e
        ON e.course_section_id = s.course_section_id AND e.person_id = r.person_id AND e.role = 'Student'
    WHERE a.points_possible > 0 AND (r.graded_date < {cut} OR (
        (r.response_date IS NULL OR r.response_date >= {cut}) AND a.due_date < {cut}
        AND a.allowable_submission_types <> 'not_graded'
        AND (e.exit_date IS NULL OR e.updated_date > a.due_date)));
    CREATE OR REPLACE TEMP TABLE by_group AS
    SELECT course_section_id, person_id, any_value(group_weight)::BIGINT AS weight,
        (coalesce(sum(score), 0) * 100)::BIGINT AS earned,
        (sum(points) FILTER (score IS NOT NULL) * 100)::BIGINT AS graded,
        (sum(points) * 100)::BIGINT AS possible
    FROM counted GROUP BY course_section_id, person_id, group_id;
    CREATE OR REPLACE TEMP TABLE weighted AS
    SELECT s.course_section_id, sum(g.group_weight) > 0 AS is_weighted
    FROM main.course_section s
    JOIN main.learner_activity_group g ON g.course_offering_id = s.le_current_course_offering_id GROUP BY 1;
    CREATE OR REPLACE TEMP TABLE scores AS
    SELECT course_section_id, person_id,
        CASE WHEN any_value(is_weighted)
            THEN (sum(weight * (earned * 1000000 // graded)) FILTER (graded > 0) * 2
                  + sum(weight) FILTER (graded > 0) * 100) // (sum(weight) FILTER (graded > 0) * 200)
            ELSE (sum(earned) FILTER (graded > 0) * 20000 + sum(graded) FILTER (graded > 0))
                 // (sum(graded) FILTER (graded > 0) * 2) END AS current,
        CASE WHEN any_value(is_weighted)
            THEN (sum(weight * (earned * 1000000 // possible)) * 2 + sum(weight) * 100)
                 // nullif(sum(weight) * 200, 0)
            ELSE (sum(earned) * 20000 + sum(possible)) // (sum(possible) * 2) END AS final
    FROM by_group JOIN weighted USING (course_section_id) GROUP BY ALL"""


def open_store(store: Store) -> duckdb.DuckDBPyConnection:
    """The whole store's entities in schema ``main``."""
    db = duckdb.connect()
    db.execute("CREATE SCHEMA was; CREATE SCHEMA ours; SET threads = 1")
    for name, table in store.entity.items():
        _load(db, "main", name, table)
    return db


def _load(db: duckdb.DuckDBPyConnection, schema: str, name: str, table: pa.Table) -> None:
    db.register("incoming", table)
    db.execute(f'CREATE OR REPLACE TABLE {schema}."{name}" AS SELECT * FROM incoming')
    db.unregister("incoming")


def differences(db: duckdb.DuckDBPyConnection, name: str, table: pa.Table) -> int:
    """Rows by which a table differs from what was replayed."""
    _load(db, "ours", name, table)
    sides = f'(SELECT * FROM ours."{name}")', f'(SELECT * FROM was."{name}")'
    query = " UNION ALL ".join(f"(SELECT 1 FROM ({a} EXCEPT ALL {b}))" for a, b in (sides, sides[::-1]))
    return int(db.execute(f"SELECT count(*) FROM ({query})").fetchall()[0][0])


def replay(db: duckdb.DuckDBPyConnection, day: date, midnight: str) -> None:
    """Fill schema ``was``: the store on the morning of ``day``, whose ``midnight`` is an instant in UTC."""
    cut = f"TIMESTAMP '{midnight}'"
    morning = _Morning(f"DATE '{day}'", cut)
    for table in ENTITIES.values():
        born = morning.born(table)
        db.execute(
            f'CREATE OR REPLACE TABLE was."{table.name}" AS SELECT * FROM main."{table.name}" x WHERE {born}'
        )
    while any(_drop_orphans(db, table, morning) for table in ENTITIES.values()):
        pass
    db.execute(GRADES.format(cut=cut))
    for table in ENTITIES.values():
        columns = ", ".join(f'{morning.column(table, column)} AS "{column.name}"' for column in table.columns)
        db.execute(f'CREATE OR REPLACE TEMP TABLE morning AS SELECT {columns} FROM was."{table.name}" x')
        db.execute(f'CREATE OR REPLACE TABLE ours."{table.name}" AS SELECT * FROM morning')
    for name in ENTITIES:  # all at the end: the facts above are those of the whole store
        db.execute(f'CREATE OR REPLACE TABLE was."{name}" AS SELECT * FROM ours."{name}"')


def _drop_orphans(db: duckdb.DuckDBPyConnection, table: Table, morning: _Morning) -> bool:
    """Delete the rows that refer to a row that is not there; True when there were any."""
    gone = 0
    for column in table.columns:
        if not column.references:
            continue
        other, key = column.references.split(".")
        rule = table.as_of.rule(column.name)
        holds = morning.known(table, rule.since[0].path) if rule and rule.since else "true"
        rows = db.execute(
            f'DELETE FROM was."{table.name}" x WHERE x."{column.name}" IS NOT NULL AND {holds} '
            f'AND NOT EXISTS (SELECT 1 FROM was."{other}" y WHERE y."{key}" = x."{column.name}")'
        ).fetchall()
        gone += int(rows[0][0])
    return gone > 0


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
        which = "current" if "current" in column.name else "final"
        return (
            f"CAST((SELECT {which} / 100 FROM scores z WHERE z.course_section_id = x.course_section_id "
            "AND z.person_id = x.person_id) AS DECIMAL(38, 9))"
        )


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
