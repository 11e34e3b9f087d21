"""JSON: values out of texts and out of JSON, and any value as JSON text."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

import re

from sim.sql.grammar.coercion import name_sql_text
from sim.sql.grammar.types import BOOL, INT64, JSON, STRING, Type, array_of
from sim.sql.grammar.values import Value, element_name, once, settled, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.json_paths import BadPath, duckdb_path
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
INT64(JSON) -> INT64 = bq_json_int64({0})
FLOAT64(JSON) -> FLOAT64 = bq_json_float64({0})
BOOL(JSON) -> BOOL = bq_json_bool({0})
LAX_BOOL(JSON) -> BOOL = bq_lax_bool({0})
LAX_INT64(JSON) -> INT64 = bq_lax_int64({0})
LAX_FLOAT64(JSON) -> FLOAT64 = bq_lax_float64({0})
LAX_STRING(JSON) -> STRING = json_extract_string(json_value({0}, '$'), '$')
JSON_TYPE(JSON) -> STRING = bq_json_type({0})
""")
_PURE = re.compile(
    r"\bbqs?_|\bSELECT\b|\b(random|uuid|error|sum|min|max|any_value|first|list|count)\(", re.IGNORECASE
)


def _trying(document: Value, sql: str) -> str:
    """NULL for a text that is no JSON."""
    if document.type == JSON:
        return sql
    if _PURE.search(document.sql):  # DuckDB tries no expression with these in it
        return f"CASE WHEN json_valid({document.sql}) THEN {sql} END"
    return f"TRY({sql})"


def _document(call: Call) -> Value:
    value = call.value(0)
    if value.type.kind == "NULL":
        return call.value(0, STRING)
    if value.type not in (STRING, JSON):
        raise call.refused(
            f"No matching signature for function {call.name} for argument types: {settled(value.type)}; "
            "allowed: STRING, JSON; use TO_JSON_STRING"
        )
    return value


def _path(call: Call, *, standard: bool) -> str | None:
    if len(call.arguments) < 2:
        return "$"
    text = call.text(1, "the JSON path")
    try:
        return duckdb_path(text, standard=standard)
    except BadPath as error:
        raise call.refused(f"{call.name}: {error}") from None


def _scalar(*, standard: bool) -> Rule:
    """JSON_VALUE: a scalar as text, NULL for an object, an array, null or nothing."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        if path is None:
            return call.result("CAST(NULL AS VARCHAR)", STRING)
        sql = f"json_extract_string(json_value({document.sql}, {text_sql(path)}), '$')"
        found = Value(_trying(document, sql), STRING)
        if document.type == JSON or call.walker.only_duckdb:
            return call.result(found.sql, STRING)
        written = f"fn_number_written({document.sql}, {text_sql(path)})"
        return call.result(
            once([found], lambda given: f"bq_json_scalar({given[0].sql}, {written})"), STRING
        )  # a text keeps its numbers as they are written

    return rule


def _part(*, standard: bool) -> Rule:
    """JSON_QUERY: the part as JSON text; of a JSON as JSON, where null stays what it is."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        if path is None:
            return call.result(f"CAST(NULL AS {document.type.duckdb})", document.type)
        sql = f"json_extract({document.sql}, {text_sql(path)})"
        if document.type == JSON:
            return call.result(sql, JSON)
        return call.result(f"NULLIF(CAST({_trying(document, sql)} AS VARCHAR), 'null')", STRING)

    return rule


def _array(*, standard: bool, scalars: bool) -> Rule:
    """An array of parts, as JSON text or as JSON; of scalars: as texts, NULL if one is no scalar."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        kind = array_of(STRING if scalars or document.type == STRING else JSON)
        if path is None:
            return call.result(f"CAST(NULL AS {kind.duckdb})", kind)
        part = f"CAST({_trying(document, f'json_extract({document.sql}, {text_sql(path)})')} AS JSON)"
        macro = "bq_json_scalars" if scalars else "bq_json_parts"
        return call.result(f"CAST({macro}({part}) AS {kind.duckdb})", kind)

    return rule


def _string(call: Call) -> Value:
    """STRING of a JSON; of dates and times it is among their rules."""
    call.count(1)
    return call.result(f"bq_json_string({call.value(0, JSON).sql})", STRING)


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


def _keys(call: Call) -> Value:
    """Keys of all objects, also inside of others, with dots between; in order, each once."""
    call.count(1, 2)
    depth = call.value(1, INT64).sql if len(call.arguments) > 1 else "1000000"
    return call.result(f"bq_json_keys({call.value(0, JSON).sql}, {depth})", array_of(STRING))


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


def subscript(document: Value, index: Value) -> str | None:
    """The SQL of json['key'] or json[0]; None for an index of another type."""
    if index.literal is not None and index.type == STRING:
        path = '$."' + index.literal.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return f"json_extract({document.sql}, {text_sql(path)})"
    if index.type == STRING:
        return f"json_extract({document.sql}, '$.' || CAST(to_json({index.sql}) AS VARCHAR))"
    if index.type == INT64:
        return f"CASE WHEN {index.sql} >= 0 THEN json_extract({document.sql}, '$[' || CAST({index.sql} AS VARCHAR) || ']') END"
    return None


RULES: dict[str, Rule] = {
    "JSON_VALUE": _scalar(standard=True),
    "JSON_QUERY": _part(standard=True),
    "JSON_QUERY_ARRAY": _array(standard=True, scalars=False),
    "JSON_VALUE_ARRAY": _array(standard=True, scalars=True),
    "JSON_EXTRACT_SCALAR": _scalar(standard=False),
    "JSON_EXTRACT": _part(standard=False),
    "JSON_EXTRACT_ARRAY": _array(standard=False, scalars=False),
    "JSON_EXTRACT_STRING_ARRAY": _array(standard=False, scalars=True),
    "PARSE_JSON": _parse_json,
    "TO_JSON": _to_json,
    "TO_JSON_STRING": _to_json_string,
    "JSON_KEYS": _keys,
    "JSON_OBJECT": _object,
    "JSON_ARRAY": _json_array,
    "STRING/JSON": _string,
}
