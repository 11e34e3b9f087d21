"""The tables of several terms as those of one store.

Ids of the played term come first and are those of a store without history. Which column refers to what is
read from ``schemas``: rows of courses are shifted behind those of later terms, people are entered once, what
belongs to the institution is there once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context import columns as frame
from context.arrays import BOOL, I64, NO_TIME
from context.columns import Coded
from context.packs.people_codes import STANDINGS, Standing
from context.people.cohorts import CLASS_CREDITS, NO_MOST_CREDITS
from context.store.store import ENTITY, PLAYED, Store, TablePart, plain
from context.terms.drawn import Drawn
from context.terms.graduation import CREDITS
from context.terms.history import Marks

_SIS_FIRST = 1000  # SIS numbers of rows are their ids and this
JoinedRows = tuple[pa.Table, pa.Table | None]  # rows of an entity, and of its keymap where it has one
CALENDAR = ("academic_term", "academic_session")  # their first row is the term's, what follows is there once
TOLD = ("person__academic_term", "course_grade")  # they say what earlier terms gave


@cache
def scope(name: str) -> str:
    """Whether an entity's rows belong to the "institution", a "person" or a "term"."""
    table = schemas.table(ENTITY, name)
    if table.scope:
        return table.scope
    if name in CALENDAR:
        return "institution"
    if name == "person":
        return "person"
    targets = {c.references.split(".")[0] for c in table.columns if c.references} - {name}
    if targets & {"academic_term", "academic_session"}:
        return "term"
    # Entities refer to each other in circles: those that lead to a course are a term's.
    reached, todo = set(targets), list(targets)
    while todo:
        columns = schemas.table(ENTITY, todo.pop()).columns
        more = {c.references.split(".")[0] for c in columns if c.references} - reached
        reached |= more
        todo.extend(more)
    if "academic_term" in reached or any(schemas.table(ENTITY, t).scope == "term" for t in reached):
        return "term"
    return "person" if "person" in reached else "institution"


class Joiner:
    """Takes the tables of one term after the other and gives them as the rows of one store.

    A term's tables may come one by one, in any order: where a reference leads depends on the terms before.
    """

    def __init__(self) -> None:
        self._before: dict[str, int] = {}  # rows of each entity before this term
        self._count: dict[str, int] = {}  # rows of each entity so far

    def next_term(self) -> None:
        """What is joined from now on is of the next term."""
        self._before = dict(self._count)

    def join(self, d: Drawn, name: str, table: pa.Table, keymap: pa.Table | None) -> JoinedRows:
        """The rows that a term adds to an entity and its keymap, with their ids in the whole store."""
        new = self._new(name, table, d)
        before, rows = self._before.get(name, 0), int(np.count_nonzero(new))
        self._count[name] = before + rows
        if not self._before:  # the first term's ids are those of the store
            return table, keymap
        old = np.flatnonzero(new) + 1
        own = scope(name) == "person" and name != "person"  # rows that no other table tells of
        ids = before + np.arange(1, rows + 1) if own else self._leads(name, d)(old)
        if rows < len(table):
            table = table.take(pa.array(old - 1))
            keymap = None if keymap is None else keymap.take(pa.array(old - 1))
        for place, column in enumerate(schemas.table(ENTITY, name).columns):
            target = (column.references or "").split(".")[0]
            if column.name == f"{name}_id":
                table = table.set_column(place, table.field(place), pa.array(ids))
            elif target:
                table = _moved(table, place, self._leads(target, d))
        return table, None if keymap is None else _numbered(keymap, ids)

    def _new(self, name: str, table: pa.Table, d: Drawn) -> BOOL:
        """Whether the term adds each row."""
        kind = scope(name)
        if not self._before.get(name) or kind == "term":
            return np.ones(len(table), dtype=np.bool_)
        if name in CALENDAR:
            return np.asarray(np.arange(len(table)) == 0)
        if kind == "institution":
            return np.zeros(len(table), dtype=np.bool_)
        person = slice(None) if name == "person" else table["person_id"].to_numpy() - 1
        return np.asarray(d.is_new[person])

    def _leads(self, target: str, d: Drawn) -> Callable[[I64], I64]:
        """From an id that a term gave to the one of the whole store."""
        before, kind = self._before.get(target, 0), scope(target)
        if not before or kind == "term":
            return lambda old: before + old
        if target in CALENDAR:
            return lambda old: np.where(old == 1, before + 1, old)
        if kind == "institution":
            return lambda old: old
        return lambda old: d.person_row[old - 1] + 1


def _moved(table: pa.Table, place: int, leads: Callable[[I64], I64]) -> pa.Table:
    """References 1.. replaced by what they lead to in the whole store."""
    array = table.column(place).combine_chunks()
    null = array.is_null().to_numpy(zero_copy_only=False)
    new = leads(np.asarray(pc.fill_null(array, 1).to_numpy(), dtype=np.int64))
    return table.set_column(place, table.field(place), pa.array(new, mask=null))


