"""The platform's own tables of distributions: written by a fit, and enough for another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

import schemas
from context.packs.pack import check_pack, load_pack
from sim.fit.fitted import Fitted
from sim.fit.published import CONTEXT_TABLE, EVENT_TABLE, save_distributions
from sim.fit.rates import before
from tests.samples.fitted_tiny import fitted_from, tiny_fit, tiny_pack

TABLES = ("context_store_distributions", "event_store_distributions")


def _larger() -> Fitted:
    """The tiny fit, with two families and levels as if of four courses of twenty students each."""
    clicks = tiny_fit().clicks
    assert clicks is not None
    assert clicks.counted is not None
    students, courses = np.zeros_like(clicks.counted.students), np.zeros_like(clicks.counted.courses)
    students[:2, :2], courses[:2, :2] = 20, 4
    counted = replace(clicks.counted, students=students, courses=courses)
    return replace(tiny_fit(), clicks=replace(clicks, counted=counted))


def _file_of(folder: Path) -> Path:
    """A DuckDB file with the two tables and nothing else."""
    paths = save_distributions(_larger(), load_pack(tiny_pack()), folder)
    with duckdb.connect(str(folder / "told.duckdb")) as connection:
        connection.execute("CREATE SCHEMA udp_distributions")
        for path in paths:
            connection.execute(
                f"CREATE TABLE udp_distributions.{path.stem} AS SELECT * FROM read_parquet('{path}')"
            )
    return folder / "told.duckdb"


def test_the_tables_alone_make_a_pack(tmp_path: Path) -> None:
    """A pack fitted to the published tables alone has shares, moments and rates of the one behind them."""
    again = fitted_from(f"duckdb:{_file_of(tmp_path)}")
    again.draft.save(tmp_path / "pack")
    assert check_pack(tmp_path / "pack") == []
    roles = "course_section_enrollment.role"
    here, there = (found.shares[roles].shares[()] for found in (tiny_fit(), again))
    assert there["Student"] == pytest.approx(here["Student"], abs=0.02)  # of some sixty, whole ones
    assert again.shares.keys() <= tiny_fit().shares.keys()
    name = "learner_activity_group.activities"
    assert again.moments[name]["avg"] == pytest.approx(tiny_fit().moments[name]["avg"], rel=1e-3)
    assert again.clicks is not None
    assert again.clicks.counted is not None
    counted = _larger().clicks
    assert counted is not None
    assert counted.counted is not None
    # Each under its own kinds of days: what is published is of the days that were counted.
    asked = before(load_pack(tiny_pack()), counted.counted.axes)[:2, :2]
    told = before(load_pack(tmp_path / "pack"), again.clicks.counted.axes)[:2, :2]
    assert (np.abs(told - asked).sum() / asked.sum()) < 0.01
    assert np.allclose(told.sum(axis=2), asked.sum(axis=2), rtol=0.01)


def test_what_is_published_is_guarded(tmp_path: Path) -> None:
    """Columns are the contract's; no row stands for few people; figures have few digits."""
    save_distributions(_larger(), load_pack(tiny_pack()), tmp_path)
    fields, rates = (pq.read_table(tmp_path / "udp_distributions" / f"{name}.parquet") for name in TABLES)
    assert tuple(fields.column_names) == schemas.table(*CONTEXT_TABLE).names
    assert tuple(rates.column_names) == schemas.table(*EVENT_TABLE).names
    assert min(fields["num_records"].to_pylist()) >= 10
    assert set(rates["cip_category"].to_pylist()) == set(load_pack(tiny_pack()).rates.cips[:2])
    figures = {format(value.normalize(), "E") for value in rates["avg_events_per_person"].to_pylist()}
    assert max(len(figure.split("E")[0].replace(".", "")) for figure in figures) <= 4


def test_tables_without_rates_leave_rates_as_before(tmp_path: Path) -> None:
    """Where a tenant publishes its fields alone, rates stay the default's, and the pack says why."""
    save_distributions(tiny_fit(), load_pack(tiny_pack()), tmp_path)
    (tmp_path / "udp_distributions" / "event_store_distributions.parquet").unlink()
    again = fitted_from(f"parquet:{tmp_path}")
    assert again.clicks is None
    assert again.missing["rates"].startswith("no table named udp_distributions.event_store_distributions")
