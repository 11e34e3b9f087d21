"""How rows and columns come about in time: the ``[as_of]`` section of an entity's file.

``born`` names the date from which a row is there: a PATH, or ``first table.column``, the earliest such date
among the rows that refer to it. Without it that is ``created_date`` or, where there is none, ever since. A
column is

* ``"created"``, ``"actual"``, ``"planned"`` or ``"changed"`` where it holds dates: the row's own creation; a
  fact's date, unknown before it is past; a plan, known ahead; the row's latest change,
* ``"since PATH"``, or a table of ``since``, ``before`` (a value, or such a table again with its ``value``;
  NULL without it) and ``only`` (the values that came about then, any other has held from the row's creation
  on), or a list of such tables,
* ``{ grows_until = PATH }``: a count that grows evenly from the row's creation to that date,
* ``{ last = "table.column" }``: the latest such date among the rows there that refer to the row,
* ``"computed"``: by ``context.store.as_of`` from other tables as they stood.

A PATH is a date column of the table, or of the row that a reference leads to: ``course_section_id.end_date``.
A date that is NULL has never come; a row whose birth is NULL has been there ever since.
Columns that are not named hold one value ever since the row is there.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from schemas._model import DATE_KINDS, AsOf, Column, Rule, SchemaError, Since

DATED = ("DATE", "DATETIME", "TIMESTAMP")
_SINCE = {"since": str, "before": object, "only": list, "value": object}


def parse(columns: tuple[Column, ...], spec: Mapping[str, Any], where: str) -> AsOf:
    """The section ``spec`` of a table of ``columns``. Raises SchemaError."""
    types = {column.name: column.type for column in columns}
    rules: dict[str, Rule] = {}
    for name, kind in (("created_date", "created"), ("updated_date", "changed")):
        if types.get(name) in DATED:
            rules[name] = Rule(kind)
    born: tuple[str, ...] = ("created_date",) if "created_date" in rules else ()
    for name, value in spec.items():
        here = f"{where}: as_of: {name}"
        if name == "born":
            first = isinstance(value, str) and value.startswith("first ")
            born = ("first", *_path(str(value).removeprefix("first "), here)) if first else _path(value, here)
        elif name not in types:
            raise SchemaError(f"{here}: no such column")
        else:
            rules[name] = _rule(value, types[name], here)
    return AsOf(born, rules)


def _rule(value: object, kind: str, where: str) -> Rule:
    if isinstance(value, str):
        if value == "computed":
            return Rule("computed")
        if value in DATE_KINDS:
            if kind not in DATED:
                raise SchemaError(f"{where}: {value!r} given, allowed: on dates alone")
            return Rule(value)
        if value.startswith("since "):
            return Rule("since", (Since(_path(value.removeprefix("since "), where)),))
    elif isinstance(value, Mapping):
        if set(value) == {"grows_until"} and kind == "INT64":
            return Rule("grows", path=_path(value["grows_until"], where))
        if set(value) == {"last"}:
            return Rule("last", path=_path(value["last"], where))
        if "since" in value:
            return Rule("since", (_since(value, where),))
    elif isinstance(value, list) and all(isinstance(item, Mapping) and "since" in item for item in value):
        return Rule("since", tuple(_since(item, where) for item in value))
    raise SchemaError(
        f"{where}: {value!r} given, allowed: {', '.join(DATE_KINDS)}, computed, since PATH, "
        "or a table of since, grows_until or last, or a list of the first"
    )


def _since(value: Mapping[str, Any], where: str) -> Since:
    for key, inner in value.items():
        if key not in _SINCE or not isinstance(inner, _SINCE[key]):
            raise SchemaError(f"{where}: {key}: {inner!r} given, allowed: {', '.join(_SINCE)}")
    before = value.get("before")
    return Since(
        path=_path(value["since"], where),
        value=value.get("value"),
        before=_since(before, where) if isinstance(before, Mapping) else before,
        only=tuple(value.get("only", ())),
    )


def _path(value: object, where: str) -> tuple[str, ...]:
    if not isinstance(value, str) or not all(part.isidentifier() for part in value.split(".")):
        raise SchemaError(
            f"{where}: {value!r} given, allowed: a column, after the references that lead there"
        )
    return tuple(value.split("."))
