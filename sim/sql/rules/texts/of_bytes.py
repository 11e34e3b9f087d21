"""Bytes: as texts of a letter each, their hashes and encodings, and what tells one text from another.

A function of letters does for bytes what it does for texts: ``fn_letters`` makes a text with a letter for each
byte, ``fn_bytes`` makes bytes of it again.
"""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from sqlglot import exp

from sim.sql.grammar.coercion import coerced
from sim.sql.grammar.types import BYTES, INT64, STRING
from sim.sql.grammar.values import Value, settled
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.signatures import safe_sql, signatures

BYTES_SIGNATURES = signatures(r"""
BYTE_LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
OCTET_LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
LENGTH(BYTES) -> INT64 = CAST(octet_length({0}) AS BIGINT)
$||(BYTES, BYTES) -> BYTES = ({0} || {1})
ENDS_WITH(BYTES, BYTES) -> BOOL = suffix(fn_letters({0}), fn_letters({1}))
STARTS_WITH(BYTES, BYTES) -> BOOL = starts_with(fn_letters({0}), fn_letters({1}))
INSTR(BYTES, BYTES, INT64 = CAST(1 AS BIGINT), INT64 = CAST(1 AS BIGINT)) -> INT64 = CAST(bq_instr(fn_letters({0}), fn_letters({1}), {2}, {3}) AS BIGINT)
STRPOS(BYTES, BYTES) -> INT64 = CAST(strpos(fn_letters({0}), fn_letters({1})) AS BIGINT)
LEFT(BYTES, INT64) -> BYTES = fn_bytes(bq_left(fn_letters({0}), {1}))
RIGHT(BYTES, INT64) -> BYTES = fn_bytes(bq_right(fn_letters({0}), {1}))
LOWER(BYTES) -> BYTES = fn_bytes(translate(fn_letters({0}), 'ABCDEFGHIJKLMNOPQRSTUVWXYZ', 'abcdefghijklmnopqrstuvwxyz'))
UPPER(BYTES) -> BYTES = fn_bytes(translate(fn_letters({0}), 'abcdefghijklmnopqrstuvwxyz', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'))
LPAD(BYTES, INT64) -> BYTES = fn_bytes(bq_lpad(fn_letters({0}), {1}, ' '))
LPAD(BYTES, INT64, BYTES) -> BYTES = fn_bytes(bq_lpad(fn_letters({0}), {1}, fn_letters({2})))
RPAD(BYTES, INT64) -> BYTES = fn_bytes(bq_rpad(fn_letters({0}), {1}, ' '))
RPAD(BYTES, INT64, BYTES) -> BYTES = fn_bytes(bq_rpad(fn_letters({0}), {1}, fn_letters({2})))
TRIM(BYTES, BYTES) -> BYTES = fn_bytes(trim(fn_letters({0}), fn_letters({1})))
LTRIM(BYTES, BYTES) -> BYTES = fn_bytes(ltrim(fn_letters({0}), fn_letters({1})))
RTRIM(BYTES, BYTES) -> BYTES = fn_bytes(rtrim(fn_letters({0}), fn_letters({1})))
REPEAT(BYTES, INT64) -> BYTES = fn_bytes(bq_repeat(fn_letters({0}), {1}))
REPLACE(BYTES, BYTES, BYTES) -> BYTES = fn_bytes(replace(fn_letters({0}), fn_letters({1}), fn_letters({2})))
REVERSE(BYTES) -> BYTES = fn_bytes(bq_reverse(fn_letters({0})))
SUBSTR(BYTES, INT64) -> BYTES = fn_bytes(bq_substr(fn_letters({0}), {1}))
SUBSTR(BYTES, INT64, INT64) -> BYTES = fn_bytes(bq_substr_n(fn_letters({0}), {1}, {2}))
SUBSTRING(BYTES, INT64) -> BYTES = fn_bytes(bq_substr(fn_letters({0}), {1}))
SUBSTRING(BYTES, INT64, INT64) -> BYTES = fn_bytes(bq_substr_n(fn_letters({0}), {1}, {2}))
SPLIT(BYTES, BYTES) -> ARRAY<BYTES> = list_transform(string_split(fn_letters({0}), fn_letters({1})), lambda e: fn_bytes(e))
TRANSLATE(BYTES, BYTES, BYTES) -> BYTES = fn_bytes(bq_translate(fn_letters({0}), fn_letters({1}), fn_letters({2})))
TO_CODE_POINTS(BYTES) -> ARRAY<INT64> = bq_code_points(fn_letters({0}))
CODE_POINTS_TO_BYTES(ARRAY<INT64>) -> BYTES = fn_bytes(bq_letters_of_codes({0}))
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
FARM_FINGERPRINT(STRING) -> INT64 = fn_fingerprint(encode({0}))
FARM_FINGERPRINT(BYTES) -> INT64 = fn_fingerprint({0})
SAFE_CONVERT_BYTES_TO_STRING(BYTES) -> STRING = bqs_text_of_bytes({0})
SOUNDEX(STRING) -> STRING = fn_soundex({0})
NET.HOST(STRING) -> STRING = bq_host({0})
NET.PUBLIC_SUFFIX(STRING) -> STRING = fn_public_suffix(bq_host({0}))
NET.REG_DOMAIN(STRING) -> STRING = fn_reg_domain(bq_host({0}))
NET.IP_FROM_STRING(STRING) -> BYTES = bq_checked(TRUE, fn_address({0}), 'Invalid IP address', {0})
NET.SAFE_IP_FROM_STRING(STRING) -> BYTES = fn_address({0})
NET.IP_TO_STRING(BYTES) -> STRING = bq_checked(TRUE, fn_address_text({0}), 'An IP address has 4 or 16 bytes', hex({0}))
NET.IP_NET_MASK(INT64, INT64) -> BYTES = bq_checked(TRUE, fn_net_mask({0}, {1}), 'A mask has 4 or 16 bytes and a prefix of at most their bits', {0} || ', ' || {1})
NET.IP_TRUNC(BYTES, INT64) -> BYTES = bq_checked(TRUE, fn_truncated({0}, {1}), 'An IP address has 4 or 16 bytes and a prefix at most their bits', hex({0}) || ', ' || {1})
NET.IPV4_FROM_INT64(INT64) -> BYTES = bq_ipv4({0})
NET.IPV4_TO_INT64(BYTES) -> INT64 = bq_ipv4_number({0})
""")


