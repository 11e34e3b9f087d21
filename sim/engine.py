"""What drawing needs, set up once per process: pack, calendar, world, plan, anchors and the keys of both."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context import rng
from context.calendar import Calendar
from context.pack import Pack
from sim.anchors import Anchors
from sim.dues import Dues, make_dues
from sim.plan import Plan, class_starts, section_keys
from sim.sessions import session_sizes
from sim.world import World
from sim.world_objects import lti_tools

I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
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
    dues: Dues
    by_person: I64  # student enrolments, ordered by person, then key
    tool_key: U64
    tool_rank: I64
    lti_place: dict[str, int]  # place of each external tool among a course's tools
    session_size: npt.NDArray[np.float64]  # mean events of a session of each tool, 1: click by click

    @staticmethod
    def build(pack: Pack, calendar: Calendar, world: World, plan: Plan, anchors: Anchors) -> Engine:
        """Set up the keys of sections and tools."""
        table = pack.table("tool")
        rank = dict(zip(table["tool"], table["rank"], strict=True))
        e, keys = world.enrolments, section_keys(world)
        students = np.flatnonzero(e.is_student)
        return Engine(
            pack,
            calendar,
            world,
            plan,
            anchors,
            keys,
            class_starts(pack, keys),
            make_dues(pack, calendar, world),
            students[np.lexsort((e.key[students], e.person[students]))],
            rng.key_of_text(world.tenant.seed, "tool", list(world.tools)),
            np.array([min(int(rank[tool]), RANKS - 1) for tool in world.tools], dtype=np.int64),
            {tool: place for place, (tool, _, _) in enumerate(lti_tools(pack))},
            session_sizes(pack, world.tools),
        )
