"""``make bench``, the live side: what simpy costs, how fast messages are made and taken by the emulator.

Ratios are taken within one run. ``--lateness`` plays the midterm's busiest hour at 60x instead, then 90
seconds of it at 1x, and has another process measure how late each event arrives.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import numpy as np
from google.cloud import pubsub_v1 as library
from google.cloud.pubsub_v1.types import BatchSettings

from context.packs.pack import load_pack
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.draw.engine import load_engine
from sim.plan.sections import schedules, section_keys
from sim.run import prepare
from sim.sensors.date_events import DateEvents
from sim.sensors.message_maker import MessageMaker, merged, pieces
from sim.sensors.schedule import sensor_laws
from sim.sensors.settings import delivery_windows, sensor_settings
from sim.sinks.messages import Messages, StreamOptions
from sim.sinks.pubsub_wire import Encoder
from sim.stream import clock as clocks
from sim.stream.clock import MAX
from sim.stream.feed import Feed
from sim.stream.laps import Laps
from sim.stream.moments_and_speeds import read_moment
from sim.stream.scene import Scene, Span
from sim.stream.stream import MAX_SKEW_MS, StreamEnd, StreamJob, stream
from sim.world.load import campus_facts
from tests.servers.pubsub_server import PROJECT, Emulator, find_emulator, make_topic

BEGIN, END = "2026-10-12", "2026-10-14"  # of the midterm week
BUSY = {60.0: ("2026-10-13T20:00", "2026-10-13T21:00"), 1.0: ("2026-10-13T20:00", "2026-10-13T20:01:30")}
LIBRARY_EVENTS = 60_000
PAIRS = 3  # of streams with and without a bound on skew


class Bench:
    """One prepared run, its feed and its messages."""

    def __init__(self, fte: int, folder: Path) -> None:
        self.scenario = Scenario(name="bench", fte=fte, seed=1)
        self.pack, self.folder = load_pack(self.scenario.pack, None), folder
        self.run = folder / "run"
        self.given = premises(self.scenario, self.pack)
        prepare(self.given, self.run)

    def job(self, to: str, speed: float, begin: str, end: str) -> StreamJob:
        """A stream of the run."""
        state = self.folder / f"state-{begin}-{speed}".replace(":", "")
        return StreamJob(self.given, self.run, state, to, speed, begin, end)

    def scene(self, step_ms: int) -> tuple[Scene, MessageMaker]:
        """Two days as a scene, with its sensors waking every ``step_ms``."""
        laps = Laps(self.given, 1)
        engine = load_engine(self.run, self.scenario, self.pack.path)
        settings = sensor_settings(self.scenario, self.pack)
        tools = [sensor.tool for sensor in settings]
        feed = Feed(engine, sensor_laws(settings, delivery_windows(self.scenario, tools), self.scenario.seed))
        begin, end = (read_moment(text, self.scenario.time_zone, "bench") for text in (BEGIN, END))
        plans = schedules(self.pack, laps.base, section_keys(engine.world), campus_facts(self.run))
        span = Span(laps.lap(0), begin, end)
        wanted = lambda window: np.ones(len(window.batch), dtype=np.bool_)  # noqa: E731
        return Scene(feed, plans, span, begin, lambda: step_ms, wanted), MessageMaker(
            engine.world, tools, "event"
        )


def stepped(scene: Scene) -> tuple[list[DateEvents], float, int]:
    """(what was handed over, CPU seconds of stepping, events of simpy) of playing a scene to its end."""
    windows, steps, began = list[DateEvents](), 0, time.thread_time()
    while scene.next_ms() != float("inf"):
        scene.env.step()
        steps += 1
        if scene.waiting:
            windows.append(merged(scene.empty()))
    return windows, time.thread_time() - began, steps


@contextmanager
def emulator() -> Iterator[Emulator]:
    """An emulator of our own."""
    server = Emulator()
    try:
        yield server
    finally:
        server.stop()


def rows_of(part: Messages) -> Iterator[tuple[bytes, dict[str, str]]]:
    """Data and attributes of each message, as the library wants them."""
    columns = {one.name: part.attribute(one.name).to_pylist() for one in part.attributes}
    for row, text in enumerate(part.data.to_pylist()):
        yield text.encode(), {k: v[row] for k, v in columns.items() if v[row] is not None}


def by_library(host: str, rows: list[tuple[bytes, dict[str, str]]]) -> float:
    """Messages a second of the client library's own batcher, with the same data and attributes."""
    os.environ["PUBSUB_EMULATOR_HOST"] = host
    make_topic(host, "library")
    settings = BatchSettings(max_messages=1_000, max_bytes=9_000_000, max_latency=0.05)
    client = library.PublisherClient(batch_settings=settings)
    topic = client.topic_path(PROJECT, "library")
    began = time.perf_counter()
    futures = [client.publish(topic, data, **attributes) for data, attributes in rows]
    for future in futures:
        future.result()
    seconds = time.perf_counter() - began
    client.stop()
    return len(rows) / seconds


