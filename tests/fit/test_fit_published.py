"""The platform's own tables of distributions: written by a fit, and enough for another."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import duckdb
import numpy as np
import pyarrow.parquet as pq
import pytest

import schemas
from context.errors import InputError
from context.packs.pack import check_pack, load_pack
from context.packs.spec import TABLES as TABLES_OF_PACKS
from sim.fit.fitted import Fitted
from sim.fit.laws import told_rows, told_values, value_columns
from sim.fit.published import CONTEXT_TABLE, EVENT_TABLE, PACK_TABLE, save_distributions
from sim.fit.rates import before
from sim.fit.terms.calendar import usual_calendar
from sim.fit.warehouses.source import FitRow
from tests.samples.fitted_tiny import fitted_from, tiny_fit, tiny_pack
from tests.samples.tiny import default_pack

TABLES = ("context_store_distributions", "event_store_distributions", "pack_distributions")


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
    """A DuckDB file with the published tables and nothing else."""
    paths = save_distributions(_larger(), load_pack(tiny_pack()), folder)
    with duckdb.connect(str(folder / "told.duckdb")) as connection:
        connection.execute("CREATE SCHEMA udp_distributions")
        for path in paths:
            connection.execute(
                f"CREATE TABLE udp_distributions.{path.stem} AS SELECT * FROM read_parquet('{path}')"
            )
    return folder / "told.duckdb"


@cache
def _again() -> tuple[Fitted, Path]:
    """What is fitted to the published tables alone, and its pack."""
    folder = Path(mkdtemp(prefix="termtide-told-"))
    again = fitted_from(f"duckdb:{_file_of(folder)}")
    again.draft.save(folder / "pack")
    return again, folder / "pack"


def test_the_tables_alone_make_a_pack() -> None:
    """A pack fitted to the published tables alone has shares, moments and rates of the one behind them."""
    again, folder = _again()
    assert check_pack(folder) == []
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
    told = before(load_pack(folder), again.clicks.counted.axes)[:2, :2]
    assert (np.abs(told - asked).sum() / asked.sum()) < 0.01
    assert np.allclose(told.sum(axis=2), asked.sum(axis=2), rtol=0.01)


def test_what_is_published_is_guarded(tmp_path: Path) -> None:
    """Columns are the contract's; no row stands for few people; figures have few digits."""
    save_distributions(_larger(), load_pack(tiny_pack()), tmp_path)
    fields, rates, others = (
        pq.read_table(tmp_path / "udp_distributions" / f"{name}.parquet") for name in TABLES
    )
    assert tuple(fields.column_names) == schemas.table(*CONTEXT_TABLE).names
    assert tuple(rates.column_names) == schemas.table(*EVENT_TABLE).names
    assert tuple(others.column_names) == schemas.table(*PACK_TABLE).names
    assert min(fields["num_records"].to_pylist()) >= 10
    assert min(count for count in others["num_records"].to_pylist() if count is not None) >= 10
    few = replace(tiny_fit(), laws={"device": {"all": 9}}).note()["units"]["table device"]
    assert few == {"all": -1}
    families = {role: set() for role in set(rates["role"].to_pylist())}
    for role, family in zip(rates["role"].to_pylist(), rates["cip_category"].to_pylist(), strict=True):
        families[role].add(family)
    assert families == {"Student": set(load_pack(tiny_pack()).rates.cips[:2]), "Teacher": {"other"}}
    figures = {format(value.normalize(), "E") for value in rates["avg_events_per_person"].to_pylist()}
    assert max(len(figure.split("E")[0].replace(".", "")) for figure in figures) <= 4


# What the tiny fit has of its own, and is published.
OTHERS = ("hour", "gap", "visits", "visit_slots", "device", "submission_lead", "letter")


def test_the_other_tables_are_those_of_the_pack() -> None:
    """Calendar, devices, visits and all other tables that were fitted come back as they are in the pack."""
    pack = load_pack(tiny_pack())
    again, folder = _again()
    told, fitted = load_pack(folder), tiny_fit()
    assert set(OTHERS) <= fitted.laws.keys() <= again.laws.keys()
    for name in (*OTHERS, "calendar", "numbers"):
        sources = {source for block, source, _ in told.sources() if block == name}
        if name != "numbers":
            assert any(source.startswith("fitted from") for source in sources), name
        for column in TABLES_OF_PACKS[name].key:
            assert sorted(map(str, told.table(name)[column])) == sorted(map(str, pack.table(name)[column]))
        for column in set(value_columns(name)) - set(TABLES_OF_PACKS[name].key):
            assert np.allclose(told.table(name)[column], pack.table(name)[column], atol=2e-6), (name, column)
    assert again.clicks is not None
    assert again.clicks.counted is not None
    fall = usual_calendar(pack, "Fall", None)
    assert [kind for kind in again.clicks.counted.axes.kinds if kind in ("holiday", "break")] == [
        str(kind) for kind in fall.kind_of(fall.days) if kind in ("holiday", "break")
    ]


def _told(table: str, key: str, column: str, value: float) -> FitRow:
    return {"table_name": table, "row_key": key, "column_name": column, "value": value, "num_records": 100}


def test_what_is_told_is_made_to_fit() -> None:
    """Of what a tenant tells, the pack's own rows are taken and sum to 1; a key that is none is refused."""
    rows = [
        _told("visits", '{"visits": 1}', "share", 0.3),
        _told("visits", '{"visits": 2}', "share", 0.3),
        _told("visits", '{"visits": 99}', "share", 0.4),
        _told("secrets", '{"name": "Ada"}', "share", 1.0),
    ]
    values = told_values(rows)
    assert values.keys() == {"visits"}
    made = told_rows(default_pack(), "visits", values["visits"])
    assert made is not None
    assert [row["share"] for row in made][:3] == [0.5, 0.5, 0.0]
    assert told_rows(default_pack(), "gap", {}) is None
    for key in ("nothing", "[1]", '{"visit": 1}', '{"visits": [1]}'):
        with pytest.raises(InputError, match=r"pack_distributions\.row_key: .* given for visits, allowed"):
            told_values([_told("visits", key, "share", 1.0)])


def test_tables_without_rates_leave_rates_as_before(tmp_path: Path) -> None:
    """Where a tenant publishes its fields alone, rates stay the default's, and the pack says why."""
    save_distributions(tiny_fit(), load_pack(tiny_pack()), tmp_path)
    (tmp_path / "udp_distributions" / "event_store_distributions.parquet").unlink()
    again = fitted_from(f"parquet:{tmp_path}")
    assert again.clicks is None
    assert again.missing["rates"].startswith("no table named udp_distributions.event_store_distributions")
