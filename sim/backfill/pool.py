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
from typing import Any, Self, TypeVar

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


def units(job: Job, tasks: list[Task], processes: Processes) -> Iterator[UnitDone]:
    """Make units and yield them as they come. Raises RunError when a worker process dies."""
    return processes.each(partial(_unit_of, job), tasks)


def _unit_of(job: Job) -> Callable[[Task], UnitDone]:
    return Worker(job).unit


def in_processes(set_up: Callable[[], Callable[[_T], _R]], tasks: list[_T], workers: int) -> Iterator[_R]:
    """What a function says of each task, as ``Processes.each`` has it, by processes of its own."""
    with Processes(workers) as processes:
        yield from processes.each(set_up, tasks)


class Processes:
    """So many worker processes, from their first work on, or from before; they end with the block.

    Each is a fresh interpreter: no state of this process can leak into what is made. One works here.
    """

    def __init__(self, count: int) -> None:
        self._count = count
        self._pool: ProcessPoolExecutor | None = None
        self._jobs = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._pool is not None:
            # A second Ctrl-C in here would leave workers that nobody tells to stop: it has to wait.
            with _ignoring(signal.SIGINT, signal.SIGTERM):
                self._pool.shutdown(wait=True, cancel_futures=True)

    def start(self) -> None:
        """Start them now: while this process does something else, they import what they will need."""
        if self._count > 1:
            for _ in range(self._count):
                self._submit(_nothing)

    def each(self, set_up: Callable[[], Callable[[_T], _R]], tasks: list[_T]) -> Iterator[_R]:
        """What a function says of each task, as it comes; each process gets its own from ``set_up``.

        Both must bear being sent to another process. Raises RunError when one dies.
        """
        if self._count <= 1 or len(tasks) <= 1:
            yield from map(set_up(), tasks) if tasks else ()
            return
        self._jobs += 1
        try:
            yield from self._in_flight(partial(_make, self._jobs, set_up, task) for task in tasks)
        except BrokenProcessPool as error:
            raise RunError(
                "a worker process died (out of memory?); run the same command again to continue"
            ) from error

    def _in_flight(self, work: Iterable[Callable[[], Any]]) -> Iterator[Any]:
        """Results as they come, never more than a few tasks handed out."""
        waiting: set[Future[Any]] = set()
        for task in work:
            waiting.add(self._submit(task))
            if len(waiting) < self._count * _QUEUED_PER_WORKER:
                continue
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)
        while waiting:
            finished, waiting = wait(waiting, return_when=FIRST_COMPLETED)
            yield from (future.result() for future in finished)

    def _submit(self, task: Callable[[], Any]) -> Future[Any]:
        if self._pool is None:
            keep_free_pages()
            self._pool = ProcessPoolExecutor(
                self._count, mp_context=get_context("spawn"), initializer=_watch_parent
            )
        # The pool starts processes as work comes in. They never hear Ctrl-C: the parent does, and ends them.
        with _holding(signal.SIGINT):
            return self._pool.submit(task)


_makers: dict[int, Callable[[Any], Any]] = {}  # of a process: what makes the tasks of its job, by its number


def _nothing() -> None:
    """A process that is told to do it imports this module first, and all that units need."""


def _make(job: int, set_up: Callable[[], Callable[[Any], Any]], task: Any) -> Any:
    if job not in _makers:
        _makers.clear()
        _makers[job] = set_up()
    return _makers[job](task)


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


def _watch_parent() -> None:
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """A worker whose parent was killed would wait for work for ever, or write what nobody notes."""
    parent = parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(3)
