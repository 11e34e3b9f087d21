"""What a stream says, as lines of JSON on stderr with the fields that Cloud Logging reads."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime

from sim.cli.terminal import err_json

FORMATS = ("text", "json")
_LINE_EVERY_S = 30.0  # between lines that tell where the stream is
_WARNINGS = ("out of reach", "gone", "more than a year ahead")


class JsonLog:
    """Takes lines for people; ``clock`` counts seconds."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock, self._said = clock, -_LINE_EVERY_S

    def say(self, line: str) -> None:
        """A line that stays."""
        severity = "WARNING" if any(words in line for words in _WARNINGS) else "INFO"
        err_json({"severity": severity, "message": line, "time": datetime.now(UTC).isoformat()})

    def show(self, line: str) -> None:
        """Where the stream is: a line now and then."""
        if self._clock() - self._said >= _LINE_EVERY_S:
            self._said = self._clock()
            self.say(line)
