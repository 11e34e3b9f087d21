"""`termtide verify` of a stream: what differs in its file or its journal is found and named."""

from __future__ import annotations

import os
import random
import shutil
from pathlib import Path

import pytest

from context.errors import DamagedError, InputError
from sim.lanes.checkpoint import JOURNAL, Checkpoint, held, load_progress
from sim.lanes.stream_progress import StreamProgress
from sim.sinks.messages import StreamOptions
from sim.sinks.ndjson_messages import Chain, NdjsonStream, chain_of
from sim.verify.places import verify
from tests.samples.live_tiny import play

FLIPS = 24


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a stream that was played to its end, its file beside its state."""
    folder = tmp_path_factory.mktemp("played")
    before = Path.cwd()
    os.chdir(folder)
    try:
        play("ndjson:lines", folder / "state", begin="2026-09-07", end="2026-09-07T12:00")
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def copy(played: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The same, to be changed; it is the folder at work."""
    folder = Path(shutil.copytree(played, tmp_path / "copy"))
    monkeypatch.chdir(folder)
    return folder


def flip(path: Path, place: int, bit: int) -> None:
    """Change a bit of a file."""
    data = bytearray(path.read_bytes())
    data[place] ^= 1 << bit
    path.write_bytes(data)


def found(folder: Path) -> list[tuple[str, str]]:
    """What differs."""
    return [(finding.path, finding.problem) for finding in verify(folder / "state").findings]


@pytest.mark.parametrize(("file", "name"), [("lines", "lines"), (f"state/{JOURNAL}", JOURNAL)])
def test_every_flip_is_found(copy: Path, file: str, name: str) -> None:
    """Of a whole stream nothing is found; of one with a changed bit the file that has it, wherever it is."""
    assert found(copy) == []
    whole, draw = (copy / file).read_bytes(), random.Random(14)  # noqa: S311 - where to flip
    assert len(whole) > 200
    places = [0, len(whole) - 1, *(draw.randrange(len(whole)) for _ in range(FLIPS))]
    for place in places:
        flip(copy / file, place, draw.randrange(8))
        assert found(copy) == [(name, "differs")], place
        (copy / file).write_bytes(whole)


def test_what_is_gone_or_added_is_found(copy: Path) -> None:
    """Lines that are missing at the end, or more than were written, a file that is gone, and foreign ones."""
    lines = copy / "lines"
    whole = lines.read_bytes()
    lines.write_bytes(whole[:-10])
    assert found(copy) == [("lines", "differs")]
    lines.write_bytes(whole + b"{}\n")
    assert found(copy) == [("lines", "differs")]
    lines.unlink()
    assert found(copy) == [("lines", "missing")]
    lines.write_bytes(whole)
    (copy / "state" / "other").touch()
    assert found(copy) == [("other", "foreign")]


def test_a_stream_at_work_is_left_alone(copy: Path) -> None:
    """Nobody looks at a stream that is being played: its file grows."""
    with held(copy / "state"), pytest.raises(InputError, match="another stream is at work"):
        verify(copy / "state")


def test_what_was_killed_is_no_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a kill leaves behind the last acknowledged line is no finding; the journal's lines are chained."""
    monkeypatch.chdir(tmp_path)
    sink = NdjsonStream("lines", StreamOptions())
    sink.open(None)
    journal = Checkpoint(tmp_path / "state", StreamProgress({"to": "ndjson:lines"}, mark=sink.mark))
    for number in range(3):
        journal.ack({(0, 0): (number, 0, 0)}, 1, sink.deliver([memoryview(b"one\n")], 1))
    sink.deliver([memoryview(b"not acknowledged\n")], 1)
    assert found(tmp_path) == []
    lines = (tmp_path / "state" / JOURNAL).read_bytes().splitlines(keepends=True)
    for changed in ([lines[0], *lines[2:]], [lines[0], lines[2], lines[1], lines[3]]):
        (tmp_path / "state" / JOURNAL).write_bytes(b"".join(changed))
        assert found(tmp_path) == [(JOURNAL, "differs")]
        with pytest.raises(DamagedError, match="seal is broken"):
            load_progress(tmp_path / "state")


def test_the_file_is_read_from_its_beginning(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A changed byte is found in whichever block of the file it stands, not in the last one alone."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sim.sinks.ndjson_messages._BLOCK", 64)
    sink = NdjsonStream("lines", StreamOptions())
    sink.open(None)
    journal = Checkpoint(tmp_path / "state", StreamProgress({"to": "ndjson:lines"}, mark=sink.mark))
    journal.ack({(0, 0): (1, 0, 0)}, 40, sink.deliver([memoryview(b"a line\n" * 40)], 40))
    sink.close()
    assert found(tmp_path) == []
    for place in (3, 70, 279):
        flip(tmp_path / "lines", place, 1)
        assert found(tmp_path) == [("lines", "differs")], place
        flip(tmp_path / "lines", place, 1)


def test_a_changed_end_is_not_gone_on_from(tmp_path: Path) -> None:
    """Who goes on with a file reads its last block, and refuses one that is not what was written."""
    path = tmp_path / "lines"
    sink = NdjsonStream(str(path), StreamOptions())
    sink.open(None)
    mark = sink.deliver([memoryview(b"a line\n" * 100)], 100)
    sink.close()
    again = NdjsonStream(str(path), StreamOptions())
    again.open(mark)
    assert again.mark == mark
    again.close()
    flip(path, 333, 2)
    with pytest.raises(InputError, match="its end is not what was written"):
        NdjsonStream(str(path), StreamOptions()).open(mark)


def test_a_chain_is_the_same_however_it_is_cut(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes given in any pieces, gone on with at any place, give one digest; each block counts."""
    monkeypatch.setattr("sim.sinks.ndjson_messages._BLOCK", 1_000)
    data = random.Random(3).randbytes(12_345)  # noqa: S311 - any bytes
    path = tmp_path / "file"
    path.write_bytes(data)
    whole, pieces = Chain(), Chain()
    whole.update(data)
    for at in range(0, len(data), 77):
        pieces.update(data[at : at + 77])
        if at % 5 == 0:
            pieces = chain_of(path, pieces.mark, whole=False)
    assert pieces.mark == whole.mark == chain_of(path, whole.mark, whole=True).mark
    flip(path, 1_500, 0)
    assert chain_of(path, whole.mark, whole=True).mark != whole.mark
    assert chain_of(path, whole.mark, whole=False).mark == whole.mark  # which reads the last block alone
