"""How people read in the eText reader: on from where the term is, page by page."""

from __future__ import annotations

from math import log
from statistics import NormalDist

import numpy as np

from context import rng
from context.arrays import MINUTE_MS, ordinals
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.kinds import KIND
from sim.draw.sessions.law import Launch, Played, mean_of, poisson_law
from sim.world.world import Objects

# Purposes of draws: of a session's key, of a page's.
_PAGES, _ARRIVAL, _BEGIN = 0, 1, 2
_STAY = 3
READ_MS = 10_000  # a page that is open so long is read, says the reader
_MOST_MS = 20 * MINUTE_MS
_SPREAD = 12  # pages that people are ahead of or behind the course


class Reading:
    """Sessions of the eText reader."""

    table = "book"

    def mean(self, pack: Pack) -> float:
        """The launch, the pages turned to, and those read."""
        pages = 1 + mean_of(poisson_law(pack.number("book.pages_read")))
        median, sigma = pack.number("book.page_median_seconds"), pack.number("book.page_sigma")
        read = 1 - NormalDist().cdf((log(READ_MS / 1000) - log(median)) / sigma)
        return 1 + pages * (1 + read)

    def play(self, pack: Pack, calendar: Calendar, objects: Objects, launch: Launch) -> Played:
        """Pages in order, each for a while; NavigatedTo on arrival, Viewed ten seconds later."""
        table = rng.thresholds(poisson_law(pack.number("book.pages_read")))
        pages = 1 + rng.categorical(launch.key, table, _PAGES)
        owner = np.repeat(np.arange(len(pages)), pages)
        number = ordinals(pages)
        key = rng.extend(launch.key[owner], number)
        stay = _stays(pack, key)
        upto = np.cumsum(stay)
        first = np.cumsum(pages) - pages
        before = upto - stay - (upto[first] - stay[first])[owner] if len(owner) else upto
        arrived = launch.time_ms[owner] + 2_000 + rng.integer(launch.key, 6_000, _ARRIVAL)[owner] + before
        page = self._begin(calendar, objects.lengths[launch.object], pages, launch)[owner] + number
        read = np.flatnonzero(stay >= READ_MS)
        turned = np.full(len(owner), KIND["page_turned"])
        return Played(
            launch=np.concatenate([owner, owner[read]]),
            time_ms=np.concatenate([arrived, arrived[read] + READ_MS]),
            kind=np.concatenate([turned, np.full(len(read), KIND["page_read"])]),
            object=launch.object[np.concatenate([owner, owner[read]])],
            detail=np.concatenate([page, page[read]]),
            number=np.concatenate([2 * number, 2 * number[read] + 1]),
        )

    @staticmethod
    def _begin(calendar: Calendar, length: np.ndarray, pages: np.ndarray, launch: Launch) -> np.ndarray:
        """The page where a session begins: as far in the book as the course is in the term."""
        start, end = calendar.day_start_ms(0), calendar.day_start_ms(calendar.last_day)
        along = np.clip(launch.time_ms - start, 0, end - start)
        due = length * (along // MINUTE_MS) // ((end - start) // MINUTE_MS)
        there = due + rng.integer(launch.key, 2 * _SPREAD + 1, _BEGIN) - _SPREAD
        return np.asarray(np.clip(there, 1, np.maximum(length - pages + 1, 1)))


def _stays(pack: Pack, key: np.ndarray) -> np.ndarray:
    """How long each page is open, ms: lognormal of the pack's median."""
    median, sigma = pack.number("book.page_median_seconds"), pack.number("book.page_sigma")
    middle = float(rng.from_rank(rng.lognormal_table(sigma), np.array([0.5]))[0])
    stay = (rng.lognormal(key, sigma, _STAY) * (median * 1000 / middle)).astype(np.int64)
    return np.clip(stay, 700, _MOST_MS)
