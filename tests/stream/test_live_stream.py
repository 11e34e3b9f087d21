"""A term streamed into files: law 6, order, resuming, steering, laps, envelopes."""

from __future__ import annotations

import errno
import json
import os
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from context.errors import InputError, RunError
from context.scenario.parts import DeliveryOutage, SensorDelivery
from sim.lanes.checkpoint import load_progress
from sim.stream.control import ask
from tests.samples.live_tiny import LIVE, backfill, documents_of, event_id, live_calendar, play, sensors


def sender_of(actor: str) -> str:
    """Who sends the events of an actor, by the form of its id."""
    if actor.startswith("https://kaf."):
        return "https://kaf.termtide.example/"
    return "https://engage.unizin.example/" if ":engage:" in actor else f"https://{LIVE.host}/"


def moment(text: str) -> int:
    """UTC ms of a campus moment."""
    from sim.stream.moments_and_speeds import read_moment

    return read_moment(text, LIVE.time_zone, "test")


def time_of(document: str) -> int:
    """The eventTime of a document, UTC ms."""
    return round(datetime.fromisoformat(json.loads(document)["eventTime"]).timestamp() * 1000)


def within(begin: str, end: str) -> set[str]:
    """The backfill's documents from a moment to another one."""
    first, last = moment(begin), moment(end)
    day = live_calendar().day_of([first, last])
    return {text for text in backfill(int(day[0]) - 1, int(day[1])) if first <= time_of(text) < last}


@contextmanager
def playing(to: str, state: Path, **changes: Any) -> Iterator[dict[str, Any]]:
    """A stream in a thread; ``ended`` in the dict is its end once it is over."""
    found: dict[str, Any] = {}

    def run() -> None:
        try:
            found["ended"] = play(to, state, **changes)
        except BaseException as error:  # noqa: BLE001 - told to the test below
            found["error"] = error

    thread = threading.Thread(target=run)
    thread.start()
    try:
        found["status"] = answered(state, found)
        yield found
    finally:
        if thread.is_alive() and "error" not in found:
            ask(state, "stop")
        thread.join()
    assert "error" not in found, found


def answered(state: Path, found: dict[str, Any]) -> dict[str, Any]:
    """The status, once the stream listens."""
    for _ in range(600):
        try:
            return ask(state, "status")
        except InputError:
            assert "error" not in found, found
            time.sleep(0.02)
    raise AssertionError("the stream never listened")


def test_stream_is_backfill(tmp_path: Path) -> None:
    """Law 6: the whole term at speed max has the documents of the backfill, each once, byte for byte."""
    ended = play(f"ndjson:{tmp_path}/term.ndjson", tmp_path / "state")
    streamed, wanted = documents_of(tmp_path / "term.ndjson"), backfill()
    assert ended.done
    assert ended.status["events_acknowledged"] == len(wanted)
    assert sorted(streamed) == sorted(wanted)


def test_order_within_a_sensor(tmp_path: Path) -> None:
    """Within a sensor events come in order of time and id, and no earlier than they happened."""
    to = f"ndjson:{tmp_path}/week.ndjson"
    play(to, tmp_path / "state", message="envelope", begin="2026-10-12", end="2026-10-14")
    last: dict[str, tuple[str, str]] = defaultdict(lambda: ("", ""))
    sent = ""
    assert documents_of(tmp_path / "week.ndjson")
    for line in documents_of(tmp_path / "week.ndjson"):
        envelope = json.loads(line)
        (event,) = envelope["data"]
        assert envelope["sendTime"] >= event["eventTime"]
        assert envelope["sendTime"] >= sent
        sent = envelope["sendTime"]
        key = sensors()[event["id"]]
        place = (event["eventTime"], event["id"])
        assert last[key] < place
        last[key] = place


def test_envelopes_carry_the_canonical_bytes(tmp_path: Path) -> None:
    """With buffers and envelopes of several events, the events in them are those of the backfill."""
    delivery = (SensorDelivery(buffer_events=20, flush_ms=600_000, envelope_events=6),)
    scenario = LIVE.model_copy(update={"delivery": delivery})
    to = f"ndjson:{tmp_path}/day.ndjson"
    play(to, tmp_path / "state", scenario=scenario, message="envelope", begin="2026-10-12", end="2026-10-13")
    found, sizes = list[str](), list[int]()
    for line in documents_of(tmp_path / "day.ndjson"):
        envelope = json.loads(line)
        assert list(envelope) == ["sensor", "sendTime", "dataVersion", "data"]
        senders = {sender_of(event["actor"]["id"]) for event in envelope["data"]}
        assert senders == {envelope["sensor"]}
        assert envelope["dataVersion"] == "http://purl.imsglobal.org/ctx/caliper/v1p1"
        sizes.append(len(envelope["data"]))
        body = line[line.index('"data":[') + 8 : -2]
        found += ['{"@context"' + part for part in body.split('{"@context"')[1:]]
    assert max(sizes) == 6
    assert {text.rstrip(",") for text in found} == within("2026-10-12", "2026-10-13")
    assert sum(sizes) == len(found)


