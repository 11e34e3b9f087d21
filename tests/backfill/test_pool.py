"""Work handed out to processes: an interrupt is heard at whatever moment it comes."""

from __future__ import annotations

import os
import signal
from concurrent.futures import Future
from datetime import date
from typing import Any, cast

import pytest

from sim.backfill import pool
from sim.backfill.job import Task, UnitDone


class Interrupted:
    """A pool that is interrupted while it is given work."""

    def __init__(self) -> None:
        self.blocked: list[bool] = []

    def submit(self, _make: object, task: Task) -> Future[UnitDone]:
        """Hand out a unit that is done at once."""
        os.kill(os.getpid(), signal.SIGINT)
        self.blocked.append(signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, []))
        done: Future[UnitDone] = Future()
        done.set_result(UnitDone(task.day, task.campus_day, 0, None, {}))
        return done


def test_an_interrupt_is_not_lost_while_work_is_handed_out() -> None:
    """It waits until the processes that the pool starts can't hear it any more, and then it is heard."""
    given = Interrupted()
    tasks = [Task(day, date(2026, 9, 1 + day)) for day in range(3)]
    with pytest.raises(KeyboardInterrupt):
        list(pool._in_flight(cast("Any", given), tasks, 2))
    assert given.blocked == [True]
    assert signal.SIGINT not in signal.pthread_sigmask(signal.SIG_BLOCK, [])
