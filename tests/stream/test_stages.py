"""Stages of the scenario: what a switch does, what it leaves alone, and that a kill forgets none."""

from __future__ import annotations

import shutil
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from context.errors import InputError
from context.scenario.parts import Stage
from context.terms.premises import premises
from sim.caliper.batch import Batch
from sim.caliper.kinds import KINDS
from sim.draw.day import anchored_ids, draw_day
from sim.draw.engine import Engine, load_engine
from sim.draw.twins import twin_ids
from sim.lanes.checkpoint import Checkpoint, load_progress
from sim.lanes.stream_progress import StreamProgress
from sim.sensors.schedule import schedule, sensor_laws
from sim.sensors.settings import SensorSettings, sensor_settings
from sim.sensors.staged_clicks import staged
from sim.sensors.switches import NO_STAGE, Switch, Switches, check_stages, spans_of
from sim.stream.control import ask
from sim.stream.feed import Feed
from sim.stream.laps import Laps
from sim.stream.scene import Scene, Span
from tests.samples.live_tiny import LIVE, documents_of, event_id, job, live_run, play
from tests.samples.tiny import default_pack
from tests.samples.toy_batch import toy_batch
from tests.stream.test_live_stream import moment, playing, time_of, within

HOUR, DAY = 3_600_000, 86_400_000
BUSY = Stage(name="exam_week", clicks=2.5, delay=3.0)
STAGES = (BUSY, Stage(name="backlog", tools=("home", "pages"), outage=True), Stage(name="empty", clicks=0.0))
STAGED = LIVE.model_copy(update={"stage": STAGES})
SPAN = {"begin": "2026-10-12", "end": "2026-10-15"}


@cache
def engine() -> Engine:
    """What draws LIVE."""
    return load_engine(live_run(), LIVE, default_pack().path)


def staged_day(unit: Batch, day: int, switches: Switches) -> Batch:
    """A day as a stream has it that was switched so."""
    spans = [spans_of(tool, switches, STAGES) for tool in engine().world.tools]
    return staged(engine(), day, unit, unit.time_ms, spans)


def busy_day() -> tuple[int, Batch]:
    """A day with many events, and its events."""
    day = int(engine().calendar.day_of([1_791_900_000_000])[0])  # 2026-10-13
    return day, draw_day(engine(), day)[0]


def ids(batch: Batch) -> set[int]:
    """Lower halves of the ids."""
    return set(batch.uuid_low.tolist())


def _acts(batch: Batch) -> set[tuple[int, int, int]]:
    """Who did what to what."""
    return set(zip(batch.person.tolist(), batch.kind.tolist(), batch.object.tolist(), strict=True))


def test_switches_by_hand() -> None:
    """Each tool gets what the stages do to it, from switch to switch; an outage lasts for a week at most."""
    switches = (Switch(100, "exam_week"), Switch(200, "backlog"), Switch(300, NO_STAGE))
    assert [(s.start_ms, s.end_ms, s.delay_milli) for s in spans_of("files", switches, STAGES)] == [
        (100, 200, 3_000)
    ]
    home = spans_of("home", switches, STAGES)
    assert [(s.start_ms, s.outage and (s.outage.start, s.outage.end, s.outage.recovered)) for s in home] == [
        (100, None),
        (200, (200, 300, 350)),
    ]
    (lasting,) = spans_of("home", (Switch(0, "backlog"),), STAGES)
    assert lasting.outage is not None
    assert lasting.outage.end == 7 * DAY
    with pytest.raises(InputError, match=r"stage 'backlog': tools: 'home' in two blocks of it"):
        check_stages((*STAGES, Stage(name="backlog", tools=("home",))))
    both = (Stage(name="x", delay=2.0), Stage(name="x", tools=("files",), delay=3.0))
    check_stages(both)
    switched = (Switch(0, "x"),)
    assert [spans_of(tool, switched, both)[0].delay_milli for tool in ("home", "files")] == [2_000, 3_000]


@pytest.mark.parametrize("flush_ms", [0, 60_000])
def test_what_has_left_knows_nothing_of_a_switch(flush_ms: int) -> None:
    """Whatever is switched when, all that leaves before it leaves as ever, and no sensor overtakes itself."""
    times = np.sort(np.random.default_rng(7).integers(0, DAY, 3_000))
    batch, sensor = toy_batch(times), np.zeros(len(times), dtype=np.int64)
    law = sensor_laws([SensorSettings("home", 20, flush_ms, 4, 60_000, 600_000)], (), 7)[0]
    made: Switches = ()
    before = schedule(batch, sensor, [law], 0, DAY).release_ms
    for name in ("backlog", NO_STAGE, "exam_week", "backlog", "exam_week", NO_STAGE):
        since = (made[-1].since_ms if made else 0) + 3 * HOUR
        made = (*made, Switch(since, name))
        now = type(law)(law.settings, law.windows, law.delays_ms, law.key, spans_of("home", made, STAGES))
        found = schedule(batch, sensor, [now], 0, DAY).release_ms
        assert (np.diff(found) >= 0).all()
        assert (found >= times).all()
        left = before < since
        assert left.any()
        assert (found[left] == before[left]).all()
        assert (found[~left] >= since).all()
        assert (found != before).any()
        if name == "backlog":
            assert (found[~left] >= since + 7 * DAY).all()
        before = found


