"""A TCP proxy between a client and a server: slow, hanging, or away when a test wants it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress


def free_port() -> int:
    """A port on 127.0.0.1 that nobody has right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Proxy:
    """A TCP proxy to a server, that can be slow, hang, or be away."""

    def __init__(self, target: str) -> None:
        host, port = target.rsplit(":", 1)
        self._target = (host, int(port))
        self.bytes_per_second: int | None = None
        self._flowing = threading.Event()
        self._flowing.set()
        self._sockets: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._listener: socket.socket | None = None
        self.port = free_port()
        self.mend()

    @property
    def host(self) -> str:
        """What clients connect to."""
        return f"127.0.0.1:{self.port}"

    def hold(self) -> None:
        """Let no byte through; connections stay open."""
        self._flowing.clear()

    def release(self) -> None:
        """Let bytes through again."""
        self._flowing.set()

    def cut(self) -> None:
        """Close all connections and refuse new ones."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)
            self._sockets.clear()

    def mend(self) -> None:
        """Accept connections."""
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(("127.0.0.1", self.port))
        listener.listen(64)
        with self._lock:
            self._listener = listener
        threading.Thread(target=self._accept, args=(listener,), daemon=True).start()

    def close(self) -> None:
        """Away for good."""
        self.release()
        self.cut()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self._target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                gone = self._listener is not listener  # cut while this one was let in
                if not gone:
                    self._sockets |= {client, server}
            if gone:
                client.close()
                server.close()
                return
            for source, sink, throttled in ((client, server, True), (server, client, False)):
                threading.Thread(target=self._pump, args=(source, sink, throttled), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket, throttled: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                self._flowing.wait()
                if throttled and self.bytes_per_second:
                    time.sleep(len(data) / self.bytes_per_second)
                sink.sendall(data)
        for one in (source, sink):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()


@contextmanager
def proxied(target: str) -> Iterator[Proxy]:
    """A proxy that is gone afterwards."""
    proxy = Proxy(target)
    try:
        yield proxy
    finally:
        proxy.close()
