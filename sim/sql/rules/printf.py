"""FORMAT: the printf of BigQuery, piece by piece; %t and %T show any value, as text or as a literal."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re
from collections.abc import Callable

from sim.sql.grammar.coercion import name_sql_text
from sim.sql.grammar.types import BOOL, BYTES, FLOAT64, INT64, JSON, NUMERIC, STRING, Type
from sim.sql.grammar.values import NULL, Value, element_name, settled, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.casts import cast

_SPEC = re.compile(
    r"%(?P<flags>[-+ #0']*)(?P<width>\*|\d+)?(?:\.(?P<digits>\*|\d+)?)?(?P<kind>[A-Za-z%])|[^%]+|%"
)
_WHOLE, _FLOATING = "dioxX", "fFeEgG"
_QUOTED = {
    "DATE": "DATE",
    "DATETIME": "DATETIME",
    "TIME": "TIME",
    "TIMESTAMP": "TIMESTAMP",
    "NUMERIC": "NUMERIC",
    "BIGNUMERIC": "BIGNUMERIC",
}


def _format(call: Call) -> Value:
    """FORMAT(text, values ...): NULL if a value is, unless %t or %T shows it."""
    if not call.arguments:
        raise call.refused("FORMAT given no arguments, allowed: a format and its values")
    pattern, parts, position = call.text(0, "the format"), [], 1

    def following() -> Value:
        nonlocal position
        if position >= len(call.arguments):
            raise call.refused(f"FORMAT({pattern!r}): too few arguments for its specifiers")
        position += 1
        return call.value(position - 1)

    for match in _SPEC.finditer(pattern):
        if match["kind"] is None:
            if match[0] == "%":
                raise call.refused(f"FORMAT({pattern!r}): a % begins no specifier; write %% for the sign")
            parts.append(text_sql(match[0]))
        elif match["kind"] == "%":
            parts.append("'%'")
        elif "*" in (match["width"], match["digits"]):
            raise call.refused("FORMAT: a width or precision of * is not available here; write the number")
        else:
            parts.append(_piece(call, match, following()))
    if position != len(call.arguments):
        raise call.refused(f"FORMAT({pattern!r}): too many arguments for its specifiers")
    return call.result(f"({' || '.join(parts)})" if parts else "''", STRING)


def _piece(call: Call, match: re.Match[str], value: Value) -> str:
    kind, flags, width = match["kind"], match["flags"], match["width"] or ""
    digits = f".{match['digits'] or 0}" if "." in match[0] else ""
    given = settled(value.type)
    if int(width or 0) > 10_000:
        raise call.refused(f"FORMAT: a width of {width} given, allowed: up to 10000")
    if kind in "tT" and digits:
        raise call.refused(f"FORMAT: a precision in %{kind} is not available here")
    if kind in "tT":
        shown = literal_sql(value.sql, value.type) if kind == "T" else shown_sql(value.sql, value.type)
        return _padded(shown, flags, width)
    if kind in "pP" and given == JSON:
        text = f"CAST({value.sql} AS VARCHAR)"
        return _padded(text if kind == "p" else f"bq_json_pretty({text})", flags, width)
    if kind == "s" and given == STRING:
        text = f"left({value.sql}, {match['digits'] or 0})" if digits else value.sql
        return _padded(text, flags, width)
    if kind in _WHOLE and given == INT64:
        return _number(match, value.sql, _whole_body(call, match, value.sql))
    if kind in _FLOATING and given in (FLOAT64, NUMERIC):
        number = cast(value, FLOAT64).sql
        return _number(match, number, _floating_body(call, match, number), zeros=f"isfinite({number})")
    allowed = {
        **dict.fromkeys(_WHOLE, "INT64"),
        **dict.fromkeys(_FLOATING, "FLOAT64, NUMERIC"),
        "s": "STRING",
    }
    if kind not in allowed:
        raise call.refused(
            f"FORMAT: %{kind} is no specifier; allowed: %d %i %o %x %X %f %e %g %s %t %T %p %%"
        )
    raise call.refused(f"FORMAT: %{kind} given {given}, allowed: {allowed[kind]}; use %t")


def _whole_body(call: Call, match: re.Match[str], number: str) -> str:
    """The digits of a whole number without its sign."""
    kind, flags = match["kind"], match["flags"]
    if "'" in flags and kind not in "di":
        raise call.refused(f"FORMAT: grouping in %{kind} is not available here; allowed: %'d, %'f")
    if kind in "di":
        size = f"abs(CAST({number} AS HUGEINT))"
        digits = f"format('{{:,}}', {size})" if "'" in flags else f"CAST({size} AS VARCHAR)"
    else:
        digits = f"printf({text_sql(f'%{kind}')}, abs({number}))"
    if match["digits"]:
        most = match["digits"]
        digits = f"CASE WHEN length({digits}) < {most} THEN lpad({digits}, {most}, '0') ELSE {digits} END"
    if "#" in flags and kind in "oxX":
        mark = {"o": "0", "x": "0x", "X": "0X"}[kind]
        digits = f"CASE WHEN {number} = 0 THEN '' ELSE '{mark}' END || {digits}"
    return digits


def _floating_body(call: Call, match: re.Match[str], number: str) -> str:
    """The digits of a number with a point, without its sign."""
    kind = match["kind"]
    places = (match["digits"] or "0") if "." in match[0] else "6"
    if int(places) > 300:
        raise call.refused(f"FORMAT: a precision of {places} given, allowed: up to 300")
    if "#" in match["flags"]:
        raise call.refused(f"FORMAT: # in %{kind} is not available here")
    if "'" in match["flags"]:
        if kind not in "fF":
            raise call.refused(f"FORMAT: grouping in %{kind} is not available here; allowed: %'d, %'f")
        return f"format('{{:,.{places}f}}', abs({number}))"
    return f"printf({text_sql(f'%.{places}{kind}')}, abs({number}))"


def _number(match: re.Match[str], number: str, body: str, zeros: str = "TRUE") -> str:
    """A number's sign and digits, filled up to the width."""
    flags, width = match["flags"], match["width"] or ""
    positive = "'+'" if "+" in flags else "' '" if " " in flags else "''"
    sign = f"CASE WHEN {number} < 0 THEN '-' ELSE {positive} END"
    limited = match["digits"] is not None and match["kind"] in _WHOLE
    if "0" in flags and "-" not in flags and width and not limited:
        room = f"({width} - length({sign}))"
        filled = f"lpad({body}, CAST({room} AS INTEGER), '0')"
        body = f"CASE WHEN {zeros} AND length({body}) < {room} THEN {filled} ELSE {body} END"
        flags = ""
    return _padded(f"({sign} || {body})", flags, width)


