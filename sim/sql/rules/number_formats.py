"""CAST of a number AS STRING with FORMAT."""

from __future__ import annotations

from sim.sql.grammar.types import FLOAT64, STRING
from sim.sql.grammar.values import Value, text_sql
from sim.sql.rules.calls import Call
from sim.sql.rules.casts import cast


def number_text(call: Call, value: Value, pattern: str) -> Value:
    """The text of a number in a format. Raises InputError for what is no format, in BigQuery's words."""
    from sim.sql.columnar.number_elements import format_elements

    try:
        form = format_elements(pattern)
    except ValueError as error:
        raise call.refused(f"Error in format string: {error}") from None
    name, given = ("float", value.sql) if value.type == FLOAT64 else ("exact", cast(value, STRING).sql)
    sql = f"fn_{name}_formatted({given}, {text_sql(pattern)})"
    if form.kind == "roman":
        macro = "bqs_roman" if call.safe else "bq_roman"
        sql = f"{macro}({sql}, {cast(value, STRING).sql})"
    return call.result(sql, STRING)
