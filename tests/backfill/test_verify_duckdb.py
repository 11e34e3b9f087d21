"""A DuckDB file that was delivered to: every change of a value is found, whoever made it."""

from __future__ import annotations

import os
import random
import shutil
from datetime import date
from pathlib import Path

import duckdb
import pytest

from context.errors import InputError
from sim.backfill.backfill import Wanted
from sim.marts.build import Wish
from sim.marts.deliver import deliver_marts
from sim.run import Order, deliver
from sim.sinks.duckdb import LOADS
from sim.sinks.tables import TableOptions
from sim.verify.duckdb_file import check_duckdb
from sim.verify.places import verify
from tests.samples.tiny import finished_run

FALL = date(2026, 10, 30)
MART = "mart_course_section.status"
EVENTS, PERSON = "event_store.expanded", "context_store_entity.person"
KEYS = "context_store_keymap.person"


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The store of a run, some of its events, and a mart with what it reads, in one file."""
    folder = tmp_path_factory.mktemp("whole")
    run = Path(shutil.copytree(finished_run(), folder / "run", copy_function=os.link))
    file = folder / "d.duckdb"
    deliver(run, Order((f"duckdb:{file}",), Wanted(FALL, FALL)))
    deliver_marts(run, f"duckdb:{file}", Wish((MART,)), TableOptions(), lambda _: None)
    return file


def findings(file: Path) -> dict[str, str]:
    """What differs, in words by name."""
    return {finding.path: finding.said for finding in verify(file).findings}


def content(file: Path) -> list[object]:
    """Every value of every table."""
    with duckdb.connect(str(file), read_only=True) as there:
        there.execute("SET TimeZone = 'UTC'")
        names = there.execute("SELECT schema_name, table_name FROM duckdb_tables() ORDER BY ALL").fetchall()
        return [
            (name, there.sql(f"SELECT * FROM {name[0]}.{name[1]} ORDER BY ALL").to_arrow_table())
            for name in names
        ]


@pytest.mark.parametrize("flips", [6, pytest.param(48, marks=pytest.mark.gates)])
def test_no_flip_stays_unseen(whole: Path, tmp_path: Path, flips: int) -> None:
    """Of some bits, spread over the file, each that changes what can be read is found."""
    assert findings(whole) == {}
    wanted, draw = content(whole), random.Random(14)  # noqa: S311 - where to flip
    found = 0
    for _ in range(flips):
        file = Path(shutil.copyfile(whole, tmp_path / "d.duckdb"))
        with file.open("r+b") as there:
            place = draw.randrange(file.stat().st_size)
            there.seek(place)
            byte = there.read(1)[0]
            there.seek(place)
            there.write(bytes([byte ^ (1 << draw.randrange(8))]))
        if findings(file):
            found += 1
        else:
            assert content(file) == wanted, f"byte {place}"
    assert found > flips // 2


@pytest.mark.parametrize(
    ("statement", "name"),
    [
        (f"UPDATE {EVENTS} SET action = 'Liked' WHERE id = (SELECT min(id) FROM {EVENTS})", f"{EVENTS} "),
        (f"UPDATE {PERSON} SET last_name = 'Other' WHERE person_id = 1", PERSON),
        (f"UPDATE {MART} SET course_offering_title = 'Other' WHERE udp_course_section_id = 1", MART),
        (f"DELETE FROM {MART} WHERE udp_course_section_id = 1", MART),
        (f"INSERT INTO {KEYS} SELECT * FROM {KEYS} LIMIT 1", KEYS),
    ],
)  # fmt: skip
def test_changed_values_are_found(whole: Path, tmp_path: Path, statement: str, name: str) -> None:
    """An event, a row of the store or of a mart that somebody changed is found, by its table or day."""
    file = Path(shutil.copyfile(whole, tmp_path / "d.duckdb"))
    with duckdb.connect(str(file)) as there:
        there.execute(statement)
    ((found, said),) = findings(file).items()
    assert found.startswith(name)
    assert ("other values" in said) == statement.startswith("UPDATE")  # else the numbers of rows are told


def test_the_order_of_rows_is_nobodys_matter(whole: Path, tmp_path: Path) -> None:
    """A file whose rows were written anew in another order is as it was delivered."""
    file = Path(shutil.copyfile(whole, tmp_path / "d.duckdb"))
    with duckdb.connect(str(file)) as there:
        for name in ("event_store.expanded", MART, "context_store_entity.person"):
            there.execute(f"CREATE TEMP TABLE t AS SELECT * FROM {name}")
            there.execute(f"DELETE FROM {name}")
            there.execute(f"INSERT INTO {name} SELECT * FROM t ORDER BY hash(t)")
            there.execute("DROP TABLE t")
    assert findings(file) == {}


def test_everything_has_its_digest(whole: Path) -> None:
    """What was put and what was made there is noted, each with a digest of its own."""
    with duckdb.connect(str(whole), read_only=True) as there:
        rows = there.execute(f"SELECT item, checksum FROM {LOADS.dataset}.{LOADS.name}").fetchall()
        tables = there.execute(
            "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE estimated_size > 0"
        ).fetchall()
    assert all(checksum for _, checksum in rows)
    noted = {item.partition(" ")[0] for item, _ in rows}
    assert {name for (name,) in tables} - {f"{LOADS.dataset}.{LOADS.name}"} <= noted


@pytest.mark.parametrize(
    ("checksum", "said"), [(None, "before this version"), ("7" * 64, "can't be compared"), ("7" * 32, "anew")]
)
def test_an_older_digest_is_told(whole: Path, tmp_path: Path, checksum: str | None, said: str) -> None:
    """What another version noted in its own way, or not at all, is told so, not to be damaged."""
    file = Path(shutil.copyfile(whole, tmp_path / "d.duckdb"))
    with duckdb.connect(str(file)) as there:
        there.execute(
            f"UPDATE {LOADS.dataset}.{LOADS.name} SET checksum = ? WHERE item = ?", (checksum, PERSON)
        )
    ((name, found),) = findings(file).items()
    assert name == PERSON
    assert said in found


@pytest.mark.parametrize("name", ["c.csv", "c.ndjson", "c.parquet", "c.txt"])
def test_other_files_are_no_delivery_of_ours(tmp_path: Path, name: str) -> None:
    """A file that DuckDB could read as something else is told to be no delivery, not to be damaged."""
    (tmp_path / name).write_text("a,b\n1,2\n" * 40)
    with pytest.raises(InputError, match="no DuckDB file"):
        check_duckdb(tmp_path / name)


def test_a_delivery_that_is_verified_mends_the_file(whole: Path, tmp_path: Path) -> None:
    """What somebody changed in a file is delivered again with ``--verify``, and said; else it is not read."""
    file = Path(shutil.copyfile(whole, tmp_path / "d.duckdb"))
    with duckdb.connect(str(file)) as there:
        there.execute(f"UPDATE {PERSON} SET last_name = 'Other' WHERE person_id = 1")
    said: list[str] = []
    for closely in (False, True):
        assert findings(file)
        options = TableOptions(say=said.append, verify=closely)
        deliver(finished_run(), Order((f"duckdb:{file}",), Wanted(FALL, FALL), options, verify=closely))
    assert findings(file) == {}
    assert said == [f"{PERSON}: other rows than were delivered; they are again"]
