"""How large each table of the store is, and which of its columns say nothing: as its schema has it."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import schemas
from context.scenario.scenario import Scenario
from tests.samples.tiny import store_of

THOUSAND = Scenario(name="thousand", fte=1000, seed=3)
ENTITIES = schemas.tables("context_store_entity")


@pytest.mark.parametrize("table", ENTITIES, ids=lambda t: t.name)
def test_rows_are_as_expected(table: schemas.Table) -> None:
    """At 1,000 FTE each table has the rows that its schema expects, within the bound that it gives.

    Expected is the mean of twelve campuses; the bound is five of their sd, .05 at the least and .9 at most,
    where few courses decide (outcomes, conferences, requirements).
    """
    assert table.rows is not None
    found = len(store_of(THOUSAND).entity[table.name])
    assert found == pytest.approx(table.rows.expected, rel=max(table.rows.within, 1e-9))


def _distinct(column: pa.ChunkedArray) -> int:
    return len(pc.unique(column))


@pytest.mark.parametrize("table", ENTITIES, ids=lambda t: t.name)
def test_columns_that_never_vary_say_why(table: schemas.Table) -> None:
    """At 1,000 FTE no column of a table with more than a row is constant or empty but for a stated reason."""
    found = store_of(THOUSAND).entity[table.name]
    silent = [
        column.name
        for column in table.columns
        if not (column.uniform or column.always_null) and len(found) > 1 and _distinct(found[column.name]) < 2
    ]
    assert silent == []


@pytest.mark.parametrize("table", ENTITIES, ids=lambda t: t.name)
def test_null_by_design_is_what_is_null(table: schemas.Table) -> None:
    """At 1,000 FTE the columns without a value are those that the contracts call NULL, native ids too."""
    store = store_of(THOUSAND)
    rows = [(table, store.entity[table.name])]
    if table.keymap:
        rows.append((schemas.table("context_store_keymap", table.name), store.keymap[table.name]))
    for contract, found in rows:
        empty = [name for name in contract.names if found[name].null_count == len(found)]
        assert empty == [column.name for column in contract.columns if column.always_null]


def test_every_entity_has_a_family() -> None:
    """Each entity belongs to one of the families that pictures and lists show, and none of those is empty."""
    assert {table.family for table in ENTITIES} == set(schemas.FAMILIES)


def test_keymaps_are_filled() -> None:
    """What the registrar knows has SIS ids, what Canvas knows has both of its own, the rest has none."""
    keymaps = store_of(THOUSAND).keymap
    for table in (t for t in ENTITIES if t.keymap):
        found = keymaps[table.name]
        for place in ("int", "ext"):
            if "SIS" in table.loaded_from:
                assert found[f"sis_{place}_id"].null_count < len(found), table.name
            lms = found[f"lms_{place}_id"].null_count
            assert lms == (0 if "LMS" in table.loaded_from else len(found)), table.name
