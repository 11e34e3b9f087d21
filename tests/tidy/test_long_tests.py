"""What ``make gates`` runs is there, and goes further than ``make test``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.run_gates import KILLS, STATISTICS, main, stages
from tests.samples.extent import ROUNDS, further
from tests.samples.tiny import SMALL

ROOT = Path(__file__).parents[2]


def test_stages_name_what_is_there() -> None:
    """A file that is renamed is told; every file of kills knows rounds."""
    for path in (*KILLS, *STATISTICS):
        assert (ROOT / path).is_file(), path
    assert all("ROUNDS" in (ROOT / path).read_text(encoding="utf-8") for path in KILLS)
    names = [stage.name for stage in stages()]
    assert len(set(names)) == len(names) == 23


def test_a_campus_goes_further(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the variables of ``make gates`` a campus stays itself, with them it has their seed and size."""
    assert further(SMALL) == SMALL
    assert len(ROUNDS) >= 1
    monkeypatch.setenv("GATES_SEED", "17")
    assert further(SMALL) == SMALL.model_copy(update={"seed": 17})
    monkeypatch.setenv("GATES_FTE", "20000")
    assert further(SMALL).fte == 20_000


def test_a_stage_that_fails_fails_gates(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every stage runs, and the exit code tells that one of them failed."""
    codes = iter([0, 1, 0])
    monkeypatch.setattr("subprocess.call", lambda *_args, **_kw: next(codes))
    assert main(["seed-3", "kills", "size"]) == 1
    assert "gates: seed-3 failed\n" in capsys.readouterr().out
