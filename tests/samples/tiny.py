"""A tiny campus for tests: made once per test process, in memory and as a run folder."""

from __future__ import annotations

import fcntl
import os
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import gettempdir, mkdtemp

from context.generate import generate
from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.parts import Incident
from context.scenario.scenario import Scenario
from context.store.files import write_store
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

_BEGIN, _END = (datetime.fromisoformat(f"2026-10-14T{clock}") for clock in ("13:00", "15:30"))  # wall clock
OUTAGE = Incident(name="outage", start=_BEGIN, end=_END)
TINY = Scenario(name="tiny", fte=60, seed=11, incident=(OUTAGE,))
SMALL = TINY.model_copy(update={"fte": 30})


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


@cache
def drawn_of(scenario: Scenario) -> Drawn:
    """The integer columns of a scenario's store."""
    return draw(scenario, default_pack(), calendar_of(scenario, default_pack()))


@cache
def store_of(scenario: Scenario) -> Store:
    """The store of a scenario."""
    return generate(scenario, default_pack(), calendar_of(scenario, default_pack()))


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
    folder = Path(mkdtemp(prefix="termtide-run-")) / "small"
    session = os.environ.get("PYTEST_XDIST_TESTRUNUID")
    if session is None:
        run(premises(SMALL, default_pack()), folder)
        return folder
    shared = Path(gettempdir()) / f"termtide-run-{session}"
    shared.mkdir(exist_ok=True)
    with (shared / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (shared / "done").exists():
            run(premises(SMALL, default_pack()), shared / "small")
            (shared / "done").touch()
    copytree(shared / "small", folder)
    build_warehouse(folder)  # which says where it is
    return folder
