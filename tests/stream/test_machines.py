"""A stream as machines see it: metrics, health, exit codes, logs, variables, patience, subscriptions."""

from __future__ import annotations

import configparser
import json
import shlex
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families
from typer.main import get_command

from context.errors import InputError, RunError
from sim.cli.live.log import JsonLog
from sim.cli.main import app, main
from sim.sinks.messages import AwayError, StreamOptions
from sim.sinks.ndjson_messages import NdjsonStream
from sim.sinks.pubsub import PubsubSink
from sim.stream.control import ask
from sim.stream.metrics import STATES, metrics_address
from tests.samples.live_tiny import play
from tests.servers.pubsub_server import PROJECT, Emulator, subscriber
from tests.stream.test_live_stream import playing

SPAN = {"begin": "2026-10-12T08:00", "end": "2026-10-16"}


def fetched(port: int, path: str) -> tuple[int, str]:
    """Status code and text of an answer."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=10) as reply:
            return reply.status, reply.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode()


def port_of(said: list[str]) -> int:
    """The port that a stream has said it answers at."""
    (line,) = [line for line in said if line.startswith("metrics at ")]
    return int(line.split("/metrics")[0].rsplit(":", 1)[1])


def test_metrics_and_health(tmp_path: Path) -> None:
    """Prometheus reads the figures of the status, by tool too; the health address says the state."""
    said, state = list[str](), tmp_path / "state"
    to = f"ndjson:{tmp_path}/x.ndjson"
    with playing(to, state, speed=600.0, metrics=("127.0.0.1", 0), say=said.append, **SPAN):
        until = time.monotonic() + 60
        while not ask(state, "status")["events_acknowledged"] and time.monotonic() < until:
            time.sleep(0.1)
        ask(state, "pause")
        port = port_of(said)
        while (status := ask(state, "status"))["in_flight"] + status["queue"]:
            time.sleep(0.05)
        families = {one.name: one for one in text_string_to_metric_families(fetched(port, "/metrics")[1])}
        assert fetched(port, "/healthz") == (200, "paused\n")
        assert fetched(port, "/else")[0] == 404
    value = {name: family.samples[0].value for name, family in families.items() if family.samples}
    assert value["termtide_events_acknowledged"] == status["events_acknowledged"] > 0
    assert value["termtide_bytes_acknowledged"] == (tmp_path / "x.ndjson").stat().st_size
    by_tool = {
        sample.labels["tool"]: sample.value
        for sample in families["termtide_tool_events_acknowledged"].samples
        if sample.name.endswith("_total")
    }
    assert sum(by_tool.values()) == status["events_acknowledged"]
    states = {sample.labels["state"]: sample.value for sample in families["termtide_state"].samples}
    assert states == dict.fromkeys(STATES, 0.0) | {"paused": 1.0}


def test_a_sink_out_of_reach_is_ill_health_and_given_up(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Waiting for the sink is 503 and exit code 3 of the status; after --give-up-after the stream fails."""

    def away(_sink: object, _bodies: object, _count: int) -> None:
        raise AwayError("nobody there")

    monkeypatch.setattr(NdjsonStream, "deliver", away)
    said, state, to = list[str](), tmp_path / "state", f"ndjson:{tmp_path}/x.ndjson"
    with playing(to, state, speed=600.0, metrics=("127.0.0.1", 0), say=said.append, **SPAN):
        while ask(state, "status")["state"] != "waiting for the sink":
            time.sleep(0.02)
        assert fetched(port_of(said), "/healthz") == (503, "waiting for the sink\n")
        with pytest.raises(SystemExit) as left:
            main(["ctl", "status", "--exit-code", "--state", str(state)])
        assert left.value.code == 3
    capsys.readouterr()
    with pytest.raises(RunError, match=r"out of reach for .*: nobody there; the same command goes on"):
        play(to, state, give_up_after_s=0.2, **SPAN)


