"""docs/consume.md: its pieces of Python run, its figures hold, its attributes are those of messages."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from sim.sensors.schedule import delay_table
from sim.sensors.settings import sensor_settings
from sim.sql.client import Client
from sim.stream.stream import MAX_SKEW_MS
from tests.samples.live_tiny import LIVE
from tests.samples.marts_tiny import copied_run
from tests.samples.tiny import default_pack
from tests.stream.test_pubsub_stream import ALWAYS, SOMETIMES

PAGE = (Path(__file__).parents[2] / "docs" / "consume.md").read_text(encoding="utf-8")


FRAMES = ("pandas", "polars")  # libraries of which a piece may be left out where they aren't there


def pieces(language: str) -> list[str]:
    """The page's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


@pytest.fixture
def lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> pa.Table:
    """A folder to work in with lines of a stream beside a run; the rows of expanded that belong to them."""
    (tmp_path / "runs").mkdir()
    copied_run().rename(tmp_path / "runs" / "small-1")
    monkeypatch.chdir(tmp_path)
    days = "event_time >= '2026-10-05' AND event_time < '2026-10-06'"
    with Client() as client:
        wanted: pa.Table = client.query(f"SELECT * FROM event_store.expanded WHERE {days}")
    texts = wanted["event"].cast(pa.string()).to_pylist()
    Path("events.ndjson").write_text("\n".join(texts) + "\n", encoding="utf-8")
    return wanted


def run(pieces_of_python: list[str], names: dict[str, Any]) -> dict[str, Any]:
    """Execute them one after the other; returns what they have made."""
    for piece in pieces_of_python:
        exec(compile(piece, "docs/consume.md", "exec"), names)  # noqa: S102 - our own page
    return names


def test_the_pieces_of_python_run(lines: pa.Table) -> None:
    """One after the other, on lines of a stream beside a run: they make expanded's rows, and instants."""
    names = run(
        [piece for piece in pieces("python") if not any(f"import {one} " in piece for one in FRAMES)], {}
    )
    assert names["expanded"].sort_by("id").to_pylist() == lines.sort_by("id").to_pylist()
    assert names["instants"].type == pa.timestamp("us", "UTC")
    assert names["expanded"]["event_time"].type == pa.timestamp("us")


@pytest.mark.parametrize("frames", FRAMES)
def test_the_pieces_for_frames_run(frames: str) -> None:
    """Pandas and polars take the rows, keep microseconds, and say UTC; neither is needed by Termtide."""
    pytest.importorskip(frames)
    table = pa.table(
        {"id": ["a", "b"], "event_time": pa.array([1_790_000_000_123_000, None], pa.timestamp("us"))}
    )
    (piece,) = (piece for piece in pieces("python") if f"import {frames} " in piece)
    names = run([piece], {"expanded": table})
    found = names["in_utc"] if frames == "pandas" else names["at"]
    assert (
        str(found.dtype)
        == {
            "pandas": "datetime64[us, UTC]",
            "polars": "Datetime(time_unit='us', time_zone='UTC')",
        }[frames]
    )
    assert found.to_list()[0].isoformat() == "2026-09-21T14:13:20.123000+00:00"


def test_attributes_are_those_of_messages() -> None:
    """The page names every attribute, and as absent those that may be."""
    first = PAGE.split("## Messages and their ids")[1].split("\n\n")[1]
    always, sometimes = first.split("These are absent")
    assert set(re.findall(r"`(\w+)`", always)) == ALWAYS
    assert set(re.findall(r"`(\w+)`", sometimes)) == SOMETIMES


def test_delays_are_as_the_page_says() -> None:
    """The page's table has each sensor's flush interval and delays, and what consumers should allow for."""
    rows = re.findall(
        r"^\| (grades|etext|kaltura|every).*? \| (.+?) \| (.+?) \| (.+?) \|$", PAGE, re.MULTILINE
    )
    said = {name: [in_ms(text) for text in texts] for name, *texts in rows}
    assert set(said) == {"grades", "etext", "kaltura", "every"}
    latest: dict[str, int] = {}
    for sensor in sensor_settings(LIVE, default_pack()):
        table = np.sort(delay_table(sensor.delay_median_ms, sensor.delay_p99_ms))
        flush, p99, most = said.get(sensor.tool, said["every"])
        assert sensor.flush_ms == flush
        assert 0.9 * p99 < table[len(table) * 99 // 100 - 1] < p99
        assert 0.9 * most < table[-1] < most
        latest[sensor.tool] = sensor.flush_ms + int(table[-1]) + MAX_SKEW_MS
    (seconds,) = re.findall(r"without grades.*seconds=(\d+)", PAGE)
    (hours,) = re.findall(r"hours=(\d+)", PAGE)
    assert max(latest.values()) <= (int(hours) - 1) * 3_600_000  # a day may have 25
    assert max(late for tool, late in latest.items() if tool != "grades") <= int(seconds) * 1_000


def in_ms(text: str) -> int:
    """A time of the table."""
    number, unit = text.split()
    return int(number) * {"s": 1_000, "min": 60_000, "day": 86_400_000}[unit]
