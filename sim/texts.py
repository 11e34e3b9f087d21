"""Texts as Arrow arrays: numbers, times, ids and JSON strings of whole columns, without a Python loop."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
Texts = Any  # a string array of Arrow, which comes without types
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2").view(np.uint16)
_DASHES = (8, 13, 18, 23)
_UUID_PLACES = np.array([place for place in range(36) if place not in _DASHES])


def join(*parts: Any) -> Texts:
    """Element-wise concatenation of texts and arrays; null where a part is."""
    return pc.binary_join_element_wise(*parts, "")


def number(values: npt.NDArray[Any] | pa.Array) -> Texts:
    """Decimal texts."""
    return (pa.array(values) if isinstance(values, np.ndarray) else values).cast(pa.string())


def escaped(texts: Texts) -> Texts:
    """Texts as the inside of JSON strings: quotes, backslashes and control characters escaped by orjson."""
    # Most texts need nothing: only those that do go through Python.
    odd = pc.fill_null(pc.match_substring_regex(texts, '["\\\\\\x00-\\x1f]'), fill_value=False)
    if not pc.any(odd).as_py():
        return texts
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    fixed_up = [orjson.dumps(text).decode()[1:-1] for text in texts.take(pa.array(rows)).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(fixed_up, pa.string()))


def score_text(hundredths: I64) -> Texts:
    """87.5, 87.25, 88: as ``reference.score`` and orjson write them."""
    whole, rest = hundredths // 100, hundredths % 100
    ends = pa.array(["", *(f".{r:02d}".rstrip("0") for r in range(1, 100))])
    return join(number(whole), ends.take(pa.array(rest)))


def time_text(ms: I64) -> Texts:
    """``2026-10-12T13:05:09.123Z`` for UTC ms in any order; ``times`` is faster for sorted ones."""
    return join(pc.strftime(pa.array(ms).cast(pa.timestamp("ms")), format="%Y-%m-%dT%H:%M:%S"), "Z")


def duration_text(seconds: I64) -> Texts:
    """``PT01M35S``, with hours from the first on: ``PT01H00M05S``."""
    two = pa.array([f"{n:02d}" for n in range(100)])
    hours, rest = np.divmod(seconds, 3600)
    tail = join("PT", two.take(pa.array(rest // 60)), "M", two.take(pa.array(rest % 60)), "S")
    if not len(hours) or not hours.any():
        return tail
    long = join(
        "PT", two.take(pa.array(np.minimum(hours, 99))), "H", two.take(pa.array(rest // 60)), "M",
        two.take(pa.array(rest % 60)), "S",
    )  # fmt: skip
    return pc.if_else(pa.array(hours > 0), long, tail)


def hex_texts(high: U64, low: U64) -> U8:
    """[n, 32] bytes: the hexadecimal digits of 128-bit numbers."""
    both = np.empty((len(high), 2), dtype=">u8")
    both[:, 0], both[:, 1] = high, low
    digits: U8 = _HEX[both.view(np.uint8)].view(np.uint8).reshape(len(high), 32)
    return digits


def uuid_texts(high: U64, low: U64) -> U8:
    """[n, 36] bytes: 8-4-4-4-12 texts."""
    texts = np.full((len(high), 36), ord("-"), dtype=np.uint8)
    texts[:, _UUID_PLACES] = hex_texts(high, low)
    return texts


def time_texts(ms: I64) -> U8:
    """[n, 24] bytes, ``2026-10-12T13:05:09.123Z``: each minute's text once, the rest by arithmetic."""
    if not len(ms):
        return np.empty((0, 24), dtype=np.uint8)
    minute, within = np.divmod(ms, 60_000)
    turns = np.diff(minute, prepend=minute[0] - 1) != 0  # events come in order: few minutes, in runs
    row = np.cumsum(turns) - 1
    table = pc.strftime(pa.array(minute[turns] * 60_000).cast(pa.timestamp("ms")), format="%Y-%m-%dT%H:%M:")
    heads = np.frombuffer(b"".join(text.encode()[:17] for text in table.to_pylist()), dtype=np.uint8)
    texts = np.empty((len(ms), 24), dtype=np.uint8)
    texts[:, :17] = heads.reshape(-1, 17)[row]
    for place, divisor in ((17, 10_000), (18, 1_000), (20, 100), (21, 10), (22, 1)):
        texts[:, place] = within // divisor % 10 + ord("0")
    texts[:, 19], texts[:, 23] = ord("."), ord("Z")
    return texts


def fixed(texts: U8) -> pa.StringArray:
    """[n, width] bytes as a string array, without a copy."""
    n, width = texts.shape
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts)))


def uuids(high: U64, low: U64) -> pa.StringArray:
    """8-4-4-4-12 texts."""
    return fixed(uuid_texts(high, low))


def times(ms: I64) -> pa.StringArray:
    """``2026-10-12T13:05:09.123Z`` for sorted UTC ms."""
    return fixed(time_texts(ms))
