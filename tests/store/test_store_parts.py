"""A store that comes in parts: the same tables, and no more memory for more terms."""

from __future__ import annotations

import signal
import subprocess
import sys
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from weakref import ref

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from context.generate import store_parts
from context.scenario.scenario import Scenario
from context.store.files import StoreFiles
from context.store.joining import scope
from context.store.store import ENTITY, PLAYED, read_table, table_path
from context.tables.coursework import quizzes
from context.terms.drawn import Drawn
from context.terms.premises import premises
from sim.backfill.stages import make_store
from sim.exports.files import write_folder
from sim.exports.source import Source, of_store
from sim.folder.claim import Claimed, claim
from sim.folder.digest import parquet_digest, table_digest
from sim.folder.progress import Progress
from tests.samples.tiny import BRIEF, default_pack, store_of

THREE = Scenario(name="parts", fte=12, seed=4, terms=3)
TWO = THREE.model_copy(update={"terms": 2})


@cache
def written() -> Path:
    """The files of three terms, written as they are drawn; nobody changes them."""
    root = Path(mkdtemp(prefix="termtide-parts-"))
    with StoreFiles(root, THREE.terms) as files:
        for part in store_parts(THREE, default_pack(), premises(THREE, default_pack()).calendars):
            files.add(part)
    return root


@cache
def digests() -> dict[str, str]:
    """Of the tables in memory."""
    return {f"{dataset}.{name}": table_digest(table) for dataset, name, table in store_of(THREE).datasets()}


def test_files_of_parts_hold_the_store() -> None:
    """Every table has the rows and digest of the one in memory, and says which are the played term's."""
    for dataset, name, table in store_of(THREE).datasets():
        path = table_path(written(), dataset, name)
        assert parquet_digest(path) == digests()[f"{dataset}.{name}"], name
        assert pq.read_metadata(path).metadata[PLAYED] == table.schema.metadata[PLAYED], name
        assert len(read_table(written(), dataset, name, played=True)) == int(table.schema.metadata[PLAYED])
        if scope(name) == "term" and len(table) > 1:
            assert pq.read_metadata(path).num_row_groups > 1, name


def test_the_largest_table_is_let_go_before_its_keymap_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """While the keymap of answers is made, nobody holds the answers, if whoever takes the parts does not."""
    made, answers = quizzes._response_keymap, []
    held: list[bool] = []

    def looked(drawn: Drawn) -> pa.Table:
        held.append(answers[0]() is not None)
        return made(drawn)

    monkeypatch.setattr(quizzes, "_response_keymap", looked)
    for dataset, name, table in store_parts(BRIEF, default_pack(), premises(BRIEF, default_pack()).calendars):
        if (dataset, name) == (ENTITY, "quiz_item_response"):
            answers.append(ref(table))
        del table
    assert held == [False]


def test_digest_of_a_file_read_by_row_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However a file is cut into row groups, its digest is that of the table."""
    monkeypatch.setattr("sim.folder.digest.WHOLE_ROWS", 5)
    for dataset, name, _ in store_of(THREE).datasets():
        path = tmp_path / f"{name}.parquet"
        file = read_table(written(), dataset, name)
        pq.write_table(file, path, row_group_size=max(len(file) // 3, 1))
        assert parquet_digest(path) == digests()[f"{dataset}.{name}"], name
        assert parquet_digest(table_path(written(), dataset, name)) == digests()[f"{dataset}.{name}"], name


@pytest.mark.parametrize("form", ["csv", "ndjson"])
def test_forms_from_files_are_those_from_memory(form: str, tmp_path: Path) -> None:
    """A delivery has the same bytes whether its tables are read from files or held."""
    held = of_store(store_of(THREE), claim(tmp_path / "run", THREE, default_pack()))
    read = Source(held.manifest, held.names, held.get, folder=written())
    names = [name for name in held.names if name[1] in ("person", "learner_activity_result", "wiki_page")]
    for source, to in ((held, "held"), (read, "read")):
        write_folder(form, tmp_path / to, names, source, {})
    for path in (tmp_path / "held").rglob(f"*.{form}"):
        assert path.read_bytes() == (tmp_path / "read" / path.relative_to(tmp_path / "held")).read_bytes()


def test_an_error_leaves_no_file(tmp_path: Path) -> None:
    """What is written beside goes when a part can't be had."""

    def interrupted() -> None:
        with StoreFiles(tmp_path, THREE.terms) as files:
            for part in store_of(THREE).datasets()[:3]:
                files.add(part)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]


KILLED = """
import os, signal, sys
from pathlib import Path
from context.store.files import StoreFiles
from tests.store.test_store_parts import make

parts, add = 0, StoreFiles.add
def counted(self, part):
    global parts
    parts += 1
    if parts == int(sys.argv[2]):
        os.kill(os.getpid(), signal.SIGKILL)
    add(self, part)
StoreFiles.add = counted
make(Path(sys.argv[1]))
"""


def make(run_dir: Path) -> None:
    """Make or finish the store of two terms."""
    pack = default_pack()
    manifest = claim(run_dir, TWO, pack)
    make_store(premises(TWO, pack), Claimed(run_dir, manifest, Progress.silent()))


def test_killed_in_the_second_term(tmp_path: Path) -> None:
    """Killed while the second term is written and started again: the bytes of a run that never was."""
    make(tmp_path / "whole")
    killed = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "killed"), "150"], check=False)
    assert killed.returncode == -signal.SIGKILL
    assert list((tmp_path / "killed").rglob("*.tmp"))
    make(tmp_path / "killed")
    files = [path.relative_to(tmp_path / "whole") for path in (tmp_path / "whole").rglob("*.*")]
    assert len(files) > 100
    assert sorted(
        path.relative_to(tmp_path / "killed") for path in (tmp_path / "killed").rglob("*.*")
    ) == sorted(files)
    for path in files:
        assert (tmp_path / "killed" / path).read_bytes() == (tmp_path / "whole" / path).read_bytes(), path


PEAK = """
import resource, sys
from pathlib import Path
from context.packs.pack import load_pack
from context.scenario.scenario import Scenario
from context.tables.coursework import quizzes
from context.terms.drawn import Drawn
from context.terms.premises import premises
from sim.folder.progress import Progress
from sim.exports.source import of_scenario

scenario = Scenario(name="peak", fte=1500, seed=4, terms=int(sys.argv[1]))
of_scenario(premises(scenario, load_pack(scenario.pack, None)), Progress.silent(), Path(sys.argv[2]))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.gates
def test_memory_is_flat_in_terms(tmp_path: Path) -> None:
    """Four terms of 1,500 FTE take little more than one: what stays of a term is what its students bring."""

    def peak(terms: int) -> float:
        line = [sys.executable, "-c", PEAK, str(terms), str(tmp_path / str(terms))]
        kilobytes = int(subprocess.run(line, check=True, capture_output=True, text=True).stdout)
        return kilobytes / 1000 * (1 if sys.platform != "darwin" else 1 / 1024)

    one, four = peak(1), peak(4)
    assert one > 200  # MB: it does see the tables of a term
    # Three terms more would be some 500 MB if they were held.
    assert four < one + 130
