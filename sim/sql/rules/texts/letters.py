"""Texts: positions that count letters from 1 and from the end; with them all rules of this room."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.types import BOOL, BYTES, STRING
from sim.sql.grammar.values import Value, settled, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.casts import cast
from sim.sql.rules.signatures import signatures
from sim.sql.rules.texts.of_bytes import BYTES_RULES, BYTES_SIGNATURES
from sim.sql.rules.texts.patterns import PATTERN_RULES

SIGNATURES = signatures(r"""
ASCII(STRING) -> INT64 = CAST(bq_ascii({0}) AS BIGINT)
UNICODE(STRING) -> INT64 = CASE WHEN {0} = '' THEN CAST(0 AS BIGINT) ELSE CAST(unicode({0}) AS BIGINT) END
CHR(INT64) -> STRING = bq_chr({0})
BYTE_LENGTH(STRING) -> INT64 = CAST(strlen({0}) AS BIGINT)
OCTET_LENGTH(STRING) -> INT64 = CAST(strlen({0}) AS BIGINT)
CHAR_LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
CHARACTER_LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
LENGTH(STRING) -> INT64 = CAST(length({0}) AS BIGINT)
$||(STRING, STRING) -> STRING = ({0} || {1})
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


_FORMS = ("NFC", "NFKC", "NFD", "NFKD")


def _normalize(call: Call) -> Value:
    """NORMALIZE and NORMALIZE_AND_CASEFOLD; NFC is BigQuery's own default."""
    call.count(1, 2)
    form = call.arguments[1].name.upper() if len(call.arguments) > 1 else "NFC"
    if form not in _FORMS:
        raise call.refused(f"{call.name}: {form} given, allowed: {', '.join(_FORMS)}")
    value = call.value(0, STRING).sql
    if call.name == "NORMALIZE" and form == "NFC":
        return call.result(f"nfc_normalize({value})", STRING)
    name = "fn_normalized" if call.name == "NORMALIZE" else "fn_casefolded"
    return call.result(f"{name}({value}, '{form}')", STRING)


# Of texts first: a NULL that nothing tells more of is one.
for _name, _choices in BYTES_SIGNATURES.items():
    SIGNATURES.setdefault(_name, []).extend(_choices)
RULES: dict[str, Rule] = {
    "CONCAT": _concat,
    "INITCAP": _initcap,
    "CONTAINS_SUBSTR": _contains_substr,
    "NORMALIZE": _normalize,
    "NORMALIZE_AND_CASEFOLD": _normalize,
    **PATTERN_RULES,
    **BYTES_RULES,
}
