"""Keyed randomness: every random number is a pure function of (seed, purpose, natural keys, index).

There is no generator object and no state, so no order of calls matters: any worker can draw any shard and
gets the bytes of the full run. The hash is SplitMix64's finaliser (Steele, Lea and Flood 2014, public
domain constants) folded over the coordinates; integer arithmetic only, so it is equal on every machine.

This is the one place that makes randomness. Draws from tables of a pack are in
``context.packs.distribution``; they take the bits made here.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from math import exp, fsum, lgamma, log
from statistics import NormalDist

import numpy as np
import numpy.typing as npt

from context.arrays import F64, I32, I64, U64

_GOLDEN = np.uint64(0x9E3779B97F4A7C15)
_WHOLE = 0xFFFFFFFFFFFFFFFF
_MIX_1 = np.uint64(0xBF58476D1CE4E5B9)
_MIX_2 = np.uint64(0x94D049BB133111EB)
_S30, _S27, _S31 = np.uint64(30), np.uint64(27), np.uint64(31)
_QUANTILES = 1 << 12  # rows of a quantile table; values between rows are interpolated linearly


def _mix(z: U64) -> U64:
    """SplitMix64's finaliser, in place on the fresh array ``z``."""
    shifted = z >> _S30
    z ^= shifted
    z *= _MIX_1
    z ^= np.right_shift(z, _S27, out=shifted)
    z *= _MIX_2
    z ^= np.right_shift(z, _S31, out=shifted)
    return z


@lru_cache(maxsize=4096)
def _root(seed: int, purpose: str) -> np.uint64:
    """The hash of seed and purpose: BLAKE2b, so that purposes never run into each other."""
    digest = hashlib.blake2b(f"{seed}\x00{purpose}".encode(), digest_size=8).digest()
    return np.uint64(int.from_bytes(digest, "little"))


def key(seed: int, purpose: str, *coordinates: npt.ArrayLike) -> U64:
    """Hash seed, purpose and natural coordinates to one uint64 per element.

    ``coordinates`` are integers or integer arrays that broadcast against each other; negative ones are
    taken modulo 2**64. Returns an array of the broadcast shape (shape (1,) where all are scalars).
    """
    state: U64 = np.atleast_1d(np.asarray(_root(seed, purpose), dtype=np.uint64))
    for coordinate in coordinates:
        state = extend(state, coordinate)
    return state


def extend(state: U64, coordinate: npt.ArrayLike) -> U64:
    """Fold one more coordinate into keys; ``extend(key(s, p, a), b)`` equals ``key(s, p, a, b)``."""
    # The multiply keeps (a, b) and (b, a) apart; the added constant keeps 0 from being a fixed point. Arrays
    # of one number or more wrap around in silence, which scalars of NumPy would not.
    folded: U64 = np.atleast_1d(state) * _MIX_1
    one: object = coordinate
    if isinstance(one, int):  # a third less time where few keys are drawn from, as on a small campus
        folded += np.uint64((one + 1) * int(_GOLDEN) & _WHOLE)
        return _mix(folded)
    values = np.atleast_1d(np.asarray(coordinate))
    if values.dtype != np.uint64:
        values = values.astype(np.int64).view(np.uint64)
    values = values * _GOLDEN
    values += _GOLDEN
    if values.shape != folded.shape:
        return _mix(folded + values)
    values += folded
    return _mix(values)


def key_of_text(seed: int, purpose: str, texts: list[str]) -> U64:
    """Keys of texts (term codes, subjects): one uint64 per text."""
    return np.array([_root(seed, f"{purpose}\x00{text}") for text in texts], dtype=np.uint64)


def bits(keys: U64, index: npt.ArrayLike = 0) -> U64:
    """The ``index``-th 64 random bits of each key, uint64."""
    return extend(keys, index)


def uniform(keys: U64, index: npt.ArrayLike = 0) -> F64:
    """Uniform on [0, 1), multiples of 2**-53, float64."""
    return (bits(keys, index) >> np.uint64(11)).astype(np.float64) * 2.0**-53


def integer(keys: U64, bound: npt.ArrayLike, index: npt.ArrayLike = 0) -> I64:
    """Integers uniform on 0..bound-1, int64; ``bound`` (1..2**32) broadcasts.

    Takes the high half of bits x bound: its bias is below bound / 2**32.
    """
    high = bits(keys, index) >> np.uint64(32)
    return ((high * np.asarray(bound, dtype=np.int64).astype(np.uint64)) >> np.uint64(32)).astype(np.int64)


def permutation(keys: U64) -> I64:
    """Order of ``keys`` by their bits, ties by position: a keyed shuffle of 0..n-1, int64."""
    return np.argsort(bits(keys), kind="stable").astype(np.int64)


