"""Building marts: once, in order, of what is whole, and the same on any number of threads."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import schemas
from context.errors import InputError, RunError
from sim.cli.main import main
from sim.folder.manifest import load_manifest
from sim.marts.build import Wish, build_marts, chosen
from sim.marts.deliver import deliver_marts
from sim.marts.record import MARTS, load_record
from sim.sinks.tables import TableOptions
from sim.sql.warehouse import open_run
from tests.samples.marts_tiny import (
    RUN_DATE,
    bigquery,
    copied_marts,
    copied_run,
    marts_run,
    note_as_written,
    rows,
)


def digests(folder: Path) -> dict[str, str]:
    """The content of every mart, by name."""
    return {name: entry.digest for name, entry in load_record(folder).marts.items()}


def test_every_mart_is_there_with_its_columns() -> None:
    """Every mart goes by its dataset's name in the warehouse, columns, order and types as in its contract."""
    with open_run(marts_run()) as connection:
        for mart in chosen(()):
            called = f"{mart.table.dataset}.{mart.table.name}"
            found = [row[:2] for row in connection.execute(f"DESCRIBE {called}").fetchall()]
            wanted = [(c.name, schemas.duckdb_type(c).replace(", ", ",")) for c in mart.table.columns]
            assert found == wanted, called
            key = ", ".join(mart.table.key)
            if key and mart.table.dataset != "mart_taskforce_rolling":
                doubled = (
                    f"SELECT count(*) FROM (SELECT {key} FROM {called} GROUP BY ALL HAVING count(*) > 1)"
                )
                assert connection.execute(doubled).fetchone() == (0,), called


def test_again_changes_nothing() -> None:
    """Building again finds every file and makes none."""
    folder = copied_marts()
    before = (folder / MARTS).read_bytes()
    again = build_marts(folder, Wish(run_date=RUN_DATE))
    files = sum(len(entry.files) for entry in load_record(folder).marts.values())
    assert (again.made, again.found) == (0, files)
    assert files > 300
    assert (folder / MARTS).read_bytes() == before


# By day, by person and week, of files, with arrays, of scores over windows.
SOME = (
    "mart_general.lti_tool",
    "mart_taskforce.level1_aggregated",
    "mart_course_section.file_interaction",
    "mart_course_offering.last_activity",
    "mart_student_activity_score.course_final",
)


@pytest.mark.parametrize("names", [SOME, pytest.param((), marks=pytest.mark.gates)], ids=["some", "all"])
def test_threads_and_row_groups_do_not_show(names: tuple[str, ...]) -> None:
    """Every file of a mart has the same bytes on four threads, over row groups of 500 rows, as on one."""
    folder = copied_run()
    for path in folder.rglob("*.parquet"):
        group = pq.read_metadata(path).row_group(0)
        columns = [group.column(i) for i in range(group.num_columns)]
        # The same statistics: where they say that there is no NULL, DuckDB writes columns that can have none.
        told = [column.path_in_schema for column in columns if column.is_stats_set]
        table = pq.read_table(path, partitioning=None)
        pq.write_table(table, path, row_group_size=500, write_statistics=told)
    note_as_written(folder)
    build_marts(folder, Wish(names, run_date=RUN_DATE, threads=4, memory="1GB"))
    found, whole = digests(folder), digests(marts_run())
    assert found == {mart.name: whole[mart.name] for mart in chosen(names)}


