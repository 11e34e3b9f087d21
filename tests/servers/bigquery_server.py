"""The BigQuery emulator for tests, and a small server that records what is asked of it.

``python -m tests.servers.bigquery_server`` prints where the emulator is, and fails where there is none.
"""

from __future__ import annotations

import json
import os
import re
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery

from tests.servers.proxy import free_port
from tests.servers.servers import Server

PROJECT = "termtide-test"
_ROOT = Path(__file__).resolve().parents[2]
_LAUNCHER = _ROOT / "deploy" / "emulators" / "launch_bigquery.py"


@cache
def find_emulator() -> Path | None:
    """The interpreter of the emulator's environment: BIGQUERY_EMULATOR_PYTHON, or what ``make`` installed."""
    given = os.environ.get("BIGQUERY_EMULATOR_PYTHON")
    python = Path(given) if given else _ROOT / ".venv" / "bigquery-emulator" / "bin" / "python"
    if not given and not (python.parent.parent / ".installed").is_file():
        return None
    return python if python.is_file() else None


class Emulator(Server):
    """One emulator for BIGQUERY_EMULATOR_HOST; what it holds stays when it is stopped and started."""

    path = "/bigquery/v2/projects"
    patience_s = 120

    def __init__(self) -> None:
        self._grpc = free_port()
        super().__init__()

    def command(self) -> list[str]:
        """The launcher runs the server in its own process."""
        python = find_emulator()
        if python is None:
            raise RuntimeError("no BigQuery emulator here")
        places = ["--host", "127.0.0.1", "--port", str(self.port), "--grpc-port", str(self._grpc)]
        return [str(python), str(_LAUNCHER), "serve", *places, "--data-dir", self.folder]

    def settings(self) -> dict[str, str]:
        """A home of its own, for what it keeps there; what gs:// means to its load jobs; how many threads."""
        return {
            "HOME": self.folder,
            "GCS_LOCAL_ROOT": str(self.cloud),
            "BIGQUERY_EMULATOR_THREADS": "1",  # tables are small here: two threads wait for each other
        }

    @property
    def cloud(self) -> Path:
        """Where load jobs find the object NAME of gs://BUCKET: BUCKET/NAME below it."""
        return Path(self.folder) / "gcs"

    def is_ready(self, status: int, _body: bytes) -> bool:
        """It lists projects."""
        return status == 200

    def client(self) -> Any:
        """A client of it, whatever the environment says."""
        return client_of(self.host)


def client_of(host: str) -> Any:
    """A client of a server on this machine."""
    options = {"api_endpoint": f"http://{host}"}
    return bigquery.Client(PROJECT, credentials=AnonymousCredentials(), client_options=options)


@dataclass(frozen=True)
class Request:
    """One request as it came."""

    method: str
    path: str  # with its query
    body: bytes
    headers: dict[str, str]

    @property
    def json(self) -> Any:
        """The body; of an upload in two parts, the first one: the job."""
        if "multipart" in self.headers.get("content-type", ""):
            found = re.search(rb"\r?\n\r?\n(\{.*?\})\r?\n--", self.body, re.DOTALL)
            assert found is not None
            return json.loads(found[1])
        return json.loads(self.body)


Answer = tuple[int, Any]


@dataclass
class Recorder:
    """An HTTP server that records requests and answers as it is told."""

    answer: Callable[[Request], Answer]
    requests: list[Request] = field(default_factory=list)
    host: str = ""

    def asked(self, method: str, part: str) -> list[Request]:
        """Requests of a method whose path has ``part``."""
        return [one for one in self.requests if one.method == method and part in one.path]


@contextmanager
def recording(answer: Callable[[Request], Answer]) -> Iterator[Recorder]:
    """A recorder on 127.0.0.1, gone afterwards."""
    recorder = Recorder(answer)
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - its name there
            pass

        def _do(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            headers = {key.lower(): value for key, value in self.headers.items()}
            request = Request(self.command, self.path, self.rfile.read(length), headers)
            with lock:
                recorder.requests.append(request)
                status, body = recorder.answer(request)
            data = json.dumps(body).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

    for verb in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        setattr(Handler, f"do_{verb}", Handler._do)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    recorder.host = f"127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield recorder
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def problem(status: int, reason: str, message: str) -> Answer:
    """An error as BigQuery words it."""
    entry = {"domain": "global", "reason": reason, "message": message}
    return status, {"error": {"code": status, "message": message, "errors": [entry]}}


if __name__ == "__main__":
    where = find_emulator()
    print(where or "")  # noqa: T201
    sys.exit(where is None)
