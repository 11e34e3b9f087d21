"""The draw of one campus day: plan and world in, a batch of events out. Pure, vectorised, keyed throughout.

Cell (enrolment x tool): a Poisson count of its expected events. Event: a visit of the person, a slot in it by
the tool's place along a course path, a kind, an object among those released. Anchored bundles join the visit
they fall into. A day, a section, a block of people or a tool drawn alone gives exactly its rows.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import F64, HOUR_MS, I32, I64, U64, ordinals
from sim.caliper.batch import Batch, concatenate, in_order
from sim.draw.appointments import in_working_order, is_by_the_clock, joined_ms, to_later_visits
from sim.draw.clicks import objects_of, place_of, through_outages
from sim.draw.dues import Times
from sim.draw.engine import Engine
from sim.draw.logins import logins, logouts
from sim.draw.parts import Drawn, Select, Tally, blocks_of, of_selection
from sim.draw.routes import Routes, lay_out
from sim.draw.sessions.sessions import with_sessions
from sim.draw.twins import twins_of
from sim.draw.visits import Pulls, Visits, active_chance, draw_visits, with_lengths
from sim.plan.adoption import FULL_WEIGHT, tool_weights
from sim.plan.campus import MEETS
from sim.plan.effects import MICRO, active_odds, enrolment_effects, section_day_effect
from sim.plan.plan import NANO, DayPlan
from sim.world.world import NO_ROW

# Purposes: of an enrolment's key, of a cell's, of a person's, of the key of a click or an anchored event.
_ENROLMENT_DAY, _LOOKS_IN = 810, 811
_BEYOND_GRID = 812
_HALF_HOUR = 820
_ID = 3
_HALF_HOUR_MS = HOUR_MS // 2
_MOST_MEAN = 256.0  # of the Poisson grid


def _none() -> Batch:
    return Batch(
        *(np.empty(0, dtype=t) for t in ("i8", "u1", "u1", "i4", "i4", "i4", "i4", "u8", "u8", "u8"))
    )


def draw_day(engine: Engine, day: int, select: Select | None = None) -> tuple[Batch, Tally]:
    """The events of one campus day in total order, and their tally.

    A large campus is drawn block by block, which nothing shows but the memory it takes.
    """
    blocks = blocks_of(engine) if select is None else []
    if len(blocks) < 2:
        batch, drawn = _drawn(engine, day, select or Select())
        return batch.sorted(), drawn.tally(engine.session_size)
    parts, total = [], Drawn.none(len(engine.world.tools))
    for block in blocks:
        part, drawn = _drawn(engine, day, Select(block=block))
        parts.append(part)
        total += drawn
    return in_order(parts), total.tally(engine.session_size)


def _drawn(engine: Engine, day: int, select: Select) -> tuple[Batch, Drawn]:
    """The events of a part of a day, in no order, and what became of them."""
    enrolled, anchor_rows = _enrolled(engine, day), _anchor_rows(engine, day, select)
    persons = _persons(engine, enrolled, anchor_rows, select)
    rows = enrolled[np.isin(engine.world.enrolments.person[enrolled], persons)]
    visits = draw_visits(
        engine.pack, engine.calendar, engine.world, engine.plan, day, persons, _pulls(engine, day, rows)
    )
    today = _today(engine, day, rows, visits)
    e = engine.world.enrolments
    routes = lay_out(
        engine.pack, visits, e.person[today.rows], e.course[today.rows], today.key, today.expected
    )
    visits = with_lengths(engine.pack, engine.calendar, visits, routes.length_ms)
    ambient, lost, gone = _ambient(engine, today, visits, routes, select)
    anchored, counted = _anchored(engine, visits, anchor_rows)
    by_visit = _none()
    if select.tools is None and select.sections is None:
        by_visit = concatenate([make(engine, visits, select.persons) for make in (logins, logouts)])
    events = concatenate([ambient, anchored, by_visit])
    twins = twins_of(engine.pack, engine.calendar, engine.world, events)
    counts = (len(ambient), counted, len(anchored) - counted, len(by_visit), lost, len(twins))
    return concatenate([events, twins]), Drawn(np.array(counts), gone)


def _enrolled(engine: Engine, day: int) -> I64:
    """Student enrolments that can click on the day, ordered by person, then key."""
    if engine.calendar.is_skipped(day):
        return np.empty(0, dtype=np.int64)
    e, rows = engine.world.enrolments, engine.by_person
    return rows[(e.first_day[rows] <= day) & (day < e.last_day[rows])]


def _anchor_rows(engine: Engine, day: int, select: Select) -> I64:
    """Anchored events of the day that are selected."""
    a = engine.anchors
    span = a.rows_of(day)
    rows = np.arange(span.start, span.stop)
    rows = rows[of_selection(engine.world.enrolments, a.enrolment[rows], select)]
    if select.tools is not None:
        codes = [code for code, name in enumerate(engine.world.tools) if name in select.tools]
        rows = rows[np.isin(a.tool[rows], codes)]
    return rows


def _persons(engine: Engine, enrolled: I64, anchor_rows: I64, select: Select) -> I64:
    """Everyone whose visits matter: people with a student enrolment that day, be it in another section."""
    person = engine.world.enrolments.person
    student = np.zeros(len(engine.world.persons.udp_id), dtype=np.bool_)
    student[person[enrolled]] = True
    mine = enrolled[of_selection(engine.world.enrolments, enrolled, select)]
    actors = engine.anchors.enrolment[anchor_rows]
    wanted = np.zeros_like(student)
    wanted[person[mine]] = wanted[person[actors[actors >= 0]]] = True
    return np.flatnonzero(wanted & student)


def _pulls(engine: Engine, day: int, rows: I64) -> Pulls:
    """When the classes of each person begin on the day, and when their work is due; ``rows`` by person."""
    e, plan, people = engine.world.enrolments, engine.plan.days[day], len(engine.world.persons.udp_id)
    meets = rows[(plan.section_flags[e.section[rows]] & MEETS) > 0]
    count = np.bincount(e.person[meets], minlength=people)
    return Pulls(
        classes=Times(engine.class_ms[e.section[meets]], e.course[meets], np.append(0, np.cumsum(count))),
        dues=engine.dues.of_day(day, e.course[rows], e.person[rows], people),
        of_dues=engine.dues.pulled[plan.kind == "class"],
    )


@dataclass(frozen=True)
class _Today:
    """Enrolments whose students look into the course today, all of their persons'."""

    day: int
    rows: I64
    key: U64  # of enrolment and day
    scale: F64  # its effect today, given that the student looks in
    expected: F64  # clicks expected in all, whatever the tools


