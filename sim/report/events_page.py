"""The page that lists every kind of event with an example, made from the kinds and a campus."""

from __future__ import annotations

import json
from collections.abc import Iterator

import numpy as np

from sim.caliper.batch import NO_TOOL, Batch
from sim.caliper.kinds import KINDS, Kind
from sim.caliper.spec import deviations
from sim.draw.day import draw_day
from sim.draw.engine import Engine
from sim.render.renderer import Renderer

_TITLES = {"canvas": "Canvas", "kaltura": "Kaltura", "engage": "Engage eText reader"}
_WHO = {
    "Student": "students",
    "session": "everybody",
    "staff": "instructors",
    "system": "a background job",
    "twin": "students, beside a page view",
}
_INTRO = """# Events

Every kind of event that Termtide sends, with an example. This page is made from the code and a tiny campus;
`make docs` writes it anew. All people, courses and hosts in it are made up.

Events have the form in which the vendors send them and the Unizin Data Platform stores them: Caliper 1.1,
quirks included. Canvas gives objects the type `Entity`, hands in an `Attempt` instead of an assignment,
creates threads, cuts texts at 8,192 characters and leaves request and session out of what its background
jobs do. Kaltura names the course by its short id, in an extension of the video. Engage has its keys in the
order of the alphabet. Zoom, Turnitin and other tools send nothing themselves: they are seen as launches,
kind `context_external_tool`, told apart by `domain`.

What a kind does otherwise than Caliper 1.1 allows is said with it, as published events of its vendor show it.

"Counted" kinds are what the event rates of a pack ask for, by tool. All others come on top: logins and
logouts, what instructors and background jobs do, and twins, kinds `..._api`: a page view that comes again as
the call of the API behind it. Kinds with an anchor are rows of the context store: one event for each row
that has the time.
"""


def events_page(engine: Engine) -> str:
    """The page as Markdown. Draws days until each kind has been seen once."""
    examples = dict(_examples(engine))
    lines = [_INTRO]
    for sensor, title in _TITLES.items():
        lines.append(f"## {title}\n")
        lines += [_entry(kind, examples[kind.name]) for kind in KINDS if kind.sensor == sensor]
    return "\n".join(lines)


def _entry(kind: Kind, document: str) -> str:
    facts = [f"`{kind.type}` / `{kind.action}` / `{kind.object_type}`", f"by {_WHO[kind.role]}"]
    if kind.role == "Student":
        facts.append(f"counted for {kind.tool or 'the tool of its launch domain'}")
    if kind.entity:
        facts.append(f"anchored to `{kind.entity}.{kind.column}`")
    facts += [f"not as in Caliper 1.1: {why}" for why in deviations(kind)]
    members = [f"  {json.dumps(key)}: {_compact(value)}" for key, value in json.loads(document).items()]
    body = ",\n".join(members)
    return f"### {kind.name}\n\n{'; '.join(facts)}.\n\n```json\n{{\n{body}\n}}\n```\n"


def _compact(value: object) -> str:
    return json.dumps(value, ensure_ascii=False)


def _examples(engine: Engine) -> Iterator[tuple[str, str]]:
    """(kind, one document) of every kind."""
    renderer, wanted = Renderer(engine.world), set(range(len(KINDS)))
    for day in sorted(map(int, engine.calendar.days), key=lambda day: (day < 0, day)):
        batch = draw_day(engine, day)[0]
        codes, rows = np.unique(batch.kind, return_index=True)
        found = [row for code, row in zip(codes.tolist(), rows.tolist(), strict=True) if code in wanted]
        if found:
            some = batch.take(np.array(found))
            names = (KINDS[code].name for code in some.kind)
            yield from zip(names, renderer.render(some).to_pylist(), strict=True)
            wanted -= set(some.kind.tolist())
        if not wanted:
            return
    for code in sorted(wanted):  # rows from before the first campus day: what their events would be
        yield KINDS[code].name, renderer.render(_by_hand(engine, code)).to_pylist()[0]


def _by_hand(engine: Engine, code: int) -> Batch:
    """One event of a background job, of the first row of its table."""
    first, nobody = np.zeros(1, dtype=np.int32), np.full(1, -1, dtype=np.int32)
    return Batch(
        time_ms=np.array([engine.calendar.day_start_ms(0)]),
        kind=np.full(1, code, dtype=np.uint8),
        tool=np.full(1, NO_TOOL, dtype=np.uint8),
        person=nobody,
        enrolment=nobody,
        course=first if KINDS[code].table == "course" else nobody,
        object=first,
        visit=np.zeros(1, dtype=np.uint64),
        uuid_high=np.full(1, 0x1234567812344678, dtype=np.uint64),
        uuid_low=np.full(1, (2 << 62) + code, dtype=np.uint64),
    )
