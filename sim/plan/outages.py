"""What an outage takes: the instants at which nobody gets to Canvas, or to a tool that is launched from it.

The one place that says so, for what the store's rows tell and for what is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from context.arrays import BOOL, I64
from context.scenario.calendar import Calendar
from context.scenario.incidents import Stretch

_CANVAS = ("canvas",)


def canvas_outages(calendar: Calendar) -> list[Stretch]:
    """The incidents in which Canvas itself is out of reach, in order of start."""
    return [window for window in calendar.windows if window.stops_canvas]


def taken(calendar: Calendar, time_ms: I64, tools: Sequence[str] = _CANVAS, tool: I64 | None = None) -> BOOL:
    """[n] True for UTC ms in an outage of Canvas, or of the tool that is used then.

    ``tool``: [n] which of ``tools`` each instant is in; may be left out where ``tools`` is a single one.
    """
    gone = np.zeros(len(time_ms), dtype=np.bool_)
    for window in calendar.windows:
        # Every tool is launched from Canvas: none of them is reached without it.
        stopped = np.array([window.stops_canvas or name in window.tools for name in tools])
        if not stopped.any():
            continue
        inside = (time_ms >= window.start) & (time_ms < window.end)
        gone |= inside if tool is None else inside & stopped[tool]
    return gone


def put_off(calendar: Calendar, time_ms: I64) -> I64:
    """[n] UTC ms, those in an outage of Canvas moved to its end and after; all others as they are."""
    out = taken(calendar, time_ms)
    if not out.any():
        return time_ms
    later = time_ms.copy()
    later[out] = calendar.after_incidents(time_ms[out])
    return later
