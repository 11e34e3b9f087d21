"""From events to messages: their data, their attributes, and where each one belongs in its sensor's order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from context.arrays import I64, U8
from sim.caliper.batch import Batch, concatenate
from sim.caliper.kinds import KINDS, Kind
from sim.caliper.texts import fixed, times
from sim.render.renderer import Renderer
from sim.render.scopes import Scoped
from sim.sensors.date_events import DateEvents
from sim.sensors.schedule import Schedule
from sim.sinks.messages import Attribute, Messages
from sim.tools import engage, kaltura
from sim.tools.canvas import CONTEXT
from sim.tools.vendors import shape_of
from sim.world.world import World

FORMS = ("event", "envelope")
_SENDERS = sorted({kind.sensor for kind in KINDS})
_SENDER = np.array([_SENDERS.index(kind.sensor) for kind in KINDS])  # of each kind
_NO_PERSON = np.array([kind.actor in ("app", "job") for kind in KINDS])


def merged(windows: Sequence[DateEvents]) -> DateEvents:
    """What sensors handed over as one, by the time it leaves, then sensor, then order within the sensor."""
    batch = concatenate([window.batch for window in windows])
    sensor = np.concatenate([window.sensor for window in windows])
    release = np.concatenate([window.schedule.release_ms for window in windows])
    # Envelopes are numbered per window: told apart by the window's place.
    place = np.repeat(np.arange(len(windows)), [len(window.batch) for window in windows])
    envelope = np.concatenate([window.schedule.envelope for window in windows]) + (place << 32)
    order = np.lexsort((np.arange(len(sensor)), sensor, release))
    whole = DateEvents(windows[0].day, batch, sensor, Schedule(release, envelope))
    return whole.take(order)


def group_of(batch: Batch, sensor: I64, ordering_key: str | None) -> I64:
    """What each event's order is kept within: a sensor, or whoever the ordering key names; -1 for nobody."""
    if ordering_key == "canvas_user_id":
        return _person_of(batch)
    if ordering_key == "canvas_course_id":
        return np.asarray(batch.course, dtype=np.int64)
    return np.asarray(sensor, dtype=np.int64)


def _person_of(batch: Batch) -> I64:
    """Whom attributes name, -1 for nobody: background jobs act for nobody."""
    person = batch.person.astype(np.int64)
    return np.where(_NO_PERSON[batch.kind] | (person < 0), -1, person)


def envelope_starts(window: DateEvents) -> npt.NDArray[np.intp]:
    """The first event of each envelope. A tool may have two senders: itself, and Canvas for its launches."""
    new = np.ones(len(window.batch), dtype=np.bool_)
    envelope, sensor, sender = window.schedule.envelope, window.sensor, _SENDER[window.batch.kind]
    new[1:] = (envelope[1:] != envelope[:-1]) | (sensor[1:] != sensor[:-1]) | (sender[1:] != sender[:-1])
    return np.flatnonzero(new)


def pieces(window: DateEvents, most: int) -> Iterator[DateEvents]:
    """Runs of some ``most`` events, all about as long, cut between envelopes."""
    starts, count = envelope_starts(window), len(window.batch)
    runs = max(round(count / most), 1)
    wanted = np.arange(runs) * count // runs
    cuts = np.unique(starts[np.searchsorted(starts, wanted, side="right") - 1])
    for first, stop in pairwise([*cuts.tolist(), len(window.batch)]):
        yield window.take(slice(first, stop))


class MessageMaker:
    """Makes messages of one world: a document an event, or an envelope of them."""

    def __init__(self, world: World, tools: Sequence[str], form: str) -> None:
        self._world, self._renderer, self._form = world, Renderer(world), form
        self._tables = {name: _text_table(values) for name, values in _values(world, tools).items()}
        self._heads = pa.array([f'{{"sensor":"{_sensor(kind, world)}","sendTime":"' for kind in KINDS])
        self._middle = pa.scalar(f'","dataVersion":"{CONTEXT}","data":[')

    def make(self, window: DateEvents) -> Messages:
        """The messages of what has been handed over."""
        batch = window.batch
        rows = Scoped(self._world, batch)
        documents = self._renderer.of(rows).texts
        first = np.arange(len(batch)) if self._form == "event" else envelope_starts(window)
        last = np.append(first[1:], len(batch)) - 1
        lead = batch.take(first)  # what an envelope's attributes tell is its first event's
        return Messages(
            documents if self._form == "event" else self._envelopes(documents, window, first),
            self._attributes(lead, rows.fixed("event.uuid")[first], window, first),
            window.sensor[first],
            batch.take(last),
            last - first + 1,
            window.schedule.release_ms[first],
        )

    def _envelopes(
        self, documents: pa.StringArray, window: DateEvents, first: npt.NDArray[np.intp]
    ) -> pa.StringArray:
        offsets = pa.array(np.append(first, len(documents)).astype(np.int32))
        data = pc.binary_join(pa.ListArray.from_arrays(offsets, documents), ",")
        sent = times(window.schedule.release_ms[first])
        heads = self._heads.take(pa.array(window.batch.kind[first]))
        return pc.binary_join_element_wise(heads, sent, self._middle, data, "]}", "")

    def _attributes(
        self, batch: Batch, ids: U8, window: DateEvents, first: npt.NDArray[np.intp]
    ) -> tuple[Attribute, ...]:
        course = np.where(batch.course >= 0, batch.course, len(self._tables["canvas_course_id"]) - 1)
        course, nothing = course.astype(np.int64), np.zeros(len(batch), dtype=np.int64)
        kind, person = batch.kind.astype(np.int64), _person_of(batch)
        person = np.where(person < 0, len(self._tables["canvas_user_id"]) - 1, person)
        rows: dict[str, I64] = {
            "event_type": kind,
            "event_action": kind,
            "ed_app": kind,
            "tool": window.sensor[first],
            "tenant": nothing,
            "udp_person_id": person,
            "udp_course_offering_id": course,
            "canvas_user_id": person,
            "canvas_course_id": course,
            "synthetic": nothing,
        }
        return (
            Attribute("event_id", fixed(ids), None),
            Attribute("event_time", times(batch.time_ms), None),
            Attribute("sent_time", times(window.schedule.release_ms[first]), None),
            *(Attribute(name, self._tables[name], rows[name]) for name in rows),
        )


def _sensor(kind: Kind, world: World) -> str:
    """Who sends a kind's envelopes."""
    sensors = {
        "canvas": f"https://{world.tenant.host}/",
        "kaltura": f"{kaltura.host(world.tenant)}/",
        "engage": engage.APP,
    }
    return sensors[kind.sensor]


def _values(world: World, tools: Sequence[str]) -> dict[str, pa.Array]:
    """The values that each attribute can have; courses and people end with a null, for events without."""
    courses = world.courses
    return {
        "event_type": pa.array([kind.type for kind in KINDS]),
        "event_action": pa.array([kind.action for kind in KINDS]),
        "ed_app": pa.array([shape_of(kind, world.tenant).get("edApp", {}).get("id") for kind in KINDS]),
        "tool": pa.array(list(tools)),
        "tenant": pa.array([world.tenant.host]),
        "udp_person_id": pa.array([*world.persons.udp_id.tolist(), None]),
        "udp_course_offering_id": pa.array([*courses.udp_id.tolist(), None]),
        "canvas_user_id": pa.array([*world.persons.lms_id.tolist(), None]),
        "canvas_course_id": pa.array([*courses.lms_id.tolist(), None]),
        "synthetic": pa.array(["true"]),
    }


def _text_table(values: pa.Array) -> pa.StringArray:
    return values.cast(pa.string())
