"""``termtide stream`` and ``termtide ctl``: play a term live, and steer it from another terminal."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.scenario.load import any_scenario, find_scenario, pack_base
from context.scenario.scenario import Scenario
from context.scenario.zones import instant_to_wall, zone
from context.terms.premises import premises
from sim.cli.options import AsJson, Fte, PackName, ScenarioFile, Seed, Shift, Term, Terms
from sim.cli.terminal import err
from sim.folder.find import RUNS, default_run_dir, find_run, is_run_meant
from sim.sinks.open import forms, is_stdout

STATE_SUFFIX = "-stream"
_SLUG = 24  # characters of a sink in the name of its state folder
ctl_app = typer.Typer(help="Steer a running stream from another terminal.", rich_markup_mode=None)
State = Annotated[
    Path | None,
    typer.Option("--state", metavar="DIR", help="State folder of the stream; default: the newest in runs/."),
]
To = Annotated[str, typer.Option("--to", metavar="URL", help=", ".join(forms("messages")))]
Speed = Annotated[str, typer.Option("--speed", metavar="X", help="Campus seconds a second, or max.")]
Begin = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="First moment, by the campus's clock.")
]
End = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Moment at which it ends.")]
RateMax = Annotated[
    float | None,
    typer.Option("--rate-max", metavar="N", min=0.1, help="Send at most so many events a second."),
]
AlignToday = Annotated[
    bool, typer.Option("--align-today", help="Shift the calendar so that --from is today.")
]
Loop = Annotated[bool, typer.Option("--loop", help="Begin again at the end: later, with new ids.")]
LapCount = Annotated[int | None, typer.Option("--laps", metavar="N", min=1, help="Repeat so often in all.")]
Form = Annotated[str, typer.Option("--message", metavar="FORM", help="event or envelope.")]
OrderingKey = Annotated[
    str | None,
    typer.Option("--ordering-key", metavar="KEY", help="tool, canvas_user_id or canvas_course_id."),
]
Create = Annotated[
    bool, typer.Option("--create", help="Make topic and subscription, labelled, if they are missing.")
]
AllowUnlabelled = Annotated[
    str | None,
    typer.Option("--allow-unlabelled", metavar="TOPIC", help="Publish to this topic without its label."),
]
StreamState = Annotated[
    Path | None,
    typer.Option(
        "--state", metavar="DIR", help="Folder of checkpoint and socket; default: <run>-stream-<sink>."
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Forget the checkpoint and begin anew.")]
RunDir = Annotated[
    Path | None,
    typer.Option("--run", metavar="DIR", help="Play this run; default: the scenario's, or the newest."),
]


def stream_command(
    to: To,
    speed: Speed = "1",
    begin: Begin = None,
    end: End = None,
    rate_max: RateMax = None,
    align_today: AlignToday = False,
    shift: Shift = None,
    loop: Loop = False,
    laps: LapCount = None,
    message: Form = "event",
    ordering_key: OrderingKey = None,
    create: Create = False,
    allow_unlabelled: AllowUnlabelled = None,
    state: StreamState = None,
    fresh: Fresh = False,
    run_dir: RunDir = None,
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: Term = None,
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
    from sim.sinks.open import open_stream_sink
    from sim.stream.moments_and_speeds import read_speed
    from sim.stream.stream import StreamJob, stream, timeline_of

    _one_of("--message", message, FORMS)
    if ordering_key is not None:
        _one_of("--ordering-key", ordering_key, ORDERING_KEYS)
    if as_json and is_stdout(to, "messages"):
        raise InputError("--json: stdout carries the events already; take --to ndjson:FILE")
    if align_today and (shift is not None or begin is None):
        raise InputError("--align-today: needs --from, and chooses the shift, so --shift can't be given")
    pace = read_speed(speed)
    flags = {"fte": fte, "term": term, "terms": terms, "seed": seed, "pack": pack}
    chosen, loaded, folder = _chosen(scenario, run_dir, flags, shift)
    state_dir = state or _state_dir(folder, to)
    if align_today:
        weeks = _aligning_weeks(chosen, begin or "", state_dir, fresh=fresh)
        begin, end = _moved(begin, weeks, "--from"), _moved(end, weeks, "--until")
        if weeks:
            chosen = with_shift(chosen, str(chosen.shift + weeks), "--align-today")
            folder = default_run_dir(chosen)
        err.print(f"calendar moved by {weeks:+d} weeks: the stream begins at {begin}")
    labels = (("termtide", "stream"), ("pack", loaded.name), ("seed", str(chosen.seed)))
    options = StreamOptions(create, allow_unlabelled, ordering_key, labels)
    number = laps if laps is not None else (None if loop else 1)
    # A wrong address or time is told before anything is made.
    open_stream_sink(to, options)
    given = premises(chosen, loaded)
    job = StreamJob(given, folder, state_dir, to, pace, begin, end, number, message, rate_max, options, fresh)
    timeline_of(job)
    with Progress(err) as show:
        prepare(given, folder, progress=show)
        ended = stream(job, err.print, show.show)
    _report(ended.status, as_json=as_json)
    if ended.interrupted:
        raise KeyboardInterrupt


def _one_of(flag: str, given: str, allowed: tuple[str, ...]) -> None:
    if given not in allowed:
        raise InputError(f"{flag}: {given!r} given, allowed: {', '.join(allowed)}")


def _state_dir(run_dir: Path, to: str) -> Path:
    """The state folder of a stream of this run into this sink: beside the run, named after both."""
    sink = re.sub(r"[^A-Za-z0-9]+", "-", to).strip("-")[:_SLUG]
    digest = hashlib.sha256(to.encode(errors="surrogateescape")).hexdigest()[:6]  # tells long ones apart
    return run_dir.with_name(f"{run_dir.name}{STATE_SUFFIX}-{sink}-{digest}")


def _chosen(
    file: Path | None, run_dir: Path | None, flags: dict[str, str | None], shift: str | None
) -> tuple[Scenario, Pack, Path]:
    """(scenario, pack, run folder): of the run named, else of the scenario file or flags, else of the newest
    run or a demo.
    """
    if not is_run_meant(run_dir, file, flags, has_file=find_scenario() is not None):
        chosen = any_scenario(file, {**flags, "shift": shift})
        return chosen, load_pack(chosen.pack, pack_base(file or find_scenario())), default_run_dir(chosen)
    folder = find_run(run_dir)
    chosen = _scenario_of(folder)
    if shift is not None and str(chosen.shift) != shift:
        chosen = with_shift(chosen, shift)
        folder = default_run_dir(chosen)
    return chosen, load_pack(chosen.pack, Path.cwd()), folder


def _scenario_of(folder: Path) -> Scenario:
    """The scenario that a run was made from."""
    from sim.folder.manifest import load_manifest

    return load_manifest(folder).scenario


def with_shift(scenario: Scenario, weeks: str, flag: str = "--shift") -> Scenario:
    """The scenario with another shift. Raises InputError for one out of range."""
    try:
        return Scenario.model_validate(scenario.model_dump() | {"shift": int(weeks)})
    except ValueError:
        raise InputError(
            f"{flag}: {weeks} given, allowed: a whole number of weeks, up to 100 years"
        ) from None


def _aligning_weeks(scenario: Scenario, begin: str, state_dir: Path, *, fresh: bool) -> int:
    """Weeks that bring ``begin`` to today, or up to six days before; the checkpoint's, if there is one.

    Whole weeks keep weekdays, and a stream never begins in the future.
    """
    from sim.stream.checkpoint import load_progress
    from sim.stream.moments_and_speeds import read_moment

    found = None if fresh else load_progress(state_dir)
    if found is not None:
        return int(found.identity["shift"]) - scenario.shift
    first = instant_to_wall(scenario.time_zone, read_moment(begin, scenario.time_zone, "--from"))
    today = datetime.now(UTC).astimezone(zone(scenario.time_zone))
    return (today.date() - first.date()).days // 7


def _moved(moment: str | None, weeks: int, flag: str) -> str | None:
    """A moment as it was typed, so many weeks later."""
    if moment is None:
        return None
    try:
        return (datetime.fromisoformat(moment.strip()) + timedelta(weeks=weeks)).isoformat()
    except (ValueError, OverflowError):
        raise InputError(f"{flag}: {moment!r} given, allowed: a time such as 2026-10-12T08:00") from None


def _report(facts: dict[str, Any], *, as_json: bool) -> None:
    """How it ended."""
    if as_json:
        typer.echo(json.dumps(facts))
        return
    err.print(f"{facts['state']}: {facts['events_acknowledged']:,} events acknowledged")
    if facts["state"] == "stopped":
        err.print(f"everything before {facts['acknowledged_before']} is delivered; the same command goes on")


def _find_state(given: Path | None) -> Path:
    """The state folder of a running stream."""
    from sim.stream.control import FILE_NAME

    if given is not None:
        return given
    sockets = sorted(RUNS.glob(f"*{STATE_SUFFIX}*/{FILE_NAME}"), key=lambda path: path.stat().st_mtime_ns)
    if not sockets:
        raise InputError("no stream is at work below runs/ in this folder; --state names one")
    return sockets[-1].parent


def _ctl(state: Path | None, command: str, value: str, *, as_json: bool) -> None:
    from sim.stream.control import ask

    facts = ask(_find_state(state), command, value)
    if as_json:
        typer.echo(json.dumps(facts))
        return
    campus = facts.pop("campus", {})
    del facts["sensors"]
    facts["campus"] = ", ".join(f"{key.replace('_', ' ')} {fact}" for key, fact in campus.items())
    for key, fact in facts.items():
        typer.echo(f"{key.replace('_', ' ')}: {fact}")


@ctl_app.command("status")
def status_command(state: State = None, as_json: AsJson = False) -> None:
    """Where the stream is: time, speed, lag, rate, queue."""
    _ctl(state, "status", "", as_json=as_json)


@ctl_app.command("pause")
def pause_command(state: State = None, as_json: AsJson = False) -> None:
    """Stop the clock; what is under way is still delivered."""
    _ctl(state, "pause", "", as_json=as_json)


@ctl_app.command("resume")
def resume_command(state: State = None, as_json: AsJson = False) -> None:
    """Let the clock go on."""
    _ctl(state, "resume", "", as_json=as_json)


@ctl_app.command("speed")
def speed_command(
    speed: Annotated[str, typer.Argument(help="Campus seconds a second, or max.")],
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Another speed."""
    _ctl(state, "speed", speed, as_json=as_json)


@ctl_app.command("seek")
def seek_command(
    moment: Annotated[str, typer.Argument(help="A moment by the campus's clock, 2026-12-08T07:00.")],
    state: State = None,
    as_json: AsJson = False,
) -> None:
    """Go on at another moment, forward or back."""
    _ctl(state, "seek", moment, as_json=as_json)


@ctl_app.command("stop")
def stop_command(state: State = None, as_json: AsJson = False) -> None:
    """End the stream; the same command continues it."""
    _ctl(state, "stop", "", as_json=as_json)
