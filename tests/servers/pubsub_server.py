"""Google's Pub/Sub emulator for tests, what may go wrong between it and a client, and a receiver.

``python -m tests.servers.pubsub_server`` prints where the emulator is, and fails where there is none.
"""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import grpc
from google import pubsub_v1
from google.api_core import exceptions as api
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from tests.servers.servers import Server

PROJECT = "termtide-test"
_SCRIPT = "platform/pubsub-emulator/bin/cloud-pubsub-emulator"
_JAVA = "-Xmx3g"  # a bound on its memory, which grows with the messages it keeps
# For a minute of tests: half the processor time, as nothing is compiled for hours of work.
QUICK_JAVA = f"{_JAVA} -XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
_LARGE = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


@cache
def find_emulator() -> Path | None:
    """The emulator's launch script: PUBSUB_EMULATOR_BIN, or that of an installed Google Cloud CLI."""
    given = os.environ.get("PUBSUB_EMULATOR_BIN")
    if given:
        return Path(given) if Path(given).is_file() else None
    roots = [Path("/usr/lib/google-cloud-sdk")]
    gcloud = shutil.which("gcloud")
    if gcloud:
        roots.insert(0, Path(gcloud).resolve().parent.parent)
    found = (root / _SCRIPT for root in roots if (root / _SCRIPT).is_file())
    return next(found, None) if shutil.which("java") else None


class Emulator(Server):
    """One emulator for PUBSUB_EMULATOR_HOST. What it holds is lost when it stops."""

    def __init__(self, java_options: str = _JAVA) -> None:
        self._java_options = java_options
        super().__init__()

    def command(self) -> list[str]:
        """The script ends in exec, so the pid is the server's."""
        script = find_emulator()
        if script is None:
            raise RuntimeError("no Pub/Sub emulator here")
        return [str(script), "--host=127.0.0.1", f"--port={self.port}"]

    def settings(self) -> dict[str, str]:
        """How Java runs it."""
        return {"JAVA_OPTS": self._java_options}

    def is_ready(self, _status: int, body: bytes) -> bool:
        """It says Ok."""
        return body.strip() == b"Ok"


def publisher(host: str) -> Any:
    """A client of the emulator, whatever the environment says."""
    transport = PublisherGrpcTransport(channel=grpc.insecure_channel(host, options=_LARGE))
    return pubsub_v1.PublisherClient(transport=transport)


def subscriber(host: str) -> Any:
    """A client of the emulator, whatever the environment says."""
    transport = SubscriberGrpcTransport(channel=grpc.insecure_channel(host, options=_LARGE))
    return pubsub_v1.SubscriberClient(transport=transport)


@dataclass(frozen=True)
class Received:
    """A message as it arrived."""

    data: bytes
    attributes: dict[str, str]
    ordering_key: str
    number: int  # the emulator's message ids count in the order of publishing
    received_s: float  # time.time() here

    @property
    def event_id(self) -> str:
        """The attribute of that name."""
        return self.attributes["event_id"]


class Collector:
    """Pulls a subscription's messages in a thread and keeps them in the order of arrival.

    It acknowledges what it has, and drops what the broker delivers again (the same message id), so that what
    is twice in it was published twice. A server that is away is waited for. ``nap_s``: between two looks.
    """

    def __init__(self, host: str, subscription: str, *, nap_s: float = 0.02) -> None:
        self._host, self._nap_s = host, nap_s
        self._name = f"projects/{PROJECT}/subscriptions/{subscription}"
        self.messages: list[Received] = []
        self._seen: set[int] = set()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def wait_for(self, count: int, timeout_s: float = 60.0) -> list[Received]:
        """All messages, once there are so many. Raises AssertionError when they don't come."""
        end = time.monotonic() + timeout_s
        while len(self.messages) < count:
            assert time.monotonic() < end, f"{len(self.messages)} of {count} messages came"
            time.sleep(0.02)
        return self.messages

    def settle(self, quiet_s: float = 1.0) -> list[Received]:
        """All messages, once none has come for so long."""
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < quiet_s:
            if len(self.messages) != seen:
                seen, since = len(self.messages), time.monotonic()
            time.sleep(0.02)
        return self.messages

    def stop(self) -> None:
        """Pull no more."""
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        client = subscriber(self._host)
        while not self._over.is_set():
            try:
                reply = client.pull(
                    subscription=self._name,
                    max_messages=1_000,
                    return_immediately=True,
                    retry=None,
                    timeout=20,
                )
                now = time.time()
                if not reply.received_messages:
                    self._over.wait(self._nap_s)
                    continue
                got = [self._read(one, now) for one in reply.received_messages]
                ids = [one.ack_id for one in reply.received_messages]
                # First: an acknowledgement that fails may have been heard, and these don't come again.
                self.messages.extend(one for one in got if one.number not in self._seen)
                self._seen |= {one.number for one in got}
                client.acknowledge(subscription=self._name, ack_ids=ids, retry=None, timeout=20)
            except api.GoogleAPICallError:
                self._over.wait(0.1)
        client.transport.close()

    @staticmethod
    def _read(one: Any, now: float) -> Received:
        message = pubsub_v1.ReceivedMessage.pb(one).message
        number = int(message.message_id)
        return Received(message.data, dict(message.attributes), message.ordering_key, number, now)


def make_topic(host: str, topic: str, *, labelled: bool = True, ordering: bool = False) -> None:
    """A topic with the subscription ``<topic>-sub``."""
    name = f"projects/{PROJECT}/topics/{topic}"
    labels = {"synthetic": "true"} if labelled else {}
    publisher(host).create_topic(request={"name": name, "labels": labels})
    subscription = f"projects/{PROJECT}/subscriptions/{topic}-sub"
    subscriber(host).create_subscription(
        request={"name": subscription, "topic": name, "enable_message_ordering": ordering}
    )


if __name__ == "__main__":
    where = find_emulator()
    print(where or "")  # noqa: T201
    sys.exit(where is None)
