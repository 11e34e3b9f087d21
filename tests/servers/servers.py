"""A server that tests start on 127.0.0.1 and stop by its pid."""

from __future__ import annotations

import os
import signal
import subprocess
import time
import urllib.request
from abc import ABC, abstractmethod
from contextlib import suppress
from tempfile import mkdtemp

from tests.servers.proxy import free_port


class Server(ABC):
    """One server with a folder of its own, started at once."""

    path = ""  # what is asked for to learn whether it is ready
    patience_s = 60

    def __init__(self) -> None:
        self.folder, self.port = mkdtemp(prefix="termtide-server-"), free_port()
        self._process: subprocess.Popen[bytes] | None = None
        self.start()

    @abstractmethod
    def command(self) -> list[str]:
        """What starts it; the process must be the server itself."""

    @abstractmethod
    def settings(self) -> dict[str, str]:
        """Variables on top of our own environment."""

    @abstractmethod
    def is_ready(self, status: int, body: bytes) -> bool:
        """Whether an answer says that it is up."""

    @property
    def host(self) -> str:
        """Where clients find it: address and port."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int:
        """Of the running server."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start it and wait until it answers."""
        self._process = subprocess.Popen(
            self.command(),
            cwd=self.folder,
            env={**os.environ, **self.settings()},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        end = time.monotonic() + self.patience_s
        while time.monotonic() < end:
            with (
                suppress(OSError),
                urllib.request.urlopen(f"http://{self.host}{self.path}", timeout=5) as answer,
            ):
                if self.is_ready(answer.status, answer.read()):
                    return
            if self._process.poll() is not None:
                raise RuntimeError(f"the server ended with code {self._process.returncode}")
            time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not answer within {self.patience_s} seconds")

    def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        """Stop it, by its pid."""
        process, self._process = self._process, None
        if process is None or process.poll() is not None:
            return
        process.send_signal(number)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(15)
