"""Codes of integer columns: their texts are those of the option sets, and runs are counted as by hand."""

from __future__ import annotations

import numpy as np
import pytest

import schemas
from context.arrays import each_once, ordinals, repetition, run_places, values_and_codes
from context.content.activities import ACTIVITY_KINDS
from context.content.content import ITEM_KINDS, LINKED_ENTITIES
from context.courses.conferences import GuestPart
from context.grades.module_progress import MODULE_STATES
from context.packs.people_codes import CAREERS, CLASSES, LOADS, STANDINGS, Career, Standing
from context.results.comments import COMMENT_KINDS
from context.results.overrides import OVERRIDE_TYPES
from tests.samples.tiny import default_pack

TEXTS = {
    ("module_item", "type"): ITEM_KINDS,
    ("module_progression", "status"): MODULE_STATES,
    ("participant_session_role", "type"): tuple(part.name.lower() for part in GuestPart),
    ("person__academic_term", "ps_student_level"): CAREERS,
    ("person__academic_term", "cen_academic_level"): STANDINGS,
    ("learner_activity_override", "type"): OVERRIDE_TYPES,
}


@pytest.mark.parametrize(("table", "column"), TEXTS, ids=[".".join(each) for each in TEXTS])
def test_texts_are_options(table: str, column: str) -> None:
    """The text of every code is one that its column may have."""
    options = schemas.table("context_store_entity", table).column(column).options
    assert options is not None
    assert set(TEXTS[table, column]) <= set(schemas.option_set(options))


def test_texts_are_the_packs() -> None:
    """Laws and phrases of the pack are there for every code that is looked up in it."""
    pack = default_pack()
    assert set(ACTIVITY_KINDS) <= set(pack.table("score")["kind"])
    assert set(COMMENT_KINDS) <= set(pack.table("phrase")["kind"])
    for career in Career:
        mine = {STANDINGS[code] for code in Standing if code.career == career}
        shares = pack.categorical("person", "standing").shares(CAREERS[career])
        assert mine == {name for name, share in shares.items() if share}
        assert set(pack.categorical("person", "load").shares(CAREERS[career])) <= {*LOADS, None}
    assert tuple(STANDINGS[code] for code in Standing if code.career == Career.UNDERGRADUATE) == CLASSES


def test_items_link_to_tables() -> None:
    """Every kind of item but a sub-header has an entity, to which items have a reference."""
    columns = schemas.table("context_store_entity", "module_item").names
    assert len(LINKED_ENTITIES) == len(ITEM_KINDS) - 1
    assert {f"{name}_id" for name in LINKED_ENTITIES} <= set(columns)


def test_places_are_counted_in_runs() -> None:
    """Places in runs, by length, by value and by what came before, are what a loop counts."""
    counts = np.array([0, 3, 1, 0, 2])
    assert ordinals(counts).tolist() == [0, 1, 2, 0, 0, 1]
    assert run_places(np.array([2, 2, 2, 5, 9, 9])).tolist() == [0, 1, 2, 0, 0, 1]
    assert repetition(np.array([4, 1, 4, 4, 1])).tolist() == [0, 0, 1, 2, 1]
    assert len(run_places(np.empty(0, np.int64))) == len(repetition(np.empty(0, np.int64))) == 0


def test_values_each_once_are_those_of_a_set() -> None:
    """Every value is there once, in order: none of several, the least and the largest integers."""
    bounds = np.iinfo(np.int64)
    values = np.random.default_rng(3).integers(-9, 9, 200)
    for given in (values, values[:0], values[:1], np.array([bounds.max, bounds.min, bounds.max])):
        assert each_once(given).tolist() == sorted(set(given.tolist()))


@pytest.mark.parametrize(
    "values", [[], [7], [3, 3, 3], [5, 1, 1, 4, 5, 3], [0, 10**12, -4, 0], [-3, -1, -3, -2], [10**6, 2, 2]]
)
def test_values_and_their_codes_are_those_of_a_sort(values: list[int]) -> None:
    """Each value stands once, in order, and codes lead back to it, in narrow ranges and in wide ones."""
    distinct, codes = values_and_codes(np.array(values, dtype=np.int64))
    assert distinct.tolist() == sorted(set(values))
    assert distinct[codes].tolist() == values
    assert (distinct.dtype, codes.dtype) == (np.int64, np.int64)
