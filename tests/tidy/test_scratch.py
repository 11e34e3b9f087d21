"""Tests leave nothing behind, and what is dear is made once for all processes of a session."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import mkdtemp
from time import sleep

import pytest

from tests.samples.session_folder import made_once


def test_temporary_files_go_with_the_session(tmp_path_factory: pytest.TempPathFactory) -> None:
    """What a test and its commands put into the folder for temporary files lies in that of the session."""
    base = tmp_path_factory.getbasetemp()
    assert Path(mkdtemp()).is_relative_to(base)
    code = "import tempfile; print(tempfile.mkdtemp())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert Path(done.stdout.strip()).is_relative_to(base)


def test_one_makes_it_and_the_others_wait() -> None:
    """However many ask, a folder is made once; one whose making failed is made by who asks next."""
    made: list[Path] = []

    def make(folder: Path) -> None:
        assert not folder.exists()
        made.append(folder)
        if len(made) == 1:
            raise OSError("the disk is away")
        sleep(0.05)
        folder.mkdir()

    with pytest.raises(OSError, match="away"):
        made_once("scratch-test", make)
    with ThreadPoolExecutor(4) as pool:
        found = set(pool.map(lambda _: made_once("scratch-test", make), range(8)))
    assert len(made) == 2
    assert found == {made[1]}
