"""The store as of a date: facts declared as data, one engine, and a replay in SQL that agrees with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise

import duckdb
import pyarrow.compute as pc
import pytest

import schemas
from context.errors import InputError
from context.scenario.scenario import Scenario
from context.scenario.zones import wall_to_instant
from context.store.as_of import as_of
from context.store.grade_history import NEEDED, score_history
from context.store.store import Store
from schemas._load import parse_table
from schemas._model import Rule, Table
from tests.samples.in_one_call import last_change
from tests.samples.replay import ENTITIES, differences, open_store, replay
from tests.samples.tiny import TINY, store_of

ZONE = TINY.time_zone
FIRST, LAST = date(2026, 6, 1), date(2026, 12, 24)
DAYS = [FIRST + timedelta(n * (LAST - FIRST).days // 5) for n in range(5)]
DAYS += [date(2026, 8, 30) + timedelta(8 * n) for n in range(15)]
SOME = DAYS[::3]  # in make test
DATED = ("DATE", "DATETIME", "TIMESTAMP")


@cache
def morning(day: date) -> Store:
    """The tiny store as of a day."""
    return as_of(store_of(TINY), ZONE, day)


@cache
def whole() -> duckdb.DuckDBPyConnection:
    """The whole tiny store in DuckDB."""
    return open_store(store_of(TINY))


@pytest.mark.parametrize("table", ENTITIES.values(), ids=lambda table: table.name)
def test_every_date_is_declared(table: Table) -> None:
    """Each column of dates says what it is; paths lead over references to dates."""
    for column in table.columns:
        rule = table.as_of.rule(column.name)
        if column.type in DATED:
            assert rule is not None, f"{table.name}.{column.name}: declare it in [as_of]"
    for path in _paths(table):
        here = table
        for step in path[:-1]:
            references = here.column(step).references
            assert references, (table.name, path)
            here = ENTITIES[references.split(".")[0]]
        assert here.column(path[-1]).type in DATED, (table.name, path)


def _paths(table: Table) -> list[tuple[str, ...]]:
    born = table.as_of.born
    paths = [born] if born and born[0] != "first" else []
    for rule in table.as_of.rules.values():
        paths.extend(since.path for since in rule.since)
        paths.extend([rule.path] if rule.kind == "grows" else [])
    return paths


@pytest.mark.parametrize(
    "day",
    [day if day in SOME else pytest.param(day, marks=pytest.mark.gates) for day in DAYS],
    ids=str,
)
def test_equals_a_replay(day: date) -> None:
    """On seven mornings (twenty in ``make gates``) each table equals what SQL makes of the dated facts."""
    midnight = wall_to_instant(ZONE, datetime(day.year, day.month, day.day))  # noqa: DTZ001
    replay(whole(), day, datetime.fromtimestamp(midnight / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S"))
    for name, table in morning(day).entity.items():
        assert not differences(whole(), name, table), name


def test_whole_after_the_last_change() -> None:
    """The morning after the last fact shows the whole store, bit for bit; the morning before doesn't."""
    store = store_of(TINY)
    last = last_change(store, ZONE)
    after = as_of(store, ZONE, last + timedelta(1))
    for (_, name, table), (_, _, again) in zip(store.datasets(), after.datasets(), strict=True):
        assert again.equals(table), name
    before = as_of(store, ZONE, last)
    assert any(not before.entity[name].equals(table) for name, table in store.entity.items())


@pytest.mark.parametrize("day", SOME[::2], ids=str)
def test_no_actual_date_lies_later(day: date) -> None:
    """Whatever is no plan lies before the morning's midnight."""
    midnight = wall_to_instant(ZONE, datetime(day.year, day.month, day.day)) * 1000  # noqa: DTZ001
    for name, table in morning(day).entity.items():
        for column in ENTITIES[name].columns:
            rule = ENTITIES[name].as_of.rule(column.name)
            if column.type in DATED and rule and rule.kind != "planned":
                latest = (
                    pc.max(table[column.name]).cast("int32" if column.type == "DATE" else "int64").as_py()
                )
                limit = (day - date(1970, 1, 1)).days if column.type == "DATE" else midnight
                assert latest is None or latest < limit, (name, column.name)


@pytest.mark.parametrize("day", SOME[::2], ids=str)
def test_no_orphans_on_any_morning(day: date) -> None:
    """Every key finds its row, and every keymap has just the ids of its entity."""
    store = morning(day)
    for name, table in store.entity.items():
        for column in ENTITIES[name].columns:
            if column.references:
                other, key = column.references.split(".")
                lost = pc.invert(pc.is_in(table[column.name].drop_null(), value_set=store.entity[other][key]))
                assert not pc.any(lost).as_py(), (name, column.name)
        if name in store.keymap:
            assert store.keymap[name]["id"].equals(table[f"{name}_id"]), name


