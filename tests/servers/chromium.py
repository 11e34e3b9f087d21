"""A headless Chromium for tests of pages, steered through its debugging pipe: no driver, no port."""

from __future__ import annotations

import fcntl
import json
import os
import select
import shutil
import signal
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--remote-debugging-pipe",
)
PATIENCE_S = 60.0
FAULTS = ("Runtime.exceptionThrown", "Log.entryAdded", "Runtime.consoleAPICalled")
PHONE, DESKTOP = (390, 844), (1280, 800)


def find_chromium() -> str | None:
    """The browser's program: CHROMIUM_BIN, or one on the path; None where there is none."""
    return os.environ.get("CHROMIUM_BIN") or next(filter(None, map(shutil.which, NAMES)), None)


@dataclass
class Tab:
    """A page that is open, what it said on the console and what it asked the network for."""

    browser: Chromium
    session: str
    faults: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def call(self, method: str, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol in this page."""
        return self.browser.call(method, session=self.session, **params)

    def ask(self, script: str) -> Any:
        """The value of a script; a promise is awaited."""
        found = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    def wait(self, script: str) -> None:
        """Until the script is true."""
        deadline = time.monotonic() + PATIENCE_S
        while not self.ask(script):
            assert time.monotonic() < deadline, script
            time.sleep(0.02)

    def type(self, text: str) -> None:
        """Type into what has the focus."""
        self.call("Input.insertText", text=text)

    def press(self, key: str, code: int) -> None:
        """Press a key that is no letter."""
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code)


class Chromium:
    """The browser, one process for all pages of a test session."""

    def __init__(self, program: str) -> None:
        self._profile = mkdtemp(prefix="termtide-chromium-")
        down, self._down = (_high(end) for end in os.pipe())
        self._up, up = (_high(end) for end in os.pipe())
        argv = [program, *FLAGS, f"--user-data-dir={self._profile}", "about:blank"]
        actions = [
            (os.POSIX_SPAWN_DUP2, down, 3),
            (os.POSIX_SPAWN_DUP2, up, 4),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_OPEN, 2, os.devnull, os.O_WRONLY, 0),
        ]
        self._pid = os.posix_spawn(program, argv, dict(os.environ), file_actions=actions, setpgroup=0)
        os.close(down)
        os.close(up)
        self._number, self._read = 0, b""
        self._tabs: dict[str, Tab] = {}

    def open(self, path: Path, size: tuple[int, int] = DESKTOP, *, dark: bool = False) -> Tab:
        """A file in a new page of that size, when it has loaded."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        tab = self._tabs[session] = Tab(self, session)
        for domain in ("Page", "Runtime", "Log", "Network"):
            tab.call(f"{domain}.enable")
        width, height = size
        phone = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": size == PHONE}
        tab.call("Emulation.setDeviceMetricsOverride", **phone)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        tab.call("Emulation.setEmulatedMedia", features=[scheme])
        tab.call("Page.navigate", url=path.resolve().as_uri())
        tab.wait("document.readyState === 'complete' && location.protocol === 'file:'")
        return tab

    def call(self, method: str, *, session: str | None = None, **params: Any) -> dict[str, Any]:
        """A command of the DevTools protocol and its result."""
        self._number += 1
        message = {"id": self._number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        os.write(self._down, json.dumps(message).encode() + b"\0")
        while True:
            answer = self._next()
            if answer.get("id") == self._number:
                assert "error" not in answer, (method, answer)
                return dict(answer["result"])
            self._note(answer)

    def stop(self) -> None:
        """End the process, with its children, and remove its profile."""
        os.killpg(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._down)
        os.close(self._up)
        shutil.rmtree(self._profile, ignore_errors=True)

    def _next(self) -> dict[str, Any]:
        while b"\0" not in self._read:
            ready, _, _ = select.select([self._up], [], [], PATIENCE_S)
            data = os.read(self._up, 1 << 20) if ready else b""
            assert data, "Chromium says nothing"
            self._read += data
        message, _, self._read = self._read.partition(b"\0")
        return dict(json.loads(message))

    def _note(self, event: dict[str, Any]) -> None:
        tab = self._tabs.get(event.get("sessionId", ""))
        if tab is None:
            return
        if event["method"] in FAULTS:
            tab.faults.append(json.dumps(event["params"]))
        elif event["method"] == "Network.requestWillBeSent":
            tab.requests.append(event["params"]["request"]["url"])


def _high(end: int) -> int:
    """The same pipe under a number that the child's 3 and 4 cannot be."""
    high = fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10)
    os.close(end)
    return high


if __name__ == "__main__":
    sys.exit(find_chromium() is None)
