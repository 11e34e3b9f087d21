"""Several terms: one store in which people progress, courses recur, and earlier terms move nothing."""

from __future__ import annotations

from dataclasses import asdict, replace
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

import schemas
from context.errors import InputError
from context.generate import laid_out
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from context.store.as_of import as_of
from context.store.joining import CALENDAR, brought, scope
from context.tables.institution.academics import academic_tables
from context.terms.graduation import CONFERRED, CREDITS
from context.terms.history import calendars, drawn_terms, term_before_name
from context.terms.premises import premises
from sim.caliper.kinds import KIND
from sim.plan.anchors import make_anchors
from sim.world.load import campus_facts, load_world, standard_scores
from tests.samples.in_one_call import last_change, write_store
from tests.samples.replay import open_store
from tests.samples.tiny import calendar_of, default_pack, drawn_of, store_of

ONE = Scenario(name="history", fte=150, seed=4)
THREE = ONE.model_copy(update={"terms": 3})
TOLD = {  # columns of the played term that say what came before it
    "person__academic_term": {"gpa_cumulative", "eot_academic_level"},
    "course_grade": {"gpa_cumulative_excluding_course_grade"},
}
ENTITIES = schemas.tables("context_store_entity")


@cache
def db() -> duckdb.DuckDBPyConnection:
    """The store of three terms in DuckDB."""
    return open_store(store_of(THREE))


def number(sql: str) -> float:
    """The one number that a query gives."""
    return float(db().sql(sql).fetchall()[0][0])


def _plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The values of a column, whose dictionary may be another one in another table."""
    return column.cast(column.type.value_type) if pa.types.is_dictionary(column.type) else column


def test_earlier_terms_move_nothing() -> None:
    """Law: the played term's rows come first, ids, people, sections and scores as without a history."""
    alone, two = store_of(ONE), store_of(ONE.model_copy(update={"terms": 2}))
    for (_, name, table), (_, _, longer), (_, _, most) in zip(
        alone.datasets(), two.datasets(), store_of(THREE).datasets(), strict=True
    ):
        assert len(table) <= len(longer) <= len(most), name
        for column in set(table.column_names) - TOLD.get(name, set()):
            there = _plain(longer[column])
            assert there.slice(0, len(table)).equals(_plain(table[column])), (name, column)
            same = _plain(most[column]).slice(0, len(longer)).equals(there)
            assert same or name in TOLD, (name, column)


def test_terms_are_there_once() -> None:
    """Three terms and No Term, a session each, the institution's tables as of one term."""
    store = store_of(THREE).entity
    names = ["Fall 2026", "No Term", "Spring 2026", "Fall 2025"]
    assert store["academic_term"]["name"].to_pylist() == names
    assert store["academic_session"]["academic_term_id"].to_pylist() == [1, 3, 4]
    for table in ENTITIES:
        if scope(table.name) == "institution" and table.name not in CALENDAR:
            assert store[table.name].equals(store_of(ONE).entity[table.name].cast(store[table.name].schema))


def test_institution_is_the_same_in_every_term() -> None:
    """What a term lays out of the institution is the same each time, so that it may stand there once."""
    terms = premises(THREE, default_pack()).calendars
    parts = [laid_out(drawn) for drawn, _, _ in drawn_terms(THREE, default_pack(), terms)]
    dates = {"created_date", "updated_date", "deleted_date"}  # of roles: counted from the term
    for table in ENTITIES:
        if scope(table.name) == "institution" and table.name not in CALENDAR:
            for column in set(table.names) - dates:
                first, *others = (_plain(part.entity[table.name][column]) for part in parts)
                assert all(other.equals(first) for other in others), (table.name, column)


@pytest.mark.parametrize("table", ENTITIES, ids=lambda table: table.name)
def test_keys_and_references(table: schemas.Table) -> None:
    """Over all terms keys are unique, every reference finds its row, native ids are unique."""
    key = ", ".join(table.key)
    assert number(f'SELECT count(*) - count(DISTINCT ({key})) FROM "{table.name}"') == 0
    for column in table.columns:
        if column.references:
            other, to = column.references.split(".")
            lost = f'x."{column.name}" NOT IN (SELECT "{to}" FROM "{other}")'
            assert number(f'SELECT count(*) FROM "{table.name}" x WHERE {lost}') == 0, column.name
    if table.keymap:
        keymap = store_of(THREE).keymap[table.name]
        assert keymap["id"].to_pylist() == store_of(THREE).entity[table.name][f"{table.name}_id"].to_pylist()
        for column_name in ("sis_int_id", "sis_ext_id", "lms_int_id", "lms_ext_id"):
            values = keymap[column_name].drop_null().to_pylist()
            assert len(set(values)) == len(values), column_name