def thresholds(probabilities: list[float]) -> U64:
    """Cumulative uint64 thresholds of a probability list that sums to 1 (the last one is the maximum).

    A draw is ``searchsorted(thresholds, bits, side="right")``: integers compared with integers. Sums
    run in the order of the list, in IEEE doubles, which every machine adds alike.
    """
    total, table = 0.0, []
    scale = fsum(probabilities)
    for probability in probabilities:
        total += probability
        table.append(min(int(total / scale * 2.0**53), 2**53) * 2**11)
    table[-1] = 2**64 - 1
    return np.array([min(value, 2**64 - 1) for value in table], dtype=np.uint64)


def categorical(keys: U64, table: U64, index: npt.ArrayLike = 0) -> I64:
    """Codes 0..len(table)-1 drawn from cumulative ``thresholds``, int64."""
    codes = np.searchsorted(table, bits(keys, index), side="right")
    return np.minimum(codes, len(table) - 1).astype(np.int64)


def _from_quantiles(table: F64, keys: U64, index: npt.ArrayLike) -> F64:
    """Linear interpolation in a quantile table of ``_QUANTILES + 1`` rows: IEEE products only, no libm."""
    u = uniform(keys, index) * _QUANTILES
    row = u.astype(np.int64)
    low = table[row]
    return low + (table[row + 1] - low) * (u - row)


def _probability(row: int) -> float:
    """The probability of a table's row; the outermost two stand a quarter step inside 0 and 1."""
    return min(max(row, 0.25), _QUANTILES - 0.25) / _QUANTILES


@lru_cache(maxsize=1)
def normal_table() -> F64:
    """Quantiles of a standard normal, rounded."""
    # Rounded to 12 significant digits, so that the last bit of a CPU's libm can't show.
    inverse = NormalDist().inv_cdf
    return np.array([float(f"{inverse(_probability(row)):.12g}") for row in range(_QUANTILES + 1)])


def normal(keys: U64, index: npt.ArrayLike = 0) -> F64:
    """Standard normal, float64, from a table of quantiles; cut at about 4 sd."""
    return _from_quantiles(normal_table(), keys, index)


def normal_rank(z: F64) -> F64:
    """Probabilities in (0, 1), float64, below which standard normals ``z`` lie: the inverse of the table."""
    table = normal_table()
    row = np.clip(np.searchsorted(table, z, side="right") - 1, 0, _QUANTILES - 1)
    part = (z - table[row]) / (table[row + 1] - table[row])
    return np.asarray(np.clip((row + np.clip(part, 0.0, 1.0)) / _QUANTILES, 2.0**-33, 1 - 2.0**-33))


@lru_cache(maxsize=64)
def lognormal_table(sigma: float) -> F64:
    """Quantiles of a lognormal of mean 1 and log-sd ``sigma``, rounded."""
    return np.array([float(f"{exp(sigma * z - sigma * sigma / 2):.12g}") for z in normal_table()])


def lognormal(keys: U64, sigma: float, index: npt.ArrayLike = 0) -> F64:
    """Lognormal of mean 1 and log-sd ``sigma``, float64."""
    return _from_quantiles(lognormal_table(sigma), keys, index)


def gamma_cdf(shape: float, x: float) -> float:
    """Regularised lower incomplete gamma P(shape, x) by its power series or continued fraction."""
    if x <= 0:
        return 0.0
    front = exp(-x + shape * log(x) - lgamma(shape))
    if x < shape + 1:
        term = total = 1 / shape
        n = shape
        while abs(term) > abs(total) * 1e-16:
            n += 1
            term *= x / n
            total += term
        return total * front
    b, c = x + 1 - shape, 1e300
    d = 1 / b
    fraction = d
    for i in range(1, 500):
        a = -i * (i - shape)
        b += 2
        d = 1 / (a * d + b)
        c = b + a / c
        fraction *= d * c
        if abs(d * c - 1) < 1e-16:
            break
    return 1 - front * fraction


def _gamma_quantile(shape: float, p: float, low: float) -> float:
    """Invert ``gamma_cdf``: Newton's steps, held inside a bracket that starts at ``low``."""
    high = max(2 * low, shape)
    while gamma_cdf(shape, high) < p:
        high *= 2
    x = (low + high) / 2
    for _ in range(200):
        miss = gamma_cdf(shape, x) - p
        low, high = (low, x) if miss > 0 else (x, high)
        density = exp((shape - 1) * log(x) - x - lgamma(shape))
        step = miss / density if density > 0 else 0.0
        new = x - step
        if not low < new < high or step == 0.0:
            new = (low + high) / 2
        if abs(new - x) < 1e-14 * x:
            break
        x = new
    return x


@lru_cache(maxsize=64)
def gamma_table(shape: float) -> F64:
    """Quantiles of a gamma of mean 1 and the given shape (at least 0.5), rounded."""
    values, x = [], 0.0
    for row in range(_QUANTILES + 1):
        x = _gamma_quantile(shape, _probability(row), x)
        values.append(float(f"{x / shape:.9g}"))
    return np.array(values)


