"""Texts as Arrow arrays: numbers, times, ids and JSON strings of whole columns, without a Python loop."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import I64, MINUTE_MS, U8, U64

Texts = Any  # a string array of Arrow, which comes without types
# The digits of two bytes at a time: those of the first come first, whatever the machine's order.
_HEX = (
    np.frombuffer(b"0123456789abcdef", np.uint8)[np.arange(1 << 16)[:, None] >> np.array([4, 0, 12, 8]) & 15]
    .view(np.uint32)
    .reshape(-1)
)
# The digits of an id, moved some bytes at a time: where they stand in 32 digits and in 36 characters.
_DIGITS, _DASHED = (
    np.dtype(
        {
            "names": list("abcdef"),
            "formats": ["u8", "u4", "u4", "u4", "u8", "u4"],
            "offsets": places,
            "itemsize": size,
        }
    )
    for places, size in (([0, 8, 12, 16, 20, 28], 32), ([0, 9, 14, 19, 24, 32], 36))
)
_TIME = np.dtype([("minute", "c16"), ("rest", "u8")])  # sixteen characters and eight, moved as numbers


def join(*parts: Any) -> Texts:
    """Element-wise concatenation of texts and arrays; null where a part is."""
    return pc.binary_join_element_wise(*parts, "")


def number(values: npt.NDArray[Any] | pa.Array) -> Texts:
    """Decimal texts."""
    return (pa.array(values) if isinstance(values, np.ndarray) else values).cast(pa.string())


def escaped(texts: Texts) -> Texts:
    """Texts as the inside of JSON strings: quotes, backslashes and control characters escaped by orjson."""
    if _is_clean(texts):
        return texts
    # Most texts need nothing: only those that do go through Python.
    odd = pc.fill_null(pc.match_substring_regex(texts, '["\\\\\\x00-\\x1f]'), fill_value=False)
    if not pc.any(odd).as_py():
        return texts
    rows = np.flatnonzero(odd.to_numpy(zero_copy_only=False))
    fixed_up = [orjson.dumps(text).decode()[1:-1] for text in texts.take(pa.array(rows)).to_pylist()]
    return pc.replace_with_mask(texts, odd, pa.array(fixed_up, pa.string()))


def _is_clean(texts: Texts) -> bool:
    """Whether no byte of an array's texts needs an escape: a look at all of them at once."""
    if not isinstance(texts, pa.StringArray) or not len(texts):
        return False
    _, bounds, data = texts.buffers()
    first, last = np.frombuffer(bounds, np.int32)[[texts.offset, texts.offset + len(texts)]].tolist()
    if first == last:
        return True
    found = np.frombuffer(data, np.uint8)[first:last]
    return not (found.min() < 0x20 or (found == ord('"')).any() or (found == ord("\\")).any())


def score_text(hundredths: I64) -> Texts:
    """87.5, 87.25, 88: as ``sim.caliper.fields.plain_score`` and orjson write them."""
    whole, rest = hundredths // 100, hundredths % 100
    return join(number(whole), _hundredths().take(pa.array(rest)))


@cache
def _hundredths() -> pa.StringArray:
    return pa.array(["", *(f".{r:02d}".rstrip("0") for r in range(1, 100))])


def time_text(ms: I64) -> Texts:
    """``2026-10-12T13:05:09.123Z`` for UTC ms in any order; ``times`` is faster for sorted ones."""
    if not len(ms):
        return pa.array([], pa.string())
    minutes, row = np.unique(ms // MINUTE_MS, return_inverse=True)
    return fixed(_time_texts(minutes, row, ms))


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
    digits: U8 = _HEX[both.view("<u2")].view(np.uint8).reshape(len(high), 32)
    return digits


def uuid_texts(high: U64, low: U64) -> U8:
    """[n, 36] bytes: 8-4-4-4-12 texts."""
    digits = hex_texts(high, low).view(_DIGITS).reshape(-1)
    texts = np.full(36 * len(high), ord("-"), dtype=np.uint8)
    groups = texts.view(_DASHED)
    for name in _DASHED.names or ():
        groups[name] = digits[name]
    return texts.reshape(-1, 36)


def time_texts(ms: I64) -> U8:
    """[n, 24] bytes, ``2026-10-12T13:05:09.123Z``: each minute's text once, the rest by arithmetic."""
    if not len(ms):
        return np.empty((0, 24), dtype=np.uint8)
    minute = ms // MINUTE_MS
    turns = np.diff(minute, prepend=minute[0] - 1) != 0  # events come in order: few minutes, in runs
    return _time_texts(minute[turns], np.cumsum(turns) - 1, ms)


def _time_texts(minutes: I64, row: I64, ms: I64) -> U8:
    """Times of known minutes; ``row`` says which one each time is in."""
    days = (minutes * MINUTE_MS).astype("datetime64[ms]")
    heads = np.datetime_as_string(days, unit="m").astype("S16").view(np.complex128)
    texts = np.empty(len(ms), dtype=_TIME)
    texts["minute"], texts["rest"] = heads[row], _seconds()[ms - minutes[row] * MINUTE_MS]
    return texts.view(np.uint8).reshape(-1, 24)


@cache
def _seconds() -> U64:
    """The eight bytes of ``:05.123Z``, as a number, for each millisecond of a minute."""
    text = np.full((MINUTE_MS, 8), np.frombuffer(b":00.000Z", np.uint8))
    for place, ms in ((1, 10_000), (2, 1_000), (4, 100), (5, 10), (6, 1)):
        text[:, place] += (np.arange(MINUTE_MS) // ms % 10).astype(np.uint8)
    return text.view(np.uint64).reshape(-1)


def fixed(texts: U8) -> pa.StringArray:
    """[n, width] bytes as a string array, without a copy."""
    n, width = texts.shape
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts)))


def times(ms: I64) -> pa.StringArray:
    """``2026-10-12T13:05:09.123Z`` for sorted UTC ms."""
    return fixed(time_texts(ms))
