"""The local stack without containers: `make stack`.

Starts the Pub/Sub and the BigQuery emulator, streams a small campus into a topic at speed 60, and moves its
messages into a raw table; tells how to use them, and goes on until Ctrl-C. With ``--walk`` it streams ten
campus minutes, waits until they are in the table, asks it, prints the answer, and ends with 1 if an event is
missing.

Nothing outlives it: folders are below the system's temporary one, and go.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp

from tests.servers import bigquery_server, pubsub_server
from tests.servers.servers import Server

PROJECT, TOPIC, DATASET = "termtide-local", "termtide", "event_store_raw"
_BRIDGE = Path(__file__).with_name("bridge.py")
_STREAM = ("stream", "--to", f"pubsub://{PROJECT}/{TOPIC}", "--create", "--from", "2026-10-12T10:00")
_QUIET_S = 6
QUERY = f"""
SELECT JSON_VALUE(attributes, '$.tool') AS tool, JSON_VALUE(attributes, '$.event_type') AS event_type,
  COUNT(DISTINCT JSON_VALUE(attributes, '$.event_id')) AS events,
  COUNT(DISTINCT JSON_VALUE(data, '$.actor.id')) AS people
FROM `{PROJECT}.{DATASET}.raw`
GROUP BY tool, event_type
ORDER BY events DESC, tool, event_type
"""


def main(arguments: list[str]) -> int:
    """Start it all; see above."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--walk", action="store_true", help="ten campus minutes, a query, and out")
    parser.add_argument("--fte", type=int, default=60, help="size of the campus")
    given = parser.parse_args(arguments)
    wanted = {
        "a Pub/Sub emulator (google-cloud-cli-pubsub-emulator and Java)": pubsub_server.find_emulator(),
        "a BigQuery emulator (make emulators)": bigquery_server.find_emulator(),
    }
    missing = [what for what, found in wanted.items() if found is None]
    if missing:
        print(f"the stack needs {' and '.join(missing)}", file=sys.stderr)
        return 3
    folder = Path(mkdtemp(prefix="termtide-stack-"))
    try:
        with _running(pubsub_server.Emulator) as pubsub, _running(bigquery_server.Emulator) as bigquery:
            hosts = {"PUBSUB_EMULATOR_HOST": pubsub.host, "BIGQUERY_EMULATOR_HOST": bigquery.host}
            for name, host in hosts.items():
                print(f"export {name}={host}", flush=True)
            stack = _Stack(folder, hosts, given.fte)
            return stack.walk() if given.walk else stack.stay()
    except KeyboardInterrupt:
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)


class _Stack:
    """What runs between the emulators."""

    def __init__(self, folder: Path, hosts: dict[str, str], fte: int) -> None:
        self._folder, self._hosts = folder, hosts
        self._campus = ("--fte", str(fte), "--state", "state")

    def walk(self) -> int:
        """Ten campus minutes, and what they hold."""
        span = ("--until", "2026-10-12T10:10", "--speed", "max", "--json")
        stream = self._start("-m", "sim", *_STREAM, *span, *self._campus)
        said, _ = stream.communicate()
        if stream.returncode:
            return 3
        sent = int(json.loads(said)["events_acknowledged"])
        bridge = self._start(str(_BRIDGE), PROJECT, TOPIC, DATASET, str(_QUIET_S))
        bridge.communicate()
        host = self._hosts["BIGQUERY_EMULATOR_HOST"]
        # What any client does: an address, and no credentials.
        rows = list(bigquery_server.client_of(host).query(QUERY).result())
        for row in rows:
            print(f"{row.events:6} events by {row.people:4} people  {row.tool}  {row.event_type}")
        found = sum(row.events for row in rows)
        print(f"{sent} events streamed, {found} in {PROJECT}.{DATASET}.raw")
        return 0 if sent == found > 0 else 1

    def stay(self) -> int:
        """Until somebody presses Ctrl-C, or a part ends."""
        parts = [
            self._start("-m", "sim", *_STREAM, "--loop", "--speed", "60", *self._campus),
            self._start(str(_BRIDGE), PROJECT, TOPIC, DATASET),
        ]
        print(
            f"streaming into projects/{PROJECT}/topics/{TOPIC}, and from there into {DATASET}.raw", flush=True
        )
        try:
            while all(part.poll() is None for part in parts):
                time.sleep(0.2)
            return 3
        finally:
            for part in parts:
                part.terminate()
            for part in parts:
                part.wait(30)

    def _start(self, *arguments: str) -> subprocess.Popen[str]:
        root = str(Path(__file__).resolve().parents[2])
        return subprocess.Popen(
            [sys.executable, *arguments],
            cwd=self._folder,
            env={**os.environ, **self._hosts, "PYTHONPATH": root},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if "--json" in arguments else None,
            text=True,
        )


@contextmanager
def _running(kind: type[Server]) -> Iterator[Server]:
    server = kind()
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(server.folder, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
