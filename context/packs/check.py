"""Checks across the rows and tables of a pack: duplicates, sums, references, gaps, conditions, moments."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from itertools import product
from math import fsum
from typing import Any

import schemas
from context.errors import InputError, nearest, number_of
from context.packs.distribution import Categorical, Continuous, make_categorical, make_continuous
from context.packs.read import Findings, Table
from context.packs.spec import SUM_TOLERANCE
from context.packs.table_spec import Field
from schemas import Column

PackTables = dict[str, Table]
_NUMERIC = {"INT64": "a whole number", "NUMERIC": "a number", "FLOAT64": "a number"}  # types of columns
_A_NUMBER = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
_SHOWN = 3  # missing combinations shown per table; the rest is counted


def check_table(table: Table, tables: PackTables, faults: Findings) -> None:
    """Everything about one table but its meaning: duplicate rows, references, sums, completeness."""
    _duplicates(table, faults)
    _references(table, tables, faults)
    for column, per in table.spec.sums:
        _sums(table, column, per, faults)
    for names in table.spec.row_sums:
        for i, row in enumerate(table.rows):
            values = [table.columns[name][i] for name in names]
            _sum_is_one(table.block.file, row, " + ".join(names), values, faults)
    if table.spec.complete:
        _complete(table, tables, faults)
    if table.spec.steps:
        _steps(table, table.spec.steps, faults)
    if table.spec.ordered:
        _ordered(table, table.spec.ordered, faults)
    if table.block.name == "numbers":
        _shares(table, faults)
    if table.block.name == "categorical":
        _column_values(table, faults)


def _records(table: Table, names: tuple[str, ...]) -> Iterator[tuple[int, tuple[Any, ...]]]:
    for i, row in enumerate(table.rows):
        yield row, tuple(table.columns[name][i] for name in names)


def _duplicates(table: Table, faults: Findings) -> None:
    first: dict[tuple[Any, ...], int] = {}
    for row, record in _records(table, table.spec.key):
        if record in first:
            parts = [f"{n} = {v}" for n, v in zip(table.spec.key, record, strict=True) if v not in ("", None)]
            what = ", ".join(parts) or "a second row"
            faults.add(table.block.file, row, f"{what}: already in row {first[record]}, allowed: once")
        first.setdefault(record, row)


def _shares(table: Table, faults: Findings) -> None:
    """A number that is a share, as its unit says, is one."""
    for row, (key, value, unit) in _records(table, ("key", "value", "unit")):
        if unit.startswith("share ") and value is not None and not 0 <= value <= 1:
            faults.add(table.block.file, row, f"{key}: {value:g} given, allowed: a share from 0 to 1")


def _column_values(table: Table, faults: Findings) -> None:
    """Values of a field that is a column of the context store are ones that the column can have."""
    for row, (entity, field, value) in _records(table, ("entity", "field", "value")):
        column = _column(entity, field)
        if column is None or not value:
            continue
        if column.options:
            allowed = schemas.option_set(column.options)
            wrong = [part for part in value.split(",") if part not in allowed]
            if wrong and value not in allowed:
                hint = nearest(wrong[0], allowed)
                faults.add(table.block.file, row, f"{entity}.{field}: {wrong[0]} given, {hint}")
        elif column.type in _NUMERIC and not _A_NUMBER.fullmatch(value):
            kind = _NUMERIC[column.type]
            faults.add(table.block.file, row, f"{entity}.{field}: {value} given, allowed: {kind}")
        elif column.type == "INT64" and float(value) != int(float(value)):
            faults.add(table.block.file, row, f"{entity}.{field}: {value} given, allowed: a whole number")


@cache
def _column(entity: str, field: str) -> Column | None:
    """A column of the context store, if there is one of that name."""
    for table in schemas.tables("context_store_entity"):
        if table.name == entity and field in table.names:
            return table.column(field)
    return None


def _domain(column: Field, table: Table, tables: PackTables) -> list[Any]:
    """The allowed values of a closed column, in order; those present of an open one."""
    if column.refers:
        name, _, target = column.refers.partition(".")
        return list(dict.fromkeys(tables[name].columns[target])) if name in tables else []
    if column.options:
        return list(column.options)
    if column.kind == "whole" and column.low is not None and column.high is not None:
        return list(range(int(column.low), int(column.high) + 1))
    return list(dict.fromkeys(table.columns[column.name]))


def _references(table: Table, tables: PackTables, faults: Findings) -> None:
    for column in table.spec.fields:
        allowed = _domain(column, table, tables) if column.refers else []
        if not allowed:
            continue
        known = set(allowed)
        for row, (value,) in _records(table, (column.name,)):
            if value is not None and value not in known:
                hint = nearest(str(value), map(str, allowed))
                faults.add(table.block.file, row, f"{column.name}: {value} given, {hint} ({column.refers})")


def _sums(table: Table, column: str, per: tuple[str, ...], faults: Findings) -> None:
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for i in range(len(table)):
        groups[tuple(table.columns[name][i] for name in per)].append(i)
    for group, places in groups.items():
        label = ", ".join(str(part) for part in group if part)
        what = f"{column} of {label}" if label else column
        values = [table.columns[column][i] for i in places]
        last = f" (rows {table.rows[places[0]]} to {table.rows[places[-1]]})"
        _sum_is_one(table.block.file, table.rows[places[0]], what + last, values, faults)


def _sum_is_one(file: str, row: int, what: str, values: list[float | None], faults: Findings) -> None:
    if any(value is None for value in values):
        return  # the cell at fault is reported already
    total = fsum(value for value in values if value is not None)
    if abs(total - 1) > SUM_TOLERANCE:
        by = f"{abs(total - 1):.7f}".rstrip("0")
        side = "over" if total > 1 else "under"
        faults.add(file, row, f"{what}: sum {total:.9g}, {side} by {by}, allowed: 1 within {SUM_TOLERANCE:f}")


def _complete(table: Table, tables: PackTables, faults: Findings) -> None:
    names = table.spec.complete
    fields = {column.name: column for column in table.spec.fields}
    present = {record for _, record in _records(table, names)}
    domains = [_domain(fields[name], table, tables) for name in names]
    missing = [combination for combination in product(*domains) if combination not in present]
    end = table.rows[-1] if table.rows else 1
    more = f" (and {number_of(len(missing) - _SHOWN, 'other')})" if len(missing) > _SHOWN else ""
    for combination in missing[:_SHOWN]:
        what = ", ".join(f"{name} = {value}" for name, value in zip(names, combination, strict=True))
        faults.add(table.block.file, end, f"no row for {what}{more} up to this last row, allowed: one")


def _steps(table: Table, names: tuple[str, str], faults: Findings) -> None:
    previous: float | None = None
    for row, (low, high) in _records(table, names):
        if low is None or high is None:
            previous = None
            continue
        if low >= high:
            problem = f"{names[1]}: {high:g} given, allowed: above {names[0]} ({low:g})"
            faults.add(table.block.file, row, problem)
        if previous is not None and low != previous:
            problem = f"{names[0]}: {low:g} given, allowed: {previous:g}, where the row before ends"
            faults.add(table.block.file, row, problem)
        previous = high


def _ordered(table: Table, names: tuple[str, str], faults: Findings) -> None:
    for row, (low, high) in _records(table, names):
        if low is not None and high is not None and high < low:
            problem = f"{names[1]}: {high} given, allowed: {names[0]} ({low}) or more"
            faults.add(table.block.file, row, problem)


SharesGiven = dict[tuple[str, ...], dict[str | None, float]]
_CATEGORICAL = (
    *("entity", "field", "given_1", "given_1_value", "given_2", "given_2_value"),
    *("value", "is_null", "share"),
)


def build_categoricals(table: Table, faults: Findings) -> dict[tuple[str, str], Categorical]:
    """Every categorical of the table by (entity, field), with its conditions checked."""
    groups: dict[tuple[str, str], SharesGiven] = {}
    given: dict[tuple[str, str], tuple[str, ...]] = {}
    first: dict[tuple[str, str], int] = {}
    for row, (entity, name, g1, v1, g2, v2, value, is_null, share) in _records(table, _CATEGORICAL):
        if None in (entity, name, is_null, share):
            continue  # the cell at fault is reported already
        field, fields = (entity, name), tuple(part for part in (g1, g2) if part)
        first.setdefault(field, row)
        problem = ""
        if given.setdefault(field, fields) != fields:
            said, other = (", ".join(names) or "no field" for names in (fields, given[field]))
            problem = f"given {said}, allowed: {other}, as in row {first[field]}"
        elif bool(g1) != bool(v1) or bool(g2) != bool(v2) or (g2 and not g1):
            problem = "a given_ field without its value, allowed: both or none, given_1 first"
        elif is_null == bool(value):
            what = f"value {value} with is_null true" if is_null else "no value with is_null false"
            problem = f"{what}, allowed: a value and false, or no value and true"
        if problem:
            faults.add(table.block.file, row, f"{entity}.{name}: {problem}")
        else:
            condition = tuple(part for part in (v1, v2) if part)
            groups.setdefault(field, {}).setdefault(condition, {})[None if is_null else value] = share
    for field in groups:
        for problem in _uncovered(field, given[field], groups, given):
            faults.add(table.block.file, first[field], problem)
    if faults.found:
        return {}
    return {field: make_categorical(".".join(field), law, given[field]) for field, law in groups.items()}


def _uncovered(
    field: tuple[str, str],
    conditions: tuple[str, ...],
    groups: dict[tuple[str, str], SharesGiven],
    given: dict[tuple[str, str], tuple[str, ...]],
) -> Iterator[str]:
    """Conditions that the pack itself can draw but that have no rows, e.g. a role without role_status."""
    entity = field[0]
    reached: list[dict[str, str]] = [{}]
    for name in sorted(conditions, key=lambda name: len(given.get((entity, name), ()))):
        if (entity, name) not in groups:
            return  # drawn elsewhere: nothing to compare with
        grown: list[dict[str, str]] = []
        for state in reached:
            for at, shares in groups[entity, name].items():
                known = dict(zip(given[entity, name], at, strict=True))
                if any(state.get(k, v) != v for k, v in known.items()):
                    continue
                drawn = [value for value, share in shares.items() if value is not None and share > 0]
                grown += [{**state, **known, name: value} for value in drawn]
        reached = grown
    needed = dict.fromkeys(tuple(state[name] for name in conditions) for state in reached)
    for condition in needed:
        if condition not in groups[field]:
            what = ", ".join(f"{name} = {value}" for name, value in zip(conditions, condition, strict=True))
            yield f"{'.'.join(field)}: no row given {what}, allowed: rows for every value that can be drawn"


def build_continuous(table: Table, faults: Findings) -> dict[tuple[str, str], Continuous]:
    """Every continuous of the table by (entity, field), fitted."""
    laws: dict[tuple[str, str], Continuous] = {}
    names = ("entity", "field", "avg", "sd", "min", "max", "median", "family", "step")
    for row, (entity, field, avg, sd, low, high, median, family, step) in _records(table, names):
        if None in (avg, sd, low, high, family, step):
            continue
        if median is not None and not low <= median <= high:
            problem = f"median: {median:g} given, allowed: from min to max ({low:g} to {high:g})"
            faults.add(table.block.file, row, f"{entity}.{field}: {problem}")
            continue
        try:
            laws[entity, field] = make_continuous(avg, sd, low, high, median, family, step)
        except InputError as error:
            faults.add(table.block.file, row, f"{entity}.{field}: {error}")
    return laws
