"""Work handed out to processes: they may start before there is any; an interrupt is heard at any moment."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any, cast

import pytest

from context.errors import RunError
from sim.backfill.pool import Processes, in_processes
from tests.samples.pool_work import dying, refusing, times_in


def test_processes_that_started_early_do_all_rounds_of_work() -> None:
    """Each is set up once a round, and no others are started; one process and one task need none."""
    with Processes(2) as processes:
        processes.start()
        pool = cast("Any", processes)._pool
        rounds = [list(processes.each(partial(times_in, factor), list(range(20)))) for factor in (3, 5)]
        started = set(pool._processes)
        alone = list(processes.each(partial(times_in, 7), [1]))
    assert [sorted(made for made, *_ in done) for done in rounds] == [
        [factor * number for number in range(20)] for factor in (3, 5)
    ]
    assert {pid for done in rounds for _, pid, _ in done} <= started
    assert len(started) == 2
    assert {times for _, _, times in rounds[0]} == {1}
    assert {times for _, _, times in rounds[1]} <= {1, 2}
    assert alone == [(7, os.getpid(), alone[0][2])]
    with Processes(1) as here:
        here.start()
        assert {pid for _, pid, _ in here.each(partial(times_in, 2), [1, 2, 3])} == {os.getpid()}


def test_a_process_that_dies_and_a_refusal_are_told() -> None:
    """The first as what to do about it, the second as it was raised there."""
    with pytest.raises(RunError, match="a worker process died"):
        list(in_processes(dying, [1, 2], 2))
    with pytest.raises(ValueError, match="no pack"):
        list(in_processes(refusing, [1, 2], 2))


class Interrupted:
    """A pool that is interrupted while it is given work."""

    def __init__(self) -> None:
        self.blocked: list[bool] = []

    def submit(self, work: Callable[[], Any]) -> Future[Any]:
        """Hand out work that is done at once."""
        os.kill(os.getpid(), signal.SIGINT)
        self.blocked.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
        done: Future[Any] = Future()
        done.set_result(work())
        return done


def test_an_interrupt_is_not_lost_while_work_is_handed_out() -> None:
    """It waits until the processes that the pool starts can't hear it any more, and then it is heard."""
    given = Interrupted()
    processes = Processes(2)
    processes._pool = cast("Any", given)
    with pytest.raises(KeyboardInterrupt):
        list(processes.each(partial(times_in, 2), [1, 2, 3]))
    assert given.blocked == [True]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
