"""The queries of a fit made ready: places filled in, parameters as literals, one text for every warehouse."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import schemas
from context.packs.pack import Pack
from schemas import FitField

_PARAMETER = re.compile(r"'(?:[^']|'')*'|@(\w+)")
_PLACE = re.compile(r"\{(\w+)\}")
_COMMENT = re.compile(r"^ *--.*\n", re.MULTILINE)  # whose apostrophes would begin texts


def sql_text(text: str) -> str:
    """A text as BigQuery writes it; DuckDB reads it alike where it has no backslash."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def filled(text: str, places: Mapping[str, str], parameters: Mapping[str, int | str]) -> str:
    """A text with its places and parameters."""
    whole = _COMMENT.sub("", _PLACE.sub(lambda match: places.get(match[1], match[0]), text))

    def value(match: re.Match[str]) -> str:
        if match[1] is None or match[1] not in parameters:
            return match[0]
        given = parameters[match[1]]
        return str(given) if isinstance(given, int) else sql_text(given)

    return _PARAMETER.sub(value, whole)


def categorical_sql(field: FitField, values: Iterable[str], threshold: int) -> str:
    """The counts of a categorical field; ``values``: those that may be called by their names."""
    given = [f"`{name}`" for name in field.given]
    known = [f"{name} IS NOT NULL" for name in given]
    places = {
        "base": schemas.fit_query(f"bases/{field.base}"),
        "given_1": given[0] if given else "''",
        "given_2": given[1] if len(given) > 1 else "''",
        "value": field.value,
        "unit": field.unit,
        "cluster": field.cluster or field.unit,
        "where": " AND ".join([f"({field.where})", *known]),
        "values": ", ".join(sql_text(value) for value in values) or "''",
    }
    return filled(schemas.fit_query("categorical"), places, {"threshold": threshold})


def continuous_sql(field: FitField, name: str, threshold: int) -> str:
    """The moments of a continuous field; ``name``: that of the pack, where the field stands for several."""
    places = {
        "base": schemas.fit_query(f"bases/{field.base}"),
        "value": field.value,
        "unit": field.unit,
        "cluster": field.cluster or field.unit,
        "where": field.where.replace("{field}", sql_text(name)),
    }
    return filled(schemas.fit_query("continuous"), places, {"threshold": threshold})


def told_sql(field: FitField, name: str, values: Iterable[str], threshold: int) -> str:
    """A field as ``udp_distributions`` has it; ``name``: that of the pack."""
    places = {
        "entity": sql_text(field.entity),
        "field": sql_text(name),
        "values": ", ".join(sql_text(value) for value in values) or "''",
        "dependencies": str(len(field.given)),
    }
    return filled(schemas.fit_query(f"told_{field.kind}"), places, {"threshold": threshold})


def level_ranges() -> str:
    """Course numbers and their levels, as an array of structs."""
    low, high, level = (schemas.derivation("level_of_course_number").column(i).to_pylist() for i in range(3))
    rows = [f"({a}, {b}, '{c}')" for a, b, c in zip(low, high, level, strict=True)]
    first = f"STRUCT({low[0]} AS low, {high[0]} AS high, '{level[0]}' AS course_level)"
    return ", ".join([first, *rows[1:]])


def subject_families() -> str:
    """Subjects and their CIP families, as an array of structs."""
    subject, _, cip = (schemas.derivation("cip_of_subject").column(i).to_pylist() for i in range(3))
    rows = [f"('{a}', '{b}')" for a, b in zip(subject, cip, strict=True)]
    first = f"STRUCT('{subject[0]}' AS subject, '{cip[0]}' AS cip)"
    return ", ".join([first, *rows[1:]])


def bins(pack: Pack, table: str, low: str, high: str) -> str:
    """The intervals of a pack's table, as an array of structs."""
    columns = pack.table(table)
    pairs = list(zip(columns[low], columns[high], strict=True))
    first = f"STRUCT({pairs[0][0]} AS low, {pairs[0][1]} AS high)"
    return ", ".join([first, *(f"({a}, {b})" for a, b in pairs[1:])])