def gamma(keys: U64, shape: float, index: npt.ArrayLike = 0) -> F64:
    """Gamma of mean 1 and shape ``shape``, float64."""
    return _from_quantiles(gamma_table(shape), keys, index)


def from_rank(table: F64, u: F64) -> F64:
    """Read a quantile table at given probabilities ``u`` in [0, 1): stratified draws from ranks."""
    scaled = u * _QUANTILES
    row = np.minimum(scaled.astype(np.int64), _QUANTILES - 1)
    return np.asarray(table[row] + (table[row + 1] - table[row]) * (scaled - row))


def stratified(keys: U64) -> F64:
    """One probability per key, (rank + jitter) / n with the rank keyed too: an even sample of [0, 1)."""
    n = len(keys)
    rank = np.empty(n, dtype=np.int64)
    rank[permutation(keys)] = np.arange(n)
    return (rank + uniform(keys, 1)) / n if n else np.empty(0)


# ---------------------------------------------------------------------------------------------- Poisson
# A grid of means; a mean between two rows goes to one of them, keyed, with the odds that keep it exact.
_ROWS_PER_OCTAVE = 8
_LOWEST_EXPONENT = -14
_HIGHEST_EXPONENT = 8


@lru_cache(maxsize=1)
def _poisson_grid() -> tuple[F64, npt.NDArray[np.uint32]]:
    """(means, cdf): float64 [rows], and uint32 [k, rows] thresholds of P(N <= k), padded with max."""
    means = [0.0]
    for step in range((_HIGHEST_EXPONENT - _LOWEST_EXPONENT) * _ROWS_PER_OCTAVE + 1):
        octave, part = divmod(step, _ROWS_PER_OCTAVE)
        means.append(2.0 ** (_LOWEST_EXPONENT + octave) * (1 + part / _ROWS_PER_OCTAVE))
    rows = []
    for mean in means:
        total, k, row = 0.0, 0, []
        while total < 1 - 1e-10 and k < 2000:
            total += exp(k * log(mean) - mean - lgamma(k + 1)) if mean > 0 else 1.0
            row.append(min(round(total * 2**32), 2**32 - 1))
            k += 1
        rows.append(row)
    width = max(map(len, rows))
    cdf = np.full((len(rows), width), 2**32 - 1, dtype=np.uint32)
    for i, row in enumerate(rows):
        cdf[i, : len(row)] = row
    return np.array(means), np.ascontiguousarray(cdf.T)


def _grid_row(mean: F64) -> I64:
    """The last row of the grid not above each mean, int64: exponent and eighths are bits of a double."""
    eighths = mean.view(np.int64) >> np.int64(52 - _ROWS_PER_OCTAVE.bit_length() + 1)
    return np.asarray(np.maximum(eighths - ((1023 + _LOWEST_EXPONENT) * _ROWS_PER_OCTAVE - 1), 0))


def poisson(keys: U64, mean: F64, index: npt.ArrayLike = 0) -> I32:
    """Poisson counts, int32, of float64 ``mean`` (0..256, same shape as keys); one hash an element.

    High bits are compared with an integer CDF table, low bits choose between the two nearest grid means so
    that the mean is exact. Raises ValueError for a mean outside the grid.
    """
    means, cdf = _poisson_grid()
    if len(mean) and not (float(mean.min()) >= 0.0 and float(mean.max()) <= means[-1]):
        raise ValueError(f"poisson means must lie in 0..{means[-1]:g}, got {mean.min():g}..{mean.max():g}")
    random = bits(keys, index)
    row = np.minimum(_grid_row(mean), len(means) - 2)
    low = means[row]
    odds = (mean - low) / (means[row + 1] - low)
    row = row + ((random & np.uint64(0xFFFFFFFF)).astype(np.float64) * 2.0**-32 < odds)
    high = (random >> np.uint64(32)).astype(np.uint32)
    count = np.zeros(len(keys), dtype=np.int32)
    alive = np.flatnonzero(high >= cdf[0].take(row))
    k = 0
    while len(alive):
        k += 1
        count[alive] = k
        if k == len(cdf) - 1:
            break
        alive = alive[high[alive] >= cdf[k].take(row[alive])]
    return count


def uuid_bits(keys: U64) -> tuple[U64, U64]:
    """(high, low) halves of RFC 4122 version-4 UUIDs made from keys, uint64 each."""
    high = (bits(keys, 0) & np.uint64(0xFFFFFFFFFFFF0FFF)) | np.uint64(0x4000)
    low = (bits(keys, 1) & np.uint64(0x3FFFFFFFFFFFFFFF)) | np.uint64(0x8000000000000000)
    return high, low
