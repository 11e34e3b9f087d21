"""How people watch: play, pause, jump, change the speed, and mostly leave before the end.

Positions keep the specification's rules: Started tells where playing began, Paused where it stopped, Resumed
where the pause before it was, Ended the end; jumps tell where they lead.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import F64, I64, MINUTE_MS, U64, ordinals
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from sim.caliper.kinds import KIND
from sim.draw.sessions.law import Launch, Played, mean_of, poisson_law
from sim.world.world import Objects

_PAUSE, _SEEK, _SPEED, _FULL, _FULL_LEFT, _CAPTIONS, _CAPTIONS_OFF = range(7)
_KINDS = {
    _SPEED: "media_speed",
    _FULL: "media_full_screen",
    _FULL_LEFT: "media_full_screen_left",
    _CAPTIONS: "media_captions",
    _CAPTIONS_OFF: "media_captions_off",
}
# Purposes: of a session's key (what is done is added where it says so), of the key of one thing that is done.
_ARRIVAL, _LAST_PAUSE, _TO_THE_END, _SHARE = 1, 2, 3, 4
_COUNT, _PLACE = 10, 20  # and what is done
_FASTER_ODDS, _FASTER_PLACE = 30, 31
_SWITCHED, _SWITCHED_ON, _SWITCHED_OFF = 32, 40, 50  # and what is done
_TURN = 1_000  # and its number
_REST, _LEADS_BACK, _AHEAD, _BEHIND = 0, 1, 2, 2
_FASTER = 1.5
_LEAST_MS = 400  # between two things that somebody does
_LONGEST_PAUSE_MS = 20 * MINUTE_MS
_BACK_MS = 2 * MINUTE_MS  # the longest jump back
_BACK_SHARE = 0.45  # of jumps that lead back (assumption)
_EDGE_MS = 2_000  # jumps and pauses stay off the end


class Watching:
    """Sessions of the media gallery."""

    table = "media"

    def mean(self, pack: Pack) -> float:
        """The launch and the expected events of a viewing."""
        resumes, seeks = (mean_of(poisson_law(pack.number(f"video.{name}"))) for name in ("resumes", "seeks"))
        twice = pack.number("video.full_screen_share") + pack.number("video.captions_share")
        ends = pack.number("video.full_share") + pack.number("video.last_pause_share")
        return 2 + 2 * resumes + seeks + pack.number("video.speed_share") + 2 * twice + ends

    def play(self, pack: Pack, _calendar: Calendar, objects: Objects, launch: Launch) -> Played:
        """Viewings, all at once: the i-th thing that each viewer does, then the next."""
        length, key = objects.lengths[launch.object] * 1000, launch.key
        n = len(key)
        owner, what, along = _doings(pack, key)
        order = np.lexsort((what, along, owner))
        owner, what, along = owner[order], what[order], along[order]
        count = np.bincount(owner, minlength=n)
        first = np.cumsum(count) - count
        full, share = _shares(pack, key)
        watched = np.where(full, length, (share * length).astype(np.int64))
        events = _Events(launch.object)
        position = np.zeros(n, dtype=np.int64)
        played, speed = np.zeros(n), np.ones(n)
        wall = launch.time_ms + 3_000 + rng.integer(key, 15_000, _ARRIVAL)
        events.add(np.arange(n), wall, "media_started", position)
        for turn in range(int(count.max()) if n else 0):
            rows = np.flatnonzero(count > turn)
            at = first[rows] + turn
            self._advance(rows, along[at], watched, length, position, played, wall, speed)
            self._act(
                events, rows, what[at], rng.extend(key[rows], _TURN + turn), length, position, wall, speed
            )
        ending = np.flatnonzero(full)
        wall[ending] += _real(length[ending] - position[ending], speed[ending])
        events.add(ending, wall[ending], "media_ended", length[ending])
        odds = pack.number("video.last_pause_share") / (1 - pack.number("video.full_share"))
        stopping = np.flatnonzero(~full & (rng.uniform(key, _LAST_PAUSE) < odds))
        self._advance(stopping, np.ones(len(stopping)), watched, length, position, played, wall, speed)
        events.add(stopping, wall[stopping], "media_paused", position[stopping])
        return events.played()

    @staticmethod
    def _advance(
        rows: I64, along: F64, watched: I64, length: I64, position: I64, played: F64, wall: I64, speed: F64
    ) -> None:
        """Play on to the place where the next thing is done."""
        step = ((along - played[rows]) * watched[rows]).astype(np.int64)
        played[rows] = along
        step = np.clip(step, 0, np.maximum(length[rows] - _EDGE_MS - position[rows], 0))
        position[rows] += step
        wall[rows] += _real(step, speed[rows])

    @staticmethod
    def _act(
        events: _Events, rows: I64, what: I64, key: U64, length: I64, position: I64, wall: I64, speed: F64
    ) -> None:
        """What is done there."""
        paused = rows[what == _PAUSE]
        events.add(paused, wall[paused], "media_paused", position[paused])
        rest = 1_500 + (rng.lognormal(key[what == _PAUSE], 1.2, _REST) * MINUTE_MS).astype(np.int64)
        wall[paused] += np.minimum(rest, _LONGEST_PAUSE_MS)
        events.add(paused, wall[paused], "media_resumed", position[paused])
        jumping = what == _SEEK
        rows_, key_ = rows[jumping], key[jumping]
        here, room = position[rows_], np.maximum(length[rows_] - _EDGE_MS - position[rows_], 0)
        back = (rng.uniform(key_, _LEADS_BACK) < _BACK_SHARE) & (here > 1_000) | (room < 1_000)
        ahead = (rng.uniform(key_, _AHEAD) * room / 2).astype(np.int64)
        behind = (rng.uniform(key_, _BEHIND) * np.minimum(here, _BACK_MS)).astype(np.int64)
        there = np.where(back, here - behind, here + ahead)
        position[rows_] = there
        events.add(rows_[back], wall[rows_[back]], "media_jumped", there[back])
        events.add(rows_[~back], wall[rows_[~back]], "media_forwarded", there[~back])
        for code, kind in _KINDS.items():
            mine = rows[what == code]
            events.add(mine, wall[mine], kind, position[mine])
            if code == _SPEED:
                speed[mine] = _FASTER


class _Events:
    """Collects events; numbers them within each session."""

    def __init__(self, opened: I64) -> None:
        self._opened = opened
        self._number = np.zeros(len(opened), dtype=np.int64)
        self._parts: list[tuple[I64, I64, I64, I64, I64]] = []

    def add(self, rows: I64, wall: I64, kind: str, position: I64) -> None:
        """One event of each of the sessions ``rows``, at a position in ms."""
        kinds = np.full(len(rows), KIND[kind])
        self._parts.append((rows, wall.copy(), kinds, position // 1000, self._number[rows].copy()))
        self._number[rows] += 1

    def played(self) -> Played:
        """All of them."""
        launch, time, kind, detail, number = (
            np.concatenate(column) for column in zip(*self._parts, strict=True)
        )
        return Played(launch, time, kind, self._opened[launch], detail, number)


def _doings(pack: Pack, key: U64) -> tuple[I64, I64, F64]:
    """(viewing, what is done, how far along in the playing) of everything but start and end."""
    owners, whats, places = [], [], []

    def add(rows: I64, what: int, along: F64) -> None:
        owners.append(rows)
        whats.append(np.full(len(rows), what))
        places.append(along)

    for what, name in ((_PAUSE, "resumes"), (_SEEK, "seeks")):
        count = rng.categorical(key, rng.thresholds(poisson_law(pack.number(f"video.{name}"))), _COUNT + what)
        rows = np.repeat(np.arange(len(key)), count)
        number = ordinals(count)
        add(rows, what, rng.uniform(rng.extend(rng.extend(key[rows], _PLACE + what), number)))
    some = np.flatnonzero(rng.uniform(key, _FASTER_ODDS) < pack.number("video.speed_share"))
    add(some, _SPEED, rng.uniform(key[some], _FASTER_PLACE) / 2)
    for what, name in ((_FULL, "full_screen"), (_CAPTIONS, "captions")):
        some = np.flatnonzero(rng.uniform(key, _SWITCHED + what) < pack.number(f"video.{name}_share"))
        begin = rng.uniform(key[some], _SWITCHED_ON + what) / 2
        add(some, what, begin)
        add(some, what + 1, begin + (1 - begin) * rng.uniform(key[some], _SWITCHED_OFF + what))
    return np.concatenate(owners), np.concatenate(whats), np.concatenate(places)


def _shares(pack: Pack, key: U64) -> tuple[npt.NDArray[np.bool_], F64]:
    """(watched to the end, share that is played)."""
    full, short = pack.number("video.full_share"), pack.number("video.short_share")
    u, v = rng.uniform(key, _TO_THE_END), rng.uniform(key, _SHARE)
    return u < full, np.where(u < full + short, 0.05 * v, 0.1 + 0.8 * v)


def _real(step: I64, speed: F64) -> I64:
    """How long it takes to play so much."""
    return np.maximum((step / speed).astype(np.int64), _LEAST_MS)
