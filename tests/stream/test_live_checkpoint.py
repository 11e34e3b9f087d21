"""The journal of a stream: what it says after any kill, and whom it is for."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from context.errors import InputError
from sim.caliper.batch import Batch
from sim.lanes.checkpoint import JOURNAL, Checkpoint, held, load_progress
from sim.lanes.stream_progress import StreamProgress
from tests.samples.toy_batch import toy_batch

IDENTITY = {"to": "ndjson:x", "shift": 0}


def loaded(folder: Path) -> StreamProgress:
    """What the journal says; it must be there."""
    progress = load_progress(folder)
    assert progress is not None
    return progress


def test_a_journal_says_what_was_acknowledged(tmp_path: Path) -> None:
    """Cursors, mark, position and segments come back as they were, without a clean end."""
    journal = Checkpoint(tmp_path, StreamProgress(dict(IDENTITY)))
    journal.begin(1_000)
    journal.ack({(0, 3): (1_500, 2**64 - 1, 7)}, 12, 345)
    journal.passed(1_400, 1_600)
    journal.ack({(1, 4): (1_700, 1, 2)}, 3, None)
    found = loaded(tmp_path)
    assert found == journal.progress
    assert found.cursors == {(0, 3): (1_500, 2**64 - 1, 7), (1, 4): (1_700, 1, 2)}
    assert (found.acked, found.mark, found.below_ms, found.at_ms) == (15, 345, 1_400, 1_600)
    journal.handing(1_800)
    journal.handing(1_700)
    assert loaded(tmp_path).ahead_ms == 1_800
    journal.end(2_000)
    journal.begin(9_000)
    found = loaded(tmp_path)
    assert [(part.begin_ms, part.end_ms) for part in found.segments] == [(1_000, 2_000), (9_000, None)]
    assert not found.cursors
    assert found.below_ms == 9_000


@given(st.data())
def test_a_torn_line_counts_as_not_written(data: st.DataObject) -> None:
    """Cut anywhere behind its first line, a journal says what its whole lines say."""
    from tempfile import TemporaryDirectory

    with TemporaryDirectory() as name:
        folder = Path(name)
        journal = Checkpoint(folder, StreamProgress(dict(IDENTITY)))
        journal.begin(0)
        head = (folder / JOURNAL).stat().st_size
        sizes, states = [head], [0]
        for number in range(1, 6):
            journal.ack({(0, 0): (number, 0, 0)}, 1, number)
            sizes.append((folder / JOURNAL).stat().st_size)
            states.append(number)
        cut = data.draw(st.integers(head, sizes[-1]))
        text = (folder / JOURNAL).read_bytes()
        (folder / JOURNAL).write_bytes(text[:cut])
        whole = max(state for size, state in zip(sizes, states, strict=True) if size <= cut)
        assert loaded(folder).acked == whole


def test_a_torn_end_is_cut_off_when_the_stream_goes_on(tmp_path: Path) -> None:
    """What a kill tore is gone from the journal before anything is added to it."""
    Checkpoint(tmp_path, StreamProgress(dict(IDENTITY))).begin(5)
    with (tmp_path / JOURNAL).open("ab") as file:
        file.write(b'{"ack": [[0, 1')
    again = Checkpoint(tmp_path, loaded(tmp_path))
    again.ack({(0, 1): (6, 0, 0)}, 1, None)
    assert loaded(tmp_path).acked == 1


def test_a_long_journal_is_rewritten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However long a stream runs, its journal stays short."""
    monkeypatch.setattr("sim.lanes.checkpoint._LONG_BYTES", 2_000)
    journal = Checkpoint(tmp_path, StreamProgress(dict(IDENTITY)))
    journal.begin(0)
    for number in range(1_000):
        journal.ack({(0, 0): (number, 0, 0)}, 1, number)
    assert (tmp_path / JOURNAL).stat().st_size < 4_000
    assert loaded(tmp_path).acked == 1_000


def batch_of(times: list[int], ids: list[int]) -> Batch:
    """Events with these times and ids."""
    return toy_batch(np.array(times, dtype=np.int64), np.array(ids, dtype=np.uint64))


def test_what_is_wanted_comes_after_the_cursor() -> None:
    """Of a sensor in a lane, the events after its last acknowledged one; below the mark, nothing."""
    progress = StreamProgress({}, cursors={(0, 5): (20, 9, 2), (1, 6): (50, 0, 0)}, below_ms=15)
    batch = batch_of([10, 20, 20, 20, 30], [1, 1, 2, 3, 0])
    batch.uuid_high[:] = 9
    lane, sensor = np.zeros(5, dtype=np.int64), np.full(5, 5, dtype=np.int64)
    assert progress.wanted(lane, sensor, batch).tolist() == [False, False, False, True, True]
    assert progress.wanted(lane, sensor + 1, batch).tolist() == [False, True, True, True, True]


@pytest.mark.parametrize("text", [b"", b"{}\n", b"hello\n", b'{"format": 3}\n', b"[1]\n"])
def test_another_file_is_no_journal(tmp_path: Path, text: bytes) -> None:
    """A clear line for a file that isn't ours."""
    (tmp_path / JOURNAL).write_bytes(text)
    with pytest.raises(InputError, match=r"no journal of a stream"):
        load_progress(tmp_path)


def test_another_format_is_named(tmp_path: Path) -> None:
    """A journal of another version isn't guessed at."""
    (tmp_path / JOURNAL).write_bytes(b'{"format": 1}\n')
    with pytest.raises(InputError, match=r"format 1, allowed: 3"):
        load_progress(tmp_path)


def test_a_state_folder_is_for_one_stream(tmp_path: Path) -> None:
    """A second stream is refused while the first holds the folder, and a file is no folder."""
    with held(tmp_path / "s"), pytest.raises(InputError, match="another stream"), held(tmp_path / "s"):
        pass
    with held(tmp_path / "s"):
        pass
    (tmp_path / "file").write_text("x")
    with pytest.raises(InputError, match="this is a file"), held(tmp_path / "file"):
        pass


def test_a_state_folder_without_a_state_goes(tmp_path: Path) -> None:
    """A stream that is refused leaves no state folder; one that was there, and what is in one, stays."""
    with pytest.raises(InputError), held(tmp_path / "new"):
        raise InputError("the file is somebody else's")
    assert not (tmp_path / "new").exists()
    with held(tmp_path):
        pass
    with held(tmp_path / "state"):
        (tmp_path / "state" / JOURNAL).touch()
    assert (tmp_path / "state" / JOURNAL).exists()
