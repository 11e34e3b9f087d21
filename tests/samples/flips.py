"""Bits that are flipped in files, at places that are the same in every run."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from context import rng


def flip(path: Path, place: int) -> None:
    """Flip one bit of a file; ``place`` numbers the flips, the bit depends on it and on the file's size."""
    data = bytearray(path.read_bytes())
    key = rng.key(14, "flips", np.array([place]))
    byte, bit = int(rng.integer(key, len(data), 0)[0]), int(rng.integer(key, 8, 1)[0])
    data[byte] ^= 1 << bit
    path.write_bytes(data)
