"""EXTERNAL_QUERY: a query in PostgreSQL's dialect on the context store's own database.

There the entities are in the schema ``entity``, native ids in ``keymap``; ``report.publish_info`` says when
the nightly batch ran. What a query may use is a list; anything else is refused by its name.
"""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from pathlib import Path

import duckdb
import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from context.errors import InputError
from sim.folder.facts import facts_of
from sim.sql.tables.faults import explaining
from sim.sql.tables.storage_types import widened

_SCHEMAS = {"entity": "context_store_entity", "keymap": "context_store_keymap"}
_PUBLISHED = "publish_info"
_BATCH_HOUR = time(4, tzinfo=UTC)  # files of the student information system are loaded at 04:00 UTC
# What runs the same in PostgreSQL and DuckDB, by the classes of their parser; the rest is refused.
_CALLS = (
    *(exp.Abs, exp.And, exp.AnyValue, exp.ArrayAgg, exp.Avg, exp.Between, exp.Case, exp.Cast, exp.Ceil),
    *(
        exp.Coalesce,
        exp.Concat,
        exp.Count,
        exp.CurrentDate,
        exp.CurrentTimestamp,
        exp.DateTrunc,
        exp.DenseRank,
    ),
    *(exp.TimestampTrunc, exp.Exists, exp.Extract, exp.Floor, exp.Greatest, exp.Lag, exp.Lead, exp.Least),
    *(exp.Left, exp.Length, exp.Lower, exp.Max, exp.Min, exp.Not, exp.Nullif, exp.Or, exp.Rank, exp.Replace),
    *(exp.Right, exp.Round, exp.RowNumber, exp.SplitPart, exp.StrPosition, exp.Substring, exp.Sum, exp.Trim),
    *(exp.Upper, exp.GroupConcat, exp.Extract, exp.If),
)


def external_rows(connection: duckdb.DuckDBPyConnection, call: exp.Func, run_dir: Path) -> pa.Table:
    """The rows of ``EXTERNAL_QUERY(connection, text)``. Raises InputError for a query that is not allowed."""
    arguments = [item for item in call.expressions if isinstance(item, exp.Literal | exp.RawString)]
    if len(arguments) not in (2, 3) or len(arguments) != len(call.expressions):
        raise InputError("EXTERNAL_QUERY takes the name of a connection and a query, both as texts in quotes")
    tree = _parsed(arguments[1].name)
    for node in list(tree.find_all(exp.Table)):
        _name(tree, node, run_dir)
    with explaining():
        text = tree.sql("duckdb")
        statements = connection.extract_statements(text)
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            raise InputError("EXTERNAL_QUERY: allowed: one SELECT")
        return widened(connection.sql(text).to_arrow_table())


def _parsed(text: str) -> exp.Query:
    try:
        trees = sqlglot.parse(text, read="postgres")
    except (SqlglotError, RecursionError) as error:
        first = " ".join(str(error).split()).split(" Line ")[0].rstrip(".")
        raise InputError(f"EXTERNAL_QUERY: syntax error in PostgreSQL's dialect: {first}") from None
    tree = trees[0] if len(trees) == 1 else None
    if not isinstance(tree, exp.Query) or tree.find(exp.DDL, exp.DML, exp.Command, exp.Into, exp.Lock):
        raise InputError("EXTERNAL_QUERY: allowed: one SELECT")
    for node in tree.find_all(exp.Func, exp.Lateral, exp.Placeholder, exp.Parameter):
        if not isinstance(node, _CALLS):
            name = node.name if isinstance(node, exp.Anonymous) else node.sql("postgres").split("(")[0]
            raise InputError(
                f"EXTERNAL_QUERY: {name} is not known here; do that outside, in BigQuery's dialect"
            )
    return tree


def _name(tree: exp.Query, node: exp.Table, run_dir: Path) -> None:
    """Give a table of the context store's database its name in DuckDB."""
    schema, name = node.db.lower(), node.name.lower()
    if not schema and name in {cte.alias.lower() for cte in tree.find_all(exp.CTE)}:
        return
    alias = node.args.get("alias") or exp.TableAlias(this=exp.to_identifier(name, quoted=True))
    if (schema, name) == ("report", _PUBLISHED):
        row = f"SELECT CAST('{_published(run_dir).isoformat()}' AS TIMESTAMPTZ) AS dag_run"
        node.replace(exp.Subquery(this=sqlglot.parse_one(row, read="duckdb"), alias=alias))
        return
    if node.catalog or schema not in _SCHEMAS:
        given = ".".join(part.name for part in node.parts)
        raise InputError(f"EXTERNAL_QUERY: no table {given}; schemas: entity, keymap, report ({_PUBLISHED})")
    new = exp.table_(name, _SCHEMAS[schema], "warehouse", quoted=True)
    for part in ("this", "db", "catalog"):
        node.set(part, new.args[part])
    node.set("alias", alias)


def _published(run_dir: Path) -> datetime:
    """When the batch ran that loaded this store: the morning after the run's last day."""
    last = facts_of(run_dir).last_day
    return datetime.combine(last + timedelta(days=1), _BATCH_HOUR)
