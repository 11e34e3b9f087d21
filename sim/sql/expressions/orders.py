"""ORDER BY and LIMIT, wherever they stand."""

from __future__ import annotations

from sqlglot import exp

from sim.sql.expressions.names import Scope
from sim.sql.expressions.walker import Expressions, Queries
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import FLOAT64, INT64
from sim.sql.grammar.values import Value, settled


def order_sql(walker: Expressions, order: exp.Order) -> str:
    """The keys of an ORDER BY: NULL first going up, last going down, NaN next to it, unless it is told."""
    return ", ".join(order_key(walker.value(item.this), item) for item in order.expressions)


def order_key(value: Value, item: exp.Expr) -> str:
    """One key of an ORDER BY."""
    if settled(value.type).kind in ("JSON", "ARRAY", "STRUCT"):
        raise refused(item, f"ORDER BY does not support expressions of type {settled(value.type)}")
    down = bool(item.args.get("desc"))
    first = item.args.get("nulls_first")
    direction = ("DESC" if down else "ASC") + (" NULLS FIRST" if first else " NULLS LAST")
    if value.type == FLOAT64:  # BigQuery has NaN as the least number
        odd = f"isnan({value.sql}) {'ASC' if down else 'DESC'} NULLS {'FIRST' if first else 'LAST'}"
        return f"{odd}, {value.sql} {direction}"
    return f"{value.sql} {direction}"


def limits(compiler: Queries, node: exp.Expr) -> str:
    """LIMIT and OFFSET of a query."""
    sql = ""
    for name in ("limit", "offset"):
        clause = node.args.get(name)
        if clause is None:
            continue
        value = compiler.expressions(Scope()).value(clause.expression)
        known = value.literal is not None and value.literal.isdigit()
        if value.type != INT64 or not (known or value.parameter):
            raise refused(clause, f"{name.upper()} takes a number of rows, 0 or more, or a parameter")
        sql += f" {name.upper()} {value.sql}"
    return sql
