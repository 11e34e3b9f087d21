"""What stands for something else in a query: parameters, variables of a script, its functions in SQL.

Each is put in before the query is translated, so that every rule sees what the user meant.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from context.errors import InputError, nearest
from sim.sql.script.statements import POSITIONAL

# Names of the columns of a table or subquery in a FROM clause, in small letters; None if they aren't known.
ColumnsOf = Callable[[exp.Expr], Iterable[str] | None]


@dataclass(frozen=True)
class SqlFunction:
    """A function that a script makes: its arguments with their types in SQL (None for ANY TYPE), its body."""

    name: str
    arguments: tuple[tuple[str, exp.DataType | None], ...]
    body: exp.Expr
    returns: exp.DataType | None


def with_parameters(tree: exp.Expr, named: Mapping[str, exp.Expr], positional: int) -> exp.Expr:
    """The tree with literals for parameters; ``named`` by small letters, positional ones as POSITIONAL + n.

    Raises InputError for one that is not given, and for system variables.
    """
    for node in list(tree.find_all(exp.Parameter)):
        if isinstance(node.parent, exp.Parameter):
            raise InputError(f"@@{node.name} given; system variables are not known here")
        if isinstance(node.this, exp.Parameter):
            raise InputError(f"@@{node.this.name} given; system variables are not known here")
        value = named.get(node.name.lower())
        if value is None:
            raise InputError(_missing(node.name, named, positional))
        tree = _put(tree, node, value.copy())
    return tree


def _missing(name: str, named: Mapping[str, exp.Expr], positional: int) -> str:
    if name.startswith(POSITIONAL):
        number = name.removeprefix(POSITIONAL)
        return f"parameter number {number} is not given: {positional} positional ones are"
    given = sorted(key for key in named if not key.startswith(POSITIONAL))
    return f"parameter @{name} is not given; given: {', '.join('@' + key for key in given) or 'none'}"


def with_variables(tree: exp.Expr, variables: Mapping[str, exp.Expr], columns_of: ColumnsOf) -> exp.Expr:
    """The tree with literals for the script's variables; a column of that name goes before."""
    if not variables:
        return tree
    for node in list(tree.find_all(exp.Column)):
        parts = [part.name.lower() for part in node.parts]
        if parts[0] not in variables or (len(parts) == 1 and isinstance(node.this, exp.Star)):
            continue
        if _is_column(node, parts[0], columns_of):
            continue
        value: exp.Expr = variables[parts[0]].copy()
        for part in node.parts[1:]:
            value = exp.Dot(this=value, expression=part.copy())
        tree = _put(tree, node, value)
    return tree


def _is_column(node: exp.Expr, name: str, columns_of: ColumnsOf) -> bool:
    """Whether a name is that of a source, an alias or a column of the queries round the node."""
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Select):
            sources = [above.args.get("from_"), *(above.args.get("joins") or [])]
            for source in (part.this for part in sources if part is not None):
                if source.alias_or_name.lower() == name:
                    return True
                columns = columns_of(source)
                if columns is not None and name in columns:
                    return True
                if isinstance(source, exp.Unnest) and _names_of_unnest(source, name):
                    return True
            clause = node.find_ancestor(exp.Group, exp.Order, exp.Having, exp.Qualify)
            if clause is not None and any(item.alias.lower() == name for item in above.expressions):
                return True
        above = above.parent
    return False


def _names_of_unnest(source: exp.Unnest, name: str) -> bool:
    alias, offset = source.args.get("alias"), source.args.get("offset")
    names = [column.name.lower() for column in alias.columns] if alias is not None else []
    return name in names or (isinstance(offset, exp.Identifier) and offset.name.lower() == name)


def with_functions(tree: exp.Expr, functions: Mapping[str, SqlFunction]) -> exp.Expr:
    """The tree with the bodies of the script's functions in place of their calls, innermost first."""
    if not functions:
        return tree
    for node in reversed(list(tree.find_all(exp.Anonymous))):
        function = functions.get(node.name.lower())
        if function is None:
            continue
        if len(node.expressions) != len(function.arguments):
            raise InputError(
                f"{function.name} takes {len(function.arguments)} arguments, given: {len(node.expressions)}"
            )
        values = {
            name.lower(): exp.Paren(this=value.copy())
            if kind is None
            else exp.cast(value.copy(), kind.copy())
            for (name, kind), value in zip(function.arguments, node.expressions, strict=True)
        }
        body = with_variables(exp.Paren(this=function.body.copy()), values, lambda _: None)
        if function.returns is not None:
            body = exp.cast(body, function.returns.copy())
        tree = _put(tree, node, body)
    return tree


def function_of(tree: exp.Create, functions: Mapping[str, SqlFunction]) -> SqlFunction:
    """The function that a CREATE TEMP FUNCTION makes. Raises InputError for one in another language."""
    made, body = tree.this, tree.expression
    properties = tree.args.get("properties")
    for item in properties.expressions if properties else ():
        if isinstance(item, exp.LanguageProperty):
            raise InputError(
                f"CREATE TEMP FUNCTION {made.this.name} is in {item.this.name.upper()}; allowed: SQL, as in "
                "CREATE TEMP FUNCTION f(x INT64) AS (x + 1)"
            )
    if not properties or not properties.find(exp.TemporaryProperty):
        raise InputError(f"CREATE FUNCTION {made.this.name} given, allowed: CREATE TEMP FUNCTION")
    if body is None or isinstance(body, exp.RawString | exp.Literal | exp.Heredoc):
        raise InputError(
            f"CREATE TEMP FUNCTION {made.this.name}: allowed after AS: an expression in brackets"
        )
    arguments = tuple((item.name, _declared(item.args.get("kind"))) for item in made.expressions)
    returns = next((p.this for p in properties.expressions if isinstance(p, exp.ReturnsProperty)), None)
    inner = body.this if isinstance(body, exp.Paren) else body
    return SqlFunction(made.this.name, arguments, with_functions(inner.copy(), functions), returns)


def _declared(kind: object) -> exp.DataType | None:
    """An argument's type; None for ANY TYPE."""
    if not isinstance(kind, exp.DataType) or kind.this == exp.DataType.Type.VARIANT:
        return None
    return kind


def _put(tree: exp.Expr, node: exp.Expr, value: exp.Expr) -> exp.Expr:
    """The tree with a value in the place of a node, which may be the tree itself."""
    if node is tree:
        return value
    node.replace(value)
    return tree


def unknown_variable(name: str, variables: Iterable[str]) -> InputError:
    """SET of something that no DECLARE made."""
    known = sorted(variables)
    return InputError(f"SET {name}: not declared; {nearest(name, known) if known else 'DECLARE it first'}")
