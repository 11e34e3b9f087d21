"""Columns say from which rows of the pack they are drawn, or what they follow from."""

from __future__ import annotations

import pytest

import schemas
from context.packs.pack import Pack
from sim.report.table_facts import column_rows
from tests.samples.tiny import default_pack

ENTITIES = schemas.tables("context_store_entity")
MEASURED = ("INT64", "NUMERIC", "FLOAT64", "BOOL")


def is_there(pack: Pack, block: str) -> bool:
    """Whether a pack has a block, such as ``categorical person.sex``."""
    kind, _, name = block.partition(" ")
    if kind == "table":
        return name in pack.tables
    return any(entry == block for entry, _, _ in pack.sources())


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.name)
def test_blocks_are_in_the_pack(table: schemas.Table) -> None:
    """Every block that a column names is in the default pack."""
    for column in table.columns:
        for block in column.drawn_from:
            assert is_there(default_pack(), block), f"{table.name}.{column.name}: {block}"
        assert not (column.drawn_from and column.always_null)
    assert not is_there(default_pack(), "categorical person.shoe_size")


def is_told(column: schemas.Column) -> bool:
    """Whether a column says where its values come from, or why they do not vary."""
    return bool(column.uniform or column.always_null or column.drawn_from or column.follows_from)


def is_measured(column: schemas.Column) -> bool:
    """Whether a column is a number that is no id, or says yes or no."""
    return column.type in MEASURED and not (column.references or column.name.endswith("_id"))


def test_option_sets_and_numbers_have_a_law() -> None:
    """Every option set, measured number and yes or no says from what it is drawn or computed."""
    columns = [(table.name, column) for table in ENTITIES for column in table.columns]
    wanted = [(name, column) for name, column in columns if column.options or is_measured(column)]
    assert [f"{name}.{column.name}" for name, column in wanted if not is_told(column)] == []
    assert len(wanted) > 250
    silent = schemas.Column("shoe_size", "INT64", "NULLABLE", "Size.", "inferred")
    assert is_measured(silent)
    assert not is_told(silent)


def test_schema_shows_the_law() -> None:
    """``termtide schema show`` names the blocks of the pack, or what a column is computed from."""
    rows = {row["column"]: row for row in column_rows(schemas.table("context_store_entity", "quiz_result"))}
    assert rows["fudge_points"]["drawn_from"] == "numbers quiz_result.fudged_share"
    assert rows["quiz_points_possible"]["drawn_from"] == "computed from the quiz"


def test_laws_named_after_a_column_are_its_own() -> None:
    """A field of the pack that is called like a column is one of those that the column names."""
    pack = default_pack()
    for kind in ("categorical", "continuous"):
        columns = pack.table(kind)
        for entity, field in dict.fromkeys(zip(columns["entity"], columns["field"], strict=True)):
            for table in ENTITIES:
                if table.name == entity and field in table.names and table.column(field).options:
                    assert f"{kind} {entity}.{field}" in table.column(field).drawn_from
