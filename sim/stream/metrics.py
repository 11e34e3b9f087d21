"""A stream as machines see it: Prometheus metrics and a health address, over HTTP on an address of one's own.

``/metrics`` has the figures of ``termtide ctl status``; ``/healthz`` answers 200 while the stream plays or is
paused, and 503 while it waits for the sink or comes to its end, with its state as text.
"""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from context.errors import InputError

_ADDRESS = re.compile(r"(?P<host>\[[0-9a-fA-F:]+\]|[^:\s]+):(?P<port>[0-9]{1,5})")
_GAUGES = {
    "lag_s": ("termtide_lag_seconds", "How far what is sent is behind the clock, in seconds of wall time"),
    "skew_s": ("termtide_skew_seconds", "How far behind newer ones the last request began, campus seconds"),
    "worst_skew_s": ("termtide_worst_skew_seconds", "The most of that so far, campus seconds"),
    "queue": ("termtide_queue_messages", "Messages that wait to be sent"),
    "in_flight": ("termtide_in_flight_messages", "Messages sent and not acknowledged"),
    "held_by_sensors": ("termtide_held_events", "Events that have happened and are still with their sensors"),
}
_COUNTERS = {
    "events_sent": ("termtide_events_sent", "Events handed to the sink's lanes"),
    "events_acknowledged": ("termtide_events_acknowledged", "Events that the sink has for good"),
    "bytes_acknowledged": ("termtide_bytes_acknowledged", "Bytes of messages that the sink has for good"),
    "retries": ("termtide_retries", "Requests that were sent again"),
}
_BY_TOOL = {
    "sent": ("termtide_tool_events_sent", "Events that a tool's sensor has handed over"),
    "acknowledged": ("termtide_tool_events_acknowledged", "Events of a tool that the sink has for good"),
    "bytes": ("termtide_tool_bytes_acknowledged", "Bytes of a tool's messages that the sink has for good"),
}
STATES = ("running", "paused", "waiting for the sink", "stopping")
_HEALTHY = ("running", "paused")
Status = Callable[[], dict[str, Any]]


def metrics_address(text: str) -> tuple[str, int]:
    """Host and port of ``127.0.0.1:9464``. Raises InputError."""
    found = _ADDRESS.fullmatch(text.strip())
    if found is None or not 0 <= int(found["port"]) < 65_536:
        raise InputError(f"--metrics: {text!r} given, allowed: HOST:PORT, such as 127.0.0.1:9464")
    return found["host"].strip("[]"), int(found["port"])


class StatusCollector:
    """Turns a stream's status into metrics whenever somebody asks."""

    def __init__(self, status: Status) -> None:
        self._status = status

    def collect(self) -> Iterator[Metric]:
        """Every metric, as it stands."""
        facts = self._status()
        for key, (name, text) in _GAUGES.items():
            yield GaugeMetricFamily(name, text, value=facts.get(key, 0))
        for key, (name, text) in _COUNTERS.items():
            yield CounterMetricFamily(name, text, value=facts.get(key, 0))
        for key, (name, text) in _BY_TOOL.items():
            family = CounterMetricFamily(name, text, labels=["tool"])
            for tool, figures in facts.get("sensors", {}).items():
                family.add_metric([tool], figures[key])
            yield family
        state = GaugeMetricFamily("termtide_state", "1 for the state that the stream is in", labels=["state"])
        for one in STATES:
            state.add_metric([one], float(one == facts["state"]))
        yield state


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Server6(_Server):
    address_family = socket.AF_INET6


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that http.server gives it
        """Who asks when is nobody's concern."""


@contextmanager
def serving(address: tuple[str, int] | None, status: Status) -> Iterator[int]:
    """Answer at an address meanwhile; gives its port, 0 without one. InputError for one that is taken."""
    if address is None:
        yield 0
        return
    registry = CollectorRegistry()
    registry.register(StatusCollector(status))
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        if path == "/metrics":
            answer: Iterable[bytes] = metrics(environ, start)
            return answer
        if path in ("/healthz", "/health"):
            state = str(status()["state"])
            code = "200 OK" if state in _HEALTHY else "503 Service Unavailable"
        else:
            code, state = "404 Not Found", "allowed: /metrics, /healthz"
        start(code, [("Content-Type", "text/plain; charset=utf-8")])
        return [f"{state}\n".encode()]

    host, port = address
    try:
        server = make_server(host, port, app, _Server6 if ":" in host else _Server, _Quiet)
    except (OSError, UnicodeError) as error:
        raise InputError(f"--metrics {host}:{port}: can't listen there: {error}") from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="metrics", daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
