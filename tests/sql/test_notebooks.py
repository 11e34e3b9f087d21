"""The notebooks in examples/ run from top to bottom on a small campus, as they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.samples.tiny import finished_run

EXAMPLES = sorted((Path(__file__).parents[2] / "examples").glob("*.ipynb"))


def test_there_are_two() -> None:
    """Two short notebooks, without outputs that would go stale."""
    assert len(EXAMPLES) >= 2
    for path in EXAMPLES:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        assert len(cells) <= 20
        assert all(cell["outputs"] == [] for cell in cells if cell["cell_type"] == "code")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_each_cell_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every cell runs after those before it, with the newest run below runs/."""
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "small").symlink_to(finished_run())
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        if cell["cell_type"] == "code":
            code = compile("".join(cell["source"]), f"{path.name}:{cell['id']}", "exec")
            exec(code, names)  # noqa: S102 - our own notebooks
    names["client"].close()  # type: ignore[attr-defined]
