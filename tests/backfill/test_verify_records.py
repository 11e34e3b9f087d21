"""What ``termtide verify`` says: the record that differs itself, many findings, notes of other versions."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

import schemas
from context.errors import OtherFormatError
from sim.backfill.folders import DELIVERY
from sim.folder.names import BUILT, MANIFEST, MARTS
from sim.folder.whole import note_built
from sim.lanes.checkpoint import JOURNAL
from sim.verify.places import verify
from sim.verify.verdict import SHOWN_OF_A_KIND
from tests.backfill.test_verify import DAY, exit_code, found_in
from tests.samples.flips import flip
from tests.samples.tiny import finished_run


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the finished run of the small campus that a test may harm."""
    return Path(shutil.copytree(finished_run(), tmp_path / "copy"))


@pytest.mark.parametrize("harm", ["flipped", "missing"])
def test_a_damaged_record_is_one_finding(copy: Path, harm: str) -> None:
    """Where the record of what was built differs itself, that is told, and nothing of what it named."""
    marts = [f"{m.table.dataset}/{m.table.name}.parquet" for m in schemas.marts() if m.table.stored != "days"]
    for name in (*marts, MARTS):
        (copy / name).parent.mkdir(exist_ok=True)
        (copy / name).write_bytes(b"rows")
    assert set(found_in(copy)) == {(name, "foreign") for name in marts}
    note_built(copy, *marts, MARTS)
    assert found_in(copy) == []
    if harm == "flipped":
        flip(copy / BUILT, 3)
    else:
        (copy / BUILT).unlink()
    assert found_in(copy) == [(BUILT, "differs" if harm == "flipped" else "missing")]
    stranger = Path(shutil.copy(copy / DAY, (copy / DAY).with_name("unit-2026-12-31.parquet")))
    assert (stranger.relative_to(copy).as_posix(), "foreign") in found_in(copy)


def test_many_findings_are_summed(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of many findings of one kind people see the first and a sum, programs all."""
    for number in range(SHOWN_OF_A_KIND + 1_300):
        (copy / f"{number}.txt").touch()
    flip(copy / DAY, 1)
    assert exit_code("verify", copy) == 1
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == SHOWN_OF_A_KIND + 2
    assert lines[0].startswith(f"differs: {DAY}")
    assert lines[-1] == "foreign: and 1,300 more; --json lists all"
    assert exit_code("verify", copy, "--json") == 1
    assert len(json.loads(capsys.readouterr().out)["findings"]) == SHOWN_OF_A_KIND + 1_301


@pytest.mark.parametrize(("number", "whose"), [(1, "an older"), (9, "a newer")])
@pytest.mark.parametrize("name", [MANIFEST, DELIVERY, JOURNAL])
def test_another_versions_note_is_not_called_damaged(
    tmp_path: Path, name: str, number: int, whose: str
) -> None:
    """What another version of Termtide has noted is said to be that, whatever stands in it."""
    (tmp_path / name).write_text(json.dumps({"label": "synthetic", "format": number, "other": 1}) + "\n")
    with pytest.raises(OtherFormatError, match=f"format {number}, .*written by {whose} version of Termtide"):
        verify(tmp_path)


def test_at_the_command_line(copy: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`termtide verify` exits 0 for what is whole and 1 with a line for each finding, or JSON."""

    def command(*arguments: str) -> tuple[int, str, str]:
        return exit_code("verify", copy, *arguments), *capsys.readouterr()

    code, output, errors = command()
    assert (code, output) == (0, "")
    assert "all as they were written" in errors
    flip(copy / DAY, 5)
    code, output, errors = command()
    assert (code, output) == (1, f"differs: {DAY}: other bytes than were written\n")
    assert "1 not as they should be; `termtide run`" in errors
    code, output, errors = command("--json")
    facts = json.loads(output)
    assert (code, facts["kind"], facts["findings"][0]["path"]) == (1, "run", DAY)
