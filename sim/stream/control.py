"""Steering a stream from another terminal or a program, over a socket that only its own user can open.

A request is a line of JSON, ``{"command": "speed", "value": "1200"}``; the answer is one, too: the status, or
``{"error": "..."}``.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import socketserver
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import orjson

from context.errors import InputError, RunError, TermtideError
from context.files import disk_error
from sim.folder.find import RUNS

SOCKET = "control.sock"
STATE_SUFFIX = "-stream"  # of a state folder, behind the run's name and before that of the sink
_SLUG = 24  # characters of a sink in there
_MOST_PATH_BYTES = 100  # what fits into a socket's address on every system
_MOST_LINE_BYTES = 10_000
_ANSWER_S = 90.0
Answer = Callable[[str, str], dict[str, Any]]


def state_dir(run_dir: Path, to: str) -> Path:
    """The state folder of a stream of this run into this sink: beside the run, named after both."""
    sink = re.sub(r"[^A-Za-z0-9]+", "-", to).strip("-")[:_SLUG]
    digest = hashlib.sha256(to.encode(errors="surrogateescape")).hexdigest()[:6]  # tells long ones apart
    return run_dir.with_name(f"{run_dir.name}{STATE_SUFFIX}-{sink}-{digest}")


def find_state(given: Path | None) -> Path:
    """The state folder named, else the newest below runs/ with a stream at work. Raises InputError."""
    if given is not None:
        return given
    sockets = sorted(RUNS.glob(f"*{STATE_SUFFIX}-*/{SOCKET}"), key=lambda path: path.stat().st_mtime_ns)
    if not sockets:
        raise InputError("no stream is at work below runs/ in this folder; --state names one")
    return sockets[-1].parent


@contextmanager
def listening(folder: Path, answer: Answer) -> Iterator[None]:
    """Answer commands at ``folder``'s socket meanwhile. The caller holds the folder."""
    path = _path(folder)
    path.unlink(missing_ok=True)  # left behind by a kill
    before = os.umask(0o177)
    try:
        server = _Server(str(path), answer)
    except OSError as error:
        raise disk_error(path, error) from error
    finally:
        os.umask(before)
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="control", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        path.unlink(missing_ok=True)


def ask(folder: Path, command: str, value: str = "") -> dict[str, Any]:
    """Send a command to the stream that is at work with a state folder; returns its status.

    Raises InputError when none is, or when it can't do that.
    """
    path = _path(folder)
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.settimeout(_ANSWER_S)
    try:
        with client:
            client.connect(str(path))
            client.sendall(orjson.dumps({"command": command, "value": value}) + b"\n")
            with client.makefile("rb") as lines:
                answer = orjson.loads(lines.readline())
    except (FileNotFoundError, NotADirectoryError, ConnectionRefusedError):
        raise InputError(f"--state {folder}: no stream is at work with it") from None
    except (OSError, ValueError) as error:
        raise RunError(f"{path}: the stream doesn't answer ({error})") from error
    if "error" in answer:
        raise InputError(str(answer["error"]))
    return dict(answer)


def _path(folder: Path) -> Path:
    path = folder / SOCKET
    if len(os.fsencode(path)) > _MOST_PATH_BYTES:
        raise InputError(
            f"--state {folder}: too long a path for a socket in it, "
            f"allowed: {_MOST_PATH_BYTES - len(SOCKET) - 1} bytes; a relative path may do"
        )
    return path


class _Server(socketserver.ThreadingUnixStreamServer):
    daemon_threads = True

    def __init__(self, path: str, answer: Answer) -> None:
        self.answer = answer
        super().__init__(path, _Handler)

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Only the same user; the file's mode keeps others out already where systems respect it."""
        del client_address
        if not hasattr(socket, "SO_PEERCRED"):
            return True
        raw = request.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        return bool(struct.unpack("3i", raw)[1] == os.getuid())

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever asked has gone away: nothing to do."""


class _Handler(socketserver.StreamRequestHandler):
    server: _Server
    timeout = 10

    def handle(self) -> None:
        with suppress(OSError):
            self.wfile.write(orjson.dumps(self._answer()) + b"\n")

    def _answer(self) -> dict[str, Any]:
        try:
            asked = orjson.loads(self.rfile.readline(_MOST_LINE_BYTES))
            return self.server.answer(str(asked["command"]), str(asked.get("value", "")))
        except TermtideError as error:
            return {"error": str(error)}
        except (ValueError, KeyError, TypeError, AttributeError):
            return {"error": 'allowed: a line such as {"command": "speed", "value": "1200"}'}
