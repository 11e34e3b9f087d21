"""Ways of vendors that are no matter of shape: twins, background jobs, tools that are only launched, sets.

Bounds are six binomial standard errors.
"""

from __future__ import annotations

from math import sqrt

import numpy as np
import pytest

from context.store.store import ENTITY
from sim.caliper.kinds import KIND, KINDS, Kind
from sim.draw.twins import TWIN_OF
from sim.world.clients import devices
from sim.world.reader import millis
from tests.events.test_draw import term
from tests.events.test_render_shape import rendered
from tests.samples.tiny import default_pack, tiny


def test_twins_have_the_packs_share() -> None:
    """Of page views with an API call behind them: the pack's share in the mobile app, another elsewhere."""
    batch, pack = term(), default_pack()
    views = batch.take(np.flatnonzero(np.isin(batch.kind, list(TWIN_OF))))
    twins = batch.take(np.flatnonzero(np.isin(batch.kind, list(TWIN_OF.values()))))
    app = np.array([device == "mobile_app" for device in pack.table("device")["device"]])
    n, k = (
        np.bincount(app[devices(tiny().world, some.person, some.visit)].astype(np.int64), minlength=2)
        for some in (views, twins)
    )
    assert n.min() > 5_000
    for there, name in enumerate(("twin.other_share", "twin.app_share")):
        share = pack.number(name)
        assert abs(k[there] / n[there] - share) < 6 * sqrt(share * (1 - share) / n[there]), name


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_jobs_have_no_session(kind: Kind) -> None:
    """A background job has neither session nor request; what people do in Canvas has both."""
    for document in rendered()[kind.name]:
        if kind.sensor != "canvas":
            continue
        request = document["extensions"]["com.instructure.canvas"]
        assert ("session" in document) == (kind.actor != "job")
        assert ("request_url" in request) == ("user_agent" in request) == (kind.actor != "job")


@pytest.mark.parametrize("tool", ["zoom", "turnitin"])
def test_external_tools_are_launches(tool: str) -> None:
    """Zoom and Turnitin are seen as launches from Canvas, to their domain, and as nothing else."""
    batch = term()
    code = tiny().world.tools.index(tool)
    table = default_pack().table("tool")
    domain = dict(zip(table["tool"], table["lti_domain"], strict=True))[tool]
    rows = np.flatnonzero(batch.tool == code)
    assert set(batch.kind[rows].tolist()) == {KIND["context_external_tool"]}
    assert set(tiny().world.objects["tool"].text.take(batch.object[rows]).to_pylist()) == {domain}


def test_categories_come_with_their_first_group() -> None:
    """Each set of groups of a course is made once, at the time of its first group."""
    table = next(t for d, name, t in tiny().store.datasets() if d == ENTITY and name == "learner_group")
    calendar, batch = tiny().calendar, term()
    first: dict[int, int] = {}
    for category, time, course in zip(
        table["group_category_id"].to_pylist(),
        millis(table["created_date"]).tolist(),
        table["course_offering_id"].to_pylist(),
        strict=True,
    ):
        if course is not None:
            first[category] = min(first.get(category, time), time)
    low, high = calendar.day_start_ms(calendar.first_day), calendar.day_start_ms(calendar.last_day + 1)
    wanted = sorted(time for time in first.values() if low <= time < high)
    assert sorted(batch.time_ms[batch.kind == KIND["group_category_created"]].tolist()) == wanted
    assert wanted
