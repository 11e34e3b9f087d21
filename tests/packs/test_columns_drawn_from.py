"""Columns say from which rows of the pack they are drawn, or what they follow from."""

from __future__ import annotations

import pytest

import schemas
from context.packs.pack import Pack
from tests.samples.tiny import default_pack

ENTITIES = schemas.tables("context_store_entity")
# Columns of option sets whose shares still stand in the code, as assumptions: this number only falls.
MOST_WITHOUT = 23


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


def test_option_sets_have_a_law() -> None:
    """Columns of option sets that vary are drawn from the pack or follow from something, but for a few."""
    without = [
        f"{table.name}.{column.name}"
        for table in ENTITIES
        for column in table.columns
        if column.options
        and not (column.uniform or column.always_null or column.drawn_from or column.follows_from)
    ]
    assert len(without) <= MOST_WITHOUT, without


def test_laws_named_after_a_column_are_its_own() -> None:
    """A field of the pack that is called like a column is one of those that the column names."""
    pack = default_pack()
    for kind in ("categorical", "continuous"):
        columns = pack.table(kind)
        for entity, field in dict.fromkeys(zip(columns["entity"], columns["field"], strict=True)):
            for table in ENTITIES:
                if table.name == entity and field in table.names and table.column(field).options:
                    assert f"{kind} {entity}.{field}" in table.column(field).drawn_from
