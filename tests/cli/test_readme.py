"""What README says is true: its commands run in the order they stand, its help is the program's."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = [
    line for block in re.findall(r"```sh\n(.*?)```", README, re.DOTALL) for line in block.splitlines()
]


def termtide(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, with a very small university."""
    settings = {**os.environ, "TERMTIDE_FTE": "12", "PYTHONPATH": str(ROOT), "COLUMNS": "100"}
    return subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def test_commands_run(tmp_path: Path) -> None:
    """Every `termtide` command of README works, one after the other in an empty folder."""
    ours = [line for line in COMMANDS if line.startswith("termtide")]
    assert len(ours) >= 8
    for line in ours:
        done = termtide(shlex.split(line)[1:], tmp_path)
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        if " sql " in line:
            assert done.stdout.strip(), line


def test_make_targets_exist() -> None:
    """Every `make` command of README is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    named = set(
        re.findall(r"make ([a-z]+)", " ".join(COMMANDS) + " ".join(re.findall(r"`(make [a-z]+)`", README)))
    )
    assert named
    assert named <= targets


def test_help_is_the_programs(tmp_path: Path) -> None:
    """The help printed in README is what the program prints."""
    shown = re.search(r"```console\n\$ termtide --help\n(.*?)```", README, re.DOTALL)
    assert shown
    assert shown.group(1).strip() == termtide(["--help"], tmp_path).stdout.strip()


@pytest.mark.parametrize("name", ["NOTICE", "CONTRIBUTING.md", "sim/run.py", "context/rng.py", "LICENSE"])
def test_files_exist(name: str) -> None:
    """Files that README names are there."""
    assert name in README or name == "LICENSE"
    assert (ROOT / name).is_file()