@pytest.mark.parametrize("days", [SOME, pytest.param(DAYS, marks=pytest.mark.gates)], ids=["some", "all"])
def test_ids_do_not_depend_on_the_date(days: list[date]) -> None:
    """What is there on a morning is there later, under the same ids and native ids."""
    for earlier, later in pairwise(sorted(days)):
        for name, table in morning(earlier).keymap.items():
            then = morning(later).keymap[name]
            assert then.filter(pc.is_in(then["id"], value_set=table["id"])).equals(table), name


def test_states_move_on() -> None:
    """In the middle of the term some work is handed in and not graded, and nobody has a letter yet."""
    middle, end = morning(SOME[4]).entity, store_of(TINY).entity
    states = {"unsubmitted", "submitted", "graded"}
    assert set(middle["learner_activity_result"]["grading_status"].to_pylist()) == states
    letters = set(middle["course_grade"]["grade_on_official_transcript"].to_pylist())
    assert letters <= {None, "W"}
    assert "B" in end["course_grade"]["grade_on_official_transcript"].to_pylist()
    assert middle["course_grade"]["le_current_score"] != end["course_grade"]["le_current_score"]
    assert pc.sum(middle["wiki_page"]["view_count"]).as_py() < pc.sum(end["wiki_page"]["view_count"]).as_py()


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Honolulu"])
def test_mornings_far_from_greenwich(zone: str) -> None:
    """Ahead of UTC and behind it the morning begins at local midnight, and the last one shows everything."""
    scenario = Scenario(name="zone", fte=20, seed=2, time_zone=zone)
    store = store_of(scenario)
    after = as_of(store, zone, last_change(store, zone) + timedelta(1))
    for (_, name, table), (_, _, again) in zip(store.datasets(), after.datasets(), strict=True):
        assert again.equals(table), name


def test_before_everything() -> None:
    """A day before the first section is bad input, in one line that says what is allowed."""
    with pytest.raises(InputError, match=r"^as of 1999-01-01: .*allowed: 2026-\d\d-\d\d and after$"):
        as_of(store_of(TINY), ZONE, date(1999, 1, 1))


@pytest.mark.parametrize(
    ("section", "fault"),
    [
        ('nothing = "actual"', "no such column"),
        ('name = "actual"', "on dates alone"),
        ('name = "sometimes"', "since PATH"),
        ("name = { since = 3 }", "since: 3 given"),
        ('born = "a b"', "a column, after the references"),
    ],
)
def test_bad_declarations(section: str, fault: str) -> None:
    """What the section of a contract may not say is one clear line."""
    text = (
        'description = "A thing."\nloaded_from = "SIS"\nkey = ["thing_id"]\n'
        '[columns.thing_id]\ntype = "INT64"\nmode = "REQUIRED"\nprovenance = "inferred"\n'
        'description = "Id."\n'
        '[columns.name]\ntype = "STRING"\nprovenance = "inferred"\ndescription = "Name."\n[as_of]\n'
    )
    with pytest.raises(schemas.SchemaError, match=fault):
        parse_table("context_store_entity", "thing", text + section)


def test_dates_by_convention() -> None:
    """A table that says nothing has its created_date as birth and its updated_date as latest change."""
    rules = ENTITIES["wiki"].as_of
    assert rules.born == ("created_date",)
    assert rules.rule("created_date") == Rule("created")
    assert rules.rule("updated_date") == Rule("changed")


def test_score_history_shows_every_mornings_scores() -> None:
    """Law: on each morning the spans of grades have the scores of the store as of it, row for row."""
    store = store_of(TINY)
    days = [FIRST + timedelta(n) for n in range((LAST - FIRST).days + 1)]
    tables = {name: store.entity[name].select(columns) for name, columns in NEEDED.items()}
    spans = score_history(tables, ZONE, days)
    key = ["course_section_id", "person_id"]
    scored = 0
    for day in DAYS:
        then = pc.and_(pc.less_equal(spans["valid_from"], day), pc.greater_equal(spans["valid_to"], day))
        shown = spans.filter(then).drop_columns(["valid_from", "valid_to"])
        wanted = morning(day).entity["course_grade"].select(shown.column_names).cast(shown.schema)
        order = [(name, "ascending") for name in key]
        assert shown.sort_by(order).equals(wanted.sort_by(order)), day
        scored += len(shown) - shown["le_current_score"].null_count
    assert scored > 1_000
