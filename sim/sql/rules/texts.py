"""Texts and bytes: positions that count letters from 1 and from the end, patterns, encodings."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.types import BOOL, BYTES, INT64, STRING, array_of
from sim.sql.grammar.values import Value, settled, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.casts import cast
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
ASCII(STRING) -> INT64 = CAST(bq_ascii({0}) AS BIGINT)
UNICODE(STRING) -> INT64 = CASE WHEN {0} = '' THEN CAST(0 AS BIGINT) ELSE CAST(unicode({0}) AS BIGINT) END
CHR(INT64) -> STRING = bq_chr({0})
BYTE_LENGTH(STRING) -> INT64 = CAST(strlen({0}) AS BIGINT)
BYTE_LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
OCTET_LENGTH(STRING) -> INT64 = CAST(strlen({0}) AS BIGINT)
OCTET_LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
CHAR_LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
CHARACTER_LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
$||(STRING, STRING) -> STRING = ({0} || {1})
$||(BYTES, BYTES) -> BYTES = ({0} || {1})
$||(ARRAY<T>, ARRAY<T>) -> ARRAY<T> = CASE WHEN {0} IS NULL OR {1} IS NULL THEN NULL ELSE list_concat({0}, {1}) END
ENDS_WITH(STRING, STRING) -> BOOL = suffix({0}, {1})
STARTS_WITH(STRING, STRING) -> BOOL = starts_with({0}, {1})
INSTR(STRING, STRING, INT64 = CAST(1 AS BIGINT), INT64 = CAST(1 AS BIGINT)) -> INT64 = CAST(bq_instr({0}, {1}, {2}, {3}) AS BIGINT)
STRPOS(STRING, STRING) -> INT64 = CAST(strpos({0}, {1}) AS BIGINT)
LEFT(STRING, INT64) -> STRING = bq_left({0}, {1})
RIGHT(STRING, INT64) -> STRING = bq_right({0}, {1})
LOWER(STRING) -> STRING = lower({0})
UPPER(STRING) -> STRING = upper({0})
LPAD(STRING, INT64, STRING = ' ') -> STRING = bq_lpad({0}, {1}, {2})
RPAD(STRING, INT64, STRING = ' ') -> STRING = bq_rpad({0}, {1}, {2})
TRIM(STRING) -> STRING = bq_trim({0})
TRIM(STRING, STRING) -> STRING = trim({0}, {1})
LTRIM(STRING) -> STRING = bq_ltrim({0})
LTRIM(STRING, STRING) -> STRING = ltrim({0}, {1})
RTRIM(STRING) -> STRING = bq_rtrim({0})
RTRIM(STRING, STRING) -> STRING = rtrim({0}, {1})
REPEAT(STRING, INT64) -> STRING = bq_repeat({0}, {1})
REPLACE(STRING, STRING, STRING) -> STRING = replace({0}, {1}, {2})
REVERSE(STRING) -> STRING = bq_reverse({0})
SUBSTR(STRING, INT64) -> STRING = bq_substr({0}, {1})
SUBSTR(STRING, INT64, INT64) -> STRING = bq_substr_n({0}, {1}, {2})
SUBSTRING(STRING, INT64) -> STRING = bq_substr({0}, {1})
SUBSTRING(STRING, INT64, INT64) -> STRING = bq_substr_n({0}, {1}, {2})
SPLIT(STRING, STRING = chr(44)) -> ARRAY<STRING> = string_split({0}, {1})
TRANSLATE(STRING, STRING, STRING) -> STRING = bq_translate({0}, {1}, {2})
TO_CODE_POINTS(STRING) -> ARRAY<INT64> = bq_code_points({0})
CODE_POINTS_TO_STRING(ARRAY<INT64>) -> STRING = bq_of_code_points({0})
TO_HEX(BYTES) -> STRING = lower(hex({0}))
FROM_HEX(STRING) -> BYTES = bq_from_hex({0})
TO_BASE64(BYTES) -> STRING = to_base64({0})
FROM_BASE64(STRING) -> BYTES = bq_from_base64({0})
MD5(STRING) -> BYTES = unhex(md5({0}))
MD5(BYTES) -> BYTES = unhex(md5({0}))
SHA1(STRING) -> BYTES = unhex(sha1({0}))
SHA1(BYTES) -> BYTES = unhex(sha1({0}))
SHA256(STRING) -> BYTES = unhex(sha256({0}))
SHA256(BYTES) -> BYTES = unhex(sha256({0}))
SAFE_CONVERT_BYTES_TO_STRING(BYTES) -> STRING = bqs_text_of_bytes({0})
""")
_TITLE_BREAKS = ' \t\n\r\f\v[](){}/|<>!?@"^#$&~_,.:;*%+-\\'


