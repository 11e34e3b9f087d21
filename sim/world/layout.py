"""Frozen dataclasses of arrays as one file that is mapped, not unpickled: names, types, places, then bytes.

The file begins with ``TERMTIDE``, the length of a header (8 bytes, little endian) and the header, JSON: for
every leaf, by its path (``persons.login``, ``objects.quiz.lms_id``), a plain value, or type, shape and places
of its bytes. What it is built into is given by the classes of whoever reads: a file names none, so it can
make nothing that was not asked for. Numbers are little endian; every array begins at a multiple of 64.
"""

from __future__ import annotations

import json
import mmap
from collections.abc import Callable, Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import IO, Any, TypeVar, get_args, get_origin, get_type_hints

import numpy as np
import pyarrow as pa
import xxhash

from context.errors import DamagedError
from context.files import check_digest

_MAGIC = b"TERMTIDE"
_FORMAT = 1
_ALIGN = 64
_TEXTS = {"string": pa.string(), "large_string": pa.large_string()}
_NUMBERS = frozenset("biuf")  # kinds of NumPy's types that a file may hold
_T = TypeVar("_T")


def write_layout(path: Path, root: Any) -> str:
    """Write a tree of dataclasses; returns the XXH3-128 (hex) of the file.

    Leaves are NumPy arrays of numbers, Arrow texts, ints, texts, tuples of texts and None; between them may
    be mappings by name. An array that stands in several places is written once. Raises OSError.
    """
    blocks = _Blocks()
    leaves = {name: blocks.leaf(value) for name, value in _walk(root, "")}
    header = json.dumps({"format": _FORMAT, "size": blocks.size, "leaves": leaves}).encode()
    digest = xxhash.xxh3_128()
    with path.open("wb") as file:

        def put(data: bytes | memoryview) -> None:
            digest.update(data)
            file.write(data)

        put(_MAGIC + len(header).to_bytes(8, "little") + header)
        put(bytes(_start(len(header)) - file.tell()))
        blocks.write(put)
    return digest.hexdigest()


def check_layout(path: Path, digest: str) -> None:
    """Raise DamagedError unless a file is the one that was written; OSError where it can't be read."""
    check_digest(path, digest)


def read_layout(file: IO[bytes], path: Path, kind: type[_T]) -> _T:
    """The tree over the pages of an open file, read-only: an instance of the dataclass ``kind``.

    Raises DamagedError for a file that holds something else, or not all of it.
    """
    return read_pages(pages_of(file, path), path, kind)


def pages_of(file: IO[bytes], path: Path) -> mmap.mmap:
    """The pages of an open file. Raises DamagedError for an empty one."""
    try:
        return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except ValueError as error:
        raise _damaged(path, error) from error


def read_pages(pages: mmap.mmap, path: Path, kind: type[_T]) -> _T:
    """As ``read_layout``, over pages of the file ``path``."""
    try:
        built: _T = _opened(memoryview(pages)).build(kind, "")
    except (ValueError, KeyError, TypeError, pa.ArrowInvalid) as error:
        raise _damaged(path, error) from error
    return built


def let_pages_go(pages: mmap.mmap) -> None:
    """Leave what was read to the system, which keeps it while there is room; it comes back when wanted."""
    if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows
        pages.madvise(mmap.MADV_DONTNEED)


def _damaged(path: Path, error: Exception) -> DamagedError:
    return DamagedError(f"{path}: not the arrays that were written: {error}", str(path))


def _opened(pages: memoryview) -> _Reader:
    """The leaves of a file. Raises ValueError, KeyError or TypeError for one of another form."""
    length = int.from_bytes(pages[len(_MAGIC) : len(_MAGIC) + 8], "little")
    head = json.loads(bytes(pages[len(_MAGIC) + 8 : len(_MAGIC) + 8 + length]))
    data = pages[_start(length) :]
    if bytes(pages[: len(_MAGIC)]) != _MAGIC or head["format"] != _FORMAT or len(data) != head["size"]:
        raise ValueError("no layout of this format")
    return _Reader(head["leaves"], data)


