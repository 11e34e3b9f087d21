"""What each kind of statement that is no query does: variables, functions, and what a script makes."""

from __future__ import annotations

import pyarrow as pa
import sqlglot
from sqlglot import exp

from context.errors import InputError
from sim.sql.script.literals import ValueType, literal_of, type_of, type_of_arrow
from sim.sql.script.statements import ALLOWED, Statement
from sim.sql.script.substitution import function_of, unknown_variable
from sim.sql.session.definitions import create, drop, insert
from sim.sql.session.engine import Engine
from sim.sql.tables.storage_types import FROM_LITERALS, opens


def done(engine: Engine, statement: Statement, tree: exp.Expr, *, dry: bool) -> str | None:
    """Carry out a statement; returns what to say of it. ``dry``: only what later ones need to be read."""
    if isinstance(tree, exp.Declare):
        _declare(engine, tree)
        return None
    if isinstance(tree, exp.Set):
        _set(engine, tree)
        return None
    if isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "FUNCTION":
        function = function_of(tree, engine.functions)
        engine.functions[function.name.lower()] = function
        return None
    if isinstance(tree, exp.Create | exp.Insert | exp.Drop) and dry:
        return None
    if isinstance(tree, exp.Create):
        return create(engine, tree)
    if isinstance(tree, exp.Insert):
        return insert(engine, tree)
    if isinstance(tree, exp.Drop):
        return drop(engine, tree)
    raise InputError(f"line {statement.line}: {statement.word} given, allowed: {ALLOWED}")


def definition_of(tree: exp.Expr) -> exp.Query | None:
    """The query of a CREATE TABLE … AS or INSERT; None for other statements."""
    if (
        not isinstance(tree, exp.Create | exp.Insert)
        or str(tree.args.get("kind") or "TABLE").upper() != "TABLE"
    ):
        return None
    return tree.expression if isinstance(tree.expression, exp.Query) else None


def _declare(engine: Engine, tree: exp.Declare) -> None:
    for item in tree.expressions:
        kind = item.args.get("kind")
        wanted = type_of(kind.sql("bigquery")) if kind else None
        default = item.args.get("default")
        names = item.this if isinstance(item.this, list) else [item.this]
        if wanted is None and not default:
            raise InputError(f"DECLARE {names[0].name}: a type or a DEFAULT is missing")
        for name in names:
            value = engine.value(default) if default else pa.table({"value": pa.nulls(1)})
            engine.variables[name.name.lower()] = _literal(f"DECLARE {name.name}", value, wanted, default)


def _set(engine: Engine, tree: exp.Set) -> None:
    for item in tree.expressions:
        pair = item.this
        if not isinstance(pair, exp.EQ):
            raise InputError("SET given, allowed: SET name = expression, SET (a, b) = (1, 2)")
        target, given = pair.this, pair.expression
        if isinstance(target, exp.Tuple | exp.Paren):
            names = [part.name for part in target.expressions] or [target.this.name]
            if isinstance(given, exp.Tuple):
                values = [engine.value(part) for part in given.expressions]
            else:
                record = engine.value(given).column("value").combine_chunks()
                parts = record.flatten() if pa.types.is_struct(record.type) else [record]
                values = [pa.table({"value": part}) for part in parts]
            if len(values) != len(names):
                raise InputError(f"SET ({', '.join(names)}): {len(names)} variables, {len(values)} values")
        else:
            names, values = [target.name], [engine.value(given)]
        for name, value in zip(names, values, strict=True):
            if name.lower() not in engine.variables:
                raise unknown_variable(name, engine.variables)
            wanted = engine.variables[name.lower()].meta["value_type"]
            engine.variables[name.lower()] = _literal(f"SET {name}", value, wanted, given)


def _literal(where: str, value: pa.Table, wanted: ValueType | None, given: exp.Expr | None) -> exp.Expr:
    """A variable's value as a literal; of the type wanted, if it turns into that by itself."""
    held = type_of_arrow(value.schema.field("value").type)
    kind = wanted or (ValueType("INT64") if held.name == "NULL" else held)
    item = value.column("value")[0].as_py()
    if held.name == "STRING" and kind.name in FROM_LITERALS and _is_text(given):
        item = str(item)
    elif not opens(held, kind):
        raise InputError(f"{where}: a value of type {held} given, allowed: {kind}")
    tree = sqlglot.parse_one(literal_of(item, kind), read="bigquery")
    tree.meta["value_type"] = kind
    return tree


def _is_text(given: exp.Expr | None) -> bool:
    return isinstance(given, exp.Literal | exp.RawString) or (
        isinstance(given, exp.Paren) and _is_text(given.this)
    )
