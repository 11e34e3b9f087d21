"""Options of ``termtide stream``."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from context.files import typed_path
from sim.sinks.open import forms

To = Annotated[str, typer.Option("--to", metavar="URL", help=", ".join(forms("messages")))]
Speed = Annotated[str, typer.Option("--speed", metavar="X", help="Campus seconds a second, or max.")]
Begin = Annotated[
    str | None, typer.Option("--from", metavar="TIME", help="First moment, by the campus's clock, or now.")
]
End = Annotated[str | None, typer.Option("--until", metavar="TIME", help="Moment at which it ends.")]
RateMax = Annotated[
    float | None,
    typer.Option("--rate-max", metavar="N", min=0.1, help="Send at most so many events a second."),
]
MaxSkew = Annotated[
    str,
    typer.Option(
        "--max-skew",
        metavar="TIME",
        help="Campus time that messages may lie behind newer ones, such as 5m, or none.",
    ),
]
CatchUp = Annotated[
    bool, typer.Option("--catch-up", help="Play at full speed up to now, then at the clock's own, 1x.")
]
Ramp = Annotated[
    str | None,
    typer.Option("--ramp", metavar="STEPS", help="Speeds by wall time from its start: 10m=60,1h=max."),
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
ThisTopic = Annotated[
    str | None,
    typer.Option("--allow-unlabelled", metavar="TOPIC", help="Publish to this topic without its label."),
]
StreamState = Annotated[
    Path | None,
    typer.Option(
        "--state",
        parser=typed_path,
        metavar="DIR",
        help="Folder of checkpoint and socket; default: <run>-stream-<sink>.",
    ),
]
Fresh = Annotated[bool, typer.Option("--fresh", help="Forget the checkpoint and begin anew.")]
PlayedRun = Annotated[
    Path | None,
    typer.Option(
        "--run",
        parser=typed_path,
        metavar="DIR",
        help="Play this run; default: the scenario's, or the newest.",
    ),
]
GiveUpAfter = Annotated[
    str | None,
    typer.Option("--give-up-after", metavar="TIME", help="End when the sink is out of reach for so long."),
]
Metrics = Annotated[
    str | None,
    typer.Option("--metrics", metavar="HOST:PORT", help="Serve Prometheus metrics and /healthz there."),
]
LogFormat = Annotated[
    str,
    typer.Option("--log-format", metavar="FORM", help="text, or json: as Cloud Logging reads it."),
]
AckDeadline = Annotated[
    str | None,
    typer.Option("--ack-deadline", metavar="TIME", help="Of what --create makes; 10s to 10m."),
]
Retention = Annotated[
    str | None,
    typer.Option("--retention", metavar="TIME", help="How long what --create makes keeps messages."),
]
DeadLetter = Annotated[
    str | None,
    typer.Option(
        "--dead-letter", metavar="TOPIC", help="Topic for what it couldn't deliver in 5 attempts, made too."
    ),
]


@dataclass(frozen=True)
class StreamFlags:
    """What ``termtide stream`` was called with."""

    to: str
    speed: str
    begin: str | None
    end: str | None
    rate_max: float | None
    max_skew: str
    catch_up: bool
    ramp: str | None
    align_today: bool
    shift: str | None
    loop: bool
    laps: int | None
    message: str
    ordering_key: str | None
    create: bool
    ack_deadline: str | None
    retention: str | None
    dead_letter: str | None
    allow_unlabelled: str | None
    give_up_after: str | None
    metrics: str | None
    log_format: str
    state: Path | None
    fresh: bool
    run_dir: Path | None
    scenario: Path | None
    fte: str | None
    term: str | None
    terms: str | None
    seed: str | None
    pack: str | None
    as_json: bool
