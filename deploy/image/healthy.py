"""Whether the stream in this container is well: the image's health check.

Exit code 0 when the stream answers at its socket, whatever it says (one that waits for its sink is well), or
when the container does something else; 1 when it does not answer.
"""

from __future__ import annotations

import sys
from pathlib import Path

from context.errors import TermtideError
from sim.stream.control import SOCKET, ask


def main() -> int:
    """Ask every stream that has a socket below the working folder."""
    words = Path("/proc/1/cmdline").read_bytes().split(b"\0")
    if not any(word == b"stream" or word.endswith(b"stream_job.py") for word in words):
        return 0
    sockets = list(Path("/campus").rglob(SOCKET))
    if not sockets:
        print("no stream listens yet")
        return 1
    for path in sockets:
        try:
            facts = ask(path.parent, "status")
        except TermtideError as error:
            print(error)
            return 1
        print(f"{facts['state']}: {facts['events_acknowledged']} events acknowledged, lag {facts['lag_s']} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
