"""``termtide stream``: play a term live."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import Any

from context.errors import InputError
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.cli.live.log import FORMATS as LOG_FORMATS
from sim.cli.live.log import JsonLog
from sim.cli.live.stream_options import (
    AckDeadline,
    AlignToday,
    Begin,
    Create,
    DeadLetter,
    End,
    Form,
    Fresh,
    GiveUpAfter,
    LapCount,
    LogFormat,
    Loop,
    MaxSkew,
    Metrics,
    OrderingKey,
    PlayedRun,
    RateMax,
    Retention,
    Speed,
    StreamState,
    ThisTopic,
    To,
)
from sim.cli.options import AsJson, Fte, PackName, ScenarioFile, Seed, Shift, TermName, Terms
from sim.cli.terminal import err, out_json
from sim.folder.chosen import chosen_term, with_shift
from sim.folder.find import default_run_dir
from sim.sinks.open import check_stream, is_stdout


def stream_command(
    to: To,
    speed: Speed = "1",
    begin: Begin = None,
    end: End = None,
    rate_max: RateMax = None,
    max_skew: MaxSkew = "5m",
    align_today: AlignToday = False,
    shift: Shift = None,
    loop: Loop = False,
    laps: LapCount = None,
    message: Form = "event",
    ordering_key: OrderingKey = None,
    create: Create = False,
    ack_deadline: AckDeadline = None,
    retention: Retention = None,
    dead_letter: DeadLetter = None,
    allow_unlabelled: ThisTopic = None,
    give_up_after: GiveUpAfter = None,
    metrics: Metrics = None,
    log_format: LogFormat = "text",
    state: StreamState = None,
    fresh: Fresh = False,
    run_dir: PlayedRun = None,
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: TermName = None,
    terms: Terms = None,
    seed: Seed = None,
    pack: PackName = None,
    as_json: AsJson = False,
) -> None:
    """Play a term against the clock into Pub/Sub or a file.

    The same command goes on after a stop or kill.
    """
    from sim.folder.progress import Progress
    from sim.run import prepare
    from sim.sensors.message_maker import FORMS
    from sim.sinks.messages import ORDERING_KEYS, StreamOptions
    from sim.stream.control import state_dir
    from sim.stream.metrics import metrics_address
    from sim.stream.moments_and_speeds import moved, read_skew, read_speed
    from sim.stream.stream import StreamJob, played_shift, stream, timeline_of

    _one_of("--message", message, FORMS)
    _one_of("--ordering-key", ordering_key, ORDERING_KEYS)
    _one_of("--log-format", log_format, LOG_FORMATS)
    if message == "envelope" and ordering_key not in (None, "tool"):
        raise InputError(f"--ordering-key {ordering_key}: an envelope is of many, allowed with it: tool")
    if as_json and is_stdout(to, "messages"):
        raise InputError("--json: stdout carries the events already; take --to ndjson:FILE")
    if align_today and (shift is not None or begin is None):
        raise InputError("--align-today: needs --from, and chooses the shift, so --shift can't be given")
    pace, skew = read_speed(speed), read_skew(max_skew)
    flags = {"fte": fte, "term": term, "terms": terms, "seed": seed, "pack": pack, "shift": shift}
    chosen, loaded, folder = chosen_term(scenario, run_dir, flags)
    kept = state or state_dir(folder, to)
    if align_today:
        weeks = _weeks_to_today(chosen, begin or "", None if fresh else played_shift(kept))
        zone = chosen.time_zone
        begin, end = moved(begin, weeks, zone, "--from"), moved(end, weeks, zone, "--until")
        if weeks:
            chosen = with_shift(chosen, str(chosen.shift + weeks), "--align-today")
            folder = default_run_dir(chosen)
        err.print(f"calendar moved by {weeks:+d} weeks: the stream begins at {begin}")
    labels = (("termtide", "stream"), ("pack", loaded.name), ("seed", str(chosen.seed)))
    options = StreamOptions(
        create,
        allow_unlabelled,
        ordering_key,
        labels,
        ack_deadline_s=_seconds(ack_deadline, "--ack-deadline"),
        retention_s=_seconds(retention, "--retention"),
        dead_letter=dead_letter,
    )
    number = laps if laps is not None else (None if loop else 1)
    # A wrong address or time is told before anything is made.
    check_stream(to, options)
    given = premises(chosen, loaded)
    job = StreamJob(
        given, folder, kept, to, pace, begin, end, number, message, rate_max, skew, options,
        give_up_after_s=_seconds(give_up_after, "--give-up-after"),
        metrics=None if metrics is None else metrics_address(metrics),
        fresh=fresh,
    )  # fmt: skip
    log = JsonLog() if log_format == "json" else None
    for line in timeline_of(job).warnings(datetime.now(UTC)):
        (log.say if log else err.print)(line)
    with Progress(err) if log is None else nullcontext(Progress.silent()) as show:
        prepare(given, folder, progress=show)
        ended = stream(job, (log or show).say, (log or show).show)
    if log and not as_json:
        log.say(f"{ended.status['state']}: {ended.status['events_acknowledged']:,} events acknowledged")
    else:
        _report(ended.status, as_json=as_json)
    if ended.interrupted:
        raise KeyboardInterrupt


def _seconds(text: str | None, flag: str) -> float | None:
    from sim.stream.moments_and_speeds import read_time_span

    return None if text is None else read_time_span(text, flag) / 1000.0


def _weeks_to_today(scenario: Scenario, begin: str, played: int | None) -> int:
    """By how much the calendar moves; ``played``: the shift of a stream that goes on."""
    from sim.stream.moments_and_speeds import aligning_weeks

    return aligning_weeks(scenario, begin, datetime.now(UTC)) if played is None else played - scenario.shift


def _one_of(flag: str, given: str | None, allowed: tuple[str, ...]) -> None:
    if given is not None and given not in allowed:
        raise InputError(f"{flag}: {given!r} given, allowed: {', '.join(allowed)}")


def _report(facts: dict[str, Any], *, as_json: bool) -> None:
    """How it ended."""
    if as_json:
        out_json(facts)
        return
    err.print(f"{facts['state']}: {facts['events_acknowledged']:,} events acknowledged")
    if facts["state"] == "stopped":
        err.print(f"everything before {facts['acknowledged_before']} is delivered; the same command goes on")
