"""Visits: one person's runs of clicks on a campus day. A function of person and day only.

A visit belongs to the campus day in which it starts and ends within six hours. All sections and tools share
the person's visits; each click takes a place in one of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from context import rng
from context.calendar import Calendar
from context.pack import Pack
from sim.campus import GAVE_UP, resume_times
from sim.plan import MICRO, Plan, active_odds
from sim.world import World

I32 = npt.NDArray[np.int32]
I64 = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
F64 = npt.NDArray[np.float64]
BOOL = npt.NDArray[np.bool_]
HOUR_MS = 3_600_000
LONGEST_MS = 6 * HOUR_MS
_END_SLACK_MS = 60_000  # the last gap of a visit ends this much before the six hours are over


@dataclass(frozen=True)
class Visits:
    """Visits of one campus day, ordered by person, then number.

    ``slot_ms[first_slot[v] : first_slot[v] + slots[v]]`` are the instants at which visit v's clicks can fall,
    relative to its start; ``slots_until`` counts the slots of the person's visits up to and including v.
    """

    person: I32
    key: U64
    start_ms: I64
    slots: I64
    first_slot: I64
    slot_ms: I64
    resume_ms: I64  # when an outage that hit the visit lets it go on; -1 not hit; GAVE_UP_MS given up
    hit_ms: I64  # when it met the outage, -1 not hit
    first_visit: I64  # [persons + 1] offsets into the visits

    def __len__(self) -> int:
        return len(self.person)

    @property
    def end_ms(self) -> I64:
        """Instant of the last slot, before any outage."""
        return np.asarray(self.start_ms + self.slot_ms[self.first_slot + self.slots - 1])


GAVE_UP_MS = np.iinfo(np.int64).max


def active_chance(pack: Pack, plan: Plan, day: int) -> F64:
    """[persons] chance of any visit on the day, were the person enrolled in anything."""
    curve = plan.days[day].curve_micro / MICRO
    return active_odds(pack.number("visits.active_day_k"), plan.effects.person_micro / MICRO * curve)


def draw_visits(pack: Pack, calendar: Calendar, world: World, plan: Plan, day: int, persons: I64) -> Visits:
    """The day's visits of ``persons`` (increasing positions, enrolled on that day)."""
    day_key = rng.extend(rng.extend(world.persons.key[persons], 800), day)
    awake = rng.uniform(day_key, 0) < active_chance(pack, plan, day)[persons]
    person, day_key = persons[awake], day_key[awake]
    counts_law = pack.table("visits")
    table = rng.thresholds([float(share) for share in counts_law["share"]])
    counts = np.array([int(n) for n in counts_law["visits"]])[rng.categorical(day_key, table, 1)]
    owner = np.repeat(np.arange(len(person)), counts)
    number = np.arange(len(owner)) - np.repeat(np.cumsum(counts) - counts, counts)
    key = rng.extend(rng.extend(day_key[owner], 2), number)
    hours = rng.thresholds([float(share) for share in pack.table("hour")["share"]])
    wall = rng.categorical(key, hours, 10) * HOUR_MS + rng.integer(key, HOUR_MS, 11)
    start = calendar.wall_to_utc_ms(np.full(len(key), day), wall)
    slots, first_slot, slot_ms = _slots(pack, key)
    by_person = np.zeros(len(world.persons.udp_id) + 1, dtype=np.int64)
    by_person[person + 1] = counts
    visits = Visits(
        person=person[owner].astype(np.int32),
        key=key,
        start_ms=start,
        slots=slots,
        first_slot=first_slot,
        slot_ms=slot_ms,
        resume_ms=np.full(len(key), -1, dtype=np.int64),
        hit_ms=np.full(len(key), -1, dtype=np.int64),
        first_visit=np.cumsum(by_person),
    )
    return _meet_outages(pack, calendar, visits)


def _slots(pack: Pack, key: U64) -> tuple[I64, I64, I64]:
    """(slots per visit, first slot, instant of each slot after the start): gaps from the pack's law."""
    law = pack.table("visit_slots")
    table = rng.thresholds([float(share) for share in law["share"]])
    slots = np.array([int(n) for n in law["slots"]])[rng.categorical(key, table, 20)]
    first = np.cumsum(slots) - slots
    owner = np.repeat(np.arange(len(key)), slots)
    slot_key = rng.extend(rng.extend(key[owner], 30), np.arange(len(owner)) - first[owner])
    gaps = pack.table("gap")
    gap_table = rng.thresholds([float(share) for share in gaps["share"]])
    low = np.array([round(float(seconds) * 1000) for seconds in gaps["seconds"]])
    gap = low[rng.categorical(slot_key, gap_table, 0)]
    # Even out the grid of the table: each gap is stretched by up to an eighth, keyed.
    gap = gap * 7 // 8 + (gap * rng.integer(slot_key, 256, 1)) // 1024 + 1
    upto = np.cumsum(gap)
    since = upto - (upto[first] - gap[first])[owner] if len(owner) else upto
    return slots, first, np.minimum(since, LONGEST_MS - _END_SLACK_MS)


def _meet_outages(pack: Pack, calendar: Calendar, visits: Visits) -> Visits:
    """Visits that an outage of Canvas hits wait, try again, return or give up: processes of the campus."""
    resume, hit = visits.resume_ms, visits.hit_ms
    patience = int(pack.number("incident.patience_tries"))
    for window in calendar.windows:
        if not window.stops_canvas:
            continue
        rows = np.flatnonzero((visits.start_ms < window.end) & (visits.end_ms >= window.start) & (hit < 0))
        if not len(rows):
            continue
        met = np.maximum(visits.start_ms[rows], window.start)
        back = resume_times(
            rng.extend(rng.extend(visits.key[rows], 50), window.start - calendar.shift_ms),
            met,
            (window.start, window.end),
            patience,
        )
        span = visits.end_ms[rows] - met
        late = (back == GAVE_UP) | (back + span > visits.start_ms[rows] + LONGEST_MS - _END_SLACK_MS)
        hit[rows] = met
        resume[rows] = np.where(late, GAVE_UP_MS, back)
    return visits
