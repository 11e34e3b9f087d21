"""The small campus fitted once per session of tests; nobody changes it."""

from __future__ import annotations

import pickle
from functools import cache
from pathlib import Path

from sim.fit.fit import fit
from sim.fit.fitted import Fitted, FitWish
from sim.fit.warehouses.open import open_warehouse
from tests.samples.session_folder import made_once
from tests.samples.tiny import term_run


def fitted_from(address: str, wish: FitWish | None = None) -> Fitted:
    """A fit on one thread."""
    with open_warehouse(address, threads=1) as source:
        return fit(source, wish or FitWish())


@cache
def tiny_fit() -> Fitted:
    """A run of all of the Fall term, fitted."""
    found: Fitted = pickle.loads((_made() / "fit.pickle").read_bytes())  # noqa: S301 - our own
    return found


def tiny_pack() -> Path:
    """Its pack as a folder."""
    return _made() / "pack"


def _made() -> Path:
    return made_once("fitted", _fit)


def _fit(folder: Path) -> None:
    found = fitted_from(str(term_run()))
    found.draft.save(folder / "pack")
    (folder / "fit.pickle").write_bytes(pickle.dumps(found))