def test_views_that_nothing_hangs_on_go_and_come() -> None:
    """Without clicks, the views that no row proves are gone with their calls of the API, and nothing else;
    with more, each is there as often as asked, under ids of its own, seconds later.
    """
    day, unit = busy_day()
    calm = staged_day(unit, day, (Switch(0, "empty"),))
    gone = unit.take(np.flatnonzero(~np.isin(unit.uuid_low, calm.uuid_low)))
    assert ids(calm) < ids(unit)
    assert not ids(gone) & set(anchored_ids(engine(), day)[1].tolist())
    views = np.array([KINDS[kind].is_view and KINDS[kind].role == "Student" for kind in gone.kind])
    assert ids(gone.take(np.flatnonzero(~views))) <= set(twin_ids(gone.uuid_low[views]).tolist())
    assert len(gone) > 0.3 * len(unit)
    assert not ids(calm) & set(twin_ids(gone.uuid_low[views]).tolist())

    more = staged_day(unit, day, (Switch(0, "exam_week"),))
    assert ids(unit) < ids(more)
    assert len(ids(more)) == len(more)
    added = more.take(np.flatnonzero(~np.isin(more.uuid_low, unit.uuid_low)))
    again = np.array([KINDS[kind].role == "Student" for kind in added.kind])
    number = int(again.sum())
    # One more of each, and of half of them two: binomial, six sigma (1e-9) about 1.5 times as many.
    free = int(views.sum())
    assert abs(number - 1.5 * free) < 6 * np.sqrt(free / 4)
    assert _acts(added.take(np.flatnonzero(again))) <= _acts(unit)
    assert (np.diff(more.time_ms) >= 0).all()


def test_clicks_before_a_switch_are_as_they_were() -> None:
    """Clicks are added and taken from the switch on; another switch changes nothing before it."""
    day, unit = busy_day()
    noon = int(np.median(unit.time_ms))
    found = staged_day(unit, day, (Switch(noon, "exam_week"),))
    early = unit.take(np.flatnonzero(unit.time_ms < noon))
    assert ids(found.take(np.flatnonzero(found.time_ms < noon))) == ids(early)
    later = staged_day(unit, day, (Switch(noon, "exam_week"), Switch(noon + HOUR, "empty")))
    first = [batch.take(np.flatnonzero(batch.time_ms < noon + HOUR)) for batch in (found, later)]
    assert ids(first[0]) == ids(first[1])
    assert len(later) < len(found)


def test_without_a_switch_a_stream_is_its_backfill(tmp_path: Path) -> None:
    """Stages that nobody switches on, or to none alone, change no byte."""
    to = f"ndjson:{tmp_path}/x.ndjson"
    ended = play(to, tmp_path / "state", scenario=STAGED, **SPAN)
    assert sorted(documents_of(tmp_path / "x.ndjson")) == sorted(within(**SPAN))
    assert (ended.status["stage"], ended.status["stages"]) == (NO_STAGE, [])


