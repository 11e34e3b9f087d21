"""Reading contract files: TOML in, checked tables out. Each error names the file and what is allowed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from schemas._as_of import parse as parse_as_of
from schemas._model import (
    FAMILIES,
    LOADED_FROM,
    MODES,
    PROVENANCES,
    STORED,
    SYSTEMS,
    TYPES,
    Column,
    Rows,
    SchemaError,
    Table,
    UnknownOptionSet,
)

_TABLE_KEYS = {
    "description": str,
    "loaded_from": str,
    "key": list,
    "columns": dict,
    "keymap": bool,
    "partition_by": str,
    "cluster_by": list,
    "require_partition_filter": bool,
    "rows_per_1000_fte": dict,
    "as_of": dict,
    "scope": str,
    "family": str,
    "native_ids": list,
    "stored": str,
    "on_wish": bool,
}
_COLUMN_KEYS = {
    "type": str,
    "mode": str,
    "provenance": str,
    "description": str,
    "references": str,
    "options": str,
    "drawn_from": list,
    "follows_from": str,
    "uniform": str,
    "unrepeated": bool,
    "null": str,
    "reason": str,
    "fields": dict,
}
_ROWS_KEYS = {"expected": int, "within": float}
_SET_KEYS = {"provenance": str, "description": str, "values": list}


def read_tables(dataset: str) -> tuple[Table, ...]:
    """Every table of a folder of contracts, sorted by name. Raises SchemaError."""
    folder = files("schemas").joinpath(dataset)
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.endswith(".toml"))
    return tuple(
        parse_table(dataset, name.removesuffix(".toml"), folder.joinpath(name).read_text("utf-8"))
        for name in names
    )


def parse_table(dataset: str, name: str, text: str) -> Table:
    """One table from the text of its file. Raises SchemaError."""
    where = f"{dataset}/{name}.toml"
    data = _parse(text, where)
    _check_keys(data, _TABLE_KEYS, {"description", "loaded_from", "key", "columns"}, where)
    _check_member(data["loaded_from"], LOADED_FROM, f"{where}: loaded_from")
    columns = tuple(_column(where, column, spec) for column, spec in data["columns"].items())
    table = Table(
        dataset=dataset,
        name=name,
        description=data["description"],
        key=tuple(data["key"]),
        keymap=data.get("keymap", False),
        loaded_from=data["loaded_from"],
        columns=columns,
        partition_by=data.get("partition_by"),
        cluster_by=tuple(data.get("cluster_by", ())),
        require_partition_filter=data.get("require_partition_filter", False),
        rows=_rows(where, data.get("rows_per_1000_fte")),
        family=data.get("family"),
        native_ids=tuple(data.get("native_ids", (s for s in SYSTEMS if s.upper() in data["loaded_from"]))),
        scope=data.get("scope"),
        stored=data.get("stored", "table"),
        on_wish=data.get("on_wish", False),
        as_of=parse_as_of(columns, data.get("as_of", {}), where),
    )
    _check_table(table, where)
    for system in data.get("native_ids", ()):
        _check_member(system, SYSTEMS, f"{where}: native_ids")
    return table


@cache
def option_sets() -> Mapping[str, tuple[str, ...]]:
    """Members of every option set, in the order of the file. Raises SchemaError."""
    where = "option_sets.toml"
    data = _parse(files("schemas").joinpath(where).read_text("utf-8"), where)
    for name, spec in data.items():
        _check_keys(spec, _SET_KEYS, set(_SET_KEYS), f"{where}: {name}")
        _check_member(spec["provenance"], PROVENANCES, f"{where}: {name}: provenance")
    return {name: tuple(spec["values"]) for name, spec in data.items()}


def _column(where: str, name: str, spec: Mapping[str, Any]) -> Column:
    here = f"{where}: {name}"
    _check_keys(spec, _COLUMN_KEYS, {"type", "provenance", "description"}, here)
    _check_member(spec["type"], TYPES, f"{here}: type")
    _check_member(spec.get("mode", "NULLABLE"), MODES, f"{here}: mode")
    _check_member(spec["provenance"], PROVENANCES, f"{here}: provenance")
    if "options" in spec and spec["options"] not in option_sets():
        raise SchemaError(f"{here}: {UnknownOptionSet('option set', spec['options'], option_sets())}")
    if ("fields" in spec) != (spec["type"] == "RECORD"):
        raise SchemaError(f"{here}: fields are for RECORD, and RECORD needs fields")
    if {"null", "uniform"} <= spec.keys():
        raise SchemaError(f"{here}: null and uniform given, allowed: one of them")
    if {"drawn_from", "follows_from"} <= spec.keys():
        raise SchemaError(f"{here}: drawn_from and follows_from given, allowed: one of them")
    if "null" in spec and spec.get("mode") == "REQUIRED":
        raise SchemaError(f"{here}: null given, allowed: not in a key")
    return Column(
        name=name,
        type=spec["type"],
        mode=spec.get("mode", "NULLABLE"),
        description=spec["description"],
        provenance=spec["provenance"],
        references=spec.get("references"),
        options=spec.get("options"),
        drawn_from=tuple(spec.get("drawn_from", ())),
        follows_from=spec.get("follows_from"),
        uniform=spec.get("uniform"),
        unrepeated=spec.get("unrepeated", False),
        always_null=spec.get("null"),
        reason=spec.get("reason"),
        fields=tuple(_column(where, field, inner) for field, inner in spec.get("fields", {}).items()),
    )


def _rows(where: str, spec: Mapping[str, Any] | None) -> Rows | None:
    if spec is None:
        return None
    _check_keys(spec, _ROWS_KEYS, set(_ROWS_KEYS), f"{where}: rows_per_1000_fte")
    return Rows(spec["expected"], spec["within"])


def _check_table(table: Table, where: str) -> None:
    _check_member(table.stored, STORED, f"{where}: stored")
    wanted = [*table.key, *table.cluster_by, *([table.partition_by] if table.partition_by else [])]
    for name in wanted:
        _check_member(name, table.names, f"{where}: column")
    required = tuple(column.name for column in table.columns if column.mode == "REQUIRED")
    if sorted(required) != sorted(table.key):
        raise SchemaError(f"{where}: REQUIRED are {required}, allowed: exactly the key {table.key}")
    if table.family is not None:
        _check_member(table.family, FAMILIES, f"{where}: family")
    if table.keymap and table.key != (f"{table.name}_id",):
        raise SchemaError(f"{where}: key {table.key} given, allowed with a keymap: {table.name}_id alone")


def _check_keys(spec: Mapping[str, Any], allowed: Mapping[str, type], needed: set[str], where: str) -> None:
    for key, value in spec.items():
        _check_member(key, tuple(allowed), f"{where}: entry")
        if not isinstance(value, allowed[key]):
            raise SchemaError(f"{where}: {key}: {value!r} given, allowed: a {allowed[key].__name__}")
    if missing := sorted(needed - spec.keys()):
        raise SchemaError(f"{where}: {', '.join(missing)} missing")


def _check_member(value: str, allowed: tuple[str, ...], where: str) -> None:
    if value not in allowed:
        raise SchemaError(f"{where}: {value!r} given, allowed: {', '.join(allowed)}")


def _parse(text: str, where: str) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{where}: {error}") from error
