"""``termtide ctl``: steer a stream that is at work, from another terminal."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.files import typed_path
from sim.cli.options import AsJson
from sim.cli.terminal import out, out_json

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

_CODES = {
    "paused": 1,
    "waiting for the sink": 3,
}  # 2 is for a stream that is not there


def _ctl(state: Path | None, command: str, value: str, *, as_json: bool) -> str:
    """Ask the stream; returns its state."""
    from sim.stream.control import ask, find_state

    facts = ask(find_state(state), command, value)
    if as_json:
        out_json(facts)
        return str(facts["state"])
    campus = facts.pop("campus", {})
    facts.pop("sensors", None)
    facts["stages"] = ", ".join(f"{name} since {since}" for since, name in facts.get("stages", []))
    facts["campus"] = ", ".join(f"{key.replace('_', ' ')} {fact}" for key, fact in campus.items())
    for key, fact in facts.items():
        out(f"{key.replace('_', ' ')}: {fact}")
    return str(facts["state"])


@ctl_app.command("status")
def status_command(
    state: _State = None,
    exit_code: Annotated[
        bool,
        typer.Option(
            "--exit-code", help="0: it plays, 1: paused, 2: there is none, 3: it waits for the sink."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Where the stream is: time, speed, lag, rate, queue, skew."""
    found = _ctl(state, "status", "", as_json=as_json)
    if exit_code and (code := _CODES.get(found, 0)):
        raise typer.Exit(code)


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


@ctl_app.command("stage")
def stage_command(
    name: Annotated[str, typer.Argument(help="A [[stage]] of the scenario, or none.")],
    state: _State = None,
    as_json: AsJson = False,
) -> None:
    """Switch a stage of the scenario on, or off.

    A stream with one differs from its backfill.
    """
    _ctl(state, "stage", name, as_json=as_json)


@ctl_app.command("stop")
def stop_command(state: _State = None, as_json: AsJson = False) -> None:
    """End the stream; the same command continues it."""
    _ctl(state, "stop", "", as_json=as_json)
