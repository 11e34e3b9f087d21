"""The tables of several terms as those of one store.

Ids of the played term come first and are those of a store without history. Which column refers to what is
read from ``schemas``: rows of courses are shifted behind those of later terms, people are entered once, what
belongs to the institution is there once.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

import schemas
from context import frame
from context.drawn import Drawn
from context.frame import NO_TIME, Coded
from context.people import STANDINGS
from context.population import CLASS_CREDITS, SENIOR
from context.store import ENTITY, PLAYED, Store

I64 = npt.NDArray[np.int64]
BOOL = npt.NDArray[np.bool_]
_SIS_FIRST = 1000  # SIS numbers of rows are their ids and this
CALENDAR = ("academic_term", "academic_session")  # their first row is the term's, what follows is there once


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


@dataclass(frozen=True)
class Marks:
    """What a term says of its students, for the terms after it; row i is a student."""

    row: I64  # of the person in the store
    standing: I64
    behind: I64
    is_undergraduate: BOOL
    earned: I64
    gpa_credits: I64
    points: I64  # hundredths of grade points times credits
    base_hundredths: I64  # GPA of what came before the store's first term; NO_TIME: nothing
    is_fall: bool


class Joiner:
    """Takes the tables of one term after the other and gives them as the rows of one store."""

    def __init__(self) -> None:
        self._count: dict[str, int] = {}  # rows of each entity so far

    def join(self, d: Drawn, store: Store) -> Store:
        """The rows that a term adds, with the ids that they have in the whole store."""
        maps = {name: self._ids(name, table, d) for name, table in store.entity.items()}
        kept = {name: np.flatnonzero(new) for name, (_, new) in maps.items()}
        entity, keymap = {}, {}
        for name, table in store.entity.items():
            mine = table if len(kept[name]) == len(table) else table.take(pa.array(kept[name]))
            for column in schemas.table(ENTITY, name).columns:
                target = (column.references or "").split(".")[0]
                if column.name == f"{name}_id":
                    target = name
                if target and target in maps:
                    mine = _moved(mine, column.name, maps[target][0])
            entity[name] = mine
            if name in store.keymap:
                old = store.keymap[name].take(pa.array(kept[name]))
                keymap[name] = _numbered(old, maps[name][0][kept[name]])
            self._count[name] = self._count.get(name, 0) + len(kept[name])
        return Store(entity, keymap)

    def _ids(self, name: str, table: pa.Table, d: Drawn) -> tuple[I64, BOOL]:
        """(id in the whole store of each row, whether the term adds it)."""
        rows, done, kind = len(table), self._count.get(name, 0), scope(name)
        own = np.arange(1, rows + 1)
        if not done or kind == "term":
            return done + own, np.ones(rows, dtype=np.bool_)
        if name in CALENDAR:
            return np.where(own == 1, done + 1, own), own == 1
        if kind == "institution":
            return own, np.zeros(rows, dtype=np.bool_)
        if name == "person":
            return d.person_row + 1, d.is_new
        new = d.is_new[table["person_id"].to_numpy() - 1]
        return done + np.cumsum(new), new


def _moved(table: pa.Table, column: str, to: I64) -> pa.Table:
    """References 1.. replaced by what they lead to in the whole store."""
    place = table.column_names.index(column)
    array = table[column].combine_chunks()
    null = array.is_null().to_numpy(zero_copy_only=False)
    old = np.asarray(pc.fill_null(array, 1).to_numpy(), dtype=np.int64)
    new = pa.array(np.append(to, 0)[old - 1], mask=null) if len(old) else array
    return table.set_column(place, table.field(place), new)


def _numbered(keymap: pa.Table, to: I64) -> pa.Table:
    """A keymap with new ids, and SIS numbers that were made of the old ones made of these."""
    old = keymap["id"].to_numpy()
    sis = keymap["sis_int_id"].combine_chunks()
    made = pc.fill_null(pc.equal(sis, frame.texts(_SIS_FIRST + old)), False)  # noqa: FBT003
    keymap = keymap.set_column(0, keymap.field(0), pa.array(to))
    return keymap.set_column(1, keymap.field(1), pc.if_else(made, frame.texts(_SIS_FIRST + to), sis))


def with_history(parts: list[Store], marks: list[Marks]) -> list[Store]:
    """The terms' tables with what the earlier ones say of the later: cumulative GPAs and standings."""
    size = max(int(each.row.max(initial=-1)) for each in marks) + 1
    before = _brought(marks, size)
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


def _brought(marks: list[Marks], size: int) -> I64:
    """Credits with which each undergraduate came, so that every standing follows from credits."""
    low = np.zeros(size, np.int64)
    high = np.full(size, 10**6)
    aim = np.zeros(size, np.int64)
    total = np.zeros(size, np.int64)
    for m in reversed(marks):
        last = m.standing * CLASS_CREDITS
        low[m.row] = np.maximum(last - total[m.row], 0)
        top = np.where(m.standing >= SENIOR, 10**6, last + CLASS_CREDITS - 1)
        high[m.row] = top - total[m.row]
        total[m.row] += m.earned
    seen = np.zeros(size, dtype=np.bool_)
    for m in reversed(marks):
        fresh = m.row[~seen[m.row]]
        aim[fresh] = (m.standing * CLASS_CREDITS + np.where(m.is_fall, 5, 18))[~seen[m.row]]
        seen[fresh] = True
    return np.asarray(np.maximum(np.minimum(np.maximum(aim, low), high), 0))


def _told(part: Store, m: Marks, cumulative: I64, sofar: I64, after: I64) -> Store:
    """A term's records and course grades with what is known of the terms before."""
    entity = dict(part.entity)
    person = entity["person__academic_term"]["person_id"].to_numpy() - 1
    graduate = np.zeros(len(cumulative), dtype=np.bool_)
    graduate[m.row] = ~m.is_undergraduate
    standing = np.zeros(len(cumulative), np.int64)
    standing[m.row] = m.standing
    for name, values in (("cen_academic_level", sofar), ("eot_academic_level", after)):
        level = np.where(graduate, standing, np.minimum(values // CLASS_CREDITS, SENIOR))[person]
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


def joined(parts: list[Store]) -> Store:
    """One store of the terms' rows, the played one's first."""

    def one(tables: list[pa.Table]) -> pa.Table:
        whole = pa.concat_tables([_plain(table) for table in tables])
        return whole.replace_schema_metadata({PLAYED: str(len(tables[0]))})

    first = parts[0]
    return Store(
        {name: one([part.entity[name] for part in parts]) for name in first.entity},
        {name: one([part.keymap[name] for part in parts]) for name in first.keymap},
    )


def _plain(table: pa.Table) -> pa.Table:
    for place, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type):
            plain = table.column(place).cast(field.type.value_type)
            table = table.set_column(place, field.name, plain)
    return table
