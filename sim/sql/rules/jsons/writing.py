"""JSON out of values: any value as JSON text, and what is made of several."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.coercion import name_sql_text
from sim.sql.grammar.types import BOOL, JSON, STRING, Type
from sim.sql.grammar.values import Value, element_name, text_sql
from sim.sql.rules.calls import Call, Rule


def _parse_json(call: Call) -> Value:
    _only_exact(call)
    value = call.value(0, STRING)
    macro = "bqs_parse_json" if call.safe else "bq_parse_json"
    return call.result(f"{macro}({value.sql})", JSON)


def _only_exact(call: Call) -> None:
    """Named arguments that say what is done anyway are fine."""
    for extra in call.arguments[1:]:
        shown = re.sub(r"\s", "", extra.sql()).lower()
        if shown not in ("wide_number_mode=>'exact'", "stringify_wide_numbers=>false"):
            raise call.refused(f"{call.name}: argument {extra.sql('bigquery')} is not available here")


def _to_json(call: Call) -> Value:
    _only_exact(call)
    value = call.value(0)
    return call.result(f"CAST({json_text(value.sql, value.type, wide=False)} AS JSON)", JSON)


def _to_json_string(call: Call) -> Value:
    call.count(1, 2)
    value = call.value(0)
    text = json_text(value.sql, value.type, wide=True)
    if len(call.arguments) == 1:
        return call.result(text, STRING)
    pretty = call.value(1, BOOL).sql
    return call.result(f"CASE WHEN {pretty} THEN bq_json_pretty({text}) ELSE {text} END", STRING)


_TEXTS = {
    "BOOL": "CAST({} AS VARCHAR)",
    "STRING": "CAST(to_json({}) AS VARCHAR)",
    "BYTES": "'\"' || to_base64({}) || '\"'",
    "DATE": "'\"' || strftime({}, '%Y-%m-%d') || '\"'",
    "DATETIME": "'\"' || replace(bq_datetime_text({}), ' ', 'T') || '\"'",
    "TIME": "'\"' || bq_time_text({}) || '\"'",
    "TIMESTAMP": "'\"' || replace(bq_datetime_text(timezone('UTC', {})), ' ', 'T') || 'Z\"'",
    "FLOAT64": "bq_json_float_text({})",
    "JSON": "CAST({} AS VARCHAR)",
}


def json_text(sql: str, kind: Type, *, wide: bool) -> str:
    """A value as JSON text; ``wide`` quotes numbers that a double would not hold."""
    if kind.kind == "NULL":
        return "'null'"
    if kind.element is not None:
        each = element_name(sql)
        inner = json_text(each, kind.element, wide=wide)
        items = f"array_to_string(list_transform({sql}, lambda {each}: {inner}), ',')"
        text = f"'[' || {items} || ']'"
    elif kind.kind == "STRUCT":
        parts: list[str] = []
        for key, (_, field) in zip(kind.keys, kind.fields, strict=True):
            name = text_sql(("," if parts else "") + '"' + key.replace('"', '\\"') + '":')
            parts.append(f"{name} || {json_text(f'({sql})[{name_sql_text(key)}]', field, wide=wide)}")
        text = "'{' || " + " || ".join([*parts, "'}'"])
    elif kind.kind == "INT64":
        text = f"bq_json_int_text({sql})" if wide else f"CAST({sql} AS VARCHAR)"
    elif kind.kind == "NUMERIC":
        text = f"bq_json_numeric_text({sql})" if wide else f"bq_numeric_text({sql})"
    elif kind.kind == "BIGNUMERIC":
        text = f"bq_json_big_text({sql})" if wide else f"bq_big_text({sql})"
    else:
        text = _TEXTS[kind.kind].format(sql)
    return f"CASE WHEN ({sql}) IS NULL THEN 'null' ELSE {text} END"


def _object(call: Call) -> Value:
    if len(call.arguments) % 2:
        raise call.refused("JSON_OBJECT given an odd number of arguments, allowed: keys and values in turn")
    parts: list[str] = []
    for i in range(0, len(call.arguments), 2):
        key, value = call.value(i, STRING), call.value(i + 1)
        comma = "','" if i else "''"
        parts.append(
            f"{comma} || CAST(to_json({key.sql}) AS VARCHAR) || ':' || {json_text(value.sql, value.type, wide=False)}"
        )
    return call.result(f"CAST({' || '.join(['chr(123)', *parts, 'chr(125)'])} AS JSON)", JSON)


def _json_array(call: Call) -> Value:
    values = [call.value(i) for i in range(len(call.arguments))]
    parts = [json_text(value.sql, value.type, wide=False) for value in values]
    inner = " || ',' || ".join(parts) or "''"
    return call.result(f"CAST('[' || {inner} || ']' AS JSON)", JSON)


MAKING: dict[str, Rule] = {
    "PARSE_JSON": _parse_json,
    "TO_JSON": _to_json,
    "TO_JSON_STRING": _to_json_string,
    "JSON_OBJECT": _object,
    "JSON_ARRAY": _json_array,
}
