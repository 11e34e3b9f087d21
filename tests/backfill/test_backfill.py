"""Backfill: folders and warehouses get what they lack, a finished run is delivered without drawing again."""

from __future__ import annotations

import gzip
import json
import shutil
import zlib
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import schemas
import sim.backfill.worker
from context.errors import InputError, RunError
from context.terms.premises import premises
from sim.backfill.backfill import Wanted, wanted_tables
from sim.folder.digest import EventsDigest, events_digest
from sim.folder.manifest import load_manifest
from sim.run import Order, Outcome, backfill, deliver
from tests.backfill.test_run import bytes_of
from tests.samples.tiny import SMALL, default_pack, finished_run

FALL = (date(2026, 10, 30), date(2026, 11, 2))  # with the clock change of November 1


@pytest.fixture
def finished() -> Path:
    """A finished run of the small campus, by one worker and never killed."""
    return finished_run()


SOME = wanted_tables(["event_store"], ["context_store_entity.person", "context_store_keymap.person"])


def part(folder: Path, to: list[str], *, begin: date = FALL[0], until: date = FALL[1]) -> Outcome:
    """Backfill some days of the small campus, and two tables."""
    return backfill(premises(SMALL, default_pack()), folder, Order(tuple(to), Wanted(begin, until, SOME)))


def prepared(finished: Path, folder: Path) -> Path:
    """A run folder with store and plan, and no events."""
    shutil.copytree(finished, folder, ignore=shutil.ignore_patterns("event_store", "*.duckdb", "*.html"))
    manifest = load_manifest(folder)
    manifest.state, manifest.units = "events", {}
    manifest.save(folder)
    return folder


def documents(path: Path) -> list[bytes]:
    """Lines of an NDJSON file, whatever its compression."""
    if path.suffix == ".zst":
        with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
            return bytes(stream.read()).splitlines()
    return (gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()).splitlines()


def lines_crc32(path: Path) -> int:
    """The CRC-32 of an NDJSON file's lines before compression."""
    return zlib.crc32(b"".join(line + b"\n" for line in documents(path)))


def noted_crc32(folder: Path, day: str) -> object:
    """What a delivery's note says of the lines of a unit, which has no digest of columns."""
    unit = json.loads((folder / "delivery.json").read_text())["units"][day]
    assert unit.keys() == {"state", "rows", "files"}
    (file,) = unit["files"]
    return file["lines_crc32"]


