"""Distributions as marts: built where they are asked for by name, the tables that a fit publishes."""

from __future__ import annotations

from pathlib import Path
from shutil import copytree

import duckdb
import pyarrow.parquet as pq
import pytest

import schemas
from context.errors import InputError
from context.packs.pack import load_pack
from sim.folder.manifest import load_manifest
from sim.marts.build import Wish, build_marts, chosen
from sim.marts.deliver import deliver_marts
from sim.marts.made import made_from
from sim.marts.record import load_record
from sim.sinks.tables import TableOptions
from sim.sql.warehouse import open_run
from tests.samples.fitted_tiny import fitted_from, tiny_fit
from tests.samples.marts_tiny import copied_run
from tests.samples.tiny import term_run

NAMES = tuple(f"udp_distributions.{name}_distributions" for name in ("context_store", "event_store", "pack"))
FIELDS = Wish(NAMES[:1], threads=1)


def test_they_are_on_wish_alone() -> None:
    """Without a name every mart but the distributions is built; the dataset's name means all of them."""
    without = [mart.name for mart in chosen(())]
    assert set(without) == {mart.name for mart in schemas.marts()} - set(NAMES)
    assert [mart.name for mart in chosen(("udp_distributions",))] == list(NAMES)
    assert chosen(("mart_general", "mart_general.lms_tool")) == chosen(("mart_general",))


def test_they_follow_from_what_their_queries_read() -> None:
    """Fields follow from entities alone, event rates from events and keymaps too."""
    fields, events, others = (made_from(schemas.mart(name)) for name in NAMES)
    assert {name.partition(".")[0] for name in fields} == {"context_store_entity"}
    assert {"event_store.expanded", "context_store_keymap.learner_activity_result"} < set(events)
    assert set(fields) < set(events)
    assert others == events


def test_a_run_has_what_a_fit_of_it_publishes(tmp_path: Path) -> None:
    """The tables of a run are there under their names, found again, and enough to fit a pack from."""
    folder = Path(copytree(term_run(), tmp_path / "run"))
    built = build_marts(folder, Wish(("udp_distributions",), threads=1))
    assert built.made == 4  # the warehouse's views too
    assert list(built.record.marts) == list(NAMES)
    with open_run(folder) as connection:
        for name in NAMES:
            table = schemas.find_table(name)
            found = connection.execute(f"SELECT count(*) FROM {name}").fetchone()
            assert found == (built.record.rows[name],)
            assert tuple(row[0] for row in connection.execute(f"DESCRIBE {name}").fetchall()) == table.names
        least = connection.execute(f"SELECT min(num_records), count(*) FROM {NAMES[0]}").fetchone()
    assert least is not None
    assert least[0] >= 10
    assert least[1] > 50
    again = build_marts(folder, Wish(("udp_distributions",), threads=1))
    assert (again.made, again.found) == (0, 3)
    copytree(folder / "udp_distributions", tmp_path / "told" / "udp_distributions")
    told = fitted_from(f"parquet:{tmp_path}/told")
    assert told.shares.keys() <= tiny_fit().shares.keys()
    assert len(told.shares) > 20


def test_a_warehouse_gets_them_too(tmp_path: Path) -> None:
    """Asked into a DuckDB file, the distributions are those of the run folder."""
    folder, url = copied_run(), f"duckdb:{tmp_path / 'w.duckdb'}"
    deliver_marts(folder, url, FIELDS, TableOptions(), lambda _line: None)
    here = pq.read_table(folder / "udp_distributions" / "context_store_distributions.parquet")
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        there = connection.sql(f"SELECT * FROM {NAMES[0]}").to_arrow_table()
    assert there.num_rows == here.num_rows == load_record(folder).rows[NAMES[0]]
    assert sorted(map(str, there.to_pylist())) == sorted(map(str, here.to_pylist()))


def test_a_pack_that_is_not_at_hand_is_told() -> None:
    """A run whose pack reads otherwise by now has no distributions, and says so in one line."""
    folder = copied_run()
    manifest = load_manifest(folder)
    pack = load_pack("us_public_r1")
    manifest.pack.digest = "0" * len(pack.digest)
    manifest.save(folder)
    with pytest.raises(InputError, match=r"made with pack us_public_r1 .*, which reads otherwise here"):
        build_marts(folder, FIELDS)
    assert not (folder / "udp_distributions" / "context_store_distributions.parquet").exists()