def test_exit_codes_of_the_status(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A stream that plays is 0, a paused one 1, one that isn't there 2; without the option it is 0 or 2."""
    state = tmp_path / "state"
    call = ["ctl", "status", "--exit-code", "--state", str(state)]
    with playing(f"ndjson:{tmp_path}/x.ndjson", state, speed=60.0, **SPAN):
        main(call)
        ask(state, "pause")
        with pytest.raises(SystemExit) as paused:
            main(call)
        main(["ctl", "status", "--state", str(state)])
    with pytest.raises(SystemExit) as gone:
        main(call)
    assert (paused.value.code, gone.value.code) == (1, 2)
    assert "state: paused" in capsys.readouterr().out


def test_a_finished_stream_has_the_usual_keys(tmp_path: Path) -> None:
    """With nothing left to do, the report has every key that it had when there was."""
    to, state = f"ndjson:{tmp_path}/x.ndjson", tmp_path / "state"
    span = {"begin": "2026-10-12T08:00", "end": "2026-10-12T09:00"}
    first, again = play(to, state, **span).status, play(to, state, **span).status
    assert set(first) == set(again)
    assert again["state"] == "done"
    assert first["segments"] == again["segments"]


def test_logs_for_machines(capsys: pytest.CaptureFixture[str]) -> None:
    """Lines of JSON with severity, message and time; where the stream is, twice a minute at most."""
    now = [0.0]
    log = JsonLog(lambda: now[0])
    log.say("to ndjson:x (a file)")
    log.say("the sink is out of reach, waiting for it: nobody there")
    for second in range(0, 100, 10):
        now[0] = float(second)
        log.show(f"second {second}")
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["severity"] for line in lines[:2]] == ["INFO", "WARNING"]
    assert [line["message"] for line in lines[2:]] == ["second 0", "second 30", "second 60", "second 90"]
    assert all(set(line) == {"severity", "message", "time"} for line in lines)


def test_options_are_read_from_variables(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Options are read from TERMTIDE_* variables, flags go before them, and an unknown one is told."""
    monkeypatch.chdir(tmp_path)
    for given, arguments, said in (
        ({"TERMTIDE_SPEED": "fast"}, ["stream", "--to", "ndjson:x"], "--speed: 'fast' given"),
        ({"TERMTIDE_MAX_SKEW": "soon"}, ["stream", "--to", "ndjson:x"], "--max-skew: 'soon' given"),
        (
            {"TERMTIDE_SPEED": "fast"},
            ["stream", "--to", "ndjson:x", "--speed", "slow"],
            "--speed: 'slow' given",
        ),
        ({"TERMTIDE_STATE": "nowhere"}, ["ctl", "status"], "--state nowhere: no stream is at work"),
        ({"TERMTIDE_DIALECT": "oracle"}, ["schema", "list"], ""),
        ({"TERMTIDE_SPEEED": "1"}, ["schema", "list"], "TERMTIDE_SPEEED: no such variable, did you mean"),
    ):
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        if said:
            with pytest.raises(SystemExit):
                main(arguments)
            assert said in capsys.readouterr().err
        else:
            main(arguments)
        for name in given:
            monkeypatch.delenv(name)


@pytest.mark.parametrize("text", ["9464", "host:", ":80", "127.0.0.1:99999", "a b:80"])
def test_addresses(text: str) -> None:
    """A host and a port, or one line with what is allowed."""
    with pytest.raises(InputError, match=r"--metrics: .* given, allowed: HOST:PORT"):
        metrics_address(text)
    assert metrics_address("[::1]:9464") == ("::1", 9464)


def test_a_subscription_is_made_as_asked(pubsub: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """--create makes the subscription with deadline, retention and dead-letter topic."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    options = StreamOptions(create=True, ack_deadline_s=60.0, retention_s=3_600.0, dead_letter="asked-dead")
    sink = PubsubSink(f"//{PROJECT}/asked", options)
    sink.open(None)
    sink.close()
    name = f"projects/{PROJECT}/subscriptions/asked-sub"
    found = subscriber(pubsub.host).get_subscription(subscription=name)
    assert found.ack_deadline_seconds == 60
    assert found.message_retention_duration.total_seconds() == 3_600
    assert found.dead_letter_policy.dead_letter_topic == f"projects/{PROJECT}/topics/asked-dead"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"create": False, "retention_s": 3_600.0}, r"--retention: .* give --create too"),
        ({"ack_deadline_s": 5.0}, r"--ack-deadline: 5 s given, allowed: whole seconds, 10s to 10m"),
        ({"retention_s": 60.0}, r"--retention: 60 s given, allowed: 10m to 31d"),
        ({"dead_letter": "asked"}, r"--dead-letter: 'asked' given, allowed: the name of another topic"),
    ],
)
def test_what_no_subscription_can_be(changes: dict[str, object], said: str) -> None:
    """One line before anything is made."""
    options = StreamOptions(**({"create": True} | changes))  # type: ignore[arg-type]
    with pytest.raises(InputError, match=said):
        PubsubSink(f"//{PROJECT}/asked", options)


def test_the_service_is_understood() -> None:
    """The unit of systemd calls the command with options that it has, and never restarts on bad input."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(Path(__file__).parents[2] / "deploy" / "termtide-stream.service", encoding="utf-8")
    _, *words = shlex.split(unit["Service"]["ExecStart"])
    assert words[0] == "stream"
    command = get_command(app).get_command(None, "stream")  # type: ignore[attr-defined]
    command.make_context("stream", [*words[1:], "--to", "ndjson:x"])
    assert unit["Service"]["RestartPreventExitStatus"] == "2"