def _concat(call: Call) -> Value:
    """CONCAT of texts or of bytes, NULL if any is; other scalars turn into texts."""
    if not call.arguments:
        raise call.refused("CONCAT given no arguments, allowed: one or more")
    values = [call.value(i) for i in range(len(call.arguments))]
    kinds = {value.type.kind for value in values} - {"NULL"}
    if kinds == {"BYTES"}:
        return call.result(f"({' || '.join(value.sql for value in values)})", BYTES)
    if kinds & {"ARRAY", "STRUCT", "BYTES", "JSON"}:
        given = ", ".join(str(settled(value.type)) for value in values)
        raise call.refused(
            f"No matching signature for function CONCAT for argument types: {given}; "
            "allowed: CONCAT(STRING, ...), CONCAT(BYTES, ...)"
        )
    return call.result(f"({' || '.join(cast(value, STRING).sql for value in values)})", STRING)


def _initcap(call: Call) -> Value:
    """Each letter after one of the delimiters in capitals, all others small."""
    call.count(1, 2)
    value = call.value(0, STRING)
    breaks = call.text(1, "the delimiters") if len(call.arguments) > 1 else _TITLE_BREAKS
    if not breaks:
        return call.result(f"bq_title({value.sql}, [{value.sql}], '^$')", STRING)
    group = "".join(re.escape(letter) if letter.isascii() else letter for letter in breaks)
    parts = f"regexp_extract_all({value.sql}, {text_sql(f'[^{group}]+|[{group}]+')})"
    return call.result(f"bq_title({value.sql}, {parts}, {text_sql(f'^[{group}]')})", STRING)


def _contains_substr(call: Call) -> Value:
    """Without regard to case; only texts are searched here."""
    call.count(2)
    value, searched = call.value(0), call.value(1, STRING)
    if value.type.kind != "STRING":
        raise call.refused(
            f"CONTAINS_SUBSTR given {value.type}, allowed here: STRING; use CAST or TO_JSON_STRING"
        )
    if call.walker.value(call.arguments[1]).type.kind == "NULL":
        raise call.refused("CONTAINS_SUBSTR: the search value cannot be NULL")
    return call.result(
        f"contains(lower(nfc_normalize({value.sql})), lower(nfc_normalize({searched.sql})))", BOOL
    )


def _normalize(call: Call) -> Value:
    """NFC, which is BigQuery's own default."""
    call.count(1, 2)
    form = call.arguments[1].name.upper() if len(call.arguments) > 1 else "NFC"
    if form != "NFC":
        raise call.refused(f"NORMALIZE to {form} is not available here; allowed: NFC")
    return call.result(f"nfc_normalize({call.value(0, STRING).sql})", STRING)


def groups_of(call: Call, pattern: str) -> int:
    """The number of groups of a pattern. Raises InputError for one that RE2 would not read, or for two."""
    try:
        groups = re.compile(
            re.sub(r"\(\?P?<", "(?P<", pattern.replace("(?-s)", "")).replace(r"\z", r"\Z")
        ).groups
    except re.error:
        plain = re.sub(r"\\.|\[\^?\]?[^\]]*\]", "", pattern, flags=re.DOTALL)
        groups = len(re.findall(r"\((?!\?)|\(\?P?<", plain))
    if groups > 1:
        raise call.refused(
            f"{call.name}: the regular expression has {groups} capturing groups, allowed: none or 1"
        )
    return groups