TERM_ORDER = "CASE academic_term_id WHEN 4 THEN 0 WHEN 3 THEN 1 WHEN 1 THEN 2 END"


def test_cumulative_gpa_is_what_earlier_terms_gave() -> None:
    """Before a term the GPA of those who began in the store is that of their grades, to the hundredth."""
    wrong = """
        WITH g AS (
            SELECT c.person_id, o.academic_term_id, sum(c.grade_points) AS points,
                sum(o.available_credits) AS hours
            FROM course_grade c JOIN course_section s USING (course_section_id)
            JOIN course_offering o ON o.course_offering_id = s.course_offering_id
            WHERE c.grade_points IS NOT NULL GROUP BY ALL),
        born AS (SELECT person_id, min({order}) AS first, arg_min(gpa_cumulative IS NULL, {order}) AS began
            FROM person__academic_term GROUP BY ALL)
        SELECT count(*), count(*) FILTER (t.gpa_cumulative IS DISTINCT FROM
            CAST(floor(p.points * 100 / NULLIF(p.hours, 0) + 0.5) / 100 AS DECIMAL(38, 9)))
        FROM person__academic_term t JOIN born b USING (person_id)
        LEFT JOIN LATERAL (SELECT sum(points) AS points, sum(hours) AS hours FROM g
            WHERE g.person_id = t.person_id AND {g_order} < {t_order}) p ON true
        WHERE b.began AND {t_order} > b.first
    """.format(
        order=TERM_ORDER,
        g_order=TERM_ORDER.replace("academic_term_id", "g.academic_term_id"),
        t_order=TERM_ORDER.replace("academic_term_id", "t.academic_term_id"),
    )
    checked, off = db().sql(wrong).fetchall()[0]
    assert checked > 40
    assert off == 0


def test_standings_follow_from_credits() -> None:
    """Nobody falls back, and who ends a term at a standing begins the next one at it."""
    terms = {}
    for term in (4, 3, 1):
        rows = db().sql(
            "SELECT person_id, cen_academic_level, eot_academic_level, credits_earned "
            f"FROM person__academic_term WHERE academic_term_id = {term} "
            "AND ps_student_level = 'Undergraduate'"
        )
        terms[term] = {person: rest for person, *rest in rows.fetchall()}
    order = ["Freshman", "Sophomore", "Junior", "Senior"]
    went_on = changed = 0
    for earlier, later in ((4, 3), (3, 1)):
        for person in terms[earlier].keys() & terms[later].keys():
            assert terms[earlier][person][1] == terms[later][person][0], person
            went_on += 1
    for rows in terms.values():
        for begin, end, earned in rows.values():
            assert order.index(end) - order.index(begin) in (0, 1)
            assert end == begin or earned > 0
            changed += begin != end
    assert went_on > 100
    assert changed > 20


def test_courses_and_people_recur() -> None:
    """Most courses are given again, by the same number and title; most instructors teach again."""
    again = (
        "SELECT avg((code || title IN (SELECT code || title FROM course_offering WHERE academic_term_id = 3))"
        "::INT) FROM course_offering WHERE academic_term_id = 1"
    )
    assert number(again) > 0.8
    teachers = (
        "SELECT DISTINCT person_id FROM course_section_enrollment "
        "JOIN course_section USING (course_section_id) JOIN course_offering o USING (course_offering_id) "
        "WHERE role = 'Teacher' AND o.academic_term_id = {}"
    )
    both = f"SELECT avg((person_id IN ({teachers.format(1)}))::INT) FROM ({teachers.format(4)})"
    assert number(both) > 0.6


