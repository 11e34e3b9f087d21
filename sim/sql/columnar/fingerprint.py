"""FARM_FINGERPRINT: FarmHash's Fingerprint64, whole columns at a time.

The algorithm and its constants are those of github.com/google/farmhash (farmhashna, Fingerprint64), which
BigQuery's page on hash functions names. Arithmetic is modulo 2^64, which NumPy's uint64 has.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context.arrays import I64, U8, U64

_K0, _K1, _K2 = (np.uint64(k) for k in (0xC3A5C85C97CB3127, 0xB492B66FBE98F273, 0x9AE16A3B2F90404F))
_SEED, _SALT, _NINE = np.uint64(81), np.uint64(113), np.uint64(9)
_BLOCK = 64


def fingerprints(column: pa.Array) -> pa.Array:
    """int64 fingerprints of a column of bytes; NULL for NULL."""
    present = column.drop_null().cast(pa.large_binary())
    hashes = _hashed(present) if len(present) else np.empty(0, np.uint64)
    missing = np.asarray(column.is_null())
    values = np.zeros(len(column), np.int64)
    values[~missing] = hashes.view(np.int64)
    return pa.array(values, pa.int64(), mask=missing)


def _hashed(column: pa.Array) -> U64:
    _, offsets, data = column.buffers()
    ends = np.frombuffer(offsets, np.int64)[column.offset : column.offset + len(column) + 1]
    letters = np.zeros(int(ends[-1] - ends[0]) + 8, np.uint8)  # what is read beyond the end is not used
    if data is not None:
        letters[:-8] = np.frombuffer(data, np.uint8)[ends[0] : ends[-1]]
    starts, sizes = ends[:-1] - ends[0], np.diff(ends)
    result = np.full(len(column), _K2, np.uint64)
    for least, most, law in (
        (1, 3, _of_3),
        (4, 7, _of_7),
        (8, 16, _of_16),
        (17, 32, _of_32),
        (33, 64, _of_64),
        (65, None, _of_more),
    ):
        chosen = np.flatnonzero((sizes >= least) & ((sizes <= most) if most is not None else True))
        if chosen.size:
            result[chosen] = law(letters, starts[chosen], sizes[chosen])
    return result


def _word(letters: U8, places: I64, size: int = 8) -> U64:
    """The ``size`` bytes at each place as a number, the lowest first."""
    found = np.zeros((places.size, 8), np.uint8)
    found[:, :size] = letters[places[:, None] + np.arange(size)]
    return found.view("<u8").ravel()


def _turned(value: U64, bits: int) -> U64:
    return (value >> np.uint64(bits)) | (value << np.uint64(64 - bits))


def _mixed(value: U64) -> U64:
    return value ^ (value >> np.uint64(47))


def _joined(one: U64, other: U64, factor: U64) -> U64:
    first = _mixed((one ^ other) * factor)
    return _mixed((other ^ first) * factor) * factor


def _factor(sizes: I64) -> U64:
    return _K2 + sizes.astype(np.uint64) * np.uint64(2)


def _of_3(letters: U8, starts: I64, sizes: I64) -> U64:
    first, middle, last = (
        letters[starts + step].astype(np.uint64) for step in (0 * sizes, sizes >> 1, sizes - 1)
    )
    low = first + (middle << np.uint64(8))
    high = sizes.astype(np.uint64) + (last << np.uint64(2))
    return _mixed(low * _K2 ^ high * _K0) * _K2


def _of_7(letters: U8, starts: I64, sizes: I64) -> U64:
    head, tail = _word(letters, starts, 4), _word(letters, starts + sizes - 4, 4)
    return _joined(sizes.astype(np.uint64) + (head << np.uint64(3)), tail, _factor(sizes))


def _of_16(letters: U8, starts: I64, sizes: I64) -> U64:
    factor = _factor(sizes)
    head, tail = _word(letters, starts) + _K2, _word(letters, starts + sizes - 8)
    return _joined(_turned(tail, 37) * factor + head, (_turned(head, 25) + tail) * factor, factor)


def _of_32(letters: U8, starts: I64, sizes: I64) -> U64:
    factor = _factor(sizes)
    a, b = _word(letters, starts) * _K1, _word(letters, starts + 8)
    c, d = _word(letters, starts + sizes - 8) * factor, _word(letters, starts + sizes - 16) * _K2
    return _joined(_turned(a + b, 43) + _turned(c, 30) + d, a + _turned(b + _K2, 18) + c, factor)


def _of_64(letters: U8, starts: I64, sizes: I64) -> U64:
    factor, ends = _factor(sizes), starts + sizes
    a, b = _word(letters, starts) * _K2, _word(letters, starts + 8)
    c, d = _word(letters, ends - 8) * factor, _word(letters, ends - 16) * _K2
    y = _turned(a + b, 43) + _turned(c, 30) + d
    z = _joined(y, a + _turned(b + _K2, 18) + c, factor)
    e, f = _word(letters, starts + 16) * factor, _word(letters, starts + 24)
    g, h = (y + _word(letters, ends - 32)) * factor, (z + _word(letters, ends - 24)) * factor
    return _joined(_turned(e + f, 43) + _turned(g, 30) + h, e + _turned(f + a, 18) + g, factor)


def _pair(letters: U8, places: I64, one: U64, other: U64) -> tuple[U64, U64]:
    """Thirty-two bytes mixed into two numbers."""
    w, x, y, z = (_word(letters, places + step) for step in (0, 8, 16, 24))
    a = one + w
    b = _turned(other + a + z, 21)
    total = a + x + y
    return total + z, b + _turned(total, 44) + a


def _of_more(letters: U8, starts: I64, sizes: I64) -> U64:
    count = starts.size
    x = np.full(count, _SEED) * _K2 + _word(letters, starts)
    y = np.full(count, _SEED) * _K1 + _SALT
    z = _mixed(y * _K2 + _SALT) * _K2
    state = np.stack([x, y, z, *np.zeros((4, count), np.uint64)])  # x, y, z, v, v', w, w'
    blocks = (sizes - 1) // _BLOCK
    for block in range(int(blocks.max())):
        active = np.flatnonzero(blocks > block)
        state[:, active] = _rounded(letters, starts[active] + block * _BLOCK, state[:, active])
    left = ((sizes - 1) % _BLOCK).astype(np.uint64)
    factor = _K1 + ((state[2] & np.uint64(0xFF)) << np.uint64(1))
    x, y, z, v, v2, w, w2 = _rounded(letters, starts + sizes - _BLOCK, state, factor, left)
    return _joined(
        _joined(v, w, factor) + _mixed(y) * _K0 + z,
        _joined(v2, w2, factor) + x,
        factor,
    )


def _rounded(letters: U8, places: I64, state: U64, factor: U64 | None = None, left: U64 | None = None) -> U64:
    """A block of 64 bytes; the last one has a factor of its own."""
    x, y, z, v, v2, w, w2 = state
    last = factor is not None
    by = _K1 if factor is None else factor
    if left is not None:
        w = w + left
        v = v + w
        w = w + v
    x = _turned(x + y + v + _word(letters, places + 8), 37) * by
    y = _turned(y + v2 + _word(letters, places + 48), 42) * by
    x = x ^ (w2 * _NINE if last else w2)
    y = y + (v * _NINE if last else v) + _word(letters, places + 40)
    z = _turned(z + w, 33) * by
    v, v2 = _pair(letters, places, v2 * by, x + w)
    w, w2 = _pair(letters, places + 32, z + w2, y + _word(letters, places + 16))
    return np.stack([z, y, x, v, v2, w, w2])