@pytest.mark.parametrize("kills", [1, 4])
def test_a_stopped_stream_goes_on(tmp_path: Path, kills: int) -> None:
    """Stopped and started again, the file is that of a stream that never stopped."""
    to, state = f"ndjson:{tmp_path}/days.ndjson", tmp_path / "state"
    span = {"begin": "2026-10-05", "end": "2026-10-17"}
    for _ in range(kills):
        with playing(to, state, rate_max=4_000.0, **span):
            time.sleep(0.15)
        progress = load_progress(state)
        assert progress is not None
        assert not progress.done
        assert progress.acked == len(documents_of(tmp_path / "days.ndjson"))
    ended = play(to, state, **span)
    assert ended.done
    assert sorted(documents_of(tmp_path / "days.ndjson")) == sorted(within("2026-10-05", "2026-10-17"))
    again = play(to, state, **span)
    assert again.done
    assert again.status["events_acknowledged"] == 0


def test_seek_pause_and_speed(tmp_path: Path) -> None:
    """Moved about while it plays, the stream has exactly the events of what it says it has played."""
    to, state = f"ndjson:{tmp_path}/moved.ndjson", tmp_path / "state"
    with playing(to, state, speed=3_600.0, begin="2026-10-12T08:00", end="2026-11-15") as stream:
        time.sleep(0.5)
        assert ask(state, "status")["campus"]["kind"] == "class"
        assert ask(state, "pause")["state"] == "paused"
        stands = ask(state, "status")["time"]
        time.sleep(0.3)
        assert ask(state, "status")["time"] == stands
        assert ask(state, "speed", "86400")["speed"] == "86400x"
        ask(state, "resume")
        time.sleep(0.5)
        moved = ask(state, "seek", "2026-11-09T07:00")
        assert moved["time"] >= "2026-11-09T07:00"
        time.sleep(0.3)
        back = ask(state, "seek", "2026-09-22T12:00")
        assert back["time"].startswith("2026-09-2")
        ask(state, "speed", "max")
        ask(state, "pause")
        with pytest.raises(InputError, match=r"2027-01-01T00:00:00 given, allowed: 2026-09-07T00:00:00"):
            ask(state, "seek", "2027-01-01")
        with pytest.raises(InputError, match=r"speed: 'fast' given"):
            ask(state, "speed", "fast")
        ask(state, "seek", "2026-11-12T00:00")
        ask(state, "resume")
        for _ in range(500):
            if "ended" in stream:
                break
            time.sleep(0.02)
    segments = stream["ended"].status["segments"]
    assert [begin for begin, _ in segments] == [
        "2026-10-12T08:00:00", "2026-11-09T07:00:00", "2026-09-22T12:00:00", "2026-11-12T00:00:00",
    ]  # fmt: skip
    progress = load_progress(state)
    assert progress is not None
    wanted = list[str]()
    for segment in progress.segments:
        assert segment.end_ms is not None
        wanted += [text for text in backfill() if segment.begin_ms <= time_of(text) < segment.end_ms]
    assert sorted(documents_of(tmp_path / "moved.ndjson")) == sorted(wanted)
    assert len(wanted) > 1_000


def test_laps_have_their_own_dates_and_ids(tmp_path: Path) -> None:
    """Three laps: the same acts by the same people, at other dates, under ids that never repeat."""
    span = {"begin": "2026-10-28", "end": "2026-11-04"}  # the clocks change on the first of November
    play(f"ndjson:{tmp_path}/laps.ndjson", tmp_path / "state", laps=3, **span)
    lines = documents_of(tmp_path / "laps.ndjson")
    wanted = within("2026-10-28", "2026-11-04")
    assert len(lines) == 3 * len(wanted)
    assert set(lines[: len(wanted)]) == wanted
    assert len({event_id(line) for line in lines}) == len(lines)
    laps = [lines[i * len(wanted) : (i + 1) * len(wanted)] for i in range(3)]
    acts = [
        sorted((e["actor"]["id"], e["action"], e["object"]["id"]) for e in map(json.loads, lap))
        for lap in laps
    ]
    assert acts[0] == acts[1] == acts[2]
    for number, lap in enumerate(laps):
        days = {datetime.fromisoformat(json.loads(line)["eventTime"]).date() for line in lap}
        first = datetime.fromisoformat("2026-10-28").date() + timedelta(weeks=11 * number)
        assert min(days) == first
        assert max(days) <= first + timedelta(days=7)


