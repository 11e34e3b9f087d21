"""Functions that a script makes in SQL."""

from __future__ import annotations

from sqlglot import exp

from context.errors import InputError
from sim.sql.grammar.catalog import SqlFunction
from sim.sql.grammar.types import type_of_node
from sim.sql.script.statements import Statement


def function_of(statement: Statement) -> tuple[str, SqlFunction]:
    """(name, function) of a CREATE TEMP FUNCTION. Raises InputError for one in another language."""
    tree = statement.tree
    made, properties = tree.this, tree.args.get("properties")
    name = made.this.name
    words = list(properties.expressions) if properties else []
    for item in words:
        if isinstance(item, exp.LanguageProperty):
            raise InputError(
                f"CREATE TEMP FUNCTION {name} is in {item.this.name.upper()}; allowed: SQL, as in "
                "CREATE TEMP FUNCTION f(x INT64) AS (x + 1)"
            )
    if not any(isinstance(item, exp.TemporaryProperty) for item in words):
        raise InputError(f"CREATE FUNCTION {name} given, allowed: CREATE TEMP FUNCTION")
    body = statement.body.strip()
    if not (body.startswith("(") and body.endswith(")")):
        raise InputError(f"CREATE TEMP FUNCTION {name}: allowed after AS: an expression in brackets")
    arguments = []
    for item in made.expressions:
        kind = item.args.get("kind") if isinstance(item, exp.ColumnDef) else None
        if kind is None:
            raise InputError(f"CREATE TEMP FUNCTION {name}: allowed for each argument: name TYPE")
        any_type = kind.this == exp.DataType.Type.VARIANT
        arguments.append((item.name, None if any_type else type_of_node(kind)))
    returns = next((item.this for item in words if isinstance(item, exp.ReturnsProperty)), None)
    return name, SqlFunction(tuple(arguments), body, type_of_node(returns) if returns is not None else None)
