"""Fields that every tool's documents may have: ids, people, courses, enrolments, time, request, browser."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields
from typing import Any, get_type_hints

import pyarrow as pa

from context import rng
from context.arrays import U8, U64
from sim.caliper.batch import Batch
from sim.caliper.fields import Field, FieldForm, Positions, take
from sim.caliper.texts import fixed, hex_texts, time_texts, uuid_texts
from sim.world.clients import ADDRESSES
from sim.world.details import Details
from sim.world.world import MEMBERSHIP_ROLES, World

_DETAILS: dict[str, Any] = get_type_hints(Details)
_REQUEST, _JOB = 7, 8  # purposes of an event's id: those of its request and its background job
_HIGH, _LOW = 0, 1  # of a key: halves of its 128 bits


def key_texts(key: U64) -> U8:
    """[n, 32] bytes: hexadecimal digits of each key's own, such as the session of a visit."""
    return hex_texts(rng.bits(key, _HIGH), rng.bits(key, _LOW))


def person(name: str) -> Callable[[World, Positions], Any]:
    """A column of World.persons."""
    return lambda world, rows: take(getattr(world.persons, name), rows)


def course(name: str) -> Callable[[World, Positions], Any]:
    """A column of World.courses."""
    return lambda world, rows: take(getattr(world.courses, name), rows)


def through(link: str, table: str, name: str) -> Callable[[World, Positions], Any]:
    """A column of the person or course of an enrolment."""
    return lambda world, rows: take(
        getattr(getattr(world, table), name), getattr(world.enrolments, link)[rows]
    )


def detail(table: str, name: str) -> Callable[[World, Positions], Any]:
    """A column of World.details. Raises ValueError for one that is not there."""
    if name not in {column.name for column in fields(_DETAILS[table])}:
        raise ValueError(f"{name}: no column of {_DETAILS[table].__name__}")
    return lambda world, rows: take(getattr(getattr(world.details, table), name), rows)


def _role(world: World, rows: Positions) -> pa.StringArray:
    return pa.array(MEMBERSHIP_ROLES).take(pa.array(world.enrolments.membership_role[rows]))


# Texts of one width that every event has: their bytes, so that no offsets need to be made of them.
FIXED: dict[str, Callable[[Batch], U8]] = {
    "event.uuid": lambda batch: uuid_texts(batch.uuid_high, batch.uuid_low),
    "event.time": lambda batch: time_texts(batch.time_ms),
    "event.session": lambda batch: key_texts(batch.visit),
    "event.request": lambda batch: uuid_texts(*rng.uuid_bits(rng.extend(batch.uuid_low, _REQUEST))),
    "event.job": lambda batch: uuid_texts(*rng.uuid_bits(rng.extend(batch.uuid_low, _JOB))),
}


def _fixed(name: str) -> Callable[[World, Batch], pa.StringArray]:
    return lambda _world, batch: fixed(FIXED[name](batch))


def _fields(scope: str, form: FieldForm, getters: dict[str, Callable[[World, Any], Any]]) -> dict[str, Field]:
    return {f"{scope}.{name}": Field(scope, form, get) for name, get in getters.items()}


SHARED_FIELDS: dict[str, Field] = {
    **{name: Field("event", "text", _fixed(name)) for name in FIXED},
    **_fields("person", "whole", {name: person(name) for name in ("lms_id", "local_id", "udp_id")}),
    **_fields("person", "text", {name: person(name) for name in ("login", "sis_id")}),
    "person.name": Field("person", "text", detail("person", "name")),
    **_fields("course", "whole", {name: course(name) for name in ("lms_id", "local_id", "udp_id")}),
    "course.account": Field("course", "whole", course("account_lms_id")),
    **_fields("course", "text", {name: course(name) for name in ("title", "sis_id")}),
    "enrolment.course": Field("enrolment", "whole", through("course", "courses", "lms_id")),
    "enrolment.person": Field("enrolment", "whole", through("person", "persons", "lms_id")),
    "enrolment.role": Field("enrolment", "text", _role),
    "agent.text": Field("agent", "text", lambda world, rows: take(world.devices, rows)),
    "address.text": Field("address", "text", lambda _world, rows: pa.array(ADDRESSES).take(pa.array(rows))),
}
