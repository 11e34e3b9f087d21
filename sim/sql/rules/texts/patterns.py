"""REGEXP_...: patterns of RE2, with at most one group, and where in a text they match."""

from __future__ import annotations

from sim.sql.columnar.patterns import FULL_GROUP, in_three, pattern_shape
from sim.sql.grammar.types import BOOL, INT64, STRING, array_of
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.signatures import safe_sql

_OPEN, _CLOSE = "\ufdd0", "\ufdd1"  # no text has these: Unicode keeps them free
_NOT_ALONE = "a group that repeats, inside of another or beside a | is not available here; use REGEXP_EXTRACT"


def _shape(call: Call, pattern: Value) -> int | None:
    """What groups a pattern has; None if it is known only as the query runs. Raises InputError for two."""
    if pattern.literal is None:
        return None
    shape = pattern_shape(pattern.literal)
    if shape < 0:
        raise call.refused(
            f"{call.name}: the regular expression has {-shape} capturing groups, allowed: none or 1"
        )
    return shape


def _checked(call: Call, pattern: Value) -> str:
    """The groups of a pattern that is known only as the query runs, as SQL; an error for two."""
    macro = "bqs_pattern_shape" if call.safe else "bq_pattern_shape"
    return f"{macro}(fn_pattern_shape({pattern.sql}), {text_sql(call.name)})"


def _matches(value: str, pattern: str, group: int) -> str:
    """All matches; none at the very end that is empty, unless the text is."""
    parts = f"regexp_extract_all({value}, {pattern}, {group})"
    if pattern.startswith("'^"):
        return parts
    return f"bq_all_matches({value}, regexp_extract_all({value}, {pattern}), {parts})"


def _all_matches(call: Call, value: str, pattern: Value) -> str:
    shape = _shape(call, pattern)
    if shape is not None:
        return _matches(value, pattern.sql, min(shape, 1))
    whole, grouped = (_matches(value, pattern.sql, group) for group in (0, 1))
    return f"CASE WHEN {_checked(call, pattern)} = 0 THEN {whole} ELSE {grouped} END"


def _present(call: Call, pattern: Value, found: str) -> str:
    """NULL for a group that is not there, which DuckDB gives as an empty text."""
    shape = _shape(call, pattern)
    if shape is None:
        return f"CASE WHEN {_checked(call, pattern)} = {FULL_GROUP} THEN NULLIF({found}, '') ELSE {found} END"
    return f"NULLIF({found}, '')" if shape == FULL_GROUP else found


def _regexp_contains(call: Call) -> Value:
    call.count(2)
    return call.result(f"regexp_matches({call.value(0, STRING).sql}, {call.value(1, STRING).sql})", BOOL)


def _regexp_extract(call: Call) -> Value:
    """The first match or its group; NULL if there is none, which DuckDB gives as an empty text."""
    count = call.count(2, 4)
    value, pattern = call.value(0, STRING).sql, call.value(1, STRING)
    if count > 2:
        start = call.value(2, INT64).sql
        nth = call.value(3, INT64).sql if count == 4 else "1"
        found = _all_matches(call, f"substr({value}, {start})", pattern)
        macro = "bqs_regexp_nth" if call.safe else "bq_regexp_nth"
        return call.result(_present(call, pattern, f"{macro}({value}, {found}, {start}, {nth})"), STRING)
    shape = _shape(call, pattern)
    if shape is None:
        macro = "bqs_regexp_found" if call.safe else "bq_regexp_found"
        return call.result(f"{macro}({value}, {pattern.sql}, {_checked(call, pattern)})", STRING)
    found = _present(call, pattern, f"regexp_extract({value}, {pattern.sql}, {min(shape, 1)})")
    return call.result(f"CASE WHEN regexp_matches({value}, {pattern.sql}) THEN {found} END", STRING)


def _regexp_extract_all(call: Call) -> Value:
    call.count(2)
    value, pattern = call.value(0, STRING).sql, call.value(1, STRING)
    return call.result(_all_matches(call, value, pattern), array_of(STRING))


def _three(call: Call, pattern: Value) -> str:
    """A pattern in three groups, as SQL. Raises InputError."""
    if pattern.literal is None:
        told = text_sql(f"{call.name}: {_NOT_ALONE}")
        sql = f"bq_in_three(fn_in_three({pattern.sql}), {pattern.sql}, {told})"
        sql = f"CASE WHEN {_checked(call, pattern)} >= 0 THEN {sql} END"
        return safe_sql(sql) if call.safe else sql
    _shape(call, pattern)
    made = in_three(pattern.literal)
    if made is None:
        raise call.refused(f"{call.name}: {_NOT_ALONE}")
    return text_sql(made)


def _regexp_instr(call: Call) -> Value:
    """Where a match or its group begins, or what follows it; counted in letters, 0 if there is none."""
    count = call.count(2, 5)
    value, pattern = call.value(0, STRING).sql, call.value(1, STRING)
    place, nth, after = (
        call.value(i, INT64).sql if count > i else f"CAST({other} AS BIGINT)"
        for i, other in ((2, 1), (3, 1), (4, 0))
    )
    # The positions are those of a text in which matches are marked: the same letters may stand elsewhere too.
    template = text_sql(rf"\1{_OPEN}\2{_CLOSE}\3")
    marked = (
        f"regexp_replace(substr({value}, greatest({place}, 1)), {_three(call, pattern)}, {template}, 'g')"
    )
    macro = "bqs_regexp_place" if call.safe else "bq_regexp_place"
    split = f"string_split({marked}, '{_OPEN}')"
    sql = f"CAST({macro}({value}, {split}, {place}, {nth}, {after}, '{_CLOSE}') AS BIGINT)"
    nothing = f"CASE WHEN {value} IS NOT NULL THEN CAST(0 AS BIGINT) END"
    if pattern.literal is not None:
        return call.result(sql if pattern.literal else nothing, INT64)
    return call.result(f"CASE WHEN {pattern.sql} = '' THEN {nothing} ELSE {sql} END", INT64)


def _regexp_replace(call: Call) -> Value:
    r"""All matches; \1 to \9 in the replacement are groups and \0 is the whole, as in RE2."""
    call.count(3)
    value, pattern, new = (call.value(i, STRING).sql for i in range(3))
    return call.result(f"regexp_replace({value}, {pattern}, {new}, 'g')", STRING)


PATTERN_RULES: dict[str, Rule] = {
    "REGEXP_CONTAINS": _regexp_contains,
    "REGEXP_EXTRACT": _regexp_extract,
    "REGEXP_SUBSTR": _regexp_extract,
    "REGEXP_EXTRACT_ALL": _regexp_extract_all,
    "REGEXP_INSTR": _regexp_instr,
    "REGEXP_REPLACE": _regexp_replace,
}
