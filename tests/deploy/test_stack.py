"""The local stack: its compose file holds together, and the same without containers streams and answers."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.servers import bigquery_server, pubsub_server

_ROOT = Path(__file__).resolve().parents[2]
_DEPLOY = _ROOT / "deploy"


def services() -> dict[str, dict[str, Any]]:
    """The compose file's services, anchors resolved."""
    return dict(yaml.safe_load((_DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"])


def test_the_walk_through_finds_every_event() -> None:
    """Ten campus minutes are streamed, and a query of the raw table counts each event that was sent."""
    for found, required in (
        (pubsub_server.find_emulator(), "PUBSUB_EMULATOR_REQUIRED"),
        (bigquery_server.find_emulator(), "BIGQUERY_EMULATOR_REQUIRED"),
    ):
        if found is None:
            assert os.environ.get(required) != "1", f"{required}=1, but there is none"
            pytest.skip("the stack needs both emulators")
    done = subprocess.run(
        [sys.executable, _DEPLOY / "stack" / "stack.py", "--walk"],
        env={**os.environ, "PYTHONPATH": str(_ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    last = done.stdout.splitlines()[-1]
    sent, found_there = re.fullmatch(r"(\d+) events streamed, (\d+) in termtide-local\.\S+", last).groups()  # type: ignore[union-attr]
    assert int(sent) == int(found_there) > 5


def test_compose_listens_on_this_machine_alone() -> None:
    """No port is open to others, and Termtide's containers have no privileges and a read-only root."""
    ports = [port for one in services().values() for port in one.get("ports", [])]
    assert len(ports) == 2
    assert [port for port in ports if not port.startswith("127.0.0.1:")] == []
    for name in ("stream", "bridge"):
        ours = services()[name]
        assert (ours["read_only"], ours["cap_drop"]) == (True, ["ALL"])
        assert "no-new-privileges:true" in ours["security_opt"]


def test_compose_refers_to_what_is_there() -> None:
    """Files, volumes and services that a service names exist, and both recipes stand on one base."""
    file = yaml.safe_load((_DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    for one in file["services"].values():
        assert set(one.get("depends_on", {})) <= set(file["services"])
        for volume in one.get("volumes", []):
            source = volume.split(":")[0]
            assert source in file["volumes"] or (_DEPLOY / source).exists()
        if "build" in one:
            context = (_DEPLOY / one["build"]["context"]).resolve()
            assert (context / one["build"]["dockerfile"]).is_file()
    recipes = [_DEPLOY / folder / "Containerfile" for folder in ("image", "stack")]
    bases = {re.search(r"docker\.io/\S+@sha256:\w+", one.read_text(encoding="utf-8"))[0] for one in recipes}  # type: ignore[index]
    assert len(bases) == 1
    assert services()["pubsub"]["image"].count(":") == 1


def test_compose_calls_termtide_as_it_is() -> None:
    """The stream's flags are those that the command has."""
    done = subprocess.run(
        [sys.executable, "-m", "sim", "stream", "--help"],
        capture_output=True,
        text=True,
        check=True,
        cwd=_ROOT,
    )
    command = services()["stream"]["command"]
    flags = {word.split("=")[0] for word in command if word.startswith("--")}
    assert command[0] == "stream"
    assert {flag for flag in flags if f"{flag} " not in done.stdout} == set()


def test_the_stack_is_linted() -> None:
    """The linter finds nothing in the emulator's recipe."""
    program = Path(sys.executable).with_name("hadolint")
    if not program.is_file():
        pytest.skip("hadolint is not installed")
    done = subprocess.run(
        [program, _DEPLOY / "stack" / "Containerfile"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (0, "")
