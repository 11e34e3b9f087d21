"""What drawing needs, set up once per process: pack, calendar, world, plan, anchors and the keys of both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import I64, U64
from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario
from sim.draw.dues import Dues, make_dues
from sim.draw.opened import Shelf
from sim.draw.sessions.sessions import session_sizes
from sim.folder.names import PLAN
from sim.plan.adoption import state_weights, tool_tastes
from sim.plan.anchors import Anchors, make_anchors
from sim.plan.plan import Plan
from sim.plan.plan_file import PlanDays, PlanFile
from sim.plan.sections import class_hours, office_hours, section_keys
from sim.world.load import load_world
from sim.world.objects import lti_tools
from sim.world.world import World

RANKS = 160  # tool.csv ranks lie in 0..159, whatever the number of tools


@dataclass(frozen=True)
class Engine:
    """Everything a day's draw reads."""

    pack: Pack
    calendar: Calendar
    world: World
    plan: Plan
    anchors: Anchors
    section_key: U64
    class_ms: I64  # [sections] when its classes begin by the clock on the wall, since midnight
    class_end_ms: I64  # [sections] when they end
    office_ms: I64  # [sections] when its office hours begin
    dues: Dues
    shelf: Shelf
    by_person: I64  # student enrolments, ordered by person, then key
    tool_key: U64
    tool_rank: I64
    lti_place: dict[str, int]  # place of each external tool among a course's tools
    taste: I64  # [sections, tools] how much each course makes of a tool
    state_weight: I64  # [256, tools] what a section's day asks of each tool, by its flags
    session_size: npt.NDArray[np.float64]  # mean events of a session of each tool, 1: click by click

    @staticmethod
    def build(pack: Pack, calendar: Calendar, world: World, plan: Plan, anchors: Anchors) -> Engine:
        """Set up the keys of sections and tools."""
        table = pack.table("tool")
        rank = dict(zip(table["tool"], table["rank"], strict=True))
        e, keys = world.enrolments, section_keys(world)
        classes = class_hours(pack, keys)
        students = np.flatnonzero(e.is_student)
        return Engine(
            pack=pack,
            calendar=calendar,
            world=world,
            plan=plan,
            anchors=anchors,
            section_key=keys,
            class_ms=classes[0],
            class_end_ms=classes[1],
            office_ms=office_hours(keys)[1],
            dues=make_dues(pack, calendar, world),
            shelf=Shelf.build(pack, world),
            by_person=students[np.lexsort((e.key[students], e.person[students]))],
            tool_key=rng.key_of_text(world.tenant.seed, "tool", list(world.tools)),
            tool_rank=np.array([min(int(rank[tool]), RANKS - 1) for tool in world.tools], dtype=np.int64),
            lti_place={tool: place for place, (tool, _, _) in enumerate(lti_tools(pack))},
            taste=tool_tastes(pack, world),
            state_weight=state_weights(pack, world.tools),
            session_size=session_sizes(pack, world.tools),
        )


def load_engine(
    run_dir: Path, scenario: Scenario, pack_path: Path, given: tuple[World, Anchors] | None = None
) -> Engine:
    """The engine of a run folder whose store and plan are complete; ``given``: world and anchors, if made."""
    pack, calendar = load_parts(scenario, pack_path)
    return engine_of(run_dir, scenario, pack, calendar, given)


def engine_of(
    run_dir: Path,
    scenario: Scenario,
    pack: Pack,
    calendar: Calendar,
    given: tuple[World, Anchors] | None = None,
) -> Engine:
    """The same where pack and calendar are there already."""
    if given is not None:
        world, anchors = given
    else:
        world = load_world(run_dir, scenario, pack, calendar)
        anchors = make_anchors(world, calendar, len(pack.table("level")["level"]))
    file = PlanFile(run_dir / PLAN)
    return Engine.build(pack, calendar, world, Plan(file.effects, PlanDays(file)), anchors)


def load_parts(scenario: Scenario, pack_path: Path) -> tuple[Pack, Calendar]:
    """Pack and calendar of a run."""
    pack = load_pack(str(pack_path), None)
    return pack, build_calendar(scenario, pack.table("calendar"))
