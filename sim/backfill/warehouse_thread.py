"""Table sinks at work beside the drawing: one thread each, so that loads and drawing wait for each other
only at the end.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from context.errors import TermtideError
from sim.folder.manifest import Manifest, run_id
from sim.sinks.open import open_table_sink
from sim.sinks.tables import Item, Shipment, TableOptions, TableSink

_T = TypeVar("_T")


class WarehouseThread:
    """One table sink and its thread; every call of the sink is made from there."""

    def __init__(self, url: str, options: TableOptions) -> None:
        self.url = url
        self.loaded = self.found = 0  # items put, and items that were there before
        self._failed = False
        self._sink: TableSink = open_table_sink(url, options)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="loads")
        self._waiting: list[Future[None]] = []

    @property
    def places(self) -> frozenset[str]:
        """What it writes into."""
        return self._sink.places

    def check(self, manifest: Manifest, tables: frozenset[tuple[str, str]]) -> list[str]:
        """Look at the destination, write nothing; lines for the user. Raises InputError, RunError."""
        shipment = Shipment(run_id(manifest), manifest.seed, manifest.pack.name, tables)
        return self._now(lambda: self._sink.check(shipment))

    def open(self) -> None:
        """Make what is missing there. Raises InputError, RunError."""
        self._now(self._sink.open)

    def offer(self, item: Item) -> None:
        """Put an item unless it is there already, some time. Raises what an earlier one met."""
        self.poll()
        self._waiting.append(self._thread.submit(self._load, item))

    def poll(self) -> None:
        """Raise what an item met that has failed meanwhile."""
        while self._waiting and self._waiting[0].done():
            self._waiting.pop(0).result()

    @property
    def waiting(self) -> int:
        """Items offered that are not known to be in place."""
        return len(self._waiting)

    def finish(self, one_more: Callable[[], None] = lambda: None) -> None:
        """Wait until everything offered is in place; ``one_more`` hears of each item. Raises RunError."""
        for future in self._waiting:
            future.result()
            one_more()
        self._waiting = []
        self._now(self._sink.flush)

    def close(self) -> None:
        """Give up what still waits, finish what is under way, leave."""
        for future in self._waiting:
            future.cancel()
        with suppress(TermtideError):
            self._now(self._sink.close)
        self._thread.shutdown(wait=True, cancel_futures=True)

    def _load(self, item: Item) -> None:
        if self._failed:  # the earlier failure is what the user has to hear of
            return
        try:
            if self._sink.has(item):
                self.found += 1
            else:
                item.check()
                self._sink.put(item)
                self.loaded += 1
        except BaseException:
            self._failed = True
            raise

    def _now(self, call: Callable[[], _T]) -> _T:
        return self._thread.submit(call).result()
