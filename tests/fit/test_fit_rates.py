"""Event rates of cells in which nobody studies: they move with the tool, as no count says otherwise."""

from __future__ import annotations

import numpy as np

from sim.fit.counts import counts_of
from sim.fit.events import axes_of
from sim.fit.guard import GuardReport
from sim.fit.rates import before, fit_rates
from tests.samples.tiny import default_pack


def test_empty_cells_change_as_their_tools_do() -> None:
    """Of a tenant that clicks half as much in a term half as long, cells of nobody have half the rate too."""
    pack = default_pack()
    axes = axes_of(pack, "Fall", None)
    rates = before(pack, axes)
    half = np.where(np.array(axes.days) <= 58, 0.5, 0.0)
    rows = [
        {
            "term_type": "Fall",
            "cip": axes.cips[c],
            "course_level": axes.levels[v],
            "day_in_term": day,
            "tool": tool,
            "rate": half[d] * rates[c, v, d, t],
            "num_people": 100,
            "num_courses": 20,
        }
        for c, v in ((0, 0), (0, 1), (1, 0))
        for d, day in enumerate(axes.days)
        for t, tool in enumerate(axes.tools)
    ]
    found = fit_rates(rates, counts_of(axes, rows), GuardReport(10))
    days = np.array(axes.days)
    taught = (days >= 0) & (days <= 56)
    week = axes.weeks[taught]
    for c, v in ((0, 0), (3, 2)):  # one of those counted, one of nobody
        factor = found.cell[c, v] * found.tool_day[taught]
        factor = factor * (found.cip_week[c, week] * found.level_week[v, week])[:, None]
        assert np.allclose(factor, 0.5, rtol=0.02), (c, v)
