"""The finished run of the small campus with all marts, made once; nobody changes it."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from shutil import copytree
from tempfile import mkdtemp
from typing import Any

import duckdb
import pyarrow as pa

from context.files import file_digest
from sim.folder.manifest import load_manifest
from sim.marts.build import Wish, build_marts
from sim.sql.client import Client
from sim.sql.warehouse import open_run
from tests.samples.session_folder import made_once
from tests.samples.tiny import finished_run, term_run

LOOKED_AT = (
    "mart_helper.context__course_offering",
    "mart_helper.context__course_offering__person",
    "mart_helper.event__course_offering__person_day",
    "mart_helper.event__file__person_day",
    "mart_student_activity_score.course_final",
    "mart_taskforce.level1_aggregated",
)
RUN_DATE = date(2026, 11, 4)  # before the exams: some are inactive, not all


def copied_run() -> Path:
    """A copy of the finished run, which may be changed; to DuckDB alone its warehouse names the original."""
    return Path(copytree(finished_run(), Path(mkdtemp(prefix="termtide-marts-")) / "small"))


def note_as_written(folder: Path) -> None:
    """Let the manifest know the run's files as they stand, as if they had been written so."""
    manifest = load_manifest(folder)
    for file in manifest.files:
        path = folder / file.path
        file.bytes, file.xxh3_128 = path.stat().st_size, file_digest(path)
    manifest.save(folder)


def marts_run() -> Path:
    """The run with its marts, as of RUN_DATE, built on one thread; all test processes read the same one."""
    return made_once("marts-run", _with_marts)


def _with_marts(folder: Path) -> None:
    copytree(finished_run(), folder)
    build_marts(folder, Wish(run_date=RUN_DATE, threads=1))


def whole_term() -> Path:
    """A run of all of the Fall term, with some of its marts of a week before the examinations: LOOKED_AT."""
    return made_once("marts-whole-term", _whole_term)


def _whole_term(folder: Path) -> None:
    copytree(term_run(), folder)
    build_marts(folder, Wish(LOOKED_AT, run_date=date(2026, 12, 9)))


@cache
def copied_marts() -> Path:
    """A copy of it, this process's own: it may be claimed, and stays as it is."""
    folder = Path(copytree(marts_run(), Path(mkdtemp(prefix="termtide-marts-")) / "small"))
    build_marts(folder, Wish(run_date=RUN_DATE))  # the warehouse says where it is
    return folder


@cache
def _reader() -> duckdb.DuckDBPyConnection:
    return open_run(marts_run())


@cache
def _client() -> Client:
    return Client(marts_run())


def rows(query: str) -> list[dict[str, Any]]:
    """Rows of DuckDB's SQL on that run."""
    return list(_reader().sql(query).to_arrow_table().to_pylist())


def number(query: str) -> Any:
    """The one value of a query."""
    row = _reader().execute(query).fetchone()
    assert row is not None
    return row[0]


def bigquery(query: str) -> pa.Table:
    """The rows of BigQuery's SQL on that run, as users ask for them."""
    return _client().query(query)
