"""Long tails: tools whose sensors send minutes, hours or a night late, and what stays true of them."""

from __future__ import annotations

import json
from collections import defaultdict
from datetime import datetime
from pathlib import Path

import numpy as np

from context.scenario.parts import SensorDelivery
from tests.samples.live_tiny import LIVE, event_id, play, sensors
from tests.stream.test_live_stream import within

HOUR_MS, DAY_MS = 3_600_000, 86_400_000
# The shapes of published feeds: grades in bulk each night (Blackboard), phones that come back hours later.
TAILS = (
    SensorDelivery(tool="grades", buffer_events=100_000, flush_ms=DAY_MS, delay_median_ms=2 * HOUR_MS,
                   delay_p99_ms=3 * HOUR_MS),
    SensorDelivery(tool="pages", buffer_events=500, flush_ms=300_000),
    SensorDelivery(tool="files", delay_median_ms=60_000, delay_p99_ms=4 * HOUR_MS),
)  # fmt: skip
SPAN = {"begin": "2026-10-12", "end": "2026-10-15"}


def ms(text: str) -> int:
    """UTC ms of a time in a document."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def test_tails_keep_order_and_lose_nothing(tmp_path: Path) -> None:
    """Events come late as each tool's tail says, each sensor's in order, and all of them."""
    scenario = LIVE.model_copy(update={"delivery": TAILS})
    play(f"ndjson:{tmp_path}/x.ndjson", tmp_path / "state", scenario=scenario, message="envelope", **SPAN)
    late: dict[str, list[int]] = defaultdict(list)
    last: dict[str, tuple[str, str]] = defaultdict(lambda: ("", ""))
    sent = 0
    for line in (tmp_path / "x.ndjson").read_text(encoding="utf-8").splitlines():
        envelope = json.loads(line)
        assert ms(envelope["sendTime"]) >= sent
        sent = ms(envelope["sendTime"])
        for event in envelope["data"]:
            tool, place = sensors()[event["id"]], (event["eventTime"], event["id"])
            assert last[tool] < place
            last[tool] = place
            late[tool].append(sent - ms(event["eventTime"]))
    assert {"grades", "pages", "files"} <= set(late)
    assert sum(map(len, late.values())) == len({event_id(text) for text in within(**SPAN)})
    assert min(late["grades"]) > HOUR_MS
    assert max(late["grades"]) > 12 * HOUR_MS
    assert 60_000 < np.median(late["pages"]) < 330_000
    assert np.median(late["files"]) > 30_000
    assert max(late["files"]) > HOUR_MS
    assert np.median(late["home"]) < 10_000
