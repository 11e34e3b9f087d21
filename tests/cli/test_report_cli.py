"""``termtide report``: the page anew and its charts as pictures, or one line on why not."""

from __future__ import annotations

import json
import os
from pathlib import Path
from shutil import copytree

import pytest

from context.errors import InputError, RunError
from sim.cli.main import main
from sim.folder.manifest import load_manifest
from sim.run import report_again
from sim.verify.run_folder import check_run
from tests.samples.tiny import finished_run


def copied(folder: Path) -> Path:
    """A finished run of the test's own, sharing files until they are written anew."""
    run = Path(copytree(finished_run(), folder / "run", copy_function=os.link))
    (run / "built.json").write_bytes((finished_run() / "built.json").read_bytes())
    return run


def test_the_report_is_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The same bytes as the run made; each chart is a picture; the run stays as it was written."""
    run, first = copied(tmp_path), (finished_run() / "report.html").read_bytes()
    (run / "report.html").unlink()
    main(["report", "--run", str(run), "--png", str(tmp_path / "png"), "--json"])
    said = json.loads(capsys.readouterr().out)
    assert (run / "report.html").read_bytes() == first
    assert said["bytes"] == len(first)
    assert {"days.png", "calendar.png", "student.png"} <= set(said["pictures"])
    assert {path.name for path in (tmp_path / "png").iterdir()} == set(said["pictures"])
    assert check_run(run).findings == []


def test_pictures_want_a_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file in the place of their folder is told before anything is drawn."""
    (tmp_path / "png").write_text("mine")
    with pytest.raises(SystemExit) as caught:
        main(["report", "--run", str(finished_run()), "--png", str(tmp_path / "png")])
    assert caught.value.code == 2
    assert (
        capsys.readouterr().err == f"termtide: --png {tmp_path / 'png'}: this is a file, allowed: a folder\n"
    )


def test_what_has_no_report_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is not complete, one whose pack is another here, no charts: one line, nothing written."""
    run = copied(tmp_path)
    (run / "report.html").unlink()
    manifest = load_manifest(run)
    manifest.state = "events"
    manifest.save(run)
    with pytest.raises(InputError, match="not complete"):
        report_again(run)
    manifest.state = "done"
    manifest.pack = manifest.pack.model_copy(update={"digest": "0" * 64})
    manifest.save(run)
    with pytest.raises(InputError, match="reads otherwise here"):
        report_again(run)
    monkeypatch.setattr("sim.run.CHART_LIBRARIES", ("no_such_library",))
    with pytest.raises(RunError, match="no_such_library can't be imported here"):
        report_again(run)
    assert not (run / "report.html").exists()