def test_too_little_memory_is_doubled_unless_it_was_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a step can spill no more it has twice the memory, with the same rows; a given limit holds."""
    folder, name, said = copied_run(), "mart_course_offering.last_activity", list[str]()
    with pytest.raises(RunError, match="more can be allowed by --memory"):
        build_marts(folder, Wish((name,), run_date=RUN_DATE, memory="20MB"))
    monkeypatch.setattr("sim.marts.room.MARTS_MB", 20)
    build_marts(folder, Wish((name,), run_date=RUN_DATE), said.append)
    assert "marts: 0.02 GB are not enough, trying with 0.04 GB" in said
    whole = digests(marts_run())
    assert digests(folder) == {mart.name: whole[mart.name] for mart in chosen((name,))}


def test_day_by_day_is_the_same() -> None:
    """Marts by day that were built in three parts, one of them again, are those that were built whole."""
    folder = copied_run()
    for begin, end in ((None, date(2026, 9, 20)), (date(2026, 9, 18), date(2026, 10, 30)), (None, None)):
        build_marts(folder, Wish(("lti_tool", "mart_course_offering.last_activity"), begin, end, RUN_DATE))
    whole = digests(marts_run())
    found = digests(folder)
    assert found == {name: whole[name] for name in found}
    assert "mart_helper.event__course_offering__person_day" in found


def test_flipped_bit_is_found() -> None:
    """A file whose bytes are not those that were written is made again, and nothing else is.

    What a kill left of an earlier build goes.
    """
    folder = copied_run()
    (folder / ".marts-killed").mkdir()
    build_marts(folder, Wish(("context__course_offering__person",), run_date=RUN_DATE))
    path = folder / "mart_helper" / "context__course_section.parquet"
    good = path.read_bytes()
    path.write_bytes(good[:-20] + bytes([good[-20] ^ 1]) + good[-19:])
    again = build_marts(folder, Wish(("context__course_offering__person",), run_date=RUN_DATE))
    assert again.made == 1
    assert path.read_bytes() == good
    assert not list(folder.glob(".marts-*"))


def test_failed_step_leaves_the_former_marts(monkeypatch: pytest.MonkeyPatch) -> None:
    """When a step fails, the line names the mart, and marts that were there stay as they were."""
    folder = copied_run()
    build_marts(folder, Wish(("mart_course_offering.status",), run_date=RUN_DATE))
    before = digests(folder)
    broken = schemas.Mart(schemas.mart("mart_course_offering.status").table, "SELECT 1 AS nothing")
    monkeypatch.setattr("sim.marts.build.chosen", lambda _names: [broken])
    with pytest.raises((InputError, RunError), match=r"mart mart_course_offering\.status: "):
        build_marts(folder, Wish(run_date=RUN_DATE))
    assert digests(folder) == before
    with open_run(folder) as connection:
        assert connection.execute("SELECT count(*) > 0 FROM mart_course_offering.status").fetchone() == (
            True,
        )


def forget(folder: Path, table: str) -> None:
    """Take a table out of a run."""
    manifest = load_manifest(folder)
    del manifest.store[f"context_store_entity.{table}"]
    manifest.save(folder)


def narrow(folder: Path) -> None:
    """Take a column out of a table."""
    path = folder / "context_store_entity" / "course_offering.parquet"
    pq.write_table(pq.read_table(path).drop_columns(["le_status"]), path)
    note_as_written(folder)


def older(folder: Path) -> None:
    """A run of an older version."""
    manifest = load_manifest(folder)
    manifest.termtide = "0.0.1"
    manifest.save(folder)


@pytest.mark.parametrize(
    ("change", "wish", "told"),
    [
        (lambda _folder: None, Wish(("lms_tol",)), r"no mart named 'lms_tol'; did you mean lms_tool"),
        (
            lambda _folder: None,
            Wish(begin=date(2031, 1, 1)),
            r"--from 2031-01-01.*no events there.*2026-09-07",
        ),
        (
            lambda folder: forget(folder, "file"),
            Wish(),
            r"file_interaction: reads context_store_entity\.file",
        ),
        (
            narrow,
            Wish(),
            r"mart .*: the stores are not what its query reads.*le_status",
        ),
        (older, Wish(), r"its stores are of Termtide 0\.0\.1, this is"),
    ],
)
def test_bad_input(change: Callable[[Path], None], wish: Wish, told: str) -> None:
    """An unknown mart, days without events, a missing table or column, another version: one line names it."""
    folder = copied_run()
    change(folder)
    with pytest.raises(InputError, match=told) as caught:
        build_marts(folder, wish)
    assert "\n" not in str(caught.value)


def test_odd_address_is_told_first() -> None:
    """A place that there is not is refused before anything is built for it."""
    folder = copied_run()
    with pytest.raises(InputError, match="ftp://x"):
        deliver_marts(folder, "ftp://x", Wish(), TableOptions(), lambda _line: None)
    assert not (folder / MARTS).exists()


def test_duckdb_file_has_the_same_rows(tmp_path: Path) -> None:
    """Marts made in a DuckDB file, of the stores delivered there, are those of the run folder."""
    folder = copied_marts()
    main(
        ["backfill", "--run", str(folder), "--to", f"duckdb:{tmp_path / 'w.duckdb'}", "--no-marts", "--json"]
    )
    names = ("lms_tool", "mart_course_section.long_inactivity", "mart_student_activity_score.final")
    wish = Wish((*names, "mart_course_offering.daily_course_grade_record"), run_date=RUN_DATE)
    url = f"duckdb:{tmp_path / 'w.duckdb'}"
    for _ in range(2):
        made = deliver_marts(folder, url, wish, TableOptions(), lambda _line: None)
    with duckdb.connect(str(tmp_path / "w.duckdb"), read_only=True) as connection:
        for name, count in made.items():
            found = connection.sql(f"SELECT * FROM {name} ORDER BY ALL").to_arrow_table().to_pylist()
            assert len(found) == count
            assert found == rows(f"SELECT * FROM {name} ORDER BY ALL"), name


def test_cli(capsys: pytest.CaptureFixture[str]) -> None:
    """List, show, lint and build print what they found; a place and a date may both follow --to."""
    main(["marts", "list", "--json"])
    listed = json.loads(capsys.readouterr().out)
    assert {row["mart"] for row in listed} == {mart.name for mart in schemas.marts()}
    place = {row["mart"]: i for i, row in enumerate(listed)}
    assert all(place[name] < place[row["mart"]] for row in listed for name in row["reads"] if name in place)
    main(["marts", "show", "lti_tool", "--json"])
    shown = json.loads(capsys.readouterr().out)
    assert [row["column"] for row in shown["columns"]] == list(
        schemas.table("mart_general", "lti_tool").names
    )
    assert "launched AS" in shown["query"]
    main(["marts", "lint"])
    assert capsys.readouterr().out == ""
    folder = str(copied_marts())
    dates = ["--from", "2026-10-01", "--to", "2026-10-03", "--run-date", str(RUN_DATE)]
    main(["marts", "build", "lti_tool", "--run", folder, *dates, "--json"])
    facts = json.loads(capsys.readouterr().out)
    assert (facts["made"], facts["run_date"]) == (0, str(RUN_DATE))
    assert facts["found"] > 3


def test_sql_finds_marts() -> None:
    """BigQuery SQL of users, with project and backticks, finds the marts, arrays being arrays."""
    found = bigquery(
        "SELECT o.udp_course_offering_id, n AS instructor, o.status FROM `mart_course_offering.status` AS o, "
        "UNNEST(o.instructor_name_array) AS n WHERE o.status IN ('available', 'completed') ORDER BY 1, 2"
    )
    assert found.num_rows > 10
    assert all(", " in name for name in found["instructor"].to_pylist())
