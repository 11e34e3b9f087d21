"""A tiny term to stream: its run folder, its backfill, and a stream of it in this process or another one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

from context.scenario.calendar import Calendar
from context.scenario.parts import SensorDelivery
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.caliper.batch import NO_TOOL
from sim.caliper.texts import fixed, uuid_texts
from sim.draw.day import draw_day
from sim.draw.engine import load_engine
from sim.render.renderer import Renderer
from sim.run import prepare
from sim.sinks.messages import StreamOptions
from sim.stream.clock import MAX
from sim.stream.stream import StreamEnd, StreamJob, stream
from tests.samples.session_folder import made_once
from tests.samples.tiny import SEVEN_WEEKS, calendar_of, default_pack

LIVE = Scenario(name="live", fte=25, seed=5, calendar=SEVEN_WEEKS)
# The same with every sensor within seconds, where a test looks at a moment's events.
PROMPT = LIVE.model_copy(
    update={
        "delivery": (SensorDelivery(buffer_events=1, flush_ms=0, delay_median_ms=1_200, delay_p99_ms=8_000),)
    }
)


@cache
def live_run() -> Path:
    """A run folder with the store and plan of LIVE, this process's own: a stream claims it."""
    made = made_once("live-5", lambda folder: prepare(premises(LIVE, default_pack()), folder))
    return Path(copytree(made, Path(mkdtemp(prefix="termtide-live-")) / "live-5"))


def live_calendar() -> Calendar:
    """LIVE's calendar."""
    return calendar_of(LIVE, default_pack())


def job(to: str, state: Path, **changes: object) -> StreamJob:
    """A stream of LIVE at speed max, or with some fields changed."""
    given: dict[str, object] = {"speed": MAX, "options": StreamOptions(create=True)} | changes
    scenario = given.pop("scenario", LIVE)
    return StreamJob(premises(scenario, default_pack()), live_run(), state, to, **given)  # type: ignore[arg-type]


def play(to: str, state: Path, **changes: object) -> StreamEnd:
    """Stream LIVE in this process, silently unless ``say`` takes what it says."""
    say = changes.pop("say", lambda _: None)
    return stream(job(to, state, **changes), say)  # type: ignore[arg-type]


@cache
def backfill(first: int | None = None, last: int | None = None) -> tuple[str, ...]:
    """The documents of LIVE's units, in no particular order: what a stream must add up to."""
    return documents_of_run(LIVE, live_run(), first, last)


def documents_of_run(
    scenario: Scenario, run: Path, first: int | None = None, last: int | None = None
) -> tuple[str, ...]:
    """The documents of a run's units (``first`` to ``last``, or all), drawn from its store and plan."""
    engine = load_engine(run, scenario, default_pack().path)
    renderer, documents = Renderer(engine.world), list[str]()
    for day in engine.calendar.days.tolist():
        if (first is None or day >= first) and (last is None or day <= last):
            documents += renderer.render(draw_day(engine, day)[0]).to_pylist()
    return tuple(documents)


@cache
def sensors() -> dict[str, str]:
    """The sensor of every event of LIVE, by the event's id."""
    engine = load_engine(live_run(), LIVE, default_pack().path)
    names = {**dict(enumerate(engine.world.tools)), NO_TOOL: "login"}
    found: dict[str, str] = {}
    for day in engine.calendar.days.tolist():
        batch = draw_day(engine, day)[0]
        ids = fixed(uuid_texts(batch.uuid_high, batch.uuid_low)).to_pylist()
        found |= {f"urn:uuid:{one}": names[code] for one, code in zip(ids, batch.tool.tolist(), strict=True)}
    return found


def start(code: str, arguments: Sequence[str], **environment: str) -> subprocess.Popen[bytes]:
    """A Python process of our own interpreter that runs ``code`` with the project on its path."""
    root = str(Path(__file__).parents[2])
    return subprocess.Popen(
        [sys.executable, "-c", code, *arguments],
        cwd=root,
        env={**os.environ, "PYTHONPATH": root, **environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def documents_of(path: Path) -> list[str]:
    """The lines of a file."""
    return path.read_text(encoding="utf-8").splitlines()


def event_id(document: str) -> str:
    """The id of a document."""
    return str(json.loads(document)["id"])
