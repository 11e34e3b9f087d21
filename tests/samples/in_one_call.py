"""What the product does part by part, in one call: for tests that have all of it in memory."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np

from context.arrays import NEVER
from context.files import Written
from context.scenario.zones import instant_to_wall
from context.store.as_of import Morning
from context.store.files import write_table
from context.store.past import facts_of
from context.store.store import Store
from sim.plan.plan import Plan
from sim.plan.plan_file import PlanFile
from sim.sinks.units import Sink, Unit


def write_store(root: Path, store: Store) -> list[Path]:
    """Write every table; returns the files in order."""
    return [write_table(root, dataset, name, table) for dataset, name, table in store.datasets()]


def write_unit(sink: Sink, unit: Unit) -> list[Written]:
    """Write or replace a unit that is whole in memory."""
    with sink.unit(unit.campus_day) as writer:
        writer.add(unit)
    return writer.written


def read_plan(path: Path) -> Plan:
    """All days of a plan."""
    file = PlanFile(path)
    return Plan(file.effects, {day: file.day(day) for day in file.days})


def last_change(store: Store, time_zone: str) -> date:
    """The local date of the last fact in the store: as of the day after, the store is whole."""
    past = Morning(store.entity, time_zone, date(1970, 1, 1))
    last = date(1970, 1, 1)
    for name in store.entity:
        section = facts_of(name)
        found = [past.births(name)]
        paths: list[tuple[str, ...]] = []
        for column, rule in section.rules.items():
            if rule.kind in ("created", "actual", "changed"):
                paths.append((column,))
            elif rule.kind == "grows":
                paths.append(rule.path)
            paths.extend(since.path for since in rule.since)
        found.extend(past.instants(name, path) for path in paths)
        for values, is_day in found:
            top = int(np.max(values, initial=-NEVER, where=values != NEVER))
            if top != -NEVER:
                day = date(1970, 1, 1) + timedelta(top) if is_day else _local_day(time_zone, top)
                last = max(last, day)
    return last


def _local_day(time_zone: str, us: int) -> date:
    return instant_to_wall(time_zone, us // 1000).date()
