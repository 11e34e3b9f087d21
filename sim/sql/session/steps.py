"""What each kind of statement that is no query does: variables, functions, and what a script makes."""

from __future__ import annotations

from typing import Any

from sqlglot import exp

from context.errors import InputError, nearest
from sim.sql.grammar.types import Type, type_of_node
from sim.sql.script.functions import function_of
from sim.sql.script.statements import ALLOWED, Statement
from sim.sql.session.engine import Bound, SqlEngine
from sim.sql.tables.storage_types import FROM_LITERALS, opens

_MAKING = exp.Create | exp.Insert | exp.Update | exp.Merge | exp.Delete | exp.TruncateTable | exp.Drop


def done(engine: SqlEngine, statement: Statement, tree: exp.Expr, *, dry: bool) -> str | None:
    """Carry out a statement; returns what to say of it. ``dry``: only what later ones need to be read."""
    if isinstance(tree, exp.Declare):
        _declare(engine, tree)
        return None
    if isinstance(tree, exp.Set):
        _set(engine, tree)
        return None
    if isinstance(tree, exp.Create) and str(tree.args.get("kind")).upper() == "FUNCTION":
        name, function = function_of(statement)
        engine.functions[name.lower()] = function
        return None
    if isinstance(tree, _MAKING) and dry:
        return None
    if isinstance(tree, exp.Create):
        from sim.sql.session.definitions import create

        return create(engine, tree, statement.body)
    changed = _changed(engine, tree)
    if changed is not None:
        return changed
    raise InputError(f"line {statement.line}: {statement.word} given, allowed: {ALLOWED}")


def _changed(engine: SqlEngine, tree: exp.Expr) -> str | None:
    """Change what a table of the user's holds; None if the statement does something else."""
    if not isinstance(tree, _MAKING):
        return None
    from sim.sql.session.changes import delete, truncate, update
    from sim.sql.session.definitions import drop, insert
    from sim.sql.session.merging import merge, update_from

    if isinstance(tree, exp.Insert):
        return insert(engine, tree)
    if isinstance(tree, exp.Update):
        return update_from(engine, tree) if tree.args.get("from_") else update(engine, tree)
    if isinstance(tree, exp.Merge):
        return merge(engine, tree)
    if isinstance(tree, exp.Delete):
        return delete(engine, tree)
    if isinstance(tree, exp.TruncateTable):
        return truncate(engine, tree)
    return drop(engine, tree) if isinstance(tree, exp.Drop) else None


def definition_of(tree: exp.Expr) -> exp.Query | None:
    """The query of a CREATE TABLE … AS or INSERT; None for other statements."""
    if not isinstance(tree, exp.Create | exp.Insert):
        return None
    if str(tree.args.get("kind") or "TABLE").upper() != "TABLE" or isinstance(tree.expression, exp.Values):
        return None
    return tree.expression if isinstance(tree.expression, exp.Query) else None


def _declare(engine: SqlEngine, tree: exp.Declare) -> None:
    for item in tree.expressions:
        kind, default = item.args.get("kind"), item.args.get("default")
        wanted = type_of_node(kind) if kind else None
        names = item.this if isinstance(item.this, list) else [item.this]
        if wanted is None and not default:
            raise InputError(f"DECLARE {names[0].name}: a type or a DEFAULT is missing")
        for name in names:
            where = f"DECLARE {name.name}"
            value = _value(engine, where, default, wanted) if default else (wanted, None)
            engine.variables[name.name.lower()] = value  # type: ignore[assignment]


def _set(engine: SqlEngine, tree: exp.Set) -> None:
    for item in tree.expressions:
        pair = item.this
        if not isinstance(pair, exp.EQ):
            raise InputError("SET given, allowed: SET name = expression, SET (a, b) = (1, 2)")
        target, given = pair.this, pair.expression
        if isinstance(given, exp.Var):  # which the parser makes of a bare name there
            given = exp.column(given.name)
        if not isinstance(target, exp.Tuple | exp.Paren):
            _assign(engine, target.name, given)
            continue
        names = [part.name for part in target.expressions] or [target.this.name]
        if isinstance(given, exp.Tuple):
            if len(given.expressions) != len(names):
                raise _number(names, len(given.expressions))
            for name, part in zip(names, given.expressions, strict=True):
                _assign(engine, name, part)
            continue
        kind, record = engine.value(given)
        fields = kind.fields or (("", kind),)
        if len(fields) != len(names):
            raise _number(names, len(fields))
        values = list(record.values()) if kind.fields and record is not None else [record] * len(names)
        for name, (_, inner), value in zip(names, fields, values, strict=True):
            engine.variables[name.lower()] = (
                fitting(f"SET {name}", declared_type(engine, name), inner),
                value,
            )


def _number(names: list[str], given: int) -> InputError:
    return InputError(f"SET ({', '.join(names)}): {len(names)} variables, {given} values")


def _assign(engine: SqlEngine, name: str, given: exp.Expr) -> None:
    wanted = declared_type(engine, name)
    engine.variables[name.lower()] = _value(engine, f"SET {name}", given, wanted)


def declared_type(engine: SqlEngine, name: str) -> Type:
    """The type of a variable. Raises InputError for one that no DECLARE made."""
    if name.lower() not in engine.variables:
        known = sorted(engine.variables)
        hint = nearest(name, known) if known else "DECLARE it first"
        raise InputError(f"SET {name}: not declared; {hint}")
    return engine.variables[name.lower()][0]


def _value(engine: SqlEngine, where: str, given: exp.Expr, wanted: Type | None) -> Bound:
    """A variable's value; of the type wanted, if it turns into that by itself."""
    text = isinstance(given, exp.Literal) and bool(given.args.get("is_string"))
    if wanted is not None and (isinstance(given, exp.Null) or (text and wanted.kind in FROM_LITERALS)):
        given = exp.Cast(this=given.copy(), to=exp.DataType.build(str(wanted), dialect="bigquery"))
    held, value = engine.value(given)
    return fitting(where, wanted, held), value


def fitting(where: str, wanted: Type | None, held: Type) -> Any:
    """A variable's type: the wanted one. Raises InputError for a value that does not turn into it."""
    if wanted is not None and not opens(held, wanted):
        raise InputError(f"{where}: a value of type {held} given, allowed: {wanted}")
    return wanted or held