def _today(engine: Engine, day: int, rows: I64, visits: Visits) -> _Today:
    """Those of the day's enrolments with a visit of their student and a look into the course."""
    e, c, plan = engine.world.enrolments, engine.world.courses, engine.plan.days[day]
    rows = rows[np.diff(visits.first_visit)[e.person[rows]] > 0]
    effect = enrolment_effects(
        engine.pack,
        engine.world,
        engine.plan.effects,
        rows,
        day,
        section_day_effect(engine.pack, engine.section_key, day, plan.section_flags),
    )
    # A student looks into a course on some of the active days only; the clicks of the others fall on these.
    odds = active_odds(engine.pack.number("visits.active_course_k"), effect)
    today = (rng.uniform(rng.extend(e.key[rows], _LOOKS_IN), day) < odds) & (effect > 0)
    rows, effect, odds = rows[today], effect[today], odds[today]
    course = e.course[rows]
    chance = active_chance(engine.pack, engine.world, engine.plan, day)[e.person[rows]] * odds
    scale, norm = effect / chance, plan.norm_micro[c.cip[course], c.level[course]] / MICRO
    usual = engine.pack.number("events_per_student_course_week") / 7 * (plan.curve_micro / MICRO)
    key = rng.extend(rng.extend(e.key[rows], _ENROLMENT_DAY), day)
    return _Today(day, rows, key, scale, scale * norm * usual)


def _counts(engine: Engine, plan: DayPlan, today: _Today, mine: I64, tools: I64) -> tuple[I64, I64, U64]:
    """(place in ``today``, tool, key) of every click of its places ``mine``."""
    e, c = engine.world.enrolments, engine.world.courses
    course = e.course[today.rows[mine]]
    cip, level = c.cip[course], c.level[course]
    of_sections = tool_weights(
        engine.state_weight, engine.taste, plan.section_flags, engine.plan.effects.tool_day, plan.day
    )
    weight = of_sections[e.section[today.rows[mine]]]
    each = plan.each_nano / (NANO * FULL_WEIGHT)
    scale, day_key = today.scale[mine], today.key[mine]
    places, codes, keys = [], [], []
    for tool in tools:
        key = rng.extend(day_key, engine.tool_key[tool])
        mean = scale * weight[:, tool] * each[cip, level, tool] / engine.session_size[tool]
        count = rng.poisson(key, np.minimum(mean, _MOST_MEAN))
        over, turn = np.flatnonzero(mean > _MOST_MEAN), 0
        while len(over):  # hardly ever: the sum of two Poisson counts is one
            mean[over] -= _MOST_MEAN
            turn += 1
            more = rng.poisson(rng.extend(key[over], _BEYOND_GRID), np.minimum(mean[over], _MOST_MEAN), turn)
            count[over] += more
            over = over[mean[over] > _MOST_MEAN]
        some = np.flatnonzero(count)
        n = count[some].astype(np.int64)
        index = ordinals(n)
        places.append(np.repeat(mine[some], n))
        codes.append(np.full(len(index), tool, dtype=np.int64))
        keys.append(rng.extend(np.repeat(key[some], n), 1 + index))
    if not places:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.uint64)
    return np.concatenate(places), np.concatenate(codes), np.concatenate(keys)


