"""Which courses a visit goes through, one after the other, and how long each of them takes.

An enrolment that is clicked on that day has a visit of its own, for most of its clicks, and another one for
the rest, if the person has several. Where there is a visit for the course's class or work of the day, that
is its own. In each it has a run: as many places as clicks are expected, a gap from the pack's law after
each. The runs of a visit follow one another, so that a visit goes from course to course instead of jumping
between them. No run depends on which clicks come to be drawn, nor on tools.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import F64, I32, I64, U64, ordinals
from context.packs.pack import Pack
from sim.draw.visits import END_SLACK_MS, Visits
from sim.plan.campus import LONGEST_MS

# Purposes: of the key of an enrolment's day, of a run's, of a gap's.
_OWN, _OTHER, _OWN_RUN, _OTHER_RUN = 20, 21, 22, 23
_PLACES, _ORDER, _GAPS = 0, 1, 2
_GAP, _STRETCH = 0, 1
MOST_PLACES = 200  # in a run


@dataclass(frozen=True)
class Routes:
    """Runs: two per enrolment of the day, row i its own visit's, row n + i the other one's.

    ``place_ms[first[r] : first[r] + places[r] + 1]`` are the instants of run r's places after the visit's
    start, and where the run ends; the last one is never a click's.
    """

    visit: I64
    places: I64
    first: I64
    place_ms: I64
    length_ms: I64  # [visits] from each visit's start to the end of its last run

    def instants(self, run: I64, along: F64) -> I64:
        """Where ``along`` (0 to 1) the runs a click falls, after the start of its visit."""
        x = along * self.places[run]
        place = x.astype(np.int64)
        at = self.first[run] + place
        low = self.place_ms[at]
        return np.asarray(low + ((x - place) * (self.place_ms[at + 1] - low)).astype(np.int64))


def lay_out(pack: Pack, visits: Visits, person: I32, course: I32, key: U64, expected: F64) -> Routes:
    """Runs of the day's enrolments: their person (who has visits), course, day key and expected clicks."""
    upto = np.append(0, np.cumsum(visits.appetite))
    first, after = visits.first_visit[person], visits.first_visit[person + 1]
    appetite = np.maximum(upto[after] - upto[first], 1)
    any_one = np.searchsorted(upto, upto[first] + rng.integer(key, appetite, _OWN), side="right") - 1
    own = _own_visits(visits, person, course, any_one)
    visit = np.concatenate([own, _another(visits, upto, person, own, key)])
    run_key = np.concatenate([rng.extend(key, _OWN_RUN), rng.extend(key, _OTHER_RUN)])
    own_share = pack.number("visits.own_share")
    wanted = np.concatenate([own_share * expected, (1 - own_share) * expected])
    places = np.clip((wanted + rng.uniform(run_key, _PLACES)).astype(np.int64), 1, MOST_PLACES)
    gaps, first_gap = _gaps(pack, run_key, places)
    upto_gap = np.append(0, np.cumsum(gaps))
    length = upto_gap[first_gap + places] - upto_gap[first_gap]
    # Runs of a visit in keyed order, one after the other.
    order = np.lexsort((rng.bits(run_key, _ORDER), visit))
    ends = np.cumsum(length[order])
    begins = ends - length[order]
    new = np.diff(visit[order], prepend=-1) != 0
    start = np.empty(len(visit), dtype=np.int64)
    start[order] = begins - begins[np.flatnonzero(new)[np.cumsum(new) - 1]] if len(order) else begins
    owner = np.repeat(np.arange(len(visit)), places + 1)
    own_first = np.cumsum(places + 1) - (places + 1)
    since = upto_gap[first_gap[owner] + ordinals(places + 1)] - upto_gap[first_gap[owner]]
    most = LONGEST_MS - END_SLACK_MS
    whole = np.zeros(len(visits), dtype=np.int64)
    np.maximum.at(whole, visit, np.minimum(start + length, most))
    return Routes(visit, places, own_first, np.minimum(start[owner] + since, most), whole)


def _own_visits(visits: Visits, person: I32, course: I32, other: I64) -> I64:
    """The first visit of each person that is for the course, else ``other``."""
    meant = np.flatnonzero(visits.purpose >= 0)
    code = visits.person[meant].astype(np.int64) << 32 | visits.purpose[meant]
    order = np.argsort(code, kind="stable")
    wanted = person.astype(np.int64) << 32 | course
    place = np.searchsorted(code[order], wanted)
    found = np.append(order, 0)[place]
    hit = np.append(code, -1)[found] == wanted
    return np.where(hit, np.append(meant, 0)[found], other)


def _another(visits: Visits, upto: I64, person: I32, own: I64, key: U64) -> I64:
    """Another visit of each person than ``own``, by appetite, where there are several."""
    first, after = upto[visits.first_visit[person]], upto[visits.first_visit[person + 1]]
    rest = after - first - visits.appetite[own]
    place = first + rng.integer(key, np.maximum(rest, 1), _OTHER)
    place += np.where(place >= upto[own], visits.appetite[own], 0)
    return np.where(rest > 0, np.searchsorted(upto, place, side="right") - 1, own)


def _gaps(pack: Pack, run_key: U64, places: I64) -> tuple[I64, I64]:
    """(gaps after each place in ms, run by run; where each run's gaps begin)."""
    first = np.cumsum(places) - places
    owner = np.repeat(np.arange(len(places)), places)
    key = rng.extend(rng.extend(run_key[owner], _GAPS), ordinals(places))
    law = pack.table("gap")
    table = rng.thresholds([float(share) for share in law["share"]])
    low = np.array([round(float(seconds) * 1000) for seconds in law["seconds"]])
    gap = low[rng.categorical(key, table, _GAP)]
    # Even out the grid of the table: each gap is stretched by up to an eighth, keyed.
    return gap * 7 // 8 + (gap * rng.integer(key, 256, _STRETCH)) // 1024 + 1, first
