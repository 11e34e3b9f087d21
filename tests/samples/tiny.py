"""A tiny campus for tests: made once per test process, in memory and as a run folder."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp

from context.generate import generate
from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.parts import CalendarOverrides, Incident
from context.scenario.scenario import Scenario
from context.store.store import Store
from context.terms.draw import draw
from context.terms.drawn import Drawn
from context.terms.premises import premises
from sim.draw.engine import Engine
from sim.plan.anchors import make_anchors
from sim.plan.plan import Plan, make_plan
from sim.run import run
from sim.sql.warehouse import build_warehouse
from sim.world.load import campus_facts, load_world, standard_scores
from sim.world.world import World
from tests.samples.commands import BRIEF_TERM
from tests.samples.in_one_call import write_store
from tests.samples.no_charts import without_charts
from tests.samples.session_folder import made_once

_BEGIN, _END = (datetime.fromisoformat(f"2026-10-14T{clock}") for clock in ("13:00", "15:30"))  # wall clock
OUTAGE = Incident(name="outage", start=_BEGIN, end=_END)
_MEDIUM, _LARGE = 100, 2_000  # FTE, over all terms
TINY = Scenario(name="tiny", fte=60, seed=11, incident=(OUTAGE,))
# A term of seven weeks, over a clock change: what whole runs are made of, as days are what they cost.
SMALL_TOML = """
name = "tiny"
fte = 30
seed = 11
[calendar]
start = 2026-09-21
instruction_end = 2026-11-06
finals_start = 2026-11-09
end = 2026-11-11
no_class = [2026-10-19]
[[incident]]
name = "outage"
start = 2026-10-14T13:00:00
end = 2026-10-14T15:30:00
"""
BRIEF_TOML = f'name = "brief"\nfte = 10\nseed = 11\n{BRIEF_TERM}'
SEVEN_WEEKS, THREE_WEEKS = (
    CalendarOverrides.model_validate(tomllib.loads(text)["calendar"], strict=False)
    for text in (SMALL_TOML, BRIEF_TERM)
)
SMALL = TINY.model_copy(update={"fte": 30, "calendar": SEVEN_WEEKS})
BRIEF = Scenario(name="brief", fte=10, seed=11, calendar=THREE_WEEKS)  # BRIEF_TOML's: for what any run shows


@dataclass(frozen=True)
class Campus:
    """Everything up to the first draw."""

    scenario: Scenario
    pack: Pack
    calendar: Calendar
    store: Store
    root: Path
    world: World
    plan: Plan
    engine: Engine


@cache
def default_pack() -> Pack:
    """The default pack."""
    return load_pack("us_public_r1", None)


def calendar_of(scenario: Scenario, pack: Pack) -> Calendar:
    """The calendar of a scenario."""
    return build_calendar(scenario, pack.table("calendar"))


def drawn_of(scenario: Scenario) -> Drawn:
    """The integer columns of a scenario's store."""
    return _drawn[_size(scenario)](scenario)


def store_of(scenario: Scenario) -> Store:
    """The store of a scenario."""
    return _stores[_size(scenario)](scenario)


def _size(scenario: Scenario) -> int:
    """0 for what a test process keeps beside all others, 1 beside two, 2 alone."""
    return (scenario.fte * scenario.terms > _MEDIUM) + (scenario.fte * scenario.terms > _LARGE)


def _draw(scenario: Scenario) -> Drawn:
    return draw(scenario, default_pack(), calendar_of(scenario, default_pack()))


def _generate(scenario: Scenario) -> Store:
    return generate(scenario, default_pack(), calendar_of(scenario, default_pack()))


_drawn = cache(_draw), lru_cache(3)(_draw), lru_cache(1)(_draw)
_stores = cache(_generate), lru_cache(3)(_generate), lru_cache(1)(_generate)


def campus_of(scenario: Scenario, pack: Pack, root: Path) -> Campus:
    """Store, world and plan of a scenario; the store is written to ``root``."""
    calendar = calendar_of(scenario, pack)
    store = generate(scenario, pack, calendar)
    write_store(root, store)
    world = load_world(root, scenario, pack, calendar)
    anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    plan = make_plan(pack, calendar, world, anchors, standard_scores(root, world), campus_facts(root))
    engine = Engine.build(pack, calendar, world, plan, anchors)
    return Campus(scenario, pack, calendar, store, root, world, plan, engine)


@cache
def tiny() -> Campus:
    """The tiny campus with an outage of Canvas on a Wednesday afternoon."""
    return campus_of(TINY, default_pack(), Path(mkdtemp(prefix="termtide-tiny-")))


@cache
def finished_run() -> Path:
    """The run folder of the small campus, by one worker and never killed; nobody changes it.

    One test process of a session makes it, the others take copies: a run can be claimed by one at a time.
    """
    made = made_once("small-run", _run_small)
    folder = Path(mkdtemp(prefix="termtide-run-")) / "small"
    copytree(made, folder)
    build_warehouse(folder)  # which says where it is
    return folder


def _run_small(folder: Path) -> None:
    run(premises(SMALL, default_pack()), folder)


def brief_run() -> Path:
    """A finished run of BRIEF, which all test processes read: copies are made of it."""
    return made_once("brief-run", _run_brief)


def _run_brief(folder: Path) -> None:
    with without_charts():
        run(premises(BRIEF, default_pack()), folder)


def term_run() -> Path:
    """The small campus in the Fall term as it is, without documents; all test processes read the same."""
    return made_once("term-run", _run_term)


def _run_term(folder: Path) -> None:
    output = SMALL.output.model_copy(update={"event_json": False})
    scenario = SMALL.model_copy(update={"calendar": CalendarOverrides(), "output": output})
    with without_charts():
        run(premises(scenario, default_pack()), folder)
