"""Where what draws charts is missing, as in the container image, a run is made without its report."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from sim import run
from sim.folder.names import REPORT
from tests.samples.tiny import default_pack


def test_a_run_without_charts_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report is left out with a line that says why, and nothing of charts is imported."""
    lines: list[str] = []
    show = SimpleNamespace(stage=lambda _: None, say=lines.append)
    at: Any = SimpleNamespace(run_dir=tmp_path, show=show)
    monkeypatch.setattr(run, "find_spec", lambda name: None if name == "vl_convert" else object())
    run.make_report(default_pack(), at)
    assert lines == ["report: left out, as vl_convert can't be imported here"]
    assert not (tmp_path / REPORT).exists()