def test_switched_stopped_and_killed_it_is_the_same_stream(tmp_path: Path) -> None:
    """Switched while it plays, the stream says so, goes on so after a stop and a kill, and a replay of its
    record has the same bytes: more clicks from the switch on, none twice.
    """
    path, state = tmp_path / "x.ndjson", tmp_path / "state"
    options = {"scenario": STAGED, **SPAN}
    with playing(f"ndjson:{path}", state, speed=43_200.0, **options):
        with pytest.raises(InputError, match="'party' given, allowed: exam_week, backlog, empty, none"):
            ask(state, "stage", "party")
        _wait_until(state, "2026-10-12T11:00")
        assert ask(state, "stage", "exam_week")["stage"] == "exam_week"
        _wait_until(state, "2026-10-13T16:00")
        assert ask(state, "stage", "backlog")["stage"] == "backlog"
    with playing(f"ndjson:{path}", state, speed=14_400.0, **options) as stream:
        assert stream["status"]["stage"] == "backlog"
        _wait_until(state, "2026-10-13T20:00")
        assert ask(state, "stage", NO_STAGE)["stage"] == NO_STAGE
        # As a kill leaves it: the journal as it stands, and a file that may be ahead of it.
        killed = tmp_path / "killed"
        killed.mkdir()
        shutil.copy(state / "checkpoint.jsonl", killed / "checkpoint.jsonl")
        shutil.copy(path, tmp_path / "k.ndjson")
    progress = load_progress(killed)
    assert progress is not None
    assert [name for _, name in progress.switches] == ["exam_week", "backlog", NO_STAGE]
    again = _as_of(tmp_path / "k.ndjson", progress.identity)
    Checkpoint(killed, StreamProgress(**(vars(progress) | {"identity": again}))).close()
    ended = play(f"ndjson:{tmp_path}/k.ndjson", killed, **options)
    assert len(ended.status["stages"]) == 3

    replayed = Checkpoint(
        tmp_path / "replayed", StreamProgress(_as_of(tmp_path / "r.ndjson", progress.identity))
    )
    replayed.begin(progress.segments[0].begin_ms)
    for switch in progress.switches:
        replayed.switch(switch)
    replayed.close()
    play(f"ndjson:{tmp_path}/r.ndjson", tmp_path / "replayed", **options)
    assert (tmp_path / "k.ndjson").read_bytes() == (tmp_path / "r.ndjson").read_bytes()

    lines = documents_of(tmp_path / "r.ndjson")
    assert len({event_id(line) for line in lines}) == len(lines)
    (since, until, _) = (switch.since_ms for switch in progress.switches)
    wanted = within(**SPAN)
    added = set(lines) - wanted
    assert set(lines) >= wanted
    assert len(added) > 20
    assert all(since <= time_of(line) <= until + 30_000 for line in added)


def _wait_until(state: Path, moment: str) -> None:
    while ask(state, "status")["time"] < moment:
        time.sleep(0.01)


def _as_of(path: Path, identity: dict[str, object]) -> dict[str, object]:
    return identity | {"to": f"ndjson:{path}"}


def test_nothing_is_done_that_a_switch_may_add_to() -> None:
    """What has been passed for good ends where the campus is, however long nothing happens after that."""
    laws = sensor_laws(sensor_settings(LIVE, default_pack()), (), LIVE.seed)
    feed, lap = Feed(engine(), laws, STAGES), Laps(premises(LIVE, default_pack()), 1).lap(0)
    span = Span(lap, moment("2026-10-12"), moment("2026-10-13"))
    all_of_it = lambda window: np.ones(len(window.batch), dtype=np.bool_)  # noqa: E731
    scene = Scene(feed, (), span, span.begin_ms, lambda: 600_000, all_of_it)
    passed = []
    while scene.next_ms() != float("inf"):
        scene.env.step()
        passed.append((scene.below_ms, int(scene.env.now)))
    feed.close()
    assert all(below <= now for below, now in passed)
    assert passed[-1][0] > moment("2026-10-12T20:00")


def test_a_switch_comes_after_what_may_be_out(tmp_path: Path) -> None:
    """What was with the sink at a kill is sent again as it was: a switch holds from later on."""
    to, state = f"ndjson:{tmp_path}/x.ndjson", tmp_path / "state"
    begin, ahead = moment("2026-10-12"), moment("2026-10-12T09:00")
    killed = Checkpoint(state, StreamProgress(job(to, state, scenario=STAGED, **SPAN).identity()))
    killed.begin(begin)
    killed.handing(ahead)
    killed.close()
    with playing(to, state, scenario=STAGED, speed=3_600.0, **SPAN):
        assert ask(state, "status")["time"] < "2026-10-12T09:00"
        assert ask(state, "stage", "exam_week")["stage"] == "exam_week"
    progress = load_progress(state)
    assert progress is not None
    assert progress.switches == (Switch(ahead + 1, "exam_week"),)


def test_a_stage_holds_on_wherever_the_clock_is_moved(tmp_path: Path) -> None:
    """A seek begins another stretch in the stage that holds; the journal keeps what held in each."""
    journal = Checkpoint(tmp_path, StreamProgress({"to": "ndjson:x"}))
    journal.begin(1_000)
    journal.switch(Switch(1_500, "exam_week"))
    journal.end(2_000)
    journal.begin(500)
    journal.switch(Switch(700, NO_STAGE))
    journal.begin(9_000)
    journal.close()
    found = load_progress(tmp_path)
    assert found is not None
    assert [segment.switches for segment in found.segments] == [
        ((1_500, "exam_week"),),
        ((500, "exam_week"), (700, NO_STAGE)),
        (),
    ]
