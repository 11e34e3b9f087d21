"""Sinks: one contract for all, and what each adds."""

from __future__ import annotations

import errno
import io
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import sim.sinks.parquet
from context.errors import DamagedError, InputError, RunError
from context.files import file_digest
from sim.sinks.memory import MemorySink
from sim.sinks.ndjson import lines
from sim.sinks.open import open_sink
from sim.sinks.parquet import ParquetSink
from sim.sinks.units import Sink, Unit
from tests.backfill.test_backfill import documents
from tests.samples.in_one_call import write_unit
from tests.samples.toy_run import ZONE, day_events, event, expanded, unit

DAY = date(2026, 9, 1)
NIGHT = datetime(2026, 9, 1, 20, 30, tzinfo=ZONE)  # half past midnight, UTC


@dataclass
class Case:
    """A sink under test, a way to read back (ids in file order), and its folder."""

    sink: Sink
    ids: Callable[[], list[str]]
    root: Path
    reopen: Callable[[], Sink]


def _parquet_ids(root: Path) -> list[str]:
    files = sorted(root.glob("event_store/expanded/event_date=*/*.parquet"))
    return [row for path in files for row in pq.ParquetFile(path).read(["id"])["id"].to_pylist()]


def _ndjson_ids(root: Path) -> list[str]:
    return [json.loads(line)["id"] for path in sorted(root.glob("*.ndjson*")) for line in documents(path)]


@pytest.fixture(params=["parquet", "ndjson", "ndjson?compression=gzip", "ndjson?compression=zstd", "memory"])
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Case:
    """Every sink of the dict of schemes, and every compression."""
    if request.param == "memory":
        memory = MemorySink()
        return Case(
            memory,
            lambda: [i for day in sorted(memory.units) for i in memory.units[day].table["id"].to_pylist()],
            tmp_path,
            lambda: memory,
        )
    scheme, mark, query = request.param.partition("?")
    read = {"parquet": _parquet_ids, "ndjson": _ndjson_ids}[scheme]
    url = f"{scheme}:{tmp_path}{mark}{query}"
    return Case(open_sink(url), lambda: read(tmp_path), tmp_path, lambda: open_sink(url))


def test_every_row_is_written_once_in_order(case: Case) -> None:
    """What is read back is what was given, unit by unit, in order, and Written adds up to it."""
    wanted = []
    for offset in range(3):
        part = unit(DAY + timedelta(offset), day_events(DAY + timedelta(offset)))
        written = write_unit(case.sink, part)
        assert sum(file.rows for file in written) == part.table.num_rows
        wanted += part.table["id"].to_pylist()
    case.sink.close()
    found = case.ids()
    assert len(found) == 15
    for unit_ids in (wanted[:5], wanted[5:10], wanted[10:]):
        assert [i for i in found if i in unit_ids] == unit_ids


def test_what_a_sink_needs_is_enough(case: Case) -> None:
    """A unit of no more than a sink says it needs is written as a whole one is: files, rows and ids."""
    part = unit(DAY, day_events(DAY))
    whole = write_unit(case.sink, part)
    texts = [document.as_py() for document in part.json]
    blocks = [(len(texts), memoryview("".join(f"{text}\n" for text in texts).encode()))]
    leanest = {
        "lines": Unit(DAY, part.table.select(["event_time"]), lines=lambda: iter(blocks)),
        "columns": Unit(DAY, part.table),
        "documents": part,
    }[case.sink.needs]
    assert write_unit(case.reopen(), leanest) == whole
    assert case.ids() == part.table["id"].to_pylist()