def _ambient(
    engine: Engine, today: _Today, visits: Visits, routes: Routes, select: Select
) -> tuple[Batch, int, I64]:
    """(clicks drawn from the rates, what else sessions lost, by tool the clicks that an outage took)."""
    world = engine.world
    tools = np.arange(len(world.tools))
    if select.tools is not None:
        tools = np.array([code for code in tools if world.tools[code] in select.tools], dtype=np.int64)
    mine = np.flatnonzero(of_selection(engine.world.enrolments, today.rows, select))
    place, tool, key = _counts(engine, engine.plan.days[today.day], today, mine, tools)
    enrolment = today.rows[place]
    person = world.enrolments.person[enrolment]
    visit, time = place_of(engine, visits, routes, place, tool, key)
    to_later_visits(engine, today.day, visits, enrolment, tool, key, (visit, time))
    timed = np.flatnonzero(is_by_the_clock(engine, tool))
    kept = through_outages(engine, visits, visit, time, tool)
    visit_key = visits.key[visit]
    time[timed] = joined_ms(engine, today.day, enrolment[timed], key[timed])
    kept[timed] = in_working_order(engine, time[timed], tool[timed])
    visit_key[timed] = _visit_keys(engine, visits, person[timed], time[timed])
    drawn_tool = tool
    enrolment, tool, key, person = enrolment[kept], tool[kept], key[kept], person[kept]
    visit_key, time = visit_key[kept], time[kept]
    course = world.enrolments.course[enrolment]
    kind, target = objects_of(engine, tool, course, time, key)
    high, low = rng.uuid_bits(rng.extend(key, _ID))
    clicks = Batch(
        time_ms=time,
        kind=kind,
        tool=tool.astype(np.uint8),
        person=person,
        enrolment=enrolment.astype(np.int32),
        course=course,
        object=target,
        visit=visit_key,
        uuid_high=high,
        uuid_low=low,
    )
    batch, lost = with_sessions(engine.pack, engine.calendar, world, clicks, today.day)
    return batch, lost, np.bincount(drawn_tool[~kept], minlength=len(world.tools))


def anchored_ids(engine: Engine, day: int) -> tuple[U64, U64]:
    """Both halves of the ids of a day's anchored events."""
    return _ids(engine, _anchor_rows(engine, day, Select()))


def _ids(engine: Engine, rows: I64) -> tuple[U64, U64]:
    return rng.uuid_bits(rng.extend(engine.anchors.key[rows], _ID))


def _anchored(engine: Engine, visits: Visits, rows: I64) -> tuple[Batch, int]:
    """(events of the day's bundles, how many of them the rates count)."""
    world, a = engine.world, engine.anchors
    enrolment = a.enrolment[rows]
    person = np.where(enrolment >= 0, world.enrolments.person[enrolment], NO_ROW).astype(np.int32)
    high, low = _ids(engine, rows)
    batch = Batch(
        time_ms=a.time_ms[rows],
        kind=a.kind[rows],
        tool=a.tool[rows],
        person=person,
        enrolment=enrolment,
        course=a.course[rows],
        object=a.object[rows],
        visit=_visit_keys(engine, visits, person, a.bundle_ms[rows]),
        uuid_high=high,
        uuid_low=low,
    )
    return batch, int(a.counted[rows].sum())


def _visit_keys(engine: Engine, visits: Visits, person: I32, bundle_ms: I64) -> U64:
    """The visit that a bundle falls into, else a visit of its own: the half hour of its first event."""
    slot = engine.calendar.unshifted_ms(bundle_ms) // _HALF_HOUR_MS
    keys = rng.extend(rng.extend(engine.world.persons.key[person], _HALF_HOUR), slot)
    if not len(visits) or not len(person):
        return keys
    span = 1 << 42
    base = engine.calendar.day_start_ms(engine.calendar.first_day)
    order = np.lexsort((visits.start_ms, visits.person))
    starts = visits.person[order].astype(np.int64) * span + (visits.start_ms[order] - base)
    wanted = person.astype(np.int64) * span + (bundle_ms - base)
    place = np.maximum(np.searchsorted(starts, wanted, side="right") - 1, 0)
    found = order[place]
    inside = (
        (visits.person[found] == person)
        & (visits.start_ms[found] <= bundle_ms)
        & (bundle_ms <= visits.end_ms[found])
    )
    return np.where(inside, visits.key[found], keys)
