"""The store as a nightly batch would show it on an earlier morning.

The batch of day D is taken at D's local midnight: what happened before it is there, nothing else is. Which
facts came about when is data, the ``[as_of]`` sections of ``schemas``; this is the one engine for all tables.
A row is there once it is born and every row that it refers to is there, so that no key is an orphan on any
morning. Ids never depend on the date.
"""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import BOOL, DAY_US, I64, NEVER
from context.errors import InputError
from context.scenario.zones import instant_to_wall
from context.store.gradebook import COMPUTED, Gradebook
from context.store.past import Past, back_of, facts_of
from context.store.store import Store
from schemas._model import Rule, Since


class Morning(Past):
    """What a batch of that morning shows."""

    @cached_property
    def gradebook(self) -> Gradebook:
        """The results as they stood, for scores."""
        return Gradebook(self)

    def shown(self, name: str) -> pa.Table:
        """A table as it stood: the rows there, each column by its rule."""
        table = self.entity[name]
        computed = COMPUTED[name](self, self.gradebook) if name in COMPUTED else {}
        for place, column in enumerate(table.column_names):
            rule = facts_of(name).rule(column)
            if rule is None or rule.kind in ("planned", "created"):
                continue
            array = computed[column] if rule.kind == "computed" else self._column(name, column, rule)
            if array is not None:
                table = table.set_column(place, table.field(place).with_type(array.type), array)
        return table if self.there[name].all() else table.filter(pa.array(self.there[name]))

    def _column(self, name: str, column: str, rule: Rule) -> pa.Array | None:
        """A column as it stood, None where nothing in it differs."""
        if rule.kind == "since":
            return self._since(name, column, rule)
        stored = self.entity[name][column].combine_chunks()
        values = self.ints(name, column)
        if rule.kind == "actual":
            later = (values != NEVER) & ~self.known(name, (column,))
            return pc.if_else(pa.array(later), pa.scalar(None, stored.type), stored) if later.any() else None
        if rule.kind == "changed":
            then = np.where(self.known(name, (column,)), values, self._last_fact(name))
        elif rule.kind == "last":
            then = self._last_of(name, rule.path)
        else:
            then = self._grown(name, values, rule.path)
        if np.array_equal(then, values):
            return None
        whole = pa.array(np.where(then == NEVER, 0, then), mask=then == NEVER)
        return whole.cast(stored.type)

    def _last_fact(self, name: str) -> I64:
        """The latest of a row's own instants that is past."""
        rules = facts_of(name).rules
        own = [column for column, rule in rules.items() if rule.kind in ("created", "actual")]
        last = np.full(len(self.entity[name]), -NEVER, dtype=np.int64)
        for column in own:
            values, is_day = self.instants(name, (column,))
            if not is_day:
                last = np.maximum(last, np.where(values < self.cutoff_us, values, -NEVER))
        return np.where(last == -NEVER, NEVER, last)

    def _last_of(self, name: str, path: tuple[str, ...]) -> I64:
        """The latest date of the rows there that refer to each row."""
        child, column = path
        back = back_of(child, name)
        values = self.ints(child, column)
        mine = np.flatnonzero(self.there[child] & (values < self.cutoff_us) & (self.rows(child, back) >= 0))
        last = np.full(len(self.entity[name]), -NEVER, dtype=np.int64)
        np.maximum.at(last, self.rows(child, back)[mine], values[mine])
        return np.where(last == -NEVER, NEVER, last)

    def _grown(self, name: str, values: I64, path: tuple[str, ...]) -> I64:
        """A count that grows evenly, whole days counted, from the row's creation to the end of a date."""
        first = self.births(name)[0] // DAY_US
        until, is_day = self.instants(name, path)
        end = until + 1 if is_day else until // DAY_US + 1
        whole = np.maximum(end - first, 1)
        gone = np.clip(np.where(until == NEVER, whole, self.day - first), 0, whole)
        return np.where(values == NEVER, NEVER, values * gone // whole)

    def _since(self, name: str, column: str, rule: Rule) -> pa.Array | None:
        stored = self.entity[name][column].combine_chunks()
        plain = stored.dictionary_decode() if pa.types.is_dictionary(stored.type) else stored
        shown = plain
        for since in rule.since:
            early = ~self.known(name, since.path)
            if since.only:
                among = pa.array(since.only).cast(shown.type)
                early &= pc.is_in(shown, value_set=among).to_numpy(zero_copy_only=False)
            if early.any():
                shown = self._earlier(name, shown, early, since)
        return None if shown is plain or shown.equals(plain) else shown

    def _earlier(self, name: str, shown: pa.Array, rows: BOOL, since: Since) -> pa.Array:
        """The values of ``rows``, where a value has not come about yet, replaced by what was before it."""
        before = since.before
        if not isinstance(before, Since):
            return pc.if_else(pa.array(rows), pa.scalar(before, shown.type), shown)
        known = self.known(name, before.path)
        shown = pc.if_else(pa.array(rows & known), pa.scalar(before.value, shown.type), shown)
        return self._earlier(name, shown, rows & ~known, before)


def as_of(store: Store, time_zone: str, day: date) -> Store:
    """The store on the morning of ``day``: what was recorded before its midnight in ``time_zone``.

    Rows keep their order and ids. Raises InputError for a day on which there is nothing yet.
    """
    past = Morning(store.entity, time_zone, day)
    if not past.there["course_section"].any():
        first = _local_day(time_zone, int(past.instants("course_section", ("created_date",))[0].min()))
        raise InputError(f"as of {day}: the store begins later, allowed: {first + timedelta(1)} and after")
    keymap = {
        name: table if past.there[name].all() else table.filter(pa.array(past.there[name]))
        for name, table in store.keymap.items()
    }
    return Store({name: past.shown(name) for name in store.entity}, keymap)


def _local_day(time_zone: str, us: int) -> date:
    return instant_to_wall(time_zone, us // 1000).date()