def test_a_unit_is_copied_from_a_run(case: Case, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Copied from the run folder's files, a unit is what writing it gives, be it there already or not."""
    part, run_dir = unit(DAY, day_events(DAY)), tmp_path_factory.mktemp("run")
    files = write_unit(ParquetSink(run_dir), part)
    for _ in range(2):
        copied = case.sink.copy(DAY, run_dir, files)
        assert sum(file.rows for file in copied) == part.table.num_rows
        assert case.ids() == part.table["id"].to_pylist()
    path = run_dir / files[-1].path
    data = bytearray(path.read_bytes())
    for damage in (lambda: path.write_bytes(data), path.unlink):
        data[len(data) // 2] ^= 4
        damage()
        with pytest.raises(DamagedError, match=path.name):
            case.sink.copy(DAY, run_dir, files)
        assert case.ids() == part.table["id"].to_pylist()  # what was there before is still there


def test_written_files_are_those_on_disk(case: Case) -> None:
    """Paths are relative to the root, and bytes and their digests are those of the files."""
    written = write_unit(case.sink, unit(DAY, day_events(DAY)))
    for file in written:
        if case.sink.root is not None:
            path = case.sink.root / file.path
            assert (path.stat().st_size, file_digest(path)) == (file.bytes, file.xxh3_128)
    assert [file for file in case.root.rglob("*") if file.is_file() and file.suffix == ".tmp"] == []


def test_writing_a_unit_again_replaces_it(case: Case) -> None:
    """The same unit twice is there once, byte for byte; with fewer rows, only those are there."""
    part = unit(DAY, day_events(DAY))
    write_unit(case.sink, part)
    before = {path: path.read_bytes() for path in case.root.rglob("*") if path.is_file()}
    write_unit(case.reopen(), part)
    assert {path: path.read_bytes() for path in case.root.rglob("*") if path.is_file()} == before
    assert len(case.ids()) == 5
    write_unit(case.reopen(), unit(DAY, day_events(DAY)[:2]))
    assert case.ids() == part.table["id"].to_pylist()[:2]


def test_an_empty_unit_leaves_nothing(case: Case) -> None:
    """No rows make no files, and take away what an earlier write of the unit left."""
    assert write_unit(case.sink, unit(DAY, [])) == []
    assert case.ids() == []
    write_unit(case.sink, unit(DAY, day_events(DAY)))
    assert write_unit(case.sink, unit(DAY, [])) == []
    assert case.ids() == []


def test_counts_are_checked_before_writing(case: Case) -> None:
    """Rows without a document, and events out of order, are refused and nothing is written."""
    part = unit(DAY, day_events(DAY))
    with pytest.raises(RunError, match="5 rows but 4 documents"):
        Unit(DAY, part.table, part.json[:4])
    with pytest.raises(RunError, match="not in order"):
        write_unit(case.sink, Unit(DAY, part.table.take([1, 0, 2, 3, 4]), part.json))
    assert case.ids() == []


def test_a_closed_sink_takes_nothing(case: Case) -> None:
    """After close, write raises."""
    case.sink.close()
    with pytest.raises(RunError, match="closed"):
        write_unit(case.sink, unit(DAY, day_events(DAY)))


@pytest.mark.parametrize("scheme", ["parquet", "ndjson"])
def test_a_failing_write_leaves_the_old_file(
    scheme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A full disk raises one clear line; the unit's earlier files stay, and nothing half is left."""
    sink = open_sink(f"{scheme}:{tmp_path}")
    write_unit(sink, unit(DAY, day_events(DAY)[:2]))
    before = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}

    def full(*_arguments: object, **_options: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(sim.sinks.parquet.pq.ParquetWriter, "write_table", full)
    monkeypatch.setattr(sim.sinks.ndjson, "_write", full)
    with pytest.raises(RunError, match="no space left on the disk") as caught:
        write_unit(sink, unit(DAY, day_events(DAY)))
    assert "\n" not in str(caught.value)
    assert {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()} == before


def test_rows_lost_in_the_file_are_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The footer is read back: a file with fewer rows than given is an error and does not appear."""
    real = pq.ParquetWriter.write_table

    def lossy(self: pq.ParquetWriter, table: pa.Table, **options: object) -> None:
        real(self, table.slice(1), **options)

    monkeypatch.setattr(sim.sinks.parquet.pq.ParquetWriter, "write_table", lossy)
    with pytest.raises(RunError, match="5 events, but 3"):
        write_unit(ParquetSink(tmp_path), unit(DAY, day_events(DAY)))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_parquet_splits_at_utc_midnight(tmp_path: Path) -> None:
    """An evening's events stand in the folders of their UTC dates, the unit's name says the campus day."""
    rows = [event(i, NIGHT + timedelta(minutes=hours * 60)) for i, hours in enumerate((-1, -0.5, 0, 24))]
    written = write_unit(ParquetSink(tmp_path), unit(DAY, rows))
    assert [(file.path, file.rows) for file in written] == [
        ("event_store/expanded/event_date=2026-09-01/unit-2026-09-01.parquet", 1),
        ("event_store/expanded/event_date=2026-09-02/unit-2026-09-01.parquet", 2),
        ("event_store/expanded/event_date=2026-09-03/unit-2026-09-01.parquet", 1),
    ]


def test_parquet_columns_are_encoded_as_measured(tmp_path: Path) -> None:
    """Repeated leaves are dictionaries, ids and texts are not, only event_time has statistics."""
    path = tmp_path / write_unit(ParquetSink(tmp_path), unit(DAY, day_events(DAY)[:3]))[0].path
    group = pq.ParquetFile(path).metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {name for name, column in columns.items() if column.is_stats_set} == {"event_time"}
    assert "RLE_DICTIONARY" in columns["membership.roles.list.element"].encodings
    assert "RLE_DICTIONARY" in columns["object.extensions"].encodings
    assert not any("DICTIONARY" in e for name in ("id", "event") for e in columns[name].encodings)
    assert {column.compression for column in columns.values()} == {"ZSTD"}


def test_ndjson_to_stdout(monkeypatch: pytest.MonkeyPatch) -> None:
    """``ndjson:-`` writes the documents and nothing else to stdout."""
    out = io.BytesIO()
    monkeypatch.setattr(sys, "stdout", SimpleNamespace(buffer=out))
    sink = open_sink("ndjson:-")
    written = write_unit(sink, unit(DAY, day_events(DAY)))
    sink.close()
    assert [json.loads(line)["id"] for line in out.getvalue().splitlines()] == [
        row["id"] for row in day_events(DAY)
    ]
    assert (written[0].rows, written[0].bytes) == (5, len(out.getvalue()))


def test_ndjson_without_documents_is_refused(tmp_path: Path) -> None:
    """A unit that has no JSON can't become lines."""
    table = expanded({**row, "event": None} for row in day_events(DAY))
    with pytest.raises(RunError, match="5 events without a document"):
        write_unit(open_sink(f"ndjson:{tmp_path}"), Unit(DAY, table))


def test_lines_are_the_documents_however_chunked(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines do not depend on how many documents are joined at a time."""
    texts = [f'{{"n":{i}}}' for i in range(10)]
    wanted = "".join(text + "\n" for text in texts).encode()
    documents = pa.chunked_array([pa.array(texts[:3]), pa.array(texts[3:])])
    assert b"".join(lines(documents)) == wanted
    monkeypatch.setattr(sim.sinks.ndjson, "JOINED_DOCUMENTS", 2)
    assert b"".join(lines(documents)) == wanted


@pytest.mark.parametrize("compression", ["none", "gzip", "zstd"])
def test_files_of_lines_do_not_show_how_lines_came(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, compression: str
) -> None:
    """The same lines, drawn or copied in blocks of another size, make the same file, which holds them."""
    monkeypatch.setattr(sim.sinks.ndjson, "_PIECE", 1 << 12)
    draw = random.Random(7)  # noqa: S311 - only texts
    texts = [f'{{"n":{n},"text":"{draw.choice("abcdef") * draw.randrange(200)}"}}' for n in range(2_000)]
    times = pa.table({"event_time": pa.array([0] * len(texts), pa.timestamp("us"))})
    files = []
    for size in (2_000, 700, 33):
        sink = open_sink(f"ndjson:{tmp_path / str(size)}?compression={compression}")
        with sink.unit(DAY) as writer:
            for start in range(0, len(texts), size):
                part = texts[start : start + size]
                writer.add(Unit(DAY, times.slice(start, len(part)), pa.array(part)))
        (file,) = writer.written
        files.append((file.xxh3_128, file.bytes, file.lines_crc32))
        assert documents(tmp_path / str(size) / file.path) == [text.encode() for text in texts]
    assert len(set(files)) == 1


@pytest.mark.parametrize("url", ["", "parquet", "parquet:", "s3:x", "parqet:x", "memory:x"])
def test_urls_that_are_refused(url: str) -> None:
    """An unknown scheme, a missing or superfluous target is bad input; the line says what is allowed."""
    with pytest.raises(InputError, match="allowed"):
        open_sink(url)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    """A target that is a file is refused before anything is written."""
    (tmp_path / "x").write_text("mine")
    for scheme in ("parquet", "ndjson"):
        with pytest.raises(InputError, match="this is a file"):
            open_sink(f"{scheme}:{tmp_path / 'x'}")
