"""One look into a JSON by a path, as DuckDB SQL.

DuckDB's functions parse the whole document, so that is named once in the ordinary case: what they find is
worked out beforehand. Only what looks like an object, or like a number that may be written otherwise in the
document, is looked at again.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from sim.sql.grammar.values import element_name, text_sql

How = Literal["scalar", "text", "json"]  # a scalar as text, a part as JSON text, a part as JSON
_FAILS = re.compile(
    r"\bbqs?_|\bSELECT\b|\b(random|uuid|error|sum|min|max|any_value|first|list|count)\(", re.IGNORECASE
)
# Numbers that DuckDB writes anew: with zeros at the end, with an exponent, with more digits than it holds.
_ODD = r"(?:^|[:\[,])\s*-?(?:[0-9.]{16,}|[0-9]+\.[0-9]+0\s*(?:[,}\]]|$)|[0-9.]+[eE])"
_FRACTION = {"scalar": r"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$", "text": "[0-9][.eE]"}
_WRITTEN = {"scalar": "fn_number_written", "text": "fn_part_written"}
_FUNCTIONS = {"scalar": "json_extract_string", "text": "json_extract", "json": "json_extract"}


@dataclass(frozen=True)
class JsonRead:
    """A path into a JSON: ``document`` is its SQL, a text's or a JSON's.

    ``exact``: numbers of a text stay as they are written there, as they do in BigQuery.
    """

    document: str
    how: How
    path: str
    is_text: bool
    exact: bool

    @property
    def function(self) -> str:
        """DuckDB's, which takes one path or a list of them."""
        return _FUNCTIONS[self.how]


def found_sql(read: JsonRead, document: str, paths: str) -> str:
    """What the function finds in a document, NULL if that is no JSON; ``paths``: SQL of one or of a list."""
    sql = f"{read.function}({document}, {paths})"
    if not read.is_text:
        return sql
    if _FAILS.search(document):  # DuckDB tries no expression with these in it
        return f"CASE WHEN json_valid({document}) THEN {sql} END"
    return f"TRY({sql})"


def read_alone(read: JsonRead) -> str:
    """What one path finds."""
    found = found_sql(read, read.document, text_sql(read.path))
    if read.how == "json":
        return found
    each = element_name(read.document)
    return f"list_transform([{found}], lambda {each}: {seen_sql(read, each)})[1]"


def seen_sql(read: JsonRead, found: str) -> str:
    """What a path has found, as a query sees it; ``found`` is named several times."""
    if read.how == "json":
        return found
    path = text_sql(read.path)
    plain = found if read.how == "scalar" else f"CAST({found} AS VARCHAR)"
    if read.exact:
        written = f"COALESCE({_WRITTEN[read.how]}({read.document}, {path}), {plain})"
        odd = f"contains({plain}, 'e') OR regexp_matches({read.document}, {text_sql(_ODD)})"
        written = f"CASE WHEN {odd} THEN {written} ELSE {plain} END"
        is_number = f"regexp_matches({plain}, {text_sql(_FRACTION[read.how])})"
        plain = f"CASE WHEN {is_number} THEN {written} ELSE {plain} END"
    if read.how == "text":
        return f"NULLIF({plain}, 'null')"
    scalar = f"json_extract_string(json_value({read.document}, {path}), '$')"  # none of an object or array
    return f"CASE WHEN regexp_matches({found}, '^[{{[]') THEN {scalar} ELSE {plain} END"
