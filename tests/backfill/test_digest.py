"""Digests see values, and nothing of how they are stored."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from hypothesis import given, settings
from hypothesis import strategies as st

import schemas
from sim.folder.digest import column_digests, events_digest, table_digest
from sim.sinks.bigquery.checksum import leaves
from sim.sinks.parquet import ParquetSink, leaf_paths, writer_options
from sim.sinks.units import Unit
from tests.samples.in_one_call import write_unit
from tests.samples.toy_run import day_events, unit

DAY = date(2026, 9, 1)


def test_digests_survive_parquet_chunks_and_dictionaries(tmp_path: Path) -> None:
    """One digest for a unit in memory, cut anywhere, with or without dictionaries, and from its files."""
    table = unit(DAY, day_events(DAY)).table
    wanted = events_digest(table)
    for cut in range(6):
        assert events_digest(pa.concat_tables([table.slice(0, cut), table.slice(cut)])) == wanted
    files = write_unit(ParquetSink(tmp_path), Unit(DAY, table))
    parts = [
        pq.ParquetFile(tmp_path / file.path, read_dictionary=["type", "actor.id"]).read() for file in files
    ]
    assert pa.types.is_dictionary(parts[0].schema.field("type").type)
    assert events_digest(pa.concat_tables(parts)) == wanted
    assert events_digest(table.take([1, 0, 2, 3, 4])) != wanted


texts = st.lists(st.one_of(st.none(), st.text(max_size=3)), max_size=12)


@settings(max_examples=60, deadline=None)
@given(values=texts, cut=st.integers(0, 12), seed=st.integers(0, 9))
def test_text_digests_depend_on_values_alone(values: list[str | None], cut: int, seed: int) -> None:
    """Plain, chunked, dictionary with rubbish and doubles in it: one digest each for codes and for bytes."""
    shuffled = [*{v for v in values if v is not None}, "rubbish", *[v for v in values if v is not None]]
    random.Random(seed).shuffle(shuffled)  # noqa: S311 - only an order
    codes = [None if v is None else shuffled.index(v) for v in values]
    forms = [
        pa.chunked_array([pa.array(values, pa.string())]),
        pa.chunked_array([pa.array(values, pa.large_string())]),
        pa.chunked_array([pa.array(values[:cut], pa.string()), pa.array(values[cut:], pa.string())]),
        pa.chunked_array([pa.array(["x", *values], pa.string()).slice(1)]),
        pa.chunked_array([pa.DictionaryArray.from_arrays(pa.array(codes, pa.int8()), pa.array(shuffled))]),
    ]
    for plain in (None, ()):
        assert len({table_digest(pa.table({"a": form}), plain=plain) for form in forms}) == 1


@settings(max_examples=100, deadline=None)
@given(
    codes=st.lists(st.one_of(st.none(), st.integers(0, 40)), min_size=1, max_size=60),
    doubled=st.booleans(),
    count=st.sampled_from([41, 2_000]),
)
def test_codes_are_numbered_alike_whatever_the_dictionary(
    codes: list[int | None], doubled: bool, count: int
) -> None:
    """Few texts are hashed, many numbered by a table: one digest, also when told that none is twice."""
    texts = [str(i // 2 if doubled else i) for i in range(count)]
    coded = pa.table({"a": pa.DictionaryArray.from_arrays(pa.array(codes, pa.int32()), pa.array(texts))})
    plain = pa.table({"a": pa.array([None if code is None else texts[code] for code in codes], pa.string())})
    wanted = table_digest(plain, plain=())
    assert table_digest(coded, plain=()) == wanted
    if not doubled:
        assert table_digest(coded, plain=(), each_once=True) == wanted


def test_digests_tell_apart_what_differs() -> None:
    """Null and empty, null record and record of nulls, order, type, split, shape of lists: all differ."""
    record = pa.struct([("a", pa.int64())])
    different = [
        pa.array([None, "a"], pa.string()),
        pa.array(["", "a"], pa.string()),
        pa.array(["a", ""], pa.string()),
        pa.array(["a", None], pa.string()),
        pa.array([b"a", None], pa.binary()),
        pa.array([None, None], pa.string()),
        pa.array([None, None], record),
        pa.array([{"a": None}, {"a": None}], record),
        pa.array([{"a": 0}, {"a": None}], record),
        pa.array([[1, 2], []], pa.list_(pa.int64())),
        pa.array([[1], [2]], pa.list_(pa.int64())),
        pa.array([None, [1, 2]], pa.list_(pa.int64())),
        pa.array([[], [1, 2]], pa.list_(pa.int64())),
        pa.array([0, 1], pa.int64()),
        pa.array([0, 1], pa.int32()),
        pa.array([None, 1], pa.int64()),
        pa.array([False, True]),
    ]
    for plain in (None, ()):
        digests = {table_digest(pa.table({"x": column}), plain=plain) for column in different}
        assert len(digests) == len(different)


def test_digests_ignore_what_stands_under_a_null() -> None:
    """Bytes in the slot of a null don't count, in fixed columns, texts, lists and records."""
    mask = pa.array([True, False])
    valid, offsets = pa.py_buffer(b"\x02"), pa.array([0, 1, 2], pa.int32()).buffers()[1]
    pairs = [
        (pa.Array.from_buffers(pa.int64(), 2, [valid, pa.py_buffer(bytes(16))]),
         pa.Array.from_buffers(pa.int64(), 2, [valid, pa.py_buffer(b"\x07" + bytes(15))])),
        (pa.StructArray.from_arrays([pa.array([1, 2])], ["a"], mask=mask),
         pa.StructArray.from_arrays([pa.array([9, 2])], ["a"], mask=mask)),
        (pa.Array.from_buffers(pa.string(), 2, [valid, offsets, pa.py_buffer(b"xy")]),
         pa.array([None, "y"])),
        (pa.ListArray.from_arrays(pa.array([0, 1, 2], pa.int32()), pa.array([5, 6]), mask=mask),
         pa.array([None, [6]], pa.list_(pa.int64()))),
    ]  # fmt: skip
    for left, right in pairs:
        assert table_digest(pa.table({"x": left})) == table_digest(pa.table({"x": right}))


def test_digests_are_pinned() -> None:
    """The definition of a digest does not change unnoticed: manifests of old runs must stay comparable."""
    table = pa.table({"a": pa.array([1, None]), "b": pa.array(["é", "é"]), "c": pa.array([[1.5], None])})
    assert list(column_digests(table)) == ["a", "b", "c", "c[]"]
    assert table_digest(table)[:16] == "3b9749eee67a4acc"
    assert table_digest(table, plain=())[:16] == "40ed21057a432eab"


def test_the_contract_says_what_repeats() -> None:
    """Columns that do not repeat have no dictionary in Parquet, and whole documents no sum in BigQuery."""
    contract = schemas.table("event_store", "expanded")
    # Pinned, as digests are made of it.
    texts = {"id", "event", "extensions_json", "federated_session_json"}
    assert contract.unrepeated == {*texts, "event_time"}
    schema = schemas.arrow_schema(contract)
    assert set(leaf_paths(schema)) - set(writer_options(schema)["use_dictionary"]) == contract.unrepeated
    summed = {leaf.path[0] for leaf in leaves(contract)}
    assert set(contract.names) - summed == contract.unrepeated - {"id", "event_time"}
    table = pa.table({"type": ["a", "b"], "event": ["a", "b"]})
    by_contract, all_plain = column_digests(table, plain=contract.unrepeated), column_digests(table)
    assert [by_contract[name] == all_plain[name] for name in ("type", "event")] == [False, True]
