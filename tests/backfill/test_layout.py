"""The campus as one mapped file: what is read is what was written, and nothing else is taken for it."""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from context.arrays import I64
from context.errors import DamagedError
from sim.backfill.mapped_world import Shared, SharedCampus, mapped, reach_of
from sim.world.layout import read_layout, write_layout
from tests.samples.tiny import tiny


def same(one: Any, other: Any, name: str) -> None:
    """Assert that two trees hold the same."""
    assert type(one) is type(other), name
    if is_dataclass(one):
        for field in fields(one):
            same(getattr(one, field.name), getattr(other, field.name), f"{name}.{field.name}")
    elif isinstance(one, dict):
        assert list(one) == list(other), name
        for key in one:
            same(one[key], other[key], f"{name}.{key}")
    elif isinstance(one, np.ndarray):
        assert one.dtype == other.dtype, name
        np.testing.assert_array_equal(one, other, err_msg=name)
    elif isinstance(one, pa.Array):
        assert one.equals(other), name
        assert one.null_count == other.null_count, name
    else:
        assert one == other, name


def written(path: Path) -> tuple[SharedCampus, Shared]:
    """The tiny campus, and the file of it."""
    engine = tiny().engine
    campus = SharedCampus(engine.world, engine.anchors, reach_of(engine.calendar, engine.anchors))
    return campus, Shared(path, write_layout(path, campus))


def test_a_campus_is_read_as_it_was_written(tmp_path: Path) -> None:
    """Every array, text and number of the world comes back from the mapped file, and is read-only."""
    campus, shared = written(tmp_path / "world")
    found = mapped(shared)
    same(campus, found, "campus")
    with pytest.raises(ValueError, match="read-only"):
        found.world.persons.udp_id[0] = 1


def test_the_same_campus_makes_the_same_file(tmp_path: Path) -> None:
    """Written twice, the second time from the mapped file, it has the same bytes."""
    _, shared = written(tmp_path / "one")
    assert write_layout(tmp_path / "two", mapped(shared)) == shared.digest
    assert (tmp_path / "two").read_bytes() == shared.path.read_bytes()


@pytest.mark.parametrize("place", [0, 3, 9, 200, 100_000, -1])
def test_a_flipped_bit_is_refused(tmp_path: Path, place: int) -> None:
    """A world with one changed bit, wherever it is, is refused by its digest."""
    _, shared = written(tmp_path / "world")
    data = bytearray(shared.path.read_bytes())
    data[place] ^= 1
    shared.path.write_bytes(data)
    with pytest.raises(DamagedError, match="is not the file that was written"):
        mapped(shared)


@pytest.mark.parametrize("share", [0.0, 0.00001, 0.01, 0.5, 0.9999])
def test_a_truncated_world_is_refused(tmp_path: Path, share: float) -> None:
    """A world that ends too soon is refused, by its digest and by its own header too."""
    _, shared = written(tmp_path / "world")
    data = shared.path.read_bytes()
    shared.path.write_bytes(data[: int(share * len(data))])
    with pytest.raises(DamagedError):
        mapped(shared)
    with shared.path.open("rb") as file, pytest.raises(DamagedError, match="not the arrays"):
        read_layout(file, shared.path, SharedCampus)


@dataclass(frozen=True)
class _Sample:
    numbers: I64
    texts: pa.StringArray
    names: tuple[str, ...]
    maybe: I64 | None = None


@pytest.mark.parametrize(
    "texts",
    [
        pa.array([], pa.string()),
        pa.array([None, "a", "", "\N{SNOWMAN}"]),
        pa.array(["x", "y", None, "zz"]).slice(1, 2),
        pa.array(["one", "two"], pa.large_string()),
        pa.array(["one", "two", "three"], pa.large_string()).slice(2),
    ],
)
def test_texts_of_any_shape_are_kept(tmp_path: Path, texts: pa.Array) -> None:
    """Empty, sliced and large text columns, with nulls or without, come back equal."""
    sample = _Sample(np.arange(12, dtype=np.int64).reshape(3, 4).T, texts, ("a", "b"))
    write_layout(tmp_path / "file", sample)
    with (tmp_path / "file").open("rb") as file:
        found = read_layout(file, tmp_path / "file", _Sample)
    assert found.texts.equals(texts)
    assert found.texts.type == texts.type
    np.testing.assert_array_equal(found.numbers, sample.numbers)
    assert found.names == ("a", "b")
    assert found.maybe is None


def test_objects_are_no_numbers(tmp_path: Path) -> None:
    """An array of Python objects, for which a file would have to hold a program, is not written."""
    objects = np.array([object()], dtype=object)
    with pytest.raises(TypeError, match="no array of numbers"):
        write_layout(tmp_path / "file", _Sample(objects, pa.array(["a"]), ()))
