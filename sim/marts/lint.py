"""What a mart's SQL may say: only what means the same in BigQuery and, through the translation, in DuckDB.

Everything here is a difference that gives no error: other digits on other threads, NULLs in arrays, 64 bits
where the other has 128, an order nobody asked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlglot import exp

import schemas
from context.errors import InputError
from schemas import Mart
from sim.marts.graph import ordered, parsed, reads

PARAMETERS = ("run_date", "begin_date", "end_date")
# Functions that were looked at one by one; sqlglot's names for them.
ALLOWED_NODES = frozenset(
    [
        "And",
        "ArrayAgg",
        "Case",
        "Cast",
        "Coalesce",
        "Concat",
        "Count",
        "CountIf",
        "Date",
        "DateAdd",
        "DateDiff",
        "DateSub",
        "DateTrunc",
        "DatetimeAdd",
        "DatetimeDiff",
        "DatetimeSub",
        "DatetimeTrunc",
        "GenerateDateArray",
        "GenerateSeries",
        "Greatest",
        "GroupConcat",
        "If",
        "JSONExtractScalar",
        "Lag",
        "Least",
        "Lower",
        "Max",
        "Min",
        "Or",
        "Round",
        "RowNumber",
        "SafeDivide",
        "Split",
        "Sqrt",
        "StartsWith",
        "StrPosition",
        "Sum",
        "TsOrDsToDatetime",
        "Unnest",
        "WeekStart",
    ]
)
REFUSED: dict[type[exp.Expression], str] = {
    exp.Avg: "AVG: of floats it differs with the order of rows; divide whole sums by SAFE_DIVIDE",
    exp.Stddev: "STDDEV: differs with the order of rows; take it from whole sums of squares",
    exp.StddevSamp: "STDDEV_SAMP: differs with the order of rows; take it from whole sums of squares",
    exp.StddevPop: "STDDEV_POP: differs with the order of rows; take it from whole sums of squares",
    exp.Variance: "VARIANCE: differs with the order of rows; take it from whole sums of squares",
    exp.PercentileCont: "PERCENTILE_CONT: an aggregate in one, a window in the other; index ARRAY_AGG",
    exp.ApproxDistinct: "APPROX_COUNT_DISTINCT: another number in each system; use COUNT(DISTINCT ...)",
    exp.AnyValue: "ANY_VALUE: any row's; use MIN or MAX",
    exp.Rand: "RAND: another row at each run",
    exp.CurrentDate: "CURRENT_DATE: the day on which it runs; use @run_date",
    exp.CurrentDatetime: "CURRENT_DATETIME: the moment at which it runs; use @run_date",
    exp.CurrentTimestamp: "CURRENT_TIMESTAMP: the moment at which it runs; use @run_date",
    exp.RegexpExtract: "REGEXP_EXTRACT: two dialects of patterns, and slow; use SPLIT or STRPOS",
    exp.RegexpLike: "REGEXP_CONTAINS: two dialects of patterns; use STRPOS or STARTS_WITH",
    exp.RegexpReplace: "REGEXP_REPLACE: two dialects of patterns; use REPLACE",
    exp.Div: "/: divides by zero with an error in one; use SAFE_DIVIDE",
    exp.Mod: "MOD: signs differ; use whole weeks or days",
    exp.Limit: "LIMIT: which rows, no order says",
    exp.TableSample: "TABLESAMPLE: other rows at each run",
    exp.Pivot: "PIVOT: names of columns differ; use COUNTIF or SUM(IF(...))",
    exp.Like: "LIKE: backslashes differ; use STARTS_WITH or STRPOS",
}
_NEEDS_ORDER = (exp.RowNumber, exp.Rank, exp.Lag, exp.Lead, exp.FirstValue, exp.LastValue)
_CAST_TO = ("BIGINT", "INT", "DOUBLE", "FLOAT", "DATE", "DECIMAL", "BOOLEAN")


def lint(mart: Mart) -> list[str]:
    """Findings, a line each, for people; none for a query that means the same in both systems."""
    if mart.sql is None:
        return []
    tree = parsed(mart.sql)
    return [f"{mart.name}: {line}" for line in dict.fromkeys(_findings(mart, tree))]


def lint_all() -> list[str]:
    """Findings of all marts, a circle among them included."""
    every = schemas.marts()
    found = [line for mart in every for line in lint(mart)]
    try:
        ordered(every)
    except InputError as error:
        found.append(str(error))
    return found


def _findings(mart: Mart, tree: exp.Query) -> Iterator[str]:
    yield from _columns(mart, tree)
    if "$[" in (mart.sql or ""):
        yield "JSON path with $['key']: JSON_VALUE takes a key with dots in double quotes, $.\"key\""
    known = {one.name for one in schemas.marts()}
    stores = {f"{dataset}.{table.name}" for dataset in schemas.DATASETS for table in schemas.tables(dataset)}
    for table in reads(mart):
        if table not in known | stores | {mart.name}:
            yield f"reads {table}, which no contract has"
    for node in tree.walk():
        for kind, why in REFUSED.items():
            if type(node) is kind:
                yield why
        yield from _node(node)


def _node(node: Any) -> Iterator[str]:
    """What is wrong with one node."""
    if isinstance(node, exp.Anonymous):
        yield f"{node.name.upper()}: no function that was looked at"
    elif (
        isinstance(node, exp.Func)
        and type(node).__name__ not in ALLOWED_NODES
        and not isinstance(node, tuple(REFUSED))
    ):
        yield f"{type(node).__name__}: not on the list of what means the same in both"
    if isinstance(node, exp.Parameter) and node.name not in PARAMETERS:
        yield f"@{node.name}: allowed: {', '.join(f'@{name}' for name in PARAMETERS)}"
    if isinstance(node, exp.Table) and node.db and not node.alias and not _is_alone(node):
        yield f"{node.db}.{node.name}: has no alias, though there are several tables"
    if isinstance(node, exp.ArrayAgg) and not isinstance(node.parent, exp.IgnoreNulls):
        yield "ARRAY_AGG without IGNORE NULLS: an error in BigQuery when there is one"
    if isinstance(node, exp.ArrayAgg) and not node.find(exp.Order):
        yield "ARRAY_AGG without ORDER BY: any order"
    if isinstance(node, exp.GroupConcat) and not node.find(exp.Order):
        yield "STRING_AGG without ORDER BY: any order"
    if isinstance(node, exp.Window) and isinstance(node.this, _NEEDS_ORDER) and not node.args.get("order"):
        yield f"{node.this.key.upper()} without ORDER BY: any row"
    if isinstance(node, exp.IntDiv) and isinstance(node.this.unnest(), exp.Add | exp.Sub):
        yield "DIV: a translation may lose the brackets round a sum; name the sum in a query before"
    if isinstance(node, exp.Mul) and isinstance(node.left, exp.Sum) and isinstance(node.right, exp.Sum):
        yield "SUM * SUM: more than 64 bits; cast one to FLOAT64 or NUMERIC"
    if isinstance(node, exp.Cast) and node.to.this.name not in _CAST_TO:
        yield f"CAST AS {node.to.sql('bigquery')}: texts of numbers and times differ"
    if isinstance(node, exp.Group):
        yield from _shadowed(node)


def _is_alone(node: exp.Table) -> bool:
    """Whether a table is the only one of its SELECT."""
    select = node.find_ancestor(exp.Select)
    return select is not None and not select.args.get("joins")


def _shadowed(group: exp.Group) -> Iterator[str]:
    """Names that mean a column to one system and a term of the SELECT list to the other."""
    select = group.parent
    if not isinstance(select, exp.Select):
        return
    terms = {term.alias: term.this for term in select.expressions if isinstance(term, exp.Alias)}
    for column in group.expressions:
        if isinstance(column, exp.Column) and not column.table and column.name in terms:
            inner = terms[column.name]
            if not (isinstance(inner, exp.Column) and inner.name == column.name):
                yield f"GROUP BY {column.name}: a column or the term of that name? use its position"


def _columns(mart: Mart, tree: exp.Query) -> Iterator[str]:
    """The query's columns are the contract's, in its order."""
    given = [name for name in tree.named_selects if name]
    if tuple(given) != mart.table.names:
        odd = [name for name in given if name not in mart.table.names]
        odd += [name for name in mart.table.names if name not in given]
        yield f"columns are not the contract's: {', '.join(odd) if odd else 'their order'}"
