"""From a Pub/Sub subscription into a raw table of BigQuery, as a BigQuery subscription does in Google Cloud.

    PUBSUB_EMULATOR_HOST=... BIGQUERY_EMULATOR_HOST=... python bridge.py PROJECT TOPIC DATASET [QUIET_SECONDS]

For emulators only, as theirs accept such a subscription and deliver nothing. Rows are those that Google
writes with metadata; a message is acknowledged once its row is loaded. Ends when nothing has come for
QUIET_SECONDS, else at SIGTERM or Ctrl-C. Prints how many messages it moved.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
import time
from typing import Any

import grpc
from google import pubsub_v1
from google.api_core import exceptions as api
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

TABLE = "raw"
_COLUMNS = (
    ("subscription_name", "STRING"), ("message_id", "STRING"), ("publish_time", "TIMESTAMP"),
    ("data", "STRING"), ("attributes", "JSON"),
)  # fmt: skip
_MESSAGES = 1_000
_PATIENCE_S = 120.0  # for servers and topics that come up later


def main(arguments: list[str]) -> int:
    """Move messages until there are none."""
    if len(arguments) not in (3, 4):
        print(__doc__, file=sys.stderr)
        return 2
    hosts = [os.environ.get(name) for name in ("PUBSUB_EMULATOR_HOST", "BIGQUERY_EMULATOR_HOST")]
    if not all(hosts):
        print("PUBSUB_EMULATOR_HOST and BIGQUERY_EMULATOR_HOST are needed; see above", file=sys.stderr)
        return 2
    project, topic, dataset = arguments[:3]
    quiet_s = float(arguments[3]) if len(arguments) > 3 else float("inf")
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    warehouse = warehouse_of(project, str(hosts[1]))
    table = _patiently(lambda: _raw_table(warehouse, f"{project}.{dataset}"))
    pulled = _Pulled(str(hosts[0]), f"projects/{project}/subscriptions/{topic}-sub")
    moved, last = 0, time.monotonic()
    try:
        while time.monotonic() - last < quiet_s:
            messages = _patiently(pulled.next)
            if not messages:
                time.sleep(0.2)
                continue
            _load(warehouse, table, [pulled.row(one) for one in messages])
            pulled.acknowledge(messages)
            moved, last = moved + len(messages), time.monotonic()
    except KeyboardInterrupt:
        pass
    print(f"{moved} messages moved")
    return 0


def warehouse_of(project: str, host: str) -> Any:
    """A client of a BigQuery emulator."""
    options = {"api_endpoint": f"http://{host}"}
    return bigquery.Client(project, credentials=AnonymousCredentials(), client_options=options)


class _Pulled:
    """A subscription."""

    def __init__(self, host: str, name: str) -> None:
        channel = grpc.insecure_channel(host, options=[("grpc.max_receive_message_length", -1)])
        self._client = pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        self._name = name

    def next(self) -> list[Any]:
        """What is there now."""
        try:
            reply = self._client.pull(subscription=self._name, max_messages=_MESSAGES, retry=None, timeout=2)
        except api.DeadlineExceeded:
            return []
        return list(reply.received_messages)

    def row(self, received: Any) -> dict[str, Any]:
        """A message as Google's subscription writes it."""
        message = received.message
        return {
            "subscription_name": self._name,
            "message_id": message.message_id,
            "publish_time": message.publish_time.isoformat(),
            "data": message.data.decode(),
            "attributes": dict(message.attributes),
        }

    def acknowledge(self, messages: list[Any]) -> None:
        """They need not come again."""
        self._client.acknowledge(
            subscription=self._name, ack_ids=[one.ack_id for one in messages], retry=None, timeout=20
        )


def _raw_table(warehouse: Any, dataset: str) -> str:
    labels = {"synthetic": "true"}
    made = bigquery.Dataset(dataset)
    made.labels = labels
    warehouse.create_dataset(made, exists_ok=True)
    table = bigquery.Table(f"{dataset}.{TABLE}", [bigquery.SchemaField(*one) for one in _COLUMNS])
    table.labels = labels
    warehouse.create_table(table, exists_ok=True)
    return f"{dataset}.{TABLE}"


def _load(warehouse: Any, table: str, rows: list[dict[str, Any]]) -> None:
    lines = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    config = bigquery.LoadJobConfig(
        source_format="NEWLINE_DELIMITED_JSON",
        write_disposition="WRITE_APPEND",
        schema=[bigquery.SchemaField(*one) for one in _COLUMNS],
    )
    warehouse.load_table_from_file(io.BytesIO(lines), table, size=len(lines), job_config=config).result()


def _patiently(call: Any) -> Any:
    """What a call returns, once the server and the topic are there."""
    end = time.monotonic() + _PATIENCE_S
    while True:
        try:
            return call()
        except (api.NotFound, api.ServiceUnavailable, api.RetryError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def _end(_number: int, _frame: object) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
