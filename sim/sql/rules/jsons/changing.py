"""JSON changed at paths: JSON_SET and its like, path by path from the left."""

from __future__ import annotations

from sqlglot import exp

from sim.sql.columnar.json_changes import path_text
from sim.sql.columnar.json_numbers import path_steps
from sim.sql.grammar.types import JSON
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.jsons.reading import path_at
from sim.sql.rules.jsons.writing import json_text

ARRAY_MAX = 1_000_000  # BigQuery's own
_GROWING = ("JSON_SET", "JSON_ARRAY_INSERT")
Options = dict[str, bool | None]


def _taken_apart(call: Call, **allowed: bool) -> tuple[list[int], Options]:
    """Positions of the plain arguments after the first, and the named ones: TRUE, FALSE or NULL."""
    options: Options = dict(allowed)
    plain = []
    for position, item in enumerate(call.arguments):
        if not isinstance(item, exp.Kwarg | exp.PropertyEQ):
            plain.append(position)
            continue
        name, given = item.this.name.lower(), item.expression
        if name not in options:
            raise call.refused(f"{call.name}: named argument {name} given, allowed: {', '.join(options)}")
        if not isinstance(given, exp.Boolean | exp.Null):
            raise call.refused(f"{call.name}: {name} must be TRUE, FALSE or NULL here")
        options[name] = bool(given.this) if isinstance(given, exp.Boolean) else None
    return plain[1:], options


def _path(call: Call, position: int) -> str | None:
    """A path as the functions read it; None for one that is NULL, or finds nothing."""
    if call.value(position).type.kind == "NULL":
        return None
    found = path_at(call, position, standard=True)
    if found is None:
        return None
    steps = path_steps(found)
    if call.name in _GROWING and any(isinstance(step, int) and step >= ARRAY_MAX for step in steps):
        raise call.refused(f"{call.name}: Exceeded maximum array size of {ARRAY_MAX}")
    return path_text(steps)


def _applied(call: Call, document: str, path: str, *rest: str) -> str:
    """One call of the function; ``rest`` is SQL of JSON texts."""
    what = " || ',' || ".join([text_sql(f"[{path}"), *rest])
    return f"fn_{call.name.lower()}(CAST({document} AS VARCHAR), {what} || ']')"


def _pairs(call: Call, plain: list[int]) -> list[tuple[str, Value]]:
    if not plain or len(plain) % 2:
        raise call.refused(f"{call.name} given {len(plain) + 1} arguments, allowed: JSON, path, value, ...")
    found = []
    for at in range(0, len(plain), 2):
        path, value = _path(call, plain[at]), call.value(plain[at + 1])
        if path is not None:
            found.append((path, value))
    return found


def _set(call: Call) -> Value:
    plain, options = _taken_apart(call, create_if_missing=True)
    sql = call.value(0, JSON).sql
    for path, value in _pairs(call, plain):
        if options["create_if_missing"] is not None:
            text = json_text(value.sql, value.type, wide=False)
            sql = _applied(call, sql, path, text, text_sql(str(options["create_if_missing"]).lower()))
    return call.result(f"CAST({sql} AS JSON)", JSON)


def _extended(name: str) -> Rule:
    def rule(call: Call) -> Value:
        plain, options = _taken_apart(call, **{name: True})
        sql = call.value(0, JSON).sql
        for path, value in _pairs(call, plain):
            if options[name] is None:
                continue
            text = json_text(value.sql, value.type, wide=False)
            if value.type.element is not None and options[name]:
                text = f"CASE WHEN ({value.sql}) IS NULL THEN '[null]' ELSE {text} END"
            else:
                text = f"'[' || {text} || ']'"
            sql = _applied(call, sql, path, text)
        return call.result(f"CAST({sql} AS JSON)", JSON)

    return rule


def _remove(call: Call) -> Value:
    plain, _ = _taken_apart(call)
    sql = call.value(0, JSON).sql
    if not plain:
        raise call.refused("JSON_REMOVE given 1 argument, allowed: JSON, path, ...")
    for position in plain:
        path = _path(call, position)
        if path == "[]":
            raise call.refused("JSON_REMOVE: The JSONPath cannot be '$'")
        if path is not None:
            sql = _applied(call, sql, path)
    return call.result(f"CAST({sql} AS JSON)", JSON)


def _strip_nulls(call: Call) -> Value:
    plain, options = _taken_apart(call, include_arrays=True, remove_empty=False)
    if len(plain) > 1:
        raise call.refused(f"JSON_STRIP_NULLS given {len(plain) + 1} arguments, allowed: JSON, path")
    sql, path = call.value(0, JSON).sql, _path(call, plain[0]) if plain else "[]"
    if path is not None and None not in options.values():
        flags = [text_sql(str(flag).lower()) for flag in options.values()]
        sql = _applied(call, sql, path, *flags)
    return call.result(f"CAST({sql} AS JSON)", JSON)


CHANGING: dict[str, Rule] = {
    "JSON_SET": _set,
    "JSON_REMOVE": _remove,
    "JSON_ARRAY_APPEND": _extended("append_each_element"),
    "JSON_ARRAY_INSERT": _extended("insert_each_element"),
    "JSON_STRIP_NULLS": _strip_nulls,
}