def test_a_delivery_outage_holds_back_and_catches_up(tmp_path: Path) -> None:
    """Nothing is sent during an outage, everything after it; other tools go on."""
    outage = DeliveryOutage(
        name="backlog",
        start=datetime.fromisoformat("2026-10-13T12:00"),
        end=datetime.fromisoformat("2026-10-13T15:00"),
        tools=("assignments", "quizzes", "home"),
    )
    scenario = LIVE.model_copy(update={"delivery_outage": (outage,)})
    to = f"ndjson:{tmp_path}/out.ndjson"
    span = {"begin": "2026-10-13", "end": "2026-10-14"}
    play(to, tmp_path / "state", scenario=scenario, message="envelope", **span)
    first, last = moment("2026-10-13T12:00"), moment("2026-10-13T15:00")
    held = other = 0
    found = set()
    for line in documents_of(tmp_path / "out.ndjson"):
        envelope = json.loads(line)
        sent = round(datetime.fromisoformat(envelope["sendTime"]).timestamp() * 1000)
        happened = round(datetime.fromisoformat(envelope["data"][0]["eventTime"]).timestamp() * 1000)
        found.add(envelope["data"][0]["id"])
        if first <= happened < last - 60_000:
            held += sent >= last
            other += first <= sent < last
    assert held > 5
    assert other > 5
    assert found == {event_id(text) for text in within("2026-10-13", "2026-10-14")}


def test_a_checkpoint_is_for_one_stream(tmp_path: Path) -> None:
    """Another question to the same state folder is refused, with what differs; --fresh forgets."""
    span = {"begin": "2026-10-12", "end": "2026-10-13"}
    play(f"ndjson:{tmp_path}/a.ndjson", tmp_path / "state", **span)
    with pytest.raises(InputError, match=r"another stream \(from: 2026-10-12 there, 2026-10-11 given\)"):
        play(f"ndjson:{tmp_path}/a.ndjson", tmp_path / "state", begin="2026-10-11", end="2026-10-13")
    with pytest.raises(InputError, match=r"another stream \(scenario: differs\)"):
        play(
            f"ndjson:{tmp_path}/a.ndjson",
            tmp_path / "state",
            scenario=LIVE.model_copy(update={"fte": 41}),
            **span,
        )
    with pytest.raises(InputError, match="this file exists and is not of this stream"):
        play(f"ndjson:{tmp_path}/a.ndjson", tmp_path / "state", fresh=True, **span)
    play(f"ndjson:{tmp_path}/b.ndjson", tmp_path / "state", fresh=True, **span)
    assert (tmp_path / "a.ndjson").read_bytes() == (tmp_path / "b.ndjson").read_bytes()


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"begin": "2025-01-01"},
            r"--from: 2025-01-01T00:00:00 given, allowed: 2026-09-07T00:00:00 to 2026-11-",
        ),
        ({"end": "2027-06-01"}, r"--until: 2027-06-01T00:00:00 given, allowed: 2026-09-07"),
        ({"begin": "2026-10-12", "end": "2026-10-12"}, r"--until: 2026-10-12T00:00:00 given, allowed: after"),
        ({"begin": "midterm"}, r"--from: 'midterm' given, allowed: a date or a time"),
    ],
)
def test_moments_outside_of_the_term(tmp_path: Path, changes: dict[str, str], said: str) -> None:
    """One line with what is allowed."""
    with pytest.raises(InputError, match=said):
        play(f"ndjson:{tmp_path}/x.ndjson", tmp_path / "state", **changes)


def test_a_full_disk_is_one_line_and_mended_by_going_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A disk that gets full in the middle of a write ends the stream with one line; going on mends it."""
    to, span = f"ndjson:{tmp_path}/day.ndjson", {"begin": "2026-10-12", "end": "2026-10-13"}
    write = os.write

    def full(handle: int, data: memoryview) -> int:
        if len(data) > 100_000:  # events, not the journal
            write(handle, data[:5_000])
            raise OSError(errno.ENOSPC, "No space left on device")
        return write(handle, data)

    monkeypatch.setattr(os, "write", full)
    with pytest.raises(RunError, match=r"day.ndjson: no space left on the disk; free some"):
        play(to, tmp_path / "state", **span)
    monkeypatch.undo()
    assert (tmp_path / "day.ndjson").stat().st_size
    assert play(to, tmp_path / "state", **span).done
    assert sorted(documents_of(tmp_path / "day.ndjson")) == sorted(within("2026-10-12", "2026-10-13"))
