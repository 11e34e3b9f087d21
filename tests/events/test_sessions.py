"""Sessions of tools: people who watch and read, by the vendors' rules. Fixed seeds; bounds of 5 sd."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import pytest

from context import rng
from sim.caliper.batch import Batch
from sim.caliper.kinds import KIND, KINDS
from sim.draw.sessions.law import Launch, Played
from sim.draw.sessions.sessions import laws
from tests.events.test_draw import term
from tests.samples.tiny import tiny

SESSIONS = 20_000
MEDIA = {kind.name: KIND[kind.name] for kind in KINDS if kind.sensor == "kaltura"}


@cache
def played(tool: str) -> tuple[Launch, Played]:
    """Many sessions of a tool, after launches all over the term."""
    law, calendar = laws()[tool], tiny().calendar
    objects = tiny().world.objects[law.table]
    key = rng.key(5, f"sessions of {tool}", np.arange(SESSIONS))
    span = calendar.day_start_ms(110) - calendar.day_start_ms(0)
    time = calendar.day_start_ms(0) + rng.integer(key, span, 1)
    launch = Launch(time, rng.integer(key, len(objects.course), 2), key)
    return launch, law.play(tiny().pack, calendar, objects, launch)


def sessions(tool: str, most: int) -> Iterator[tuple[int, np.ndarray]]:
    """(launch, its events in order of time) of some sessions."""
    events = played(tool)[1]
    order = np.lexsort((events.number, events.time_ms, events.launch))
    bounds = np.searchsorted(events.launch[order], np.arange(most + 1))
    for launch in range(most):
        yield launch, order[bounds[launch] : bounds[launch + 1]]


@pytest.mark.parametrize("tool", laws())
def test_mean_is_exact(tool: str) -> None:
    """The mean that the draw divides by is the sessions' mean, within 5 sd of it."""
    sizes = 1 + np.bincount(played(tool)[1].launch, minlength=SESSIONS)
    sd = float(sizes.std()) / SESSIONS**0.5
    assert abs(float(sizes.mean()) - laws()[tool].mean(tiny().pack)) < 5 * sd


def test_media_positions() -> None:
    """Started first and at 0; Resumed where the last pause was; Ended at the end; nothing past it."""
    events, objects = played("kaltura")[1], tiny().world.objects["media"]
    seen: set[str] = set()
    for _, rows in sessions("kaltura", 3_000):
        length = int(objects.lengths[events.object[rows[0]]])
        at, playing = 0, False
        for row in rows:
            name, place = KINDS[events.kind[row]].name, int(events.detail[row])
            seen.add(name)
            assert 0 <= place <= length
            if name == "media_started":
                assert (row == rows[0], place) == (True, 0)
                playing = True
            elif name == "media_paused":
                assert playing
                assert place >= at
                playing = False
            elif name == "media_resumed":
                assert not playing
                assert place == at
                playing = True
            elif name == "media_ended":
                assert (place, row) == (length, rows[-1])
            elif name == "media_forwarded" or name != "media_jumped":
                assert place >= at
            at = place
    assert seen == set(MEDIA)


def test_media_takes_its_time() -> None:
    """Between two things that somebody does lies at least the playing between them, at half speed more."""
    events = played("kaltura")[1]
    for _, rows in sessions("kaltura", 500):
        for before, after in pairwise(rows):
            name = KINDS[events.kind[after]].name
            if name in ("media_jumped", "media_forwarded", "media_resumed"):
                continue
            step = int(events.detail[after]) - int(events.detail[before])
            gone = int(events.time_ms[after] - events.time_ms[before])
            assert gone >= (step - 1) * 1000 / 1.5 - 1
            assert gone >= 0


def test_watching_as_measured() -> None:
    """Shares of what people watch are the pack's: 45 % reach the end, 2.2 plays, 1.7 pauses, 1.5 jumps."""
    events = played("kaltura")[1]
    count = {name: int((events.kind == code).sum()) / SESSIONS for name, code in MEDIA.items()}
    assert count["media_started"] == 1
    assert count["media_ended"] == pytest.approx(0.45, abs=5 * 0.5 / SESSIONS**0.5)
    assert 1 + count["media_resumed"] == pytest.approx(2.2, abs=5 * 1.1 / SESSIONS**0.5)
    assert count["media_paused"] == pytest.approx(1.7, abs=5 * 1.2 / SESSIONS**0.5)
    jumps = count["media_jumped"] + count["media_forwarded"]
    assert jumps == pytest.approx(1.5, abs=5 * 1.23 / SESSIONS**0.5)
    assert count["media_full_screen"] == count["media_full_screen_left"] > 0.2
    assert count["media_captions"] == count["media_captions_off"] > 0.1


def test_video_lengths() -> None:
    """Lengths are lognormal: a median of 11 minutes, sd of the logarithm .9."""
    seconds = np.log(tiny().world.objects["media"].lengths)
    assert np.exp(np.median(seconds)) / 60 == pytest.approx(11, rel=5 * 1.25 * 0.9 / len(seconds) ** 0.5)
    assert seconds.std() == pytest.approx(0.9, rel=0.1)


def test_pages_in_order() -> None:
    """Pages are turned one by one within the book; a page is read when it was open for ten seconds."""
    events, objects = played("etext")[1], tiny().world.objects["book"]
    turned, read = KIND["page_turned"], KIND["page_read"]
    for _, rows in sessions("etext", 2_000):
        turns = rows[events.kind[rows] == turned]
        pages = events.detail[turns]
        assert (np.diff(pages) == 1).all()
        assert 1 <= pages[0] <= pages[-1] <= int(objects.lengths[events.object[turns[0]]])
        arrived = dict(zip(pages.tolist(), events.time_ms[turns].tolist(), strict=True))
        views = rows[events.kind[rows] == read]
        for view in views:
            page = int(events.detail[view])
            assert events.time_ms[view] - arrived[page] == 10_000
            assert arrived.get(page + 1, 2**62) >= events.time_ms[view]
        for page, time in arrived.items():
            if page + 1 in arrived and arrived[page + 1] - time >= 10_000:
                assert page in events.detail[views]


def test_sessions_follow_a_launch() -> None:
    """In a term, everything in a tool comes after the person's launch of it in that course."""
    batch = term()
    for tool, law in laws().items():
        mine = batch.take(np.flatnonzero(batch.tool == tiny().world.tools.index(tool)))
        launches = mine.kind == KIND["context_external_tool"]
        assert 0 < launches.sum() < (~launches).sum()
        first: dict[tuple[int, int], int] = {}
        for row in np.flatnonzero(launches):
            at = int(mine.enrolment[row]), int(mine.visit[row])
            first[at] = min(first.get(at, 2**62), int(mine.time_ms[row]))
        objects = tiny().world.objects[law.table]
        for row in np.flatnonzero(~launches):
            assert first[int(mine.enrolment[row]), int(mine.visit[row])] < mine.time_ms[row]
            assert objects.course[mine.object[row]] == mine.course[row]


def test_numbers_are_those_of_their_session() -> None:
    """Events of one session have ids of their own."""
    batch: Batch = term()
    ids = batch.uuid_high ^ (batch.uuid_low << np.uint64(1))
    assert len(np.unique(ids)) == len(batch)
