"""Units by several processes: in any order, with nothing shared but the run folder."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from context.errors import RunError
from sim.worker import Job, UnitDone, Worker

_QUEUED_PER_WORKER = 2  # units handed out ahead of what is done


def units(job: Job, days: list[int], workers: int) -> Iterator[UnitDone]:
    """Make units and yield them as they come. Raises RunError when a worker process dies."""
    if workers <= 1 or len(days) <= 1:
        yield from map(Worker(job).unit, days) if days else ()
        return
    # A fresh interpreter per worker: no state of this process can leak into what is drawn.
    pool = ProcessPoolExecutor(workers, mp_context=get_context("spawn"), initializer=_set_up, initargs=(job,))
    try:
        yield from _in_flight(pool, days, workers * _QUEUED_PER_WORKER)
    except BrokenProcessPool as error:
        raise RunError(
            "a worker process died (out of memory?); run the same command again to continue"
        ) from error
    finally:
        # A second Ctrl-C in here would leave workers that nobody tells to stop: it has to wait.
        with _ignoring(signal.SIGINT, signal.SIGTERM):
            pool.shutdown(wait=True, cancel_futures=True)


def _in_flight(pool: ProcessPoolExecutor, days: Iterable[int], limit: int) -> Iterator[UnitDone]:
    """Results as they come, never more than ``limit`` units handed out."""
    waiting: set[Future[UnitDone]] = set()
    queue = iter(days)
    for day in queue:
        # The pool starts processes as work comes in. They ignore Ctrl-C: the parent hears it and ends them.
        with _ignoring(signal.SIGINT):
            waiting.add(pool.submit(_make_unit, day))
        if len(waiting) < limit:
            continue
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)


_workers: list[Worker] = []  # the one of this process, set up once by the pool's initializer


@contextmanager
def _ignoring(*signals: signal.Signals) -> Iterator[None]:
    """No handler runs for ``signals`` in here, and processes started in here ignore them for good."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = [(number, signal.signal(number, signal.SIG_IGN)) for number in signals]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)


def _set_up(job: Job) -> None:
    _workers[:] = [Worker(job)]


def _make_unit(day: int) -> UnitDone:
    return _workers[0].unit(day)
