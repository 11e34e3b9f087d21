"""What README and the pages of docs/ say is true: their commands run, their help is the program's."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import pytest

from context.scenario.load import demo_scenario
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from tests.samples.commands import BRIEF_TERM
from tests.samples.commands import termtide as call

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    path.relative_to(ROOT).as_posix(): path.read_text(encoding="utf-8")
    for path in (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
}
README = PAGES["README.md"]
SOME = ("README.md", "docs/run.md", "docs/stream.md")  # whose commands run in make test; all do in make gates
LINK = re.compile(r"\]\((?!https?:)([^)#]+)[^)]*\)")


def until_october(scenario: Scenario) -> Scenario:
    """The same with a Fall term that has the dates on the pages."""
    term = CalendarOverrides(
        start=date(2026, 8, 31),
        instruction_end=date(2026, 10, 13),
        finals_start=date(2026, 10, 14),
        end=date(2026, 10, 15),
    )
    return scenario.model_copy(update={"calendar": term}) if scenario.term.startswith("Fall") else scenario


def commands(page: str) -> list[str]:
    """The lines of a page's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", PAGES[page], re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line and not line.startswith("#")]


def ours(page: str) -> list[list[str]]:
    """The arguments of its ``termtide`` commands, by whatever path they are called."""
    split = [shlex.split(line, comments=True) for line in commands(page)]
    return [words[1:] for words in split if words[0] in ("termtide", ".venv/bin/termtide")]


def termtide(arguments: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command line in a folder, with a very small university where none is asked for."""
    settings = {**os.environ, "TERMTIDE_FTE": "12", "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    return subprocess.run(
        [sys.executable, "-m", "sim", *arguments],
        cwd=folder,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


def check(arguments: list[str], folder: Path, *, here: bool = False, **more: str) -> None:
    """Run one, which has to work, and to answer if it asks something; ``here``: in this process."""
    settings: dict[str, str | None] = {"TERMTIDE_FTE": "12", "COLUMNS": "80", **more}
    done = call(*arguments, cwd=folder, **settings) if here else termtide(arguments, folder)
    assert done.returncode == 0, f"{shlex.join(arguments)}\n{done.stderr}"
    if arguments[0] == "sql":
        assert done.stdout.strip(), arguments


@pytest.mark.usefixtures("bare_report")
@pytest.mark.parametrize(
    "pages", [SOME, pytest.param(tuple(PAGES), marks=pytest.mark.gates)], ids=["some", "all"]
)
def test_commands_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest, pages: tuple[str, ...]
) -> None:
    """Commands of README work, in order, after `make demo`; those of each page go on from there.

    The terms of their runs are shorter than those of people who try them, and only README's has marts: a few
    of each kind, and in make gates all.
    """
    assert commands("README.md")[0] == "make demo"
    assert len(ours("README.md")) >= 8
    demo = tmp_path / "README.md"
    demo.mkdir()
    for module in ("sim.cli.run", "context.scenario.load"):
        monkeypatch.setattr(f"{module}.demo_scenario", lambda flags=None: until_october(demo_scenario(flags)))
    if pages == SOME:
        request.getfixturevalue("few_marts")
    check(["demo"], demo, here=True)  # what `make demo` does, once it has set up its environment
    runs = shutil.copytree(demo / "runs", tmp_path / "runs")
    for page in pages:
        folder = tmp_path / Path(page).name if page != "docs/README.md" else tmp_path / "contents"
        if page != "README.md" and ours(page):
            shutil.copytree(runs, folder / "runs")
        more = {} if page == "README.md" else {"TERMTIDE_NO_MARTS": "1"}
        for arguments in ours(page):
            check(arguments, folder, here=page != "README.md" or arguments[0] != "sql", **more)
            if arguments[0] == "init":
                file = folder / "termtide.toml"
                file.write_text(file.read_text(encoding="utf-8").replace("[calendar]\n", BRIEF_TERM), "utf-8")


def test_make_targets_exist() -> None:
    """Every `make` command of README and docs/ is a target of the Makefile."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    text = "\n".join(PAGES.values())
    named = set(re.findall(r"^make ([a-z-]+)", text, re.MULTILINE)) | set(
        re.findall(r"`make ([a-z-]+)", text)
    )
    assert {"demo", "test", "check", "bench", "emulators"} <= named
    assert named <= targets


def test_the_list_of_commands_is_the_programs(tmp_path: Path) -> None:
    """The list printed in docs/commands.md is what `termtide` alone prints, and that ends with 0."""
    shown = re.search(r"```console\n\$ termtide\n(.*?)```", PAGES["docs/commands.md"], re.DOTALL)
    done = termtide([], tmp_path)
    assert shown
    assert shown.group(1).strip() == done.stdout.strip()
    assert done.returncode == 0


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every file that a page links to is there."""
    links = LINK.findall(PAGES[page])
    assert [link for link in links if not (ROOT / page).parent.joinpath(link).exists()] == []


def test_every_page_is_in_the_contents() -> None:
    """docs/README.md lists every page of docs/."""
    listed = {f"docs/{link}" for link in LINK.findall(PAGES["docs/README.md"])}
    assert PAGES.keys() - listed == {"README.md", "docs/README.md"}


def test_readme_is_short() -> None:
    """README stays below 1,200 words: what few need stands on a page of docs/."""
    assert len(README.split()) < 1_200
