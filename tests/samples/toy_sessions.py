"""Fixtures of many tests of SQL: the run known by heart in a folder, and a session on it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sim.sql.session.catalog import TableNames
from sim.sql.session.session import Session
from sim.sql.warehouse import open_run
from tests.samples.toy_run import write_whole_run

TOY_PROJECT = "unizin-shared"


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with its warehouse, in a folder of its own: 15 events on four UTC dates."""
    folder = tmp_path_factory.mktemp("runs") / "toy-7"
    write_whole_run(folder)
    return folder


@pytest.fixture(scope="module")
def session(toy_run: Path) -> Iterator[Session]:
    """A session on it that the tests of a module share."""
    with Session(toy_run, TOY_PROJECT) as made:
        yield made


@pytest.fixture
def notes() -> list[str]:
    """What ``own_session`` tells."""
    return []


@pytest.fixture
def own_session(toy_run: Path, notes: list[str]) -> Iterator[Session]:
    """A session of a test's own, which notes what it tells."""
    with Session(toy_run, TOY_PROJECT, note=notes.append) as made:
        yield made


@pytest.fixture(scope="module")
def tables(toy_run: Path) -> Iterator[TableNames]:
    """Its tables by name, as queries find them."""
    with open_run(toy_run) as connection:
        yield TableNames(connection, toy_run, TOY_PROJECT, [], lambda _: None)
