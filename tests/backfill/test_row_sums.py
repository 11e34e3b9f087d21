"""The digest of rows that stand in no order: every change shows, and nothing else does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from context.row_sums import RowSum

ROWS = 200
RECORD = pa.struct([("id", pa.string()), ("roles", pa.list_(pa.string()))])
COLUMNS: dict[str, Callable[[int], Any]] = {
    "number": lambda i: i * 7 - 300,
    "share": lambda i: i / 3,
    "flag": lambda i: i % 2 == 0,
    "day": lambda i: date.fromordinal(738_000 + i),
    "time": lambda i: datetime.fromisoformat("2026-01-01") + timedelta(microseconds=i),
    "points": lambda i: Decimal(i) / 4,
    "text": lambda i: f"t{i % 9}",
    "long": lambda i: f"{i}" * 300,
    "record": lambda i: {"id": f"r{i}", "roles": [f"role{n}" for n in range(i % 4)]},
}
SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("share", pa.float64()),
        ("flag", pa.bool_()),
        ("day", pa.date32()),
        ("time", pa.timestamp("us")),
        ("points", pa.decimal128(38, 9)),
        ("text", pa.string()),
        ("long", pa.string()),
        ("record", RECORD),
    ]
)


def table() -> dict[str, list[Any]]:
    """Values by column; each has its nulls."""
    return {name: [None if i % 11 == 5 else made(i) for i in range(ROWS)] for name, made in COLUMNS.items()}


def summed(values: dict[str, list[Any]], parts: int = 1) -> str:
    """The digest of rows given in so many parts."""
    whole, digest = pa.table(values, SCHEMA), RowSum()
    for batch in whole.combine_chunks().to_batches(max_chunksize=-(-ROWS // parts)):
        digest.update(batch)
    return digest.hexdigest()


def test_neither_order_nor_parts_show() -> None:
    """Rows in any order, cut anywhere, in dictionaries or not, have one digest."""
    wanted, values = summed(table()), table()
    order = np.random.Generator(np.random.PCG64(3)).permutation(ROWS)
    shuffled = {name: [column[i] for i in order] for name, column in values.items()}
    assert {summed(values, parts) for parts in (2, 3, 7, ROWS)} == {wanted}
    assert summed(shuffled, 5) == wanted
    coded = pa.table(values, SCHEMA).combine_chunks().to_batches()[0]
    digest = RowSum()
    digest.update(coded.set_column(6, "text", coded.column("text").dictionary_encode()))
    assert digest.hexdigest() == wanted


@pytest.mark.parametrize("name", COLUMNS)
def test_every_changed_value_shows(name: str) -> None:
    """Another value, a null for a value or a value for a null, and two that change places, show."""
    wanted = summed(table())
    for change in (
        {3: COLUMNS[name](2)},
        {3: None},
        {5: COLUMNS[name](0)},
        {3: COLUMNS[name](4), 4: COLUMNS[name](3)},
    ):
        values = table()
        for row, value in change.items():
            values[name][row] = value
        assert summed(values) != wanted, change


@pytest.mark.parametrize(
    "record",
    [
        {"id": "r7", "roles": ["role0", "role2", "role1"]},
        {"id": "r7", "roles": ["role0", "role1", "role2", None]},
        {"id": "r7", "roles": None},
        {"id": "", "roles": ["role0", "role1", "role2"]},
        {"id": None, "roles": ["role0", "role1", "role2"]},
        {"id": None, "roles": None},
        None,
    ],
)
def test_what_is_inside_of_a_record_shows(record: dict[str, Any] | None) -> None:
    """The order of a list, a null in it, an empty text for a null, a record of nulls: none is another."""
    values = table()
    values["record"][7] = record
    assert summed(values) != summed(table())


def test_texts_that_move_between_lists_show() -> None:
    """An element that goes over to its neighbour's list shows, though all elements are the same."""
    values = table()
    values["record"][2]["roles"], values["record"][3]["roles"] = (
        ["role0", "role1", "role0"],
        ["role1", "role2"],
    )
    assert summed(values) != summed(table())


def test_rows_lost_or_doubled_show() -> None:
    """The number of rows stands in the digest, so that rows whose hashes cancel out can't hide."""
    values = table()
    assert summed(values).split(":")[1] == str(ROWS)
    assert summed({name: column[1:] for name, column in values.items()}) != summed(values)
    assert summed({name: [*column, column[0]] for name, column in values.items()}) != summed(values)