def _start(header: int) -> int:
    """Where the bytes of the arrays begin."""
    return -(-(len(_MAGIC) + 8 + header) // _ALIGN) * _ALIGN


def _walk(value: Any, name: str) -> Iterator[tuple[str, Any]]:
    """Every leaf with its path."""
    if is_dataclass(value):
        below = {field.name: getattr(value, field.name) for field in fields(value)}
    elif isinstance(value, Mapping):
        below = dict(value)
    else:
        yield name, value
        return
    for key, entry in below.items():
        yield from _walk(entry, f"{name}.{key}" if name else key)


class _Blocks:
    """Buffers on their way into the file, each with its place."""

    def __init__(self) -> None:
        self.size = 0
        self._blocks: list[tuple[int, memoryview]] = []
        self._known: dict[int, tuple[Any, Any]] = {}  # the value too, so that no other gets its identity

    def leaf(self, value: Any) -> Any:
        """What the header says of a leaf. Raises TypeError for what no file can hold."""
        if value is None or isinstance(value, str | int):
            return value
        if isinstance(value, tuple):
            return list(value)
        if id(value) not in self._known:
            self._known[id(value)] = value, self._array(value)
        return self._known[id(value)][1]

    def write(self, put: Callable[[bytes | memoryview], None]) -> None:
        """Hand over all bytes, with the zeros between them."""
        at = 0
        for start, block in self._blocks:
            put(bytes(start - at))
            put(block)
            at = start + block.nbytes
        put(bytes(self.size - at))

    def _array(self, value: Any) -> dict[str, Any]:
        if isinstance(value, np.ndarray):
            plain = np.ascontiguousarray(value, dtype=value.dtype.newbyteorder("<"))
            if plain.dtype.kind not in _NUMBERS:
                raise TypeError(f"{plain.dtype}: no array of numbers")
            return {"type": plain.dtype.str, "shape": list(value.shape), "at": [self._place(plain)]}
        kind = next((name for name, known in _TEXTS.items() if value.type == known), None)
        if kind is None:
            raise TypeError(f"{value.type}: no texts")
        if value.offset:
            value = pa.concat_arrays([value, value.slice(0, 0)])
        buffers = value.buffers()
        offsets = np.frombuffer(buffers[1], dtype=_offset(kind), count=len(value) + 1) if len(value) else None
        text = (
            memoryview(buffers[2] or b"") if offsets is None else memoryview(buffers[2] or b"")[: offsets[-1]]
        )
        nulls = np.frombuffer(buffers[0], np.uint8, -(-len(value) // 8)) if value.null_count else None
        if offsets is None:
            offsets = np.zeros(1, dtype=_offset(kind))
        places = [None if nulls is None else self._place(nulls), self._place(offsets), self._place(text)]
        return {"type": kind, "shape": [len(value)], "at": places}

    def _place(self, block: Any) -> list[int]:
        """[offset, bytes] of a buffer."""
        view = memoryview(block)
        self._blocks.append((self.size, view.cast("B") if view.nbytes else memoryview(b"")))
        place = [self.size, view.nbytes]
        self.size = -(-(self.size + view.nbytes) // _ALIGN) * _ALIGN
        return place


def _offset(kind: str) -> type[np.generic]:
    return np.int64 if kind == "large_string" else np.int32


class _Reader:
    """Leaves of a header over the mapped bytes."""

    def __init__(self, leaves: Mapping[str, Any], data: memoryview) -> None:
        self._leaves, self._data = leaves, data

    def build(self, kind: Any, name: str) -> Any:
        """The value of a path, which has to be of the ``kind``."""
        if is_dataclass(kind) and isinstance(kind, type):
            hints = get_type_hints(kind)
            return kind(
                **{
                    f.name: self.build(hints[f.name], f"{name}.{f.name}" if name else f.name)
                    for f in fields(kind)
                }
            )
        if get_origin(kind) is dict:
            return {key: self.build(get_args(kind)[1], f"{name}.{key}") for key in self._below(name)}
        leaf = self._leaves[name]
        if isinstance(leaf, dict):
            return self._array(leaf)
        if isinstance(leaf, list):
            return tuple(leaf)
        allowed = get_args(kind) if isinstance(kind, UnionType) else (kind,)
        if type(leaf) not in allowed:
            raise TypeError(f"{name}: {leaf!r}")
        return leaf

    def _below(self, name: str) -> list[str]:
        """Names of a mapping, in the order in which they were written."""
        found = (path[len(name) + 1 :] for path in self._leaves if path.startswith(f"{name}."))
        return list(dict.fromkeys(rest.partition(".")[0] for rest in found))

    def _array(self, leaf: dict[str, Any]) -> Any:
        kind, (rows, *_) = leaf["type"], leaf["shape"] or [1]
        if kind not in _TEXTS:
            dtype = np.dtype(kind)
            if dtype.kind not in _NUMBERS:
                raise TypeError(f"{kind}: no type of numbers")
            return np.frombuffer(self._bytes(leaf["at"][0]), dtype=dtype).reshape(leaf["shape"])
        buffers = [None if place is None else pa.py_buffer(self._bytes(place)) for place in leaf["at"]]
        return pa.Array.from_buffers(_TEXTS[kind], rows, buffers)

    def _bytes(self, place: list[int]) -> memoryview:
        start, length = place
        if not 0 <= start <= start + length <= len(self._data):
            raise ValueError("an array beyond the end")
        return self._data[start : start + length]