def _padded(text: str, flags: str, width: str) -> str:
    if not width:
        return text
    filled = f"{'rpad' if '-' in flags else 'lpad'}({text}, {width}, ' ')"
    return f"CASE WHEN length({text}) >= {width} THEN {text} ELSE {filled} END"


def shown_sql(sql: str, kind: Type) -> str:
    """A value as %t shows it; NULL as NULL."""
    if kind == NULL:
        return "'NULL'"
    if kind.element is not None:
        text = _listed(sql, kind, shown_sql)
    elif kind.kind == "STRUCT":
        text = _struct(sql, kind, shown_sql)
    elif kind == FLOAT64:
        text = f"bq_float_shown({sql})"
    elif kind == JSON:
        text = f"CAST({sql} AS VARCHAR)"
    else:
        text = cast(Value(sql, kind), STRING).sql
    return f"COALESCE({text}, 'NULL')"


def literal_sql(sql: str, kind: Type) -> str:
    """A value as %T shows it: as a literal of its type."""
    if kind == NULL:
        return "'NULL'"
    if kind.element is not None:
        text = _listed(sql, kind, literal_sql)
    elif kind.kind == "STRUCT":
        text = _struct(sql, kind, literal_sql)
    elif kind == STRING:
        text = f"bq_quoted({sql})"
    elif kind == JSON:
        text = f"'JSON ' || bq_quoted(CAST({sql} AS VARCHAR))"
    elif kind == FLOAT64:
        text = f"CASE WHEN isfinite({sql}) THEN bq_float_shown({sql}) ELSE 'CAST(\"' || lower(bq_float_text({sql})) || '\" AS FLOAT64)' END"
    elif kind == BYTES:
        text = f"'b' || bq_quoted(bq_text_of_bytes({sql}))"
    elif kind in (INT64, BOOL):
        text = cast(Value(sql, kind), STRING).sql
    else:
        text = f"'{_QUOTED.get(kind.kind, kind.kind)} \"' || {cast(Value(sql, kind), STRING).sql} || '\"'"
    return f"COALESCE({text}, 'NULL')"


def _listed(sql: str, kind: Type, shown: Callable[[str, Type], str]) -> str:
    each = element_name(sql)
    inner = shown(each, kind.inner)
    return f"'[' || array_to_string(list_transform({sql}, lambda {each}: {inner}), ', ') || ']'"


def _struct(sql: str, kind: Type, shown: Callable[[str, Type], str]) -> str:
    parts = [
        shown(f"({sql})[{name_sql_text(key)}]", field)
        for key, (_, field) in zip(kind.keys, kind.fields, strict=True)
    ]
    inner = " || ', ' || ".join(parts) or "''"
    return f"CASE WHEN ({sql}) IS NOT NULL THEN '(' || {inner} || ')' END"


RULES: dict[str, Rule] = {"FORMAT": _format}
