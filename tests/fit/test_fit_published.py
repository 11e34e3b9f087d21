"""The platform's own table of distributions: written by a fit, and enough for another."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

import schemas
from context.packs.pack import check_pack
from sim.fit.published import save_distributions
from tests.samples.fitted_tiny import fitted_from, tiny_fit


def test_the_table_alone_makes_a_pack(tmp_path: Path) -> None:
    """A pack fitted to the published table alone has the shares and moments of the one that published it."""
    path = save_distributions(tiny_fit(), tmp_path)
    table = pq.read_table(path)
    assert tuple(table.column_names) == schemas.fit_distributions().names
    assert min(table["num_records"].to_pylist()) >= 10
    again = fitted_from(f"parquet:{tmp_path}")
    again.draft.save(tmp_path / "pack")
    assert check_pack(tmp_path / "pack") == []
    roles = "course_section_enrollment.role"
    here, there = (found.shares[roles].shares[()] for found in (tiny_fit(), again))
    assert there["Student"] == pytest.approx(here["Student"], abs=0.1)
    assert again.shares.keys() <= tiny_fit().shares.keys()
    name = "learner_activity_group.activities"
    assert again.moments[name]["avg"] == pytest.approx(tiny_fit().moments[name]["avg"], rel=1e-3)
    assert again.missing["rates"].startswith("no table named context_store_entity")
