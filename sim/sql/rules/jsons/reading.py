"""JSON: values out of texts and out of JSON, by their paths."""

# ruff: noqa: E501 - one rule a line

from __future__ import annotations

from collections.abc import Sequence

from sim.sql.grammar.types import INT64, JSON, STRING, array_of
from sim.sql.grammar.values import Value, once, settled, text_sql
from sim.sql.rules.calls import Call, Rule
from sim.sql.rules.json_reads import How, JsonRead, read_alone
from sim.sql.rules.jsons.paths import BadPath, duckdb_path
from sim.sql.rules.signatures import signatures

SIGNATURES = signatures(r"""
INT64(JSON) -> INT64 = bq_json_int64({0})
FLOAT64(JSON) -> FLOAT64 = bq_json_float64({0})
BOOL(JSON) -> BOOL = bq_json_bool({0})
LAX_BOOL(JSON) -> BOOL = bq_lax_bool({0})
LAX_INT64(JSON) -> INT64 = bq_lax_int64({0})
LAX_FLOAT64(JSON) -> FLOAT64 = bq_lax_float64({0})
BOOL_ARRAY(JSON) -> ARRAY<BOOL> = list_transform(bq_json_elements({0}), lambda e: bq_json_bool(e))
INT64_ARRAY(JSON) -> ARRAY<INT64> = list_transform(bq_json_elements({0}), lambda e: bq_json_int64(e))
FLOAT64_ARRAY(JSON) -> ARRAY<FLOAT64> = list_transform(bq_json_elements({0}), lambda e: bq_json_float64(e))
STRING_ARRAY(JSON) -> ARRAY<STRING> = list_transform(bq_json_elements({0}), lambda e: bq_json_string(e))
LAX_BOOL_ARRAY(JSON) -> ARRAY<BOOL> = list_transform(bq_json_parts({0}), lambda e: bq_lax_bool(e))
LAX_INT64_ARRAY(JSON) -> ARRAY<INT64> = list_transform(bq_json_parts({0}), lambda e: bq_lax_int64(e))
LAX_FLOAT64_ARRAY(JSON) -> ARRAY<FLOAT64> = list_transform(bq_json_parts({0}), lambda e: bq_lax_float64(e))
LAX_STRING_ARRAY(JSON) -> ARRAY<STRING> = list_transform(bq_json_parts({0}), lambda e: json_extract_string(json_value(e, '$'), '$'))
LAX_STRING(JSON) -> STRING = json_extract_string(json_value({0}, '$'), '$')
JSON_TYPE(JSON) -> STRING = bq_json_type({0})
""")


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


def path_at(call: Call, position: int, *, standard: bool) -> str | None:
    """DuckDB's path for that of an argument; None for one that finds nothing."""
    text = call.text(position, "the JSON path")
    try:
        return duckdb_path(text, standard=standard)
    except BadPath as error:
        raise call.refused(f"{call.name}: {error}") from None


def _path(call: Call, *, standard: bool) -> str | None:
    return path_at(call, 1, standard=standard) if len(call.arguments) > 1 else "$"


def _read(call: Call, document: Value, how: How, path: str) -> str:
    """The SQL of what a path finds; of a table's column all paths are read together, if they can be."""
    exact = document.type == STRING and not call.walker.only_duckdb
    read = JsonRead(document.sql, how, path, is_text=document.type == STRING, exact=exact)
    return call.walker.read_together(read) or read_alone(read)


def _scalar(*, standard: bool) -> Rule:
    """JSON_VALUE: a scalar as text, NULL for an object, an array, null or nothing."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        sql = "CAST(NULL AS VARCHAR)" if path is None else _read(call, document, "scalar", path)
        return call.result(sql, STRING)

    return rule


def _part(*, standard: bool) -> Rule:
    """JSON_QUERY: the part as JSON text; of a JSON as JSON, where null stays what it is."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        if path is None:
            return call.result(f"CAST(NULL AS {document.type.duckdb})", document.type)
        how: How = "json" if document.type == JSON else "text"
        return call.result(_read(call, document, how, path), document.type)

    return rule


def _array(*, standard: bool, scalars: bool) -> Rule:
    """An array of parts, as JSON text or as JSON; of scalars: as texts, NULL if one is no scalar."""

    def rule(call: Call) -> Value:
        call.count(1, 2)
        document, path = _document(call), _path(call, standard=standard)
        kind = array_of(STRING if scalars or document.type == STRING else JSON)
        if path is None:
            return call.result(f"CAST(NULL AS {kind.duckdb})", kind)
        part = f"CAST({_read(call, document, 'json', path)} AS JSON)"
        macro = "bq_json_scalars" if scalars else "bq_json_parts"
        if document.type == JSON or call.walker.only_duckdb:
            return call.result(f"CAST({macro}({part}) AS {kind.duckdb})", kind)
        function = "fn_scalars_written" if scalars else "fn_parts_written"
        written = f"json_extract_string({function}({document.sql}, {text_sql(path)}), '$[*]')"

        def parts(given: Sequence[Value]) -> str:  # a text keeps its numbers as they are written
            fractions = f"regexp_matches(CAST({given[0].sql} AS VARCHAR), '[0-9][.eE]')"
            plain = f"CAST({macro}({given[0].sql}) AS {kind.duckdb})"
            return f"CASE WHEN {fractions} THEN CAST({written} AS {kind.duckdb}) ELSE {plain} END"

        return call.result(once([Value(part, JSON)], parts), kind)

    return rule


def _string(call: Call) -> Value:
    """STRING of a JSON; of dates and times it is among their rules."""
    call.count(1)
    return call.result(f"bq_json_string({call.value(0, JSON).sql})", STRING)


def _keys(call: Call) -> Value:
    """Keys of all objects, also inside of others, with dots between; in order, each once."""
    call.count(1, 2)
    depth = call.value(1, INT64).sql if len(call.arguments) > 1 else "1000000"
    return call.result(f"bq_json_keys({call.value(0, JSON).sql}, {depth})", array_of(STRING))


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
    "JSON_KEYS": _keys,
    "STRING/JSON": _string,
}
