"""``termtide stream`` and ``termtide ctl``: play a term live, and steer it from another terminal."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from context.errors import InputError
from context.files import typed_path
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.cli.options import AsJson, Fte, PackName, ScenarioFile, Seed, Shift, TermName, Terms
from sim.cli.terminal import err, out, out_json
from sim.folder.chosen import chosen_term, with_shift
from sim.folder.find import default_run_dir
from sim.sinks.open import check_stream, forms, is_stdout

ctl_app = typer.Typer(
    help="Steer a running stream from another terminal.",
    rich_markup_mode=None,
)
_State = Annotated[
    Path | None,
    typer.Option(
        "--state",
        parser=typed_path,
        metavar="DIR",
        help="State folder of the stream; default: the newest below runs/.",
    ),
]
_To = Annotated[str, typer.Option("--to", metavar="URL", help=", ".join(forms("messages")))]
_Speed = Annotated[str, typer.Option("--speed", metavar="X", help="Campus seconds a second, or max.")]
_Begin = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="First moment, by the campus's clock.")
]
_End = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Moment at which it ends.")]
_RateMax = Annotated[
    float | None,
    typer.Option("--rate-max", metavar="N", min=0.1, help="Send at most so many events a second."),
]
_AlignToday = Annotated[
    bool, typer.Option("--align-today", help="Shift the calendar so that --from is today.")
]
_Loop = Annotated[bool, typer.Option("--loop", help="Begin again at the end: later, with new ids.")]
_LapCount = Annotated[int | None, typer.Option("--laps", metavar="N", min=1, help="Repeat so often in all.")]
_Form = Annotated[str, typer.Option("--message", metavar="FORM", help="event or envelope.")]
_OrderingKey = Annotated[
    str | None,
    typer.Option("--ordering-key", metavar="KEY", help="tool, canvas_user_id or canvas_course_id."),
]
_Create = Annotated[
    bool, typer.Option("--create", help="Make topic and subscription, labelled, if they are missing.")
]
_ThisTopic = Annotated[
    str | None,
    typer.Option("--allow-unlabelled", metavar="TOPIC", help="Publish to this topic without its label."),
]
_StreamState = Annotated[
    Path | None,
    typer.Option(
        "--state",
        parser=typed_path,
        metavar="DIR",
        help="Folder of checkpoint and socket; default: <run>-stream-<sink>.",
    ),
]
_Fresh = Annotated[bool, typer.Option("--fresh", help="Forget the checkpoint and begin anew.")]
_PlayedRun = Annotated[
    Path | None,
    typer.Option(
        "--run",
        parser=typed_path,
        metavar="DIR",
        help="Play this run; default: the scenario's, or the newest.",
    ),
]


def stream_command(
    to: _To,
    speed: _Speed = "1",
    begin: _Begin = None,
    end: _End = None,
    rate_max: _RateMax = None,
    align_today: _AlignToday = False,
    shift: Shift = None,
    loop: _Loop = False,
    laps: _LapCount = None,
    message: _Form = "event",
    ordering_key: _OrderingKey = None,
    create: _Create = False,
    allow_unlabelled: _ThisTopic = None,
    state: _StreamState = None,
    fresh: _Fresh = False,
    run_dir: _PlayedRun = None,
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
    from sim.stream.moments_and_speeds import moved, read_speed
    from sim.stream.stream import StreamJob, played_shift, stream, timeline_of

    _one_of("--message", message, FORMS)
    _one_of("--ordering-key", ordering_key, ORDERING_KEYS)
    if as_json and is_stdout(to, "messages"):
        raise InputError("--json: stdout carries the events already; take --to ndjson:FILE")
    if align_today and (shift is not None or begin is None):
        raise InputError("--align-today: needs --from, and chooses the shift, so --shift can't be given")
    pace = read_speed(speed)
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
    options = StreamOptions(create, allow_unlabelled, ordering_key, labels)
    number = laps if laps is not None else (None if loop else 1)
    # A wrong address or time is told before anything is made.
    check_stream(to, options)
    given = premises(chosen, loaded)
    job = StreamJob(given, folder, kept, to, pace, begin, end, number, message, rate_max, options, fresh)
    for line in timeline_of(job).warnings(datetime.now(UTC)):
        err.print(line)
    with Progress(err) as show:
        prepare(given, folder, progress=show)
        ended = stream(job, show.say, show.show)
    _report(ended.status, as_json=as_json)
    if ended.interrupted:
        raise KeyboardInterrupt


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


def _ctl(state: Path | None, command: str, value: str, *, as_json: bool) -> None:
    from sim.stream.control import ask, find_state

    facts = ask(find_state(state), command, value)
    if as_json:
        out_json(facts)
        return
    campus = facts.pop("campus", {})
    del facts["sensors"]
    facts["campus"] = ", ".join(f"{key.replace('_', ' ')} {fact}" for key, fact in campus.items())
    for key, fact in facts.items():
        out(f"{key.replace('_', ' ')}: {fact}")


@ctl_app.command("status")
def status_command(state: _State = None, as_json: AsJson = False) -> None:
    """Where the stream is: time, speed, lag, rate, queue."""
    _ctl(state, "status", "", as_json=as_json)


@ctl_app.command("pause")
def pause_command(state: _State = None, as_json: AsJson = False) -> None:
    """Stop the clock; what is under way is still delivered."""
    _ctl(state, "pause", "", as_json=as_json)


@ctl_app.command("resume")
def resume_command(state: _State = None, as_json: AsJson = False) -> None:
    """Let the clock go on."""
    _ctl(state, "resume", "", as_json=as_json)


@ctl_app.command("speed")
def speed_command(
    speed: Annotated[str, typer.Argument(help="Campus seconds a second, or max.")],
    state: _State = None,
    as_json: AsJson = False,
) -> None:
    """Another speed."""
    _ctl(state, "speed", speed, as_json=as_json)


@ctl_app.command("seek")
def seek_command(
    moment: Annotated[str, typer.Argument(help="A moment by the campus's clock, 2026-12-08T07:00.")],
    state: _State = None,
    as_json: AsJson = False,
) -> None:
    """Go on at another moment, forward or back."""
    _ctl(state, "seek", moment, as_json=as_json)


@ctl_app.command("stop")
def stop_command(state: _State = None, as_json: AsJson = False) -> None:
    """End the stream; the same command continues it."""
    _ctl(state, "stop", "", as_json=as_json)
