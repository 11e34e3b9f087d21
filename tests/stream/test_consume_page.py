"""docs/consume.md: its pieces of Python run, its figures hold, its attributes are those of messages."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pytest

from sim.sensors.schedule import delay_table
from sim.sensors.settings import sensor_settings
from sim.sql.client import Client
from tests.samples.live_tiny import LIVE
from tests.samples.marts_tiny import copied_run
from tests.samples.tiny import default_pack
from tests.stream.test_pubsub_stream import ALWAYS, SOMETIMES

PAGE = (Path(__file__).parents[2] / "docs" / "consume.md").read_text(encoding="utf-8")


def pieces(language: str) -> list[str]:
    """The page's blocks of a language."""
    return re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)


def test_the_pieces_of_python_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One after the other, on lines of a stream beside a run: they make expanded's rows, and instants."""
    (tmp_path / "runs").mkdir()
    copied_run().rename(tmp_path / "runs" / "small-1")
    monkeypatch.chdir(tmp_path)
    days = "event_time >= '2026-10-05' AND event_time < '2026-10-06'"
    with Client() as client:
        wanted = client.query(f"SELECT * FROM event_store.expanded WHERE {days}")
    lines = wanted["event"].cast(pa.string()).to_pylist()
    Path("events.ndjson").write_text("\n".join(lines) + "\n", encoding="utf-8")
    names: dict[str, pa.Table] = {}
    for piece in pieces("python"):
        exec(compile(piece, "docs/consume.md", "exec"), names)  # noqa: S102 - our own page
    assert names["expanded"].sort_by("id").to_pylist() == wanted.sort_by("id").to_pylist()
    assert names["instants"].type == pa.timestamp("us", "UTC")
    assert names["expanded"]["event_time"].type == pa.timestamp("us")


def test_attributes_are_those_of_messages() -> None:
    """The page names every attribute, and as absent those that may be."""
    first = PAGE.split("## Messages and their ids")[1].split("\n\n")[1]
    always, sometimes = first.split("These are absent")
    assert set(re.findall(r"`(\w+)`", always)) == ALWAYS
    assert set(re.findall(r"`(\w+)`", sometimes)) == SOMETIMES


def test_delays_are_as_the_page_says() -> None:
    """Below ten seconds for 99 in 100, below twenty for all, of every sensor of the pack."""
    for sensor in sensor_settings(LIVE, default_pack()):
        table = delay_table(sensor.delay_median_ms, sensor.delay_p99_ms)
        assert sorted(table.tolist())[len(table) * 99 // 100 - 1] < 10_000
        assert table.max() < 20_000