def file_bytes(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_several_sinks_in_one_pass(finished: Path, tmp_path: Path) -> None:
    """One drawing fills Parquet, three kinds of NDJSON and DuckDB: all have the events of those days."""
    folder = prepared(finished, tmp_path / "run")
    kinds = {"plain": "", "gz": "?compression=gzip", "zst": "?compression=zstd"}
    lines = [f"ndjson:{tmp_path / name}{query}" for name, query in kinds.items()]
    to = [f"parquet:{tmp_path / 'pq'}", *lines, f"duckdb:{tmp_path / 'd.duckdb'}"]
    outcome = part(folder, to)
    assert outcome.delivered
    # Four campus days, and the one before, whose evening falls on the first UTC date.
    assert outcome.delivered.drawn == 5
    whole = bytes_of(finished)
    made = bytes_of(tmp_path / "pq")
    assert {path for path in whole if "/unit-2026-10-3" in path or "/unit-2026-11-0" in path} & set(made)
    assert all(whole[path] == digest for path, digest in made.items())
    for day in ("2026-10-30", "2026-10-31", "2026-11-01", "2026-11-02"):
        wanted = [
            text.encode()
            for file in load_manifest(finished).units[day].files
            for text in pq.read_table(finished / file.path, columns=["event"], partitioning=None)[
                "event"
            ].to_pylist()
        ]
        for name in kinds:
            suffix = "" if name == "plain" else f".{name}"
            file = tmp_path / name / f"unit-{day}.ndjson{suffix}"
            assert documents(file) == wanted
            assert noted_crc32(tmp_path / name, day) == lines_crc32(file)
    assert not (tmp_path / "plain" / "unit-2026-10-29.ndjson").exists()
    with duckdb.connect(str(finished / "warehouse.duckdb"), read_only=True) as there:
        query = (
            "SELECT count(*), count(DISTINCT id), min(event_time), max(event_time), bit_xor(hash(event)) "
            "FROM event_store.expanded WHERE event_time >= '2026-10-30' AND event_time < '2026-11-03'"
        )
        wanted_rows = there.execute(query).fetchall()
    with duckdb.connect(str(tmp_path / "d.duckdb"), read_only=True) as here:
        assert here.execute(query).fetchall() == wanted_rows
        assert here.execute("SELECT count(*) FROM event_store.events").fetchone() == wanted_rows[0][:1]
        assert here.execute("SELECT count(*) FROM event_store.expanded").fetchone() == wanted_rows[0][:1]


def test_only_what_is_missing_is_done(finished: Path, tmp_path: Path) -> None:
    """A second pass draws nothing and changes no file; a wider one draws the days that are new."""
    folder = prepared(finished, tmp_path / "run")
    to = [f"ndjson:{tmp_path / 'nd'}", f"duckdb:{tmp_path / 'd.duckdb'}"]
    part(folder, to, until=FALL[0])
    before = file_bytes(tmp_path / "nd")
    again = part(folder, to, until=FALL[0]).delivered
    assert again
    assert (again.drawn, again.copied, again.tables, again.loaded) == (0, 0, 0, 0)
    assert file_bytes(tmp_path / "nd") == before
    wider = part(folder, to, until=date(2026, 10, 31)).delivered
    assert wider
    assert (wider.drawn, wider.copied, wider.loaded) == (1, 0, 1)


@pytest.mark.parametrize("wound", ["missing", "truncated", "table"])
def test_a_wounded_delivery_is_mended(finished: Path, tmp_path: Path, wound: str) -> None:
    """A file removed or cut by hand is delivered anew, and the end is as if nothing had been."""
    to = Order((f"ndjson:{tmp_path / 'nd'}",), Wanted(*FALL, SOME))
    deliver(finished, to)
    before = file_bytes(tmp_path / "nd")
    victim = tmp_path / "nd" / "unit-2026-10-31.ndjson"
    if wound == "table":
        victim = tmp_path / "nd" / "context_store_entity" / "person.ndjson"
    if wound == "truncated":
        victim.write_bytes(victim.read_bytes()[:-7])
    else:
        victim.unlink()
    done = deliver(finished, to).delivered
    assert done
    assert done.copied + done.tables == 1
    assert file_bytes(tmp_path / "nd") == before


def test_a_finished_run_is_delivered_without_drawing(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """--run copies Parquet byte for byte and fills DuckDB with every table; nothing is drawn."""

    def draw(*_arguments: object) -> None:
        raise AssertionError("drawn again")

    monkeypatch.setattr(sim.backfill.worker, "draw_day", draw)
    wanted = Wanted(until=date(2026, 10, 2))
    done = deliver(
        finished, Order((f"parquet:{tmp_path / 'pq'}", f"duckdb:{tmp_path / 'd.duckdb'}"), wanted)
    ).delivered
    assert done
    assert done.drawn == 0
    # The plan and the workers' counts are a run's own.
    whole, made = bytes_of(finished), bytes_of(tmp_path / "pq")
    own, events = ("plan.parquet", "counts/"), "event_store/"
    assert {path for path in whole if not path.startswith((*own, events))} < set(made)
    assert made == {path: whole[path] for path in made}
    units = {path.partition("unit-")[2] for path in made if path.startswith(events)}
    assert len(units) > 11
    manifest = load_manifest(finished)
    with (
        duckdb.connect(str(tmp_path / "d.duckdb"), read_only=True) as here,
        duckdb.connect(str(finished / "warehouse.duckdb"), read_only=True) as there,
    ):
        for name, table in manifest.store.items():
            assert here.execute(f"SELECT count(*) FROM {name}").fetchone() == (table.rows,)
        query = (
            "SELECT count(*), count(DISTINCT id) FROM event_store.expanded WHERE event_time < '2026-10-03'"
        )
        assert here.execute(query).fetchone() == there.execute(query).fetchone()
        assert here.execute("SELECT max(event_time) < '2026-10-03' FROM event_store.expanded").fetchone() == (
            True,
        )


def test_chosen_tables_alone(finished: Path, tmp_path: Path) -> None:
    """--dataset and --table: only those, and no day is touched without the events."""
    tables = wanted_tables([], ["context_store_entity.person", "context_store_keymap.person"])
    done = deliver(finished, Order((f"parquet:{tmp_path / 'pq'}",), Wanted(tables=tables))).delivered
    assert done
    assert (done.tables, done.copied) == (2, 0)
    assert len(list((tmp_path / "pq").rglob("*.parquet"))) == 2
    assert wanted_tables(["event_store"], []) == {("event_store", "events"), ("event_store", "expanded")}
    for datasets, names in ((["nothing"], []), ([], ["event_store.nothing"]), ([], ["person"])):
        with pytest.raises(InputError, match="unknown, allowed"):
            wanted_tables(datasets, names)


def test_dry_run_writes_nothing(finished: Path, tmp_path: Path) -> None:
    """--dry-run looks and leaves nothing behind."""
    deliver(finished, Order((f"duckdb:{tmp_path / 'd.duckdb'}",), dry_run=True))
    assert list(tmp_path.iterdir()) == []


def test_a_range_outside_of_the_term_is_refused(finished: Path, tmp_path: Path) -> None:
    """Dates beyond the term are bad input, and the line says which there are."""
    with pytest.raises(InputError, match="no day of the term, allowed: 2026-"):
        part(finished, [f"ndjson:{tmp_path / 'nd'}"], begin=date(2027, 6, 1), until=date(2027, 6, 2))


def test_a_failed_load_ends_the_backfill(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a table sink meets is raised; what it recorded by then stays, and the next pass goes on."""
    from sim.sinks.duckdb import DuckdbSink

    put, calls = DuckdbSink.put, []

    def failing(self: DuckdbSink, item: object) -> None:
        calls.append(item)
        if len(calls) == 60:
            raise RunError("the warehouse is away")
        put(self, item)  # type: ignore[arg-type]

    monkeypatch.setattr(DuckdbSink, "put", failing)
    order = Order((f"duckdb:{tmp_path / 'd.duckdb'}",), Wanted(until=date(2026, 9, 20)))
    with pytest.raises(RunError, match="the warehouse is away"):
        deliver(finished, order)
    monkeypatch.undo()
    done = deliver(finished, order).delivered
    assert done
    assert done.found == 59


def test_digests_of_events_do_not_see_parts(finished: Path) -> None:
    """The digest of a unit is that of its files, however many parts it was made in."""
    manifest = load_manifest(finished)
    for name in sorted(manifest.units)[30:32]:
        unit = manifest.units[name]
        files = [pq.read_table(finished / file.path, partitioning=None) for file in unit.files]
        table = pa.concat_tables(files)
        assert events_digest(table) == unit.digest
        digest = EventsDigest()
        for start in range(0, len(table), 700):
            digest.update(table.slice(start, 700))
        assert digest.hexdigest() == unit.digest


def test_parts_make_the_same_events(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Units made in small parts have the digests and the documents of those made at once."""
    monkeypatch.setattr(sim.backfill.worker, "PART_ROWS", 101)
    folder = prepared(finished, tmp_path / "run")
    part(folder, [f"parquet:{folder}", f"ndjson:{tmp_path / 'nd'}"], until=FALL[0])
    unit = load_manifest(folder).units["2026-10-30"]
    assert unit.digest == load_manifest(finished).units["2026-10-30"].digest
    assert len(documents(tmp_path / "nd" / "unit-2026-10-30.ndjson")) == unit.rows > 303


def test_a_day_copied_to_two_places_is_one(finished: Path, tmp_path: Path) -> None:
    """A delivery counts days, and their events, not how often they were put somewhere."""
    both = [f"ndjson:{tmp_path / 'nd'}", f"parquet:{tmp_path / 'pq'}"]
    done = part(finished, both, until=FALL[0]).delivered
    assert done
    rows = load_manifest(finished).units["2026-10-30"].rows
    assert (done.drawn, done.copied, done.events) == (0, 1, rows)


def test_lines_alone_are_made_without_columns(
    finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Lines that are drawn for themselves are those of the run's documents, and so is the note."""
    monkeypatch.setattr(sim.backfill.worker, "PART_ROWS", 101)
    folder, drawn, copied = prepared(finished, tmp_path / "run"), tmp_path / "drawn", tmp_path / "copied"
    with monkeypatch.context() as patched:
        patched.setattr(sim.backfill.worker.Expander, "table", None)  # calling it would be an error
        first = part(folder, [f"ndjson:{drawn}"], until=FALL[0]).delivered
    second = part(finished, [f"ndjson:{copied}"], until=FALL[0]).delivered
    assert first
    assert second
    assert (first.drawn, second.copied) == (1, 1)
    assert file_bytes(drawn) == file_bytes(copied)
    file = drawn / "unit-2026-10-30.ndjson"
    assert noted_crc32(drawn, "2026-10-30") == lines_crc32(file)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1  # a wound that leaves rows and bytes as they are
    file.write_bytes(data)
    assert noted_crc32(drawn, "2026-10-30") != lines_crc32(file)


def test_tables_as_json_have_every_column(finished: Path, tmp_path: Path) -> None:
    """A table of the store as NDJSON has its rows and columns."""
    only = Wanted(tables=frozenset({("context_store_entity", "academic_term")}))
    deliver(finished, Order((f"ndjson:{tmp_path / 'nd'}",), only))
    rows = [json.loads(line) for line in documents(tmp_path / "nd/context_store_entity/academic_term.ndjson")]
    table = schemas.table("context_store_entity", "academic_term")
    assert len(rows) == load_manifest(finished).store["context_store_entity.academic_term"].rows
    assert set(rows[0]) <= {column.name for column in table.columns}
    assert datetime.fromisoformat(rows[0]["term_begin_date"]).replace(tzinfo=UTC).year in (2026, 2027)
