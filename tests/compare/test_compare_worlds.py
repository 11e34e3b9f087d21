"""Two worlds compared: alike ones raise no alarm, and what was changed is named."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest

from context.errors import InputError
from context.packs.pack import find_pack
from sim.cli.main import main
from sim.compare.compare import Comparison, compare
from sim.compare.figures import of_fit, of_pack
from tests.samples.fitted_tiny import tiny_fit, tiny_pack
from tests.samples.pack_folder import Edit, edit
from tests.samples.tiny import finished_run


def _tool(rows: list[list[str]]) -> None:
    """One tool's rate by a tenth."""
    for row in rows[1:]:
        if row[rows[0].index("tool")] == "files":
            row[rows[0].index("factor")] = f"{1.1 * float(row[rows[0].index('factor')]):.6g}"


def _share(rows: list[list[str]]) -> None:
    """One conditional share by three points."""
    names = {name: i for i, name in enumerate(rows[0])}
    for row in rows[1:]:
        if row[names["field"]] == "role_status" and row[names["given_1_value"]] == "Student":
            moved = {"Enrolled": -0.03, "Dropped": 0.03}.get(row[names["value"]], 0.0)
            row[names["share"]] = f"{float(row[names['share']]) + moved:.6g}"


def _break(rows: list[list[str]]) -> None:
    """The week of the recess changes places with the one before it."""
    day, term = rows[0].index("day"), rows[0].index("term_type")
    for row in rows[1:]:
        if row[term] == "Fall" and 84 <= int(row[day]) < 98:
            row[day] = str(int(row[day]) + (7 if int(row[day]) < 91 else -7))


def _recess(rows: list[list[str]]) -> None:
    """So does the calendar's."""
    rule, offset = rows[0].index("rule"), rows[0].index("offset_days")
    for row in rows[1:]:
        if row[rule] == "thanksgiving" and row[rows[0].index("item")] == "no_class":
            row[offset] = str(int(row[offset]) - 7)


@dataclass(frozen=True)
class Change:
    """Files of a pack that change, and the (block, cell)s that must be named for it."""

    files: dict[str, Edit]
    named: frozenset[tuple[str, str]]

    def made(self, folder: Path) -> Path:
        """The default pack with it, in a new folder."""
        shutil.copytree(find_pack("us_public_r1"), folder)
        for file, change in self.files.items():
            edit(folder, file, change)
        return folder


_STATUS = "categorical course_section_enrollment.role_status"
CHANGES = {
    "tool": Change({"rate_tool.csv": _tool}, frozenset({("rates by tool", "files")})),
    "share": Change({"categorical.csv": _share}, frozenset({(_STATUS, "Student: Enrolled")})),
    "break": Change(
        {"rate_day_in_term.csv": _break, "calendar.csv": _recess},
        frozenset(
            {("calendar Fall", f"no class on day {day}") for day in (84, 88, 91, 95)}
            | {("rates by day", day) for day in ("85", "92")}
        ),
    ),
}


def named_in(found: Comparison) -> set[tuple[str, str]]:
    """What a comparison names; a tool by its part of all clicks is named as one by its number."""
    return {(each.block.removesuffix(", mix"), each.cell) for each in found.beyond}


@pytest.mark.parametrize("name", CHANGES)
def test_a_changed_pack_is_named(tmp_path: Path, name: str) -> None:
    """Of two packs that differ in one thing, that is named, and else only rates' margins that follow."""
    change = CHANGES[name]
    found = compare(of_pack("before", "us_public_r1"), of_pack("after", change.made(tmp_path / "pack")))
    assert change.named <= named_in(found)
    blocks = {block for block, _ in change.named}
    assert all(each.block in blocks or each.block.startswith("rates by") for each in found.beyond)


def test_a_pack_is_as_itself() -> None:
    """A pack compared with itself differs nowhere."""
    found = compare(of_pack("a", "us_public_r1"), of_pack("b", "us_public_r1"))
    assert found.beyond == []
    assert len(found.judged) > 700


def test_a_run_is_as_the_pack_that_was_fitted_to_it() -> None:
    """What was fitted to a run and the run itself differ nowhere."""
    found = compare(of_pack("pack", tiny_pack()), of_fit("run", tiny_fit(), tiny_pack()))
    assert found.beyond == []
    tools = [each for each in found.differences if each.block == "rates by tool" and each.asked > 1_000]
    assert tools
    assert np.abs([each.came / each.asked - 1 for each in tools]).max() < 0.03


def test_the_command_ends_with_what_it_finds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Exit code 1 and the furthest cell where two packs differ, 2 for what is neither pack nor warehouse."""
    folder = tmp_path / "pack"
    shutil.copytree(find_pack("us_public_r1"), folder)
    edit(folder, "rate_tool.csv", _tool)
    with pytest.raises(SystemExit) as ended:
        main(["compare", "us_public_r1", str(folder)])
    told = capsys.readouterr()
    assert ended.value.code == 1
    assert "rates by tool, files: asked" in told.out
    with pytest.raises(SystemExit) as ended:
        main(["compare", "us_public_r1", str(tmp_path / "nowhere")])
    assert ended.value.code == 2


def test_both_sides_are_opened_before_one_is_fitted(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong with the second side is told at once, not after minutes for the first."""
    monkeypatch.setattr("sim.fit.fit.fit", None)
    with pytest.raises(SystemExit) as ended:
        main(["compare", str(finished_run()), "duckdb:nowhere"])
    line = capsys.readouterr().err
    assert ended.value.code == 2
    assert line.startswith("termtide: duckdb:nowhere: no such file, allowed: a pack, the folder of a run, ")


def test_a_tool_is_named_by_its_part_too(tmp_path: Path) -> None:
    """Where a tool's rate grows by a tenth, its part of all clicks grows and those of the others shrink."""
    found = compare(of_pack("before", "us_public_r1"), of_pack("after", CHANGES["tool"].made(tmp_path / "p")))
    parts = {each.cell: each.came / each.asked for each in found.differences if each.block.endswith(", mix")}
    assert parts["files"] > 1.05
    assert all(ratio < 1 for tool, ratio in parts.items() if tool != "files")
    assert "assignments" not in parts


def test_terms_of_different_types_are_not_compared() -> None:
    """Of two warehouses in which a Fall and a Spring were counted, none is told to differ: it is refused."""
    fall = of_fit("a", tiny_fit(), tiny_pack())
    clicks = fall.clicks
    assert clicks is not None
    spring = replace(fall, name="b", clicks=replace(clicks, term_type="Spring"))
    with pytest.raises(InputError, match="a has a Fall and b a Spring, allowed: terms of one type"):
        compare(fall, spring)
