"""The loop closed at size: a pack, a term of it, its fit, and the comparison of the two."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from context.packs.pack import find_pack, load_pack
from context.scenario.parts import Output
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.compare.compare import Comparison, compare
from sim.compare.figures import of_fit, of_pack
from sim.fit.fit import fit
from sim.fit.fitted import FitWish
from sim.fit.warehouses.open import open_warehouse
from sim.run import run
from tests.compare.test_compare_worlds import CHANGES
from tests.samples.pack_folder import edit

pytestmark = pytest.mark.gates
FTE = int(os.environ.get("LOOP_FTE", "5000"))
SEEDS = range(1, 1 + int(os.environ.get("LOOP_SEEDS", "20")))


def _closed(folder: Path, seed: int, change: Callable[[Path], object] | None = None) -> Comparison:
    """A term of the default pack, or of a changed one, fitted and compared with the default pack."""
    pack = folder / "pack"
    shutil.copytree(find_pack("us_public_r1"), pack)
    if change is not None:
        change(pack)
    scenario = Scenario(name="loop", fte=FTE, seed=seed, pack=str(pack), output=Output(event_json=False))
    run(premises(scenario, load_pack(pack)), folder / "run")
    with open_warehouse(str(folder / "run")) as warehouse:
        found = fit(warehouse, FitWish())
    found.draft.save(folder / "fitted")
    compared = compare(of_pack("asked", "us_public_r1"), of_fit("came", found, folder / "fitted"))
    shutil.rmtree(folder)
    return compared


@pytest.mark.parametrize("seed", SEEDS)
def test_an_unchanged_pack_raises_no_alarm(tmp_path: Path, seed: int) -> None:
    """A term of a pack differs from it nowhere: every margin and 99 % of cells are within their bounds.

    False alarms: 1e-3 a comparison by its bounds, which are wide of what stratified draws do.
    """
    found = _closed(tmp_path / "loop", seed)
    assert [each.facts() for each in found.beyond if not each.block.startswith("rates by cell")] == []
    cells = [each for each in found.judged if each.block == "rates by cell"]
    assert sum(not each.is_within for each in cells) <= 0.01 * len(cells)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize(("file", "change", "block", "cell"), CHANGES, ids=["tool", "share", "break"])
def test_a_changed_pack_is_caught(
    tmp_path: Path, seed: int, file: str, change: Callable[[list[list[str]]], object], block: str, cell: str
) -> None:
    """A tool's rate by a tenth, a share by three points, the recess a week earlier: each is named."""
    found = _closed(tmp_path / "loop", seed, lambda folder: edit(folder, file, change))
    assert (block, cell) in {(each.block, each.cell) for each in found.beyond}
