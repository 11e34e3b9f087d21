"""Rendering: the fast bytes are the plain reference's, and the shape is the vendor's."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import orjson
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.arrays import values_and_codes
from sim.caliper.batch import NO_TOOL, Batch, concatenate
from sim.caliper.fields import plain_time
from sim.caliper.kinds import KIND, KINDS
from sim.caliper.models import CanvasEvent
from sim.caliper.shapes import fields_of
from sim.caliper.texts import escaped, fixed, time_text, times, uuid_texts
from sim.draw.day import draw_day
from sim.render.reference import Builder, models, plain_loop, render_slow
from sim.render.renderer import Renderer
from sim.render.text_pools import Heap, Pool
from sim.tools.every_tool import detail
from sim.tools.vendors import ALL_FIELDS, shape_of
from sim.world.world import World
from tests.samples.tiny import tiny

NASTY = 'Économie "A\\B"\n\t数学 \x01 </script> \u2028 😀'
DAYS = (-3, 20, 45, 51, 88, 118)


def fast(world: World, batch: Batch) -> list[bytes]:
    """The fast rendering as bytes."""
    return [text.encode() for text in Renderer(world).render(batch).to_pylist()]


@cache
def samples() -> Batch:
    """A few events of every kind, from all over the term; those of rows from before the term by hand."""
    term = concatenate([draw_day(tiny().engine, day)[0] for day in range(-14, 118)])
    rows = [np.flatnonzero(term.kind == code)[:40] for code in range(len(KINDS))]
    assert all(len(found) for code, found in enumerate(rows) if KINDS[code].name not in BEFORE)
    return concatenate([term.take(np.concatenate(rows)), *(before(kind) for kind in BEFORE)])


BEFORE = (
    "course_created",
    "user_account_association_created",
)  # the tiny store has them before its first day


def before(kind: str) -> Batch:
    """Three events of background jobs by hand."""
    some, none = np.arange(3, dtype=np.int32), np.full(3, -1, dtype=np.int32)
    course = some if kind == "course_created" else none
    low = np.arange(3, dtype=np.uint64) + np.uint64(KIND[kind] << 40) + (np.uint64(2) << np.uint64(62))
    return Batch(
        time_ms=tiny().calendar.day_start_ms(5) + np.arange(3) * 1_234_567,
        kind=np.full(3, KIND[kind], dtype=np.uint8),
        tool=np.full(3, NO_TOOL, dtype=np.uint8),
        person=none,
        enrolment=none,
        course=course,
        object=some,
        visit=np.arange(3, dtype=np.uint64),
        uuid_high=np.full(3, 0x1234567812344678, dtype=np.uint64),
        uuid_low=low,
    )


def nasty_world() -> World:
    """The tiny world with texts that need escaping, and people without a SIS id."""
    world = tiny().world

    def worse(texts: pa.StringArray) -> pa.StringArray:
        return pa.array(
            [f"{text}{NASTY}" if i % 3 else text for i, text in enumerate(texts.to_pylist())], pa.string()
        )

    sis = [None if i % 5 == 0 else text for i, text in enumerate(world.persons.sis_id.to_pylist())]
    details = world.details
    return replace(
        world,
        details=replace(
            details,
            assignment=replace(details.assignment, description=worse(details.assignment.description)),
            page=replace(details.page, body=worse(details.page.body)),
            course=replace(details.course, syllabus=worse(details.course.syllabus)),
            person=replace(details.person, name=worse(details.person.name)),
        ),
        persons=replace(world.persons, sis_id=pa.array(sis, pa.string()), login=worse(world.persons.login)),
        courses=replace(world.courses, title=worse(world.courses.title)),
        objects={
            name: replace(
                table, title=worse(table.title), text=worse(table.text) if name == "file" else table.text
            )
            for name, table in world.objects.items()
        },
        submissions=replace(
            world.submissions, body=worse(world.submissions.body), url=worse(world.submissions.url)
        ),
        posts=replace(world.posts, body=worse(world.posts.body)),
        devices=worse(world.devices),
    )


def test_fields_are_of_columns_that_are_there() -> None:
    """A field of a column that the details of a table do not have is refused when the program starts."""
    with pytest.raises(ValueError, match="due_date: no column of AssignmentDetails"):
        detail("assignment", "due_date")
    needed = {name for kind in KINDS for name in fields_of(shape_of(kind, tiny().world.tenant))}
    assert needed <= set(ALL_FIELDS)


@pytest.mark.parametrize("day", DAYS)
def test_fast_is_plain(day: int) -> None:
    """On whole days the fast bytes are those of dicts and orjson."""
    batch = draw_day(tiny().engine, day)[0]
    assert fast(tiny().world, batch) == plain_loop(Builder(tiny().world), batch)


def test_fast_is_plain_with_nasty_texts() -> None:
    """Quotes, backslashes, control characters, other scripts and missing SIS ids change nothing of that."""
    world = nasty_world()
    documents = fast(world, samples())
    assert documents == plain_loop(Builder(world), samples())
    assert any(b"\\u0001" in document for document in documents)


def test_fast_is_the_models() -> None:
    """The reference of pydantic models gives the same bytes: no key that the vendor does not send."""
    assert fast(tiny().world, samples()) == render_slow(tiny().world, samples())


def test_models_refuse_other_shapes() -> None:
    """The shape is closed: a wrong id, an unknown key or another context is an error."""
    document = json.loads(fast(tiny().world, samples())[0])
    for change in (
        {"id": "urn:uuid:1"},
        {"more": 1},
        {"@context": "http://elsewhere"},
        {"eventTime": "2026-01-01"},
    ):
        with pytest.raises(ValueError, match=r"."):
            CanvasEvent.model_validate({**document, **change})


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_chunks_do_not_show(size: int) -> None:
    """However many rows are joined at a time, the documents are the same."""
    parts = [part for _, part in Renderer(tiny().world).chunks(samples(), size)]
    assert pa.concat_arrays(parts).equals(Renderer(tiny().world).render(samples()).combine_chunks())


def test_nothing_renders_to_nothing() -> None:
    """An empty batch gives no documents."""
    assert len(Renderer(tiny().world).render(samples().take(slice(0, 0)))) == 0


def test_times_and_ids() -> None:
    """Instants to the millisecond and ids digit by digit."""
    ms = np.array([0, 1_790_000_000_123, 1_790_000_059_999, 1_793_512_800_000], dtype=np.int64)
    assert times(ms).to_pylist() == [f"{np.datetime64(int(t), 'ms')}Z" for t in ms]
    high, low = (
        np.array([0x0123456789ABCDEF], dtype=np.uint64),
        np.array([0xFEDCBA9876543210], dtype=np.uint64),
    )
    assert fixed(uuid_texts(high, low)).to_pylist() == ["01234567-89ab-cdef-fedc-ba9876543210"]


def test_events_are_large_enough() -> None:
    """An event has at least 1.5 KB on average."""
    batch = draw_day(tiny().engine, 45)[0]
    assert np.mean([len(document) for document in fast(tiny().world, batch)]) > 1500


def test_lines_are_the_documents() -> None:
    """The renderer's lines are its documents with a newline each, in as many pieces as one likes."""
    renderer = Renderer(tiny().world)
    wanted = b"".join(text.encode() + b"\n" for text in renderer.render(samples()).to_pylist())
    for size in (100, 16_384):
        rows, blocks = zip(*renderer.lines(samples(), size), strict=True)
        assert (sum(rows), b"".join(blocks)) == (len(samples()), wanted)


