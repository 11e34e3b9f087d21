"""How people watch: play, pause, jump, change the speed, and mostly leave before the end.

Positions keep the specification's rules: Started tells where playing began, Paused where it stopped, Resumed
where the pause before it was, Ended the end; jumps tell where they lead.
"""

from __future__ import annotations

from dataclasses import dataclass

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
        viewings = _Viewings(
            length=length,
            watched=watched,
            position=np.zeros(n, dtype=np.int64),
            played=np.zeros(n),
            wall_ms=launch.time_ms + 3_000 + rng.integer(key, 15_000, _ARRIVAL),
            speed=np.ones(n),
        )
        events.add(np.arange(n), viewings, "media_started")
        for turn in range(int(count.max()) if n else 0):
            rows = np.flatnonzero(count > turn)
            at = first[rows] + turn
            viewings.play_on(rows, along[at])
            _act(events, viewings, rows, what[at], rng.extend(key[rows], _TURN + turn))
        ending = np.flatnonzero(full)
        viewings.play_out(ending)
        events.add(ending, viewings, "media_ended")
        odds = pack.number("video.last_pause_share") / (1 - pack.number("video.full_share"))
        stopping = np.flatnonzero(~full & (rng.uniform(key, _LAST_PAUSE) < odds))
        viewings.play_on(stopping, np.ones(len(stopping)))
        events.add(stopping, viewings, "media_paused")
        return events.played()


@dataclass(frozen=True)
class _Viewings:
    """Where each viewing is, in ms of the video; the last four arrays change in place."""

    length: I64
    watched: I64  # how much of it is played, jumps apart
    position: I64
    played: F64  # share of what is watched
    wall_ms: I64
    speed: F64

    def play_on(self, rows: I64, along: F64) -> None:
        """To the place where the next thing is done, ``along`` (0 to 1) what is watched."""
        step = ((along - self.played[rows]) * self.watched[rows]).astype(np.int64)
        self.played[rows] = along
        step = np.clip(step, 0, np.maximum(self.length[rows] - _EDGE_MS - self.position[rows], 0))
        self.position[rows] += step
        self.wall_ms[rows] += _real(step, self.speed[rows])

    def play_out(self, rows: I64) -> None:
        """To the end."""
        self.wall_ms[rows] += _real(self.length[rows] - self.position[rows], self.speed[rows])
        self.position[rows] = self.length[rows]


def _act(events: _Events, viewings: _Viewings, rows: I64, what: I64, key: U64) -> None:
    """What is done where each of the viewings ``rows`` is."""
    paused = rows[what == _PAUSE]
    events.add(paused, viewings, "media_paused")
    rest = 1_500 + (rng.lognormal(key[what == _PAUSE], 1.2, _REST) * MINUTE_MS).astype(np.int64)
    viewings.wall_ms[paused] += np.minimum(rest, _LONGEST_PAUSE_MS)
    events.add(paused, viewings, "media_resumed")
    _jump(events, viewings, rows[what == _SEEK], key[what == _SEEK])
    for code, kind in _KINDS.items():
        mine = rows[what == code]
        events.add(mine, viewings, kind)
        if code == _SPEED:
            viewings.speed[mine] = _FASTER


def _jump(events: _Events, viewings: _Viewings, rows: I64, key: U64) -> None:
    """Back or ahead, which tell where they lead."""
    here = viewings.position[rows]
    room = np.maximum(viewings.length[rows] - _EDGE_MS - here, 0)
    back = (rng.uniform(key, _LEADS_BACK) < _BACK_SHARE) & (here > 1_000) | (room < 1_000)
    ahead = (rng.uniform(key, _AHEAD) * room / 2).astype(np.int64)
    behind = (rng.uniform(key, _BEHIND) * np.minimum(here, _BACK_MS)).astype(np.int64)
    viewings.position[rows] = np.where(back, here - behind, here + ahead)
    events.add(rows[back], viewings, "media_jumped")
    events.add(rows[~back], viewings, "media_forwarded")


class _Events:
    """Collects events; numbers them within each session."""

    def __init__(self, opened: I64) -> None:
        self._opened = opened
        self._number = np.zeros(len(opened), dtype=np.int64)
        self._parts: list[tuple[I64, I64, I64, I64, I64]] = []

    def add(self, rows: I64, viewings: _Viewings, kind: str) -> None:
        """One event of each of the sessions ``rows``, now and where it is."""
        kinds, position = np.full(len(rows), KIND[kind]), viewings.position[rows]
        self._parts.append((rows, viewings.wall_ms[rows], kinds, position // 1000, self._number[rows]))
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
