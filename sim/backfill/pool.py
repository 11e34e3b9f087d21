"""Units by several processes: in any order, with nothing shared but files."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from multiprocessing import connection, get_context, parent_process
from typing import Any, TypeVar

from context.errors import RunError
from sim.backfill.job import Job, Task, UnitDone
from sim.backfill.kept_pages import keep_free_pages
from sim.backfill.worker import Worker

_T = TypeVar("_T")
_R = TypeVar("_R")


def default_workers() -> int:
    """Processors that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


_QUEUED_PER_WORKER = 2  # units handed out ahead of what is done


def units(job: Job, tasks: list[Task], workers: int) -> Iterator[UnitDone]:
    """Make units and yield them as they come. Raises RunError when a worker process dies."""
    return in_processes(partial(_unit_of, job), tasks, workers)


def _unit_of(job: Job) -> Callable[[Task], UnitDone]:
    return Worker(job).unit


def in_processes(set_up: Callable[[], Callable[[_T], _R]], tasks: list[_T], workers: int) -> Iterator[_R]:
    """What a function says of each task, as it comes; each process gets its own from ``set_up``.

    Both must bear being sent to another process. Raises RunError when one dies.
    """
    if workers <= 1 or len(tasks) <= 1:
        yield from map(set_up(), tasks) if tasks else ()
        return
    keep_free_pages()
    # A fresh interpreter per worker: no state of this process can leak into what is made.
    pool = ProcessPoolExecutor(
        workers, mp_context=get_context("spawn"), initializer=_set_up, initargs=(set_up,)
    )
    try:
        yield from _in_flight(pool, tasks, workers * _QUEUED_PER_WORKER)
    except BrokenProcessPool as error:
        raise RunError(
            "a worker process died (out of memory?); run the same command again to continue"
        ) from error
    finally:
        # A second Ctrl-C in here would leave workers that nobody tells to stop: it has to wait.
        with _ignoring(signal.SIGINT, signal.SIGTERM):
            pool.shutdown(wait=True, cancel_futures=True)


def _in_flight(pool: ProcessPoolExecutor, tasks: Iterable[_T], limit: int) -> Iterator[Any]:
    """Results as they come, never more than ``limit`` tasks handed out."""
    waiting: set[Future[Any]] = set()
    for task in tasks:
        # The pool starts processes as work comes in. They never hear Ctrl-C: the parent does, and ends them.
        with _holding(signal.SIGINT):
            waiting.add(pool.submit(_make, task))
        if len(waiting) < limit:
            continue
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)
    while waiting:
        finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        yield from (future.result() for future in finished)


_makers: list[Callable[[Any], Any]] = []  # the one of this process, set up once by the pool's initializer


@contextmanager
def _holding(number: signal.Signals) -> Iterator[None]:
    """A signal waits until the end of this, and for ever in processes started in here; none is lost."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    heard: list[int] = []
    handler = signal.signal(number, lambda which, _frame: heard.append(which))
    # Processes inherit the mask; this one may still hear the signal, in a thread that does not have it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [number])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
        signal.signal(number, handler)
    if heard:
        signal.raise_signal(number)


@contextmanager
def _ignoring(*signals: signal.Signals) -> Iterator[None]:
    """Nobody hears ``signals`` in here."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    handlers = [(number, signal.signal(number, signal.SIG_IGN)) for number in signals]
    try:
        yield
    finally:
        for number, handler in handlers:
            signal.signal(number, handler)


def _set_up(set_up: Callable[[], Callable[[Any], Any]]) -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _makers[:] = [set_up()]


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, or write what nobody notes."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(3)


def _make(task: Any) -> Any:
    return _makers[0](task)