def _numbered(keymap: pa.Table, to: I64) -> pa.Table:
    """A keymap with new ids, and SIS numbers that were made of the old ones made of these."""
    old = keymap["id"].to_numpy()
    sis = keymap["sis_int_id"].combine_chunks()
    made = pc.fill_null(pc.equal(sis, frame.texts(_SIS_FIRST + old)), False)  # noqa: FBT003
    keymap = keymap.set_column(0, keymap.field(0), pa.array(to))
    return keymap.set_column(1, keymap.field(1), pc.if_else(made, frame.texts(_SIS_FIRST + to), sis))


def with_history(parts: list[Store], marks: list[Marks]) -> list[Store]:
    """The terms' tables of TOLD with what the earlier ones say of the later: GPAs and standings."""
    size = max(int(each.row.max(initial=-1)) for each in marks) + 1
    before = brought(marks, size)
    sofar, hours, points = before, np.zeros(size, np.int64), np.zeros(size, np.int64)
    known = np.zeros(size, dtype=np.bool_)
    for place in reversed(range(len(marks))):
        m = marks[place]
        seen = hours[m.row] > 0
        cumulative = np.full(size, NO_TIME)
        cumulative[m.row] = np.where(
            seen, (2 * points[m.row] + hours[m.row]) // np.maximum(2 * hours[m.row], 1), NO_TIME
        )
        # What lies before the store's first term is drawn, and counts like terms of fourteen credits.
        fresh = (m.behind > 0) & ~known[m.row]
        known[m.row] = True
        hours[m.row] += np.where(fresh, m.behind * 14, 0)
        points[m.row] += np.where(fresh, m.behind * 14 * m.base_hundredths, 0)
        cumulative[m.row] = np.where(fresh, m.base_hundredths, cumulative[m.row])
        after = sofar.copy()
        after[m.row] += m.earned
        parts[place] = _told(parts[place], m, cumulative, sofar, after)
        sofar = after
        hours[m.row] += m.gpa_credits
        points[m.row] += m.points
    return parts


def brought(marks: list[Marks], size: int) -> I64:
    """Credits with which each undergraduate came, so that standings and degrees follow from credits.

    Who completes a bachelor's degree has its credits by then, and was a senior earlier where that takes it.
    """
    low = np.zeros(size, np.int64)
    high = np.full(size, NO_MOST_CREDITS)
    aim = np.zeros(size, np.int64)
    total = np.zeros(size, np.int64)
    for m in reversed(marks):
        last = m.standing * CLASS_CREDITS
        low[m.row] = np.maximum(last - total[m.row], 0)
        top = np.where(m.standing >= Standing.SENIOR, NO_MOST_CREDITS, last + CLASS_CREDITS - 1)
        high[m.row] = top - total[m.row]
        total[m.row] += m.earned
    seen = np.zeros(size, dtype=np.bool_)
    for m in reversed(marks):
        fresh = m.row[~seen[m.row]]
        aim[fresh] = (m.standing * CLASS_CREDITS + np.where(m.is_fall, 5, 18))[~seen[m.row]]
        seen[fresh] = True
    needs = np.zeros(size, np.int64)
    for m in marks:
        rows = m.row[m.completes & m.is_undergraduate]
        needs[rows] = CREDITS - total[rows]
    return np.asarray(np.maximum(np.maximum(np.minimum(np.maximum(aim, low), high), needs), 0))


def _told(part: Store, m: Marks, cumulative: I64, sofar: I64, after: I64) -> Store:
    """A term's records and course grades with what is known of the terms before."""
    entity = dict(part.entity)
    person = entity["person__academic_term"]["person_id"].to_numpy() - 1
    graduate = np.zeros(len(cumulative), dtype=np.bool_)
    graduate[m.row] = ~m.is_undergraduate
    standing = np.zeros(len(cumulative), np.int64)
    standing[m.row] = m.standing
    for name, values in (("cen_academic_level", sofar), ("eot_academic_level", after)):
        level = np.where(graduate, standing, np.minimum(values // CLASS_CREDITS, Standing.SENIOR))[person]
        entity["person__academic_term"] = _put(
            entity, "person__academic_term", name, Coded(level, STANDINGS).array()
        )
    for table, name in (
        ("person__academic_term", "gpa_cumulative"),
        ("course_grade", "gpa_cumulative_excluding_course_grade"),
    ):
        who = entity[table]["person_id"].to_numpy() - 1
        entity[table] = _put(entity, table, name, frame.decimal(cumulative[who]))
    return Store(entity, part.keymap)


def _put(entity: dict[str, pa.Table], table: str, name: str, array: pa.Array) -> pa.Table:
    place = entity[table].column_names.index(name)
    return entity[table].set_column(place, name, array)


def collected(parts: Iterable[TablePart]) -> Store:
    """One store of the parts of its tables, in the order in which they come."""
    found: dict[tuple[str, str], list[pa.Table]] = {}
    for dataset, name, table in parts:
        found.setdefault((dataset, name), []).append(table)
    store = Store({}, {})
    for dataset, name in list(found):
        tables = found.pop((dataset, name))
        (store.entity if dataset == ENTITY else store.keymap)[name] = _one(tables)
    return store


def _one(tables: list[pa.Table]) -> pa.Table:
    if len(tables) == 1:
        return tables[0]
    whole = pa.concat_tables([plain(table) for table in tables])
    return whole.replace_schema_metadata({PLAYED: str(len(tables[0]))})
