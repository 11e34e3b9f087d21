"""Several packs made one: weighted means of their figures, without a look at what these were counted from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import fsum, sqrt
from typing import Any

from context.errors import InputError
from context.packs.pack import Pack
from context.packs.read import Table
from context.packs.spec import TERM_TYPES
from context.packs.table_spec import TableSpec
from context.packs.write import Draft, begin, rows_of

_Key = tuple[Any, ...]
_NOTES = ("source", "assumption", "note")
_OWN_ONLY = (
    "surname",
    "first_name",
    "title",
    "topic",
    "phrase",
    "tool",
    "delivery",
)  # the first pack's
_DIGITS = 9


def merged(packs: Sequence[Pack], weights: Sequence[float], name: str) -> Draft:
    """A draft with the weighted means of the packs' figures; texts are the first pack's.

    Shares that sum to 1 do so again; rates and scalars are arithmetic means; of continuous fields averages
    and second moments are mixed, the bounds are the widest. A mean of dates is none: of each type of term the
    calendar is the one that has most weight, packs that agree on it together. Raises InputError for weights
    that don't fit the packs and for packs of different families, levels, tools or tables.
    """
    parts = _parts(packs, weights)
    first = packs[0]
    _check_alike(packs)
    draft = begin(first.path)
    draft.name, draft.version, draft.files = name, "1.0.0", {}
    told = ", ".join(
        f"{pack.name} {pack.version} ({part:.3g})" for pack, part in zip(packs, parts, strict=True)
    )
    draft.description = f"Merged of {told}"
    draft.licence = "; ".join(dict.fromkeys(pack.licence for pack in packs))
    for table in first.tables:
        if table in _OWN_ONLY:
            continue
        if table == "calendar":
            rows = _calendar(packs, parts)
        else:
            rows = _continuous(packs, parts) if table == "continuous" else _mean_rows(packs, parts, table)
        old = draft.tables[table]
        what = (
            "for each type of term that of most weight among" if table == "calendar" else "weighted means of"
        )
        block = replace(old.block, source=f"{what} {told}")
        header = tuple(column for column in old.header if column in rows[0])
        draft.add(table, header, rows, block)
    return draft


def _parts(packs: Sequence[Pack], weights: Sequence[float]) -> list[float]:
    if len(packs) < 2:
        raise InputError(f"{len(packs)} packs given, allowed: two or more")
    if len(weights) != len(packs):
        raise InputError(f"--weights: {len(weights)} given, allowed: one for each of {len(packs)} packs")
    if not all(weight > 0 for weight in weights):
        raise InputError("--weights: allowed: numbers above 0")
    return [weight / fsum(weights) for weight in weights]


def _check_alike(packs: Sequence[Pack]) -> None:
    first = packs[0]
    for other in packs[1:]:
        for what in ("cips", "levels", "tools"):
            if getattr(first.rates, what) != getattr(other.rates, what):
                raise InputError(
                    f"{first.name} and {other.name} have different {what}, allowed: the same in all"
                )
        if odd := sorted(set(first.tables) ^ set(other.tables)):
            raise InputError(
                f"{odd[0]}: in one of {first.name} and {other.name} alone, allowed: the same tables in all"
            )


def _mean_rows(packs: Sequence[Pack], parts: Sequence[float], table: str) -> list[dict[str, Any]]:
    """Rows of a table with means in place of its numbers."""
    spec = packs[0].tables[table].spec
    numbers = _numbers(packs[0].tables[table])
    by_key: list[dict[_Key, dict[str, Any]]] = [
        {tuple(row[key] for key in spec.key): row for row in rows_of(pack, table)} for pack in packs
    ]
    keys = dict.fromkeys(key for rows in by_key for key in rows) if spec.sums else by_key[0]
    found = []
    for key in keys:
        there = [(rows[key], part) for rows, part in zip(by_key, parts, strict=True) if key in rows]
        row = dict(there[0][0])
        # A value that one has no row for has share 0 there; other figures are those of whoever has them.
        whole = 1.0 if spec.sums else fsum(part for _, part in there)
        for name in numbers:
            values = [(float(each[name]), part) for each, part in there if each[name] is not None]
            if values:
                row[name] = round(fsum(value * part for value, part in values) / whole, _DIGITS)
        found.append(
            {
                name: value
                for name, value in row.items()
                if name not in _NOTES or "entity" in row or "key" in row
            }
        )
    return _summed(spec, found)


def _numbers(table: Table) -> list[str]:
    return [
        field.name
        for field in table.spec.fields
        if field.kind == "number" and field.name not in table.spec.key
    ]


def _summed(spec: TableSpec, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Rows whose shares sum to 1 where they have to."""
    for column, per in spec.sums:
        totals: dict[_Key, float] = {}
        for row in rows:
            group = tuple(row[name] for name in per)
            totals[group] = totals.get(group, 0.0) + row[column]
        for row in rows:
            row[column] = row[column] / (totals[tuple(row[name] for name in per)] or 1.0)
    for names in spec.row_sums:
        for row in rows:
            total = fsum(row[name] for name in names)
            row.update({name: row[name] / (total or 1.0) for name in names})
    return rows


def _continuous(packs: Sequence[Pack], parts: Sequence[float]) -> list[dict[str, Any]]:
    """Moments of the mixture, on the first pack's grid."""
    by_field: list[Mapping[_Key, dict[str, Any]]] = [
        {(row["entity"], row["field"]): row for row in rows_of(pack, "continuous")} for pack in packs
    ]
    found = []
    for key, row in by_field[0].items():
        each = [rows[key] for rows in by_field]
        average = fsum(one["avg"] * part for one, part in zip(each, parts, strict=True))
        second = fsum(
            (one["sd"] ** 2 + one["avg"] ** 2) * part for one, part in zip(each, parts, strict=True)
        )
        medians = [one["median"] for one in each]
        known = all(median is not None for median in medians)
        found.append(
            {
                **row,
                "avg": float(f"{average:.8g}"),
                "sd": float(f"{sqrt(max(second - average**2, 0.0)):.8g}"),
                "min": min(one["min"] for one in each),
                "max": max(one["max"] for one in each),
                "median": fsum(m * p for m, p in zip(medians, parts, strict=True)) if known else None,
            }
        )
    return found


def _calendar(packs: Sequence[Pack], parts: Sequence[float]) -> list[dict[str, Any]]:
    """Of each type of term the dates that most weight has; of as much, those of whoever comes first."""
    names = packs[0].tables["calendar"].spec.key
    found = []
    for term in TERM_TYPES:
        weights: dict[tuple[_Key, ...], float] = {}
        for pack, part in zip(packs, parts, strict=True):
            rows = rows_of(pack, "calendar")
            dates = [tuple(row[name] for name in names) for row in rows if row["term_type"] == term]
            weights[tuple(sorted(dates))] = weights.get(tuple(sorted(dates)), 0.0) + part
        chosen = max(weights, key=lambda dates: round(weights[dates], _DIGITS))
        found += [dict(zip(names, cells, strict=True)) for cells in chosen]
    return found