def _pattern(call: Call, position: int = 1) -> tuple[str, int, str]:
    """(SQL of the pattern, its groups, SQL of what a group that was not there leaves: none, or an empty text)."""
    value = call.value(position, STRING)
    if value.literal is None:
        raise call.refused(f"{call.name}: the regular expression must be a text in quotes here")
    groups = groups_of(call, value.literal)
    return value.sql, groups, "NULLIF({}, '')" if groups and not _may_be_empty(value.literal) else "{}"


def _may_be_empty(pattern: str) -> bool:
    """Whether the one group of a pattern may match nothing and still be there."""
    start = re.search(r"(?:^|[^\\])(?:\\\\)*(\((?:\?P?<\w+>)?)(?!\?)", pattern)
    if start is None:
        return True
    depth, position = 1, start.end(1)
    while position < len(pattern) and depth:
        letter = pattern[position]
        depth += {"(": 1, ")": -1}.get(letter, 0)
        position += 2 if letter == "\\" else 1
    try:
        return re.fullmatch(pattern[start.end(1) : position - 1], "") is not None
    except re.error:
        return True


def _matches(value: str, pattern: str, group: int) -> str:
    """All matches; none at the very end that is empty, unless the text is."""
    parts = f"regexp_extract_all({value}, {pattern}, {group})"
    if pattern.startswith("'^"):
        return parts
    return f"bq_all_matches({value}, regexp_extract_all({value}, {pattern}), {parts})"


def _regexp_contains(call: Call) -> Value:
    call.count(2)
    return call.result(f"regexp_matches({call.value(0, STRING).sql}, {call.value(1, STRING).sql})", BOOL)


def _regexp_extract(call: Call) -> Value:
    """The first match or its group; NULL if there is none, which DuckDB gives as an empty text."""
    count = call.count(2, 4)
    value, (pattern, group, absent) = call.value(0, STRING).sql, _pattern(call)
    if count == 2:
        found = absent.format(f"regexp_extract({value}, {pattern}, {group})")
        return call.result(f"CASE WHEN regexp_matches({value}, {pattern}) THEN {found} END", STRING)
    start = call.value(2, INT64).sql
    nth = call.value(3, INT64).sql if count == 4 else "1"
    found = _matches(f"substr({value}, {start})", pattern, group)
    return call.result(absent.format(f"bq_regexp_nth({value}, {found}, {start}, {nth})"), STRING)


def _regexp_extract_all(call: Call) -> Value:
    call.count(2)
    value, (pattern, group, _) = call.value(0, STRING).sql, _pattern(call)
    return call.result(_matches(value, pattern, group), array_of(STRING))


def _regexp_instr(call: Call) -> Value:
    """Where the first match begins, counted in letters; 0 if there is none."""
    value, (pattern, group, _) = call.value(0, STRING).sql, _pattern(call)
    if group or len(call.arguments) > 2:
        raise call.refused(
            "REGEXP_INSTR with a group or a position is not available here; use REGEXP_EXTRACT"
        )
    found = f"strpos({value}, regexp_extract({value}, {pattern}))"
    test = f"{pattern} <> '' AND regexp_matches({value}, {pattern})"
    return call.result(
        f"CASE WHEN {test} THEN CAST({found} AS BIGINT) WHEN {value} IS NOT NULL THEN 0 END", INT64
    )


def _regexp_replace(call: Call) -> Value:
    r"""All matches; \1 to \9 in the replacement are groups and \0 is the whole, as in RE2."""
    call.count(3)
    value, pattern, new = (call.value(i, STRING).sql for i in range(3))
    return call.result(f"regexp_replace({value}, {pattern}, {new}, 'g')", STRING)


RULES: dict[str, Rule] = {
    "CONCAT": _concat,
    "INITCAP": _initcap,
    "CONTAINS_SUBSTR": _contains_substr,
    "NORMALIZE": _normalize,
    "REGEXP_CONTAINS": _regexp_contains,
    "REGEXP_EXTRACT": _regexp_extract,
    "REGEXP_SUBSTR": _regexp_extract,
    "REGEXP_EXTRACT_ALL": _regexp_extract_all,
    "REGEXP_INSTR": _regexp_instr,
    "REGEXP_REPLACE": _regexp_replace,
}
