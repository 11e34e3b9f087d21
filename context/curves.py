"""Functions of standard normals, read from tables: equal on every machine, whatever its libm."""

from __future__ import annotations

from functools import lru_cache
from math import exp
from statistics import NormalDist

import numpy as np

from context.arrays import F64

_STEPS, _REACH = 128, 8  # rows of a table a unit, units to both sides of 0
_ROWS = range(-_STEPS * _REACH, _STEPS * _REACH + 1)


@lru_cache(maxsize=64)
def _exp_table(sigma: float) -> F64:
    return np.array([float(f"{exp(sigma * row / _STEPS - sigma * sigma / 2):.12g}") for row in _ROWS])


@lru_cache(maxsize=1)
def _normal_cdf() -> F64:
    cdf = NormalDist().cdf
    return np.array([float(f"{cdf(row / _STEPS):.12g}") for row in _ROWS])


def _read(table: F64, z: F64) -> F64:
    """Linear interpolation; ``z`` beyond the table has the value at its end."""
    at = (np.clip(z, -_REACH, _REACH) + _REACH) * _STEPS
    row = np.minimum(at.astype(np.int64), len(table) - 2)
    return np.asarray(table[row] + (table[row + 1] - table[row]) * (at - row))


def lognormal_of(z: F64, sigma: float) -> F64:
    """exp(sigma z - sigma**2 / 2): the lognormal of mean 1 of standard normals ``z``, float64."""
    return _read(_exp_table(sigma), z)


def probability_of(z: F64) -> F64:
    """The standard normal distribution function, float64 in [0, 1]."""
    return _read(_normal_cdf(), z)
