"""The functions by the names under which DuckDB's SQL calls them, and how a connection gets them."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import duckdb
import pyarrow as pa

_CALLED = re.compile(r"\bfn_\w+")
_ARROW = {
    "VARCHAR": pa.string(),
    "BLOB": pa.binary(),
    "BIGINT": pa.int64(),
    "DOUBLE": pa.float64(),
    "DECIMAL(38, 9)": pa.decimal128(38, 9),
}


@dataclass(frozen=True)
class ColumnFunction:
    """A function in Python: its module here, its name there, its types in DuckDB.

    ``whole``: it takes a column and gives one; others take values, of which none is None, and may give None.
    """

    module: str
    name: str
    takes: tuple[str, ...]
    gives: str
    whole: bool = False


_NUMERIC = "DECIMAL(38, 9)"
FUNCTIONS = {
    "fn_fingerprint": ColumnFunction("fingerprint", "fingerprints", ("BLOB",), "BIGINT", whole=True),
    "fn_public_suffix": ColumnFunction("hosts", "public_suffix", ("VARCHAR",), "VARCHAR"),
    "fn_reg_domain": ColumnFunction("hosts", "registered_domain", ("VARCHAR",), "VARCHAR"),
    "fn_address": ColumnFunction("hosts", "address_of", ("VARCHAR",), "BLOB"),
    "fn_address_text": ColumnFunction("hosts", "text_of_address", ("BLOB",), "VARCHAR"),
    "fn_net_mask": ColumnFunction("hosts", "net_mask", ("BIGINT", "BIGINT"), "BLOB"),
    "fn_truncated": ColumnFunction("hosts", "truncated", ("BLOB", "BIGINT"), "BLOB"),
    "fn_letters": ColumnFunction("letters", "letters_of", ("BLOB",), "VARCHAR"),
    "fn_bytes": ColumnFunction("letters", "bytes_of", ("VARCHAR",), "BLOB"),
    "fn_normalized": ColumnFunction("letters", "normalized", ("VARCHAR", "VARCHAR"), "VARCHAR"),
    "fn_casefolded": ColumnFunction("letters", "casefolded", ("VARCHAR", "VARCHAR"), "VARCHAR"),
    "fn_soundex": ColumnFunction("letters", "soundex", ("VARCHAR",), "VARCHAR"),
    "fn_distance": ColumnFunction("letters", "edit_distance", ("VARCHAR", "VARCHAR"), "BIGINT"),
    "fn_pattern_shape": ColumnFunction("patterns", "pattern_shape", ("VARCHAR",), "BIGINT"),
    "fn_in_three": ColumnFunction("patterns", "in_three", ("VARCHAR",), "VARCHAR"),
    "fn_number_written": ColumnFunction("json_numbers", "number_written", ("VARCHAR", "VARCHAR"), "VARCHAR"),
    "fn_part_written": ColumnFunction("json_numbers", "part_written", ("VARCHAR", "VARCHAR"), "VARCHAR"),
    "fn_product": ColumnFunction("numerics", "product", (_NUMERIC, _NUMERIC), _NUMERIC),
    "fn_quotient": ColumnFunction("numerics", "quotient", (_NUMERIC, _NUMERIC), _NUMERIC),
}
FUNCTIONS |= {
    f"fn_{name}": ColumnFunction("json_changes", name, ("VARCHAR", "VARCHAR"), "VARCHAR")
    for name in ("json_set", "json_remove", "json_array_append", "json_array_insert", "json_strip_nulls")
}
_BIG = {  # BIGNUMERICs as texts
    **dict.fromkeys(("product", "quotient", "power"), ("VARCHAR", "VARCHAR")),
    **dict.fromkeys(
        ("sqrt", "cbrt", "exp", "ln", "log10", "ceiling", "floor", "read", "parsed"), ("VARCHAR",)
    ),
    **dict.fromkeys(("round", "round_even", "trunc"), ("VARCHAR", "BIGINT")),
    **dict.fromkeys(("whole", "rest", "log"), ("VARCHAR", "VARCHAR")),
    "of_float": ("DOUBLE",),
}
_BIG_NAMES = {
    "sqrt": "root",
    "cbrt": "cube_root",
    "exp": "exponential",
    "ln": "natural_log",
    "log10": "common_log",
    "floor": "floored",
    "round": "rounded",
    "round_even": "rounded_even",
    "trunc": "cut_off",
    "product": "big_product",
    "quotient": "big_quotient",
    "parsed": "loosely_read",
    "whole": "whole_quotient",
    "rest": "remainder",
    "log": "log_to_base",
}
FUNCTIONS |= {
    f"fn_big_{name}": ColumnFunction("bignumerics", _BIG_NAMES.get(name, name), takes, "VARCHAR")
    for name, takes in _BIG.items()
}
FUNCTIONS |= {
    "fn_big_float": ColumnFunction("bignumerics", "to_float", ("VARCHAR",), "DOUBLE"),
    "fn_big_int64": ColumnFunction("bignumerics", "to_int64", ("VARCHAR",), "BIGINT"),
    "fn_exact_formatted": ColumnFunction(
        "number_formats", "exact_formatted", ("VARCHAR", "VARCHAR"), "VARCHAR"
    ),
    "fn_float_formatted": ColumnFunction(
        "number_formats", "float_formatted", ("DOUBLE", "VARCHAR"), "VARCHAR"
    ),
    "fn_big_numeric": ColumnFunction("bignumerics", "to_numeric", ("VARCHAR",), _NUMERIC),
}


def give(connection: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Make known to a connection what ``sql`` calls, unless it is."""
    create: Any = connection.create_function  # whose stubs know no words for its options
    for name in sorted(set(_CALLED.findall(sql))):
        made = FUNCTIONS[name]
        # Asking whether it is there takes a hundred times as long.
        with suppress(duckdb.NotImplementedException):
            takes = list(made.takes)
            create(name, _over_columns(made), takes, made.gives, type="arrow", null_handling="special")


def _over_columns(made: ColumnFunction) -> Callable[..., pa.Array]:
    function = getattr(import_module(f"sim.sql.columnar.{made.module}"), made.name)

    def whole(column: pa.ChunkedArray) -> pa.Array:
        return function(pa.concat_arrays(column.chunks) if isinstance(column, pa.ChunkedArray) else column)

    def valued(*columns: pa.ChunkedArray) -> pa.Array:
        rows = zip(*(column.to_pylist() for column in columns), strict=True)
        values: list[Any] = [None if None in row else function(*row) for row in rows]
        return pa.array(values, _ARROW[made.gives])

    def paired(one: pa.ChunkedArray, other: pa.ChunkedArray) -> pa.Array:
        return valued(one, other)

    def single(one: pa.ChunkedArray) -> pa.Array:
        return valued(one)

    if made.whole:
        return whole
    return single if len(made.takes) == 1 else paired  # DuckDB counts a function's parameters