def _edit_distance(call: Call) -> Value:
    """EDIT_DISTANCE of two texts or two bytes, at most max_distance."""
    call.count(2, 3)
    values = [call.value(i) for i in range(2)]
    kinds = {value.type for value in values if value.type.kind != "NULL"} or {STRING}
    if kinds not in ({STRING}, {BYTES}):
        given = ", ".join(str(settled(value.type)) for value in values)
        raise call.refused(
            f"No matching signature for function EDIT_DISTANCE for argument types: {given}; "
            "allowed: EDIT_DISTANCE(STRING, STRING), EDIT_DISTANCE(BYTES, BYTES)"
        )
    kind = kinds.pop()
    one, other = (coerced(value, kind).sql for value in values)
    if kind == BYTES:
        one, other = f"fn_letters({one})", f"fn_letters({other})"
    most = _most(call)
    sql = f"bq_distance({one}, {other})" if most is None else f"bq_distance_within({one}, {other}, {most})"
    return call.result(safe_sql(sql) if call.safe else sql, INT64)


def _most(call: Call) -> str | None:
    """max_distance => n, the only way BigQuery has it."""
    if len(call.arguments) < 3:
        return None
    given = call.arguments[2]
    if not isinstance(given, exp.Kwarg) or given.this.name.lower() != "max_distance":
        raise call.refused("EDIT_DISTANCE: the third argument is written max_distance => n")
    value = call.walker.value(given.expression)
    if value.type != INT64 and value.type.kind != "NULL":
        raise call.refused(f"EDIT_DISTANCE: max_distance is {settled(value.type)}, allowed: INT64")
    return coerced(value, INT64).sql


BYTES_RULES: dict[str, Rule] = {"EDIT_DISTANCE": _edit_distance}