def speeds(bench: Bench, say: list[str]) -> None:
    """The table of the live side."""
    first = paces(bench, say)
    if find_emulator() is None:
        say.append("no Pub/Sub emulator here: publishing not measured")
        return
    # An emulator of its own for each: one keeps all it was given, and slows down as its memory fills.
    with emulator() as server:
        theirs = by_library(server.host, first)
    first.clear()
    rates: dict[int | None, list[float]] = {MAX_SKEW_MS: [], None: []}
    for number in range(PAIRS):
        for skew, found in rates.items():
            with emulator() as server:
                cpu, began = time.process_time(), time.perf_counter()
                ended = stream_into(bench, server, skew, number)
                wall, cpu = time.perf_counter() - began, time.process_time() - cpu
            count = ended.status["events_acknowledged"]
            found.append(count / ended.status["seconds"])
            say.append(
                f"into the emulator, {'no bound on' if skew is None else 'with the usual'} skew: {count:,} "
                f"messages, {found[-1]:,.0f} a second ({count / wall:,.0f} with loading the world), "
                f"{count / cpu:,.0f} per CPU-second of ours, skew {ended.status['worst_skew_s']:,.0f} s"
            )
    ours, free = (median(found) for found in rates.values())
    say.append(
        f"medians: {ours:,.0f} a second with the usual skew, {free:,.0f} without, {1 - ours / free:.1%} less"
    )
    say.append(f"the client library's own batcher: {theirs:,.0f} a second; ours is {ours / theirs:.1f}x")


def paces(bench: Bench, say: list[str]) -> list[tuple[bytes, dict[str, str]]]:
    """What simpy, rendering and encoding cost; returns the first messages, as the library wants them."""
    for name, step_ms in (
        ("60x (100 wakes a second)", 600),
        ("speed max (a wake in 10 campus minutes)", 600_000),
    ):
        scene, maker = bench.scene(step_ms)
        windows, seconds, steps = stepped(scene)
        events = sum(len(window.batch) for window in windows)
        say.append(
            f"simpy, campus and sensors at {name}: {events:,} events, "
            f"{steps / events:.3f} of simpy's an event, "
            f"{seconds / events * 1e6:.2f} us an event"
        )
    first, encoder = list[tuple[bytes, dict[str, str]]](), Encoder(None)
    size, rendered, encoded = 0, 0.0, 0.0
    for window in pieces(merged(windows), 16_384):
        began = time.process_time()
        part = maker.make(window)
        made = time.process_time()
        encoder.encode(part)
        rendered, encoded = rendered + made - began, encoded + time.process_time() - made
        size += part.data.nbytes
        first += islice(rows_of(part), LIBRARY_EVENTS - len(first))
    say.append(
        f"render with attributes: {events / rendered:,.0f} events per CPU-second "
        f"at {size / events:,.0f} bytes"
    )
    say.append(f"encode for the wire: {events / encoded:,.0f} messages per CPU-second")
    return first


def stream_into(bench: Bench, server: Emulator, skew_ms: int | None, number: int) -> StreamEnd:
    """Two days at speed max into a topic of its own."""
    os.environ["PUBSUB_EMULATOR_HOST"] = server.host
    make_topic(server.host, "ours")
    job = bench.job(f"pubsub://{PROJECT}/ours", MAX, BEGIN, END)
    state = job.state_dir.with_name(f"{job.state_dir.name}-{number}-{skew_ms}")
    return stream(replace(job, state_dir=state, max_skew_ms=skew_ms), lambda _: None)


RECEIVER = """
import json, sys
from tests.servers.pubsub_server import Collector
collector = Collector(sys.argv[1], "late-sub", nap_s=0.002)
sys.stdin.readline()
collector.settle(1.0)
collector.stop()
print(json.dumps([[m.data.decode()[:200], m.received_s] for m in collector.messages]))
"""


def lateness(bench: Bench, say: list[str]) -> None:
    """The busiest hour at 60x, and its begin at 1x."""
    for speed, span in BUSY.items():
        lateness_at(speed, span, bench, say)


def lateness_at(speed: float, span: tuple[str, str], bench: Bench, say: list[str]) -> None:
    """Arrival against the moment at which the clock was at sendTime."""
    anchors: list[tuple[float, float]] = []
    release = clocks.Clock.release

    def released(self: clocks.Clock) -> None:
        release(self)
        anchors.append((self.now_ms(), time.time()))

    with emulator() as server:
        os.environ["PUBSUB_EMULATOR_HOST"] = server.host
        make_topic(server.host, "late")
        receiver = subprocess.Popen(
            [sys.executable, "-c", RECEIVER, server.host], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        clocks.Clock.release = released  # type: ignore[method-assign]
        job = bench.job(f"pubsub://{PROJECT}/late", speed, *span)
        ended = stream(replace(job, message="envelope", options=StreamOptions()), lambda _: None)
        output, _ = receiver.communicate(b"\n", timeout=120)
    campus, wall = anchors[-1]  # the clock starts when the first day is drawn
    late = []
    for head, received_s in json.loads(output):
        sent = head.split('"sendTime":"', 1)[1][:24]
        due = wall + (np.datetime64(sent[:-1], "ms").astype(np.int64) - campus) / 1000 / speed
        late.append(received_s - due)
    shares = np.quantile(late, [0.5, 0.9, 0.99, 0.999, 1.0]) * 1000
    say.append(
        f"lateness at {speed:.0f}x, {span[0]} to {span[1]}, "
        f"{len(late):,} events in {ended.status['seconds']:.0f} s: "
        + ", ".join(
            f"{name} {ms:,.0f} ms"
            for name, ms in zip(("p50", "p90", "p99", "p99.9", "most"), shares, strict=True)
        )
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_stream", description=__doc__)
    parser.add_argument("--fte", type=int, default=5_000, help="size in student FTE (default 5,000)")
    parser.add_argument("--lateness", action="store_true", help="measure lateness at 60x and 1x instead")
    given = parser.parse_args()
    say: list[str] = [f"{given.fte:,} FTE, live"]
    with TemporaryDirectory(prefix="termtide-bench-") as folder:
        (lateness if given.lateness else speeds)(Bench(given.fte, Path(folder)), say)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    say.append(f"peak memory {peak / 1e6:,.0f} MB, making the run included")
    print("\n".join(say))  # noqa: T201


if __name__ == "__main__":
    main()
