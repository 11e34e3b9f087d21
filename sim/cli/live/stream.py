"""``termtide stream``: play a term live."""

from __future__ import annotations

from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from context.errors import InputError, number_of
from context.terms.premises import premises
from sim.cli.live.calendar import NOW, moved_term
from sim.cli.live.log import FORMATS as LOG_FORMATS
from sim.cli.live.log import JsonLog
from sim.cli.live.stream_options import (
    AckDeadline,
    AlignToday,
    Begin,
    CatchUp,
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
    Ramp,
    RateMax,
    Retention,
    Speed,
    StreamFlags,
    StreamState,
    ThisTopic,
    To,
)
from sim.cli.options import AsJson, Fte, PackName, ScenarioFile, Seed, Shift, TermName, Terms
from sim.cli.terminal import err, out_json
from sim.folder.chosen import chosen_term
from sim.folder.find import default_run_dir
from sim.sinks.open import check_stream, is_stdout
from sim.stream.clock import MAX
from sim.stream.moments_and_speeds import read_ramp, read_skew, read_speed, read_time_span

if TYPE_CHECKING:  # imported when a stream is played
    from sim.stream.stream import StreamJob


def stream_command(
    to: To,
    speed: Speed = "1",
    begin: Begin = None,
    end: End = None,
    rate_max: RateMax = None,
    max_skew: MaxSkew = "5m",
    catch_up: CatchUp = False,
    ramp: Ramp = None,
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
    _play(StreamFlags(**locals()))


def _play(flags: StreamFlags) -> None:
    from sim.folder.progress import Progress
    from sim.run import prepare
    from sim.stream.stream import stream, timeline_of

    job = _job(flags)
    log = JsonLog() if flags.log_format == "json" else None
    for line in timeline_of(job).warnings(datetime.now(UTC)):
        (log.say if log else err.print)(line)
    with Progress(err) if log is None else nullcontext(Progress.silent()) as show:
        prepare(job.given, job.run_dir, progress=show)
        ended = stream(job, (log or show).say, (log or show).show)
    if log and not flags.as_json:
        log.say(_told(ended.status))
    else:
        _report(ended.status, as_json=flags.as_json)
    if ended.interrupted:
        raise KeyboardInterrupt


def _check(flags: StreamFlags) -> None:
    """Raise InputError for what can't be together."""
    from sim.sensors.message_maker import FORMS
    from sim.sinks.messages import ORDERING_KEYS

    _one_of("--message", flags.message, FORMS)
    _one_of("--ordering-key", flags.ordering_key, ORDERING_KEYS)
    _one_of("--log-format", flags.log_format, LOG_FORMATS)
    if flags.message == "envelope" and flags.ordering_key not in (None, "tool"):
        raise InputError(f"--ordering-key {flags.ordering_key}: envelopes are of many, allowed: tool")
    if flags.as_json and is_stdout(flags.to, "messages"):
        raise InputError("--json: stdout carries the events already; take --to ndjson:FILE")
    if flags.align_today and (flags.shift is not None or flags.begin in (None, NOW)):
        raise InputError("--align-today: needs a --from, and chooses the shift, so --shift can't be given")
    if flags.begin == NOW and flags.shift is not None:
        raise InputError("--from now: chooses the shift, so --shift can't be given")
    if (flags.begin == NOW or flags.catch_up) and (flags.ramp or read_speed(flags.speed) != 1):
        raise InputError("--catch-up, --from now: go on at 1x, so neither --speed nor --ramp can be given")
    if flags.catch_up and flags.begin is None:
        raise InputError("--catch-up: needs a --from, before now")


def _job(flags: StreamFlags) -> StreamJob:
    """What the flags ask for. Raises InputError before anything is made."""
    from sim.sinks.messages import StreamOptions
    from sim.stream.control import state_dir
    from sim.stream.metrics import metrics_address
    from sim.stream.stream import StreamJob, played_identity

    _check(flags)
    skew = read_skew(flags.max_skew)
    keys = ("fte", "term", "terms", "seed", "pack", "shift")
    chosen, loaded, folder = chosen_term(
        flags.scenario, flags.run_dir, {key: getattr(flags, key) for key in keys}
    )
    kept = flags.state or state_dir(folder, flags.to)
    begin, end = flags.begin, flags.end
    if flags.align_today or begin == NOW:
        played = None if flags.fresh else played_identity(kept)
        before = chosen.shift
        chosen, begin, end = moved_term(chosen, loaded, begin or "", end, played)
        if weeks := chosen.shift - before:
            folder = default_run_dir(chosen)
        err.print(f"calendar moved by {weeks:+d} weeks: the stream begins at {begin}")
    labels = (("termtide", "stream"), ("pack", loaded.name), ("seed", str(chosen.seed)))
    options = StreamOptions(
        flags.create,
        flags.allow_unlabelled,
        flags.ordering_key,
        labels,
        ack_deadline_s=_seconds(flags.ack_deadline, "--ack-deadline"),
        retention_s=_seconds(flags.retention, "--retention"),
        dead_letter=flags.dead_letter,
    )
    number = flags.laps if flags.laps is not None else (None if flags.loop else 1)
    # A wrong address or time is told before anything is made.
    check_stream(flags.to, options)
    catch_up = flags.catch_up or flags.begin == NOW
    return StreamJob(
        premises(chosen, loaded),
        folder,
        kept,
        flags.to,
        MAX if catch_up else read_speed(flags.speed),
        begin=begin,
        end=end,
        laps=number,
        message=flags.message,
        rate_max=flags.rate_max,
        max_skew_ms=skew,
        options=options,
        catch_up=catch_up,
        ramp=() if flags.ramp is None else read_ramp(flags.ramp),
        give_up_after_s=_seconds(flags.give_up_after, "--give-up-after"),
        metrics=None if flags.metrics is None else metrics_address(flags.metrics),
        fresh=flags.fresh,
    )


def _seconds(text: str | None, flag: str) -> float | None:
    return None if text is None else read_time_span(text, flag) / 1000.0


def _one_of(flag: str, given: str | None, allowed: tuple[str, ...]) -> None:
    if given is not None and given not in allowed:
        raise InputError(f"{flag}: {given!r} given, allowed: {', '.join(allowed)}")


def _told(facts: dict[str, Any]) -> str:
    return f"{facts['state']}: {number_of(facts['events_acknowledged'], 'event')} acknowledged"


def _report(facts: dict[str, Any], *, as_json: bool) -> None:
    """How it ended."""
    if as_json:
        out_json(facts)
        return
    err.print(_told(facts))
    if facts["state"] == "stopped":
        err.print(f"everything before {facts['acknowledged_before']} is delivered; the same command goes on")
