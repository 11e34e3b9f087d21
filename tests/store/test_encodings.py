"""How values stand in the store's Parquet files: dictionaries where they come up again, and only there."""

from __future__ import annotations

import pyarrow.parquet as pq
import pytest

import schemas
from context.store.files import ordered, repeated
from context.store.store import ENTITY, KEYMAP, table_path
from tests.samples.tiny import tiny


@pytest.mark.parametrize(
    ("dataset", "name", "without"),
    [
        (ENTITY, "learner_activity_result", {"learner_activity_result_id", "response_date", "updated_date"}),
        (ENTITY, "person", {"person_id"}),
        (KEYMAP, "person", {"id", "lms_int_id", "lms_ext_id"}),
    ],
)
def test_what_is_new_in_each_row_has_no_dictionary(dataset: str, name: str, without: set[str]) -> None:
    """A key, a keymap's ids and times stand as they are; of other columns each value stands once."""
    table = schemas.table(dataset, name)
    group = pq.read_metadata(table_path(tiny().root, dataset, name)).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    coded = {each.path_in_schema for each in columns if each.has_dictionary_page}
    truths = {column.name for column in table.columns if column.type == "BOOL"}  # which Parquet has as bits
    assert coded == set(repeated(table)) - truths
    assert without <= set(table.names) - coded


@pytest.mark.parametrize("name", ["learner_activity_result", "person"])
def test_only_what_rises_has_its_extremes_in_the_file(name: str) -> None:
    """Numbers and times have statistics, by which queries pass over row groups; nothing else has any."""
    table = schemas.table(ENTITY, name)
    group = pq.read_metadata(table_path(tiny().root, ENTITY, name)).row_group(0)
    columns = [group.column(i) for i in range(group.num_columns)]
    found = {column.path_in_schema for column in columns if column.is_stats_set}
    assert found == set(ordered(table))
    assert table.key[0] in found
    assert not found & {
        column.name for column in table.columns if column.type in ("STRING", "BOOL", "NUMERIC")
    }