@pytest.mark.parametrize("term", ["Fall 2026", "Spring 2026", "Summer 2026"])
def test_degrees_are_conferred_in_their_season(term: str) -> None:
    """Degrees that people came with are of a May before the term, those of the term of nine days after it."""
    drawn = drawn_of(ONE.model_copy(update={"term": term}))
    tables, _ = academic_tables(drawn)
    dates = tables["person__academic_degree"]["conferral_date"].drop_null().to_pylist()
    before = [day for day in dates if day < drawn.calendar.term.start]
    after = {day for day in dates if day not in before}
    assert len(before) > 100
    assert {(day.month, day.day // 8) for day in before} <= {(5, 1), (5, 2)}
    assert len(set(before)) == len({day.year for day in before})
    assert after == {drawn.calendar.term.end + timedelta(CONFERRED)}


def test_degrees_take_their_credits() -> None:
    """Who completes a bachelor's degree has 120 credits by the end of the term."""
    terms = drawn_terms(THREE, default_pack(), premises(THREE, default_pack()).calendars)
    marks = [told for _, _, told in terms]
    total = brought(marks, max(int(each.row.max()) for each in marks) + 1)
    done = 0
    for m in reversed(marks):
        total[m.row] += m.earned
        rows = m.row[m.completes & m.is_undergraduate]
        assert (total[rows] >= CREDITS).all()
        done += len(rows)
    assert done > 20


def test_simulation_reads_the_played_term(tmp_path: Path) -> None:
    """World and plan of the played term are those of a store without a history."""
    worlds = []
    for scenario in (ONE, THREE):
        root = tmp_path / str(scenario.terms)
        write_store(root, store_of(scenario))
        world = load_world(root, scenario, default_pack(), calendar_of(scenario, default_pack()))
        worlds.append((world, standard_scores(root, world), campus_facts(root)))
    (one, scores, facts), (three, more_scores, more_facts) = worlds
    assert np.array_equal(scores, more_scores)
    for name in asdict(facts):
        assert np.array_equal(getattr(facts, name), getattr(more_facts, name)), name
    assert np.array_equal(one.enrolments.key, three.enrolments.key)
    assert np.array_equal(one.submissions.key, three.submissions.key)
    assert one.persons.login.equals(three.persons.login)


GATHERED = (
    "group_created",
    "group_category_created",
    "group_membership_created",
    "assignment_override_created",
    "assignment_override_updated",
)


def test_ids_of_what_is_gathered_are_natural(tmp_path: Path) -> None:
    """Anchored events, those of groups too, keep their ids with earlier terms and other Canvas ids."""
    calendar, worlds = calendar_of(ONE, default_pack()), []
    for scenario in (ONE, THREE):
        root, store = tmp_path / str(scenario.terms), store_of(scenario)
        if scenario is THREE:
            moved = {name: _other_ids(table) for name, table in store.keymap.items()}
            store = replace(store, keymap=moved)
        write_store(root, store)
        world = load_world(root, scenario, default_pack(), calendar)
        anchors = make_anchors(world, calendar, len(default_pack().table("level")["level"]))
        worlds.append((world, anchors))
    (one, alone), (three, more) = worlds
    assert not np.array_equal(one.details.group.lms_id, three.details.group.lms_id)
    assert len(np.unique(alone.key)) == len(alone.key)
    assert all((alone.kind == KIND[kind]).sum() > 5 for kind in GATHERED)
    for name in ("key", "time_ms", "day", "kind"):
        assert np.array_equal(getattr(alone, name), getattr(more, name)), name


def _other_ids(table: pa.Table) -> pa.Table:
    """A keymap with other Canvas ids."""
    for name in ("lms_ext_id", "lms_int_id"):
        at = table.schema.get_field_index(name)
        if at >= 0:
            other = pc.add(table[name].cast(pa.int64()), 4_000_000).cast(table[name].type)
            table = table.set_column(at, table.schema.field(at), other)
    return table


def test_as_of_over_terms() -> None:
    """In spring fall's courses are over, spring's run and the next fall's have no results."""
    store = store_of(THREE)
    morning = as_of(store, ONE.time_zone, date(2026, 3, 10))
    terms = morning.entity["person__academic_term"]["academic_term_id"].to_pylist()
    assert set(terms) == {3, 4}
    whole = as_of(store, ONE.time_zone, last_change(store, ONE.time_zone) + timedelta(1))
    for (_, name, table), (_, _, again) in zip(store.datasets(), whole.datasets(), strict=True):
        assert again.equals(table), name


def test_terms_before() -> None:
    """Histories go back over fall and spring."""
    assert [term_before_name(name) for name in ("Fall 2026", "Spring 2026", "Summer 2026")] == [
        "Spring 2026",
        "Fall 2025",
        "Spring 2026",
    ]


def test_overlapping_terms() -> None:
    """A term that starts before the one before it has ended is refused, in one line."""
    begin, classes, finals, end = (date(2026, 4, 1), date(2026, 6, 1), date(2026, 6, 3), date(2026, 6, 10))
    overrides = CalendarOverrides(start=begin, instruction_end=classes, finals_start=finals, end=end)
    scenario = ONE.model_copy(update={"terms": 2, "calendar": overrides})
    with pytest.raises(
        InputError,
        match=r"^terms overlap: Fall 2026 starts on 2026-04-01, allowed: .* ended$",
    ):
        calendars(scenario, default_pack(), calendar_of(scenario, default_pack()))