def test_fragments_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    """A renderer that throws its fragments away before each chunk renders the same."""
    monkeypatch.setattr("sim.render.layout.HEAP_BYTES", -1)
    renderer = Renderer(tiny().world)
    parts = [part for _, part in renderer.chunks(samples(), 50)]
    assert pa.concat_arrays(parts).to_pylist() == [text.decode() for text in fast(tiny().world, samples())]


@pytest.mark.parametrize(("small", "asked"), [(0, [[1], [3]]), (4, [[1], [3]]), (5, [[0, 1, 2, 3, 4]])])
def test_texts_of_small_tables_are_made_at_once(
    small: int, asked: list[list[int]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Texts of a small table are made in one call and of a large one as asked for; documents are the same."""
    monkeypatch.setattr("sim.render.text_pools.SMALL_ROWS", small)
    pool, heap, made = Pool(5), Heap(), []

    def make(rows: Any) -> Any:
        made.append(rows.tolist())
        return pa.array([f"a text too long for a view, of {row}" for row in rows.tolist()])

    for row in (1, 3, 1):
        pool.fill(np.array([row]), heap, make)
    assert made == asked
    some = samples().take(slice(0, 400))
    found = fast(tiny().world, some)
    monkeypatch.undo()
    assert found == fast(tiny().world, some)


def strings(node: Any) -> Iterator[str]:
    """All texts in a document."""
    if isinstance(node, dict):
        for value in node.values():
            yield from strings(value)
    elif isinstance(node, list):
        for value in node:
            yield from strings(value)
    elif isinstance(node, str):
        yield node


def test_hosts_are_examples() -> None:
    """Every address in an event ends in .example, every client address is a documentation address."""
    for document in fast(tiny().world, samples()):
        event = json.loads(document)
        for text in strings(event):
            for host in re.findall(r"https?://([^/\s\"<]+)", text):
                assert host.endswith(".example") or host == "purl.imsglobal.org", host
        request = event.get("extensions", {}).get("com.instructure.canvas", {})
        if "client_ip" in request:
            assert re.match(r"(192\.0\.2|198\.51\.100|203\.0\.113)\.\d{1,3}$", request["client_ip"])


@given(st.lists(st.integers(-(10**13), 4 * 10**13), max_size=20))
def test_times_are_those_of_plain_python(ms: list[int]) -> None:
    """Times in any order, before 1970 too, as the plain reference writes them."""
    assert time_text(np.array(ms, dtype=np.int64)).to_pylist() == [plain_time(one) for one in ms]


@given(st.lists(st.text(max_size=6), max_size=8), st.integers(0, 3))
def test_escapes_are_those_of_json(found: list[str], start: int) -> None:
    """A whole array needs no escape, or some of its texts do: the same as each alone, slices too."""
    assert escaped(pa.array(found, pa.string()).slice(start)).to_pylist() == [
        orjson.dumps(one).decode()[1:-1] for one in found[start:]
    ]


@given(st.lists(st.integers(-1, 40), max_size=60) | st.lists(st.integers(-1, 10**6), max_size=60))
def test_distinct_rows_are_those_of_sorting(rows: list[int]) -> None:
    """By a table or by sorting: the same rows and places."""
    used, place = values_and_codes(np.array(rows, dtype=np.int64))
    wanted, where = np.unique(np.array(rows, dtype=np.int64), return_inverse=True)
    assert (used.tolist(), place.tolist()) == (wanted.tolist(), where.tolist())


def test_models_are_objects() -> None:
    """The models can be used as Python objects."""
    event = models(tiny().world, samples().take(slice(0, 1)))[0]
    assert isinstance(event, CanvasEvent)
    assert event.actor.type == "Person"
    assert event.event_time.endswith("Z")
