"""The store, on one page: draw everything in dependency order, then lay it out as tables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pyarrow as pa

from context.ids import keymap_from_shard
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from context.store.joining import TOLD, Joiner, collected, with_history
from context.store.moved import moved_table
from context.store.store import ENTITY, KEYMAP, Store, TablePart
from context.tables.coursework.comments import comment_tables
from context.tables.coursework.content import content_tables
from context.tables.coursework.grades import grade_tables
from context.tables.coursework.learning_outcomes import learning_tables
from context.tables.coursework.module_progress import progress_tables
from context.tables.coursework.quizzes import quiz_tables, response_tables
from context.tables.coursework.results import entry_tables, result_tables
from context.tables.coursework.social import social_tables
from context.tables.institution.academics import academic_tables
from context.tables.institution.contacts import contact_tables
from context.tables.institution.courses import course_tables
from context.tables.institution.people import people_tables
from context.tables.institution.places import place_tables
from context.tables.institution.roles_and_periods import frame_tables
from context.tables.institution.structure import structure_tables
from context.terms.draw import draw
from context.terms.drawn import Drawn, LaterTables, Tables
from context.terms.history import calendars, drawn_terms

TABLE_FUNCTIONS = (
    structure_tables,
    frame_tables,
    academic_tables,
    place_tables,
    people_tables,
    contact_tables,
    course_tables,
    content_tables,
    result_tables,
    entry_tables,
    learning_tables,
    comment_tables,
    quiz_tables,
    response_tables,
    grade_tables,
    progress_tables,
    social_tables,
)


def laid_out(drawn: Drawn) -> Store:
    """The tables of a term."""
    return collected(_term_parts(drawn))


def _term_parts(drawn: Drawn) -> Iterator[TablePart]:
    """The tables of a term; each is let go before the next is made, or before the next of TABLE_FUNCTIONS."""
    for name, entity, keymap in _made_together(drawn):
        yield ENTITY, name, entity.pop(name)
        if name in keymap:
            yield KEYMAP, name, _made(keymap.pop(name))


def _made_together(drawn: Drawn) -> Iterator[tuple[str, Tables, Tables | LaterTables]]:
    """(name, entities, keymaps) of each table of a term: whoever takes it out of the two holds it alone."""
    for tables in TABLE_FUNCTIONS:
        entity, keymap = tables(drawn)
        for name in list(entity):
            yield name, entity, keymap


def _made(keymap: pa.Table | Callable[[], pa.Table] | None) -> pa.Table | None:
    return keymap() if callable(keymap) else keymap


def store_parts(scenario: Scenario, pack: Pack, terms: Sequence[Calendar]) -> Iterator[TablePart]:
    """The store of a scenario as (dataset, table name, rows), drawn while they are taken.

    As ``_parts``, in the scenario's shard.
    """
    for dataset, name, table in _parts(scenario, pack, terms):
        if dataset == KEYMAP:
            table = keymap_from_shard(name, table, scenario.shard)  # noqa: PLW2901
        yield dataset, name, table
        del table  # before the next one is laid out


def _parts(scenario: Scenario, pack: Pack, terms: Sequence[Calendar]) -> Iterator[TablePart]:
    """The store of a scenario as (dataset, table name, rows), drawn while they are taken.

    ``terms`` are the calendars of its terms, the played one first, as ``calendars`` makes them.

    All tables of the played term come, then those of the term before, and so on, so that no more is held
    than a term as drawn and a few tables; but those that say what earlier terms gave wait until these are
    drawn. Rows of a table come in the order of the store.

    A shifted scenario is drawn in its own calendar and moved as it stands: what happens in a term does not
    hang on the clock changes of the weeks that it is moved into.
    """
    if scenario.shift:
        still = scenario.model_copy(update={"shift": 0})
        for dataset, name, table in _parts(still, pack, [term.unmoved or term for term in terms]):
            yield dataset, name, moved_table(table, scenario.time_zone, scenario.shift)
            del table
        return
    if scenario.terms == 1:
        yield from _term_parts(draw(scenario, pack, terms[0]))
        return
    joiner, waiting, marks = Joiner(), [], []
    for drawn, _, told in drawn_terms(scenario, pack, terms):
        waiting.append(Store({}, {}))
        for name, entity, keymap in _made_together(drawn):
            joined = joiner.join(drawn, name, entity.pop(name), _made(keymap.pop(name, None)))
            if name in TOLD:
                waiting[-1].entity[name] = joined[0]
            else:
                yield from _part(name, *joined)
            del joined
        joiner.next_term()
        marks.append(told)
        del drawn
    for store in with_history(waiting, marks):
        yield from store.datasets()


def _part(name: str, entity: pa.Table, keymap: pa.Table | None) -> Iterator[TablePart]:
    yield ENTITY, name, entity
    if keymap is not None:
        yield KEYMAP, name, keymap


def generate(scenario: Scenario, pack: Pack, calendar: Calendar) -> Store:
    """The context store of a scenario: entities and keymaps as Arrow tables.

    Rows of the played term come first, those of the terms before it follow. Raises InputError for terms that
    overlap.
    """
    return collected(store_parts(scenario, pack, calendars(scenario, pack, calendar)))
