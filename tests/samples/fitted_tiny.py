"""The small campus fitted once per test process; nobody changes it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from sim.fit.fit import fit
from sim.fit.fitted import Fitted, FitWish
from sim.fit.warehouses.open import open_warehouse
from tests.samples.tiny import term_run


def fitted_from(address: str, wish: FitWish | None = None) -> Fitted:
    """A fit on one thread."""
    with open_warehouse(address, threads=1) as source:
        return fit(source, wish or FitWish())


@cache
def tiny_fit() -> Fitted:
    """A run of all of the Fall term, fitted."""
    return fitted_from(str(term_run()))


@cache
def tiny_pack() -> Path:
    """Its pack as a folder."""
    folder = Path(mkdtemp(prefix="termtide-fit-")) / "pack"
    tiny_fit().draft.save(folder)
    return folder
