"""Streams with a state that outlives the container: the Cloud Run job's command.

    python3 stream_job.py --keep /state -- --to pubsub://my-project/caliper --fte 1000 --from ...

A stream keeps its journal in a folder of this machine (it needs a socket, a lock and appended lines there;
a bucket that is mounted as a folder gives none of them), and every few seconds the journal is copied whole
into ``--keep``. A new container begins with that copy. An older copy is a shorter journal: nothing is lost,
and at most what was sent since the copy is sent again, with the same ids.

Only one container streams at a time: the one that renews ``holder.json`` in there. Another one ends with 0,
so a schedule may start this as often as it likes. SIGTERM is handed on; exit codes are those of
``termtide stream``, and 0 for a stream that was stopped from outside, as the next container goes on.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

JOURNAL = "checkpoint.jsonl"
HOLDER = "holder.json"
_STOPPED = 130


def main(arguments: list[str] | None = None) -> int:
    """Run one stream; see above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--keep", type=Path, required=True, help="folder that outlives the container")
    parser.add_argument("--state", type=Path, default=Path("/campus/state"), help="state folder in here")
    parser.add_argument("--every", type=float, default=10.0, help="seconds between two copies")
    parser.add_argument("--name", default=os.environ.get("CLOUD_RUN_EXECUTION", f"pid-{os.getpid()}"))
    parser.add_argument("stream", nargs="+", help="arguments of termtide stream")
    given = parser.parse_args(arguments)
    if not given.keep.is_dir():
        print(f"--keep {given.keep}: not a folder; mount the bucket there", file=sys.stderr)
        return 2
    held_by = _other_holder(given.keep, given.name, 6 * given.every)
    if held_by:
        print(f"{held_by} streams already: nothing to do", file=sys.stderr)
        return 0
    _hold(given.keep, given.name)
    given.state.mkdir(parents=True, exist_ok=True)
    _copy(given.keep / JOURNAL, given.state / JOURNAL)
    try:
        return _stream(given)
    finally:
        if not _other_holder(given.keep, given.name, float("inf")):
            _copy(given.state / JOURNAL, given.keep / JOURNAL)
            (given.keep / HOLDER).unlink(missing_ok=True)


def _stream(given: argparse.Namespace) -> int:
    """The stream as a child, with copies of its journal until it ends."""
    command = [sys.executable, "-m", "sim", "stream", "--state", str(given.state), *given.stream]
    asked: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda got, _frame: asked.append(got))
    child = subprocess.Popen(command, start_new_session=True)  # Ctrl-C comes once, from here
    next_copy = time.monotonic() + given.every
    handed_on = 0
    while child.poll() is None:
        for number in asked[handed_on:]:
            child.send_signal(number)
        handed_on = len(asked)
        if time.monotonic() >= next_copy:
            if _other_holder(given.keep, given.name, 6 * given.every):
                print("another container has taken over: stopping", file=sys.stderr)
                child.send_signal(signal.SIGTERM)
            else:
                _copy(given.state / JOURNAL, given.keep / JOURNAL)
                _hold(given.keep, given.name)
            next_copy = time.monotonic() + given.every
        time.sleep(0.05)
    code = child.returncode
    if code == _STOPPED and asked:
        return 0
    return code if code >= 0 else 128 - code  # of a signal, as shells have it


def _copy(source: Path, target: Path) -> None:
    """The file as it stands, at once or not at all; a journal may end within a line."""
    if source.is_file():
        beside = target.with_name(target.name + ".part")
        shutil.copyfile(source, beside)
        beside.replace(target)


def _hold(keep: Path, name: str) -> None:
    beside = keep / f"{HOLDER}.{name}.part"
    beside.write_text(json.dumps({"name": name, "renewed": time.time()}), encoding="utf-8")
    beside.replace(keep / HOLDER)


def _other_holder(keep: Path, name: str, fresh_s: float) -> str:
    """Who else has renewed the file within so many seconds; "" for nobody."""
    try:
        facts = json.loads((keep / HOLDER).read_text(encoding="utf-8"))
        other, renewed = str(facts["name"]), float(facts["renewed"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return other if other != name and time.time() - renewed < fresh_s else ""


if __name__ == "__main__":
    sys.exit(main())
