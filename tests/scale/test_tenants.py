"""Several universities in one work: each its own, made together, and nothing shared between them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from context.errors import DamagedError, InputError
from sim.folder.progress import Progress
from sim.scale.places.storage import FolderStorage
from sim.scale.tasks import Share
from sim.scale.tenants import TENANTS, prepare_tenants, read_tenants, tenants_of
from sim.scale.units import all_units, make_own_units

NORTH = {"name": "north", "fte": 10, "seed": 3, "shard": 2101, "host": "north.termtide.example"}
SOUTH = {"name": "south", "fte": 12, "seed": 4, "shard": 2102, "host": "south.termtide.example"}


def tenants_file(folder: Path, *scenarios: dict[str, Any], more: str = "") -> Path:
    """A file of tenants and their scenarios."""
    folder.mkdir(parents=True, exist_ok=True)
    text = ""
    for place, scenario in enumerate(scenarios):
        lines = [f"{key} = {json.dumps(value)}" for key, value in scenario.items()]
        (folder / f"{place}.toml").write_text("\n".join(lines))
        text += f'[[tenant]]\nname = "{scenario["name"]}"\nscenario = "{place}.toml"\n{more}\n'
    path = folder / "consortium.toml"
    path.write_text(text)
    return path


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two tenants prepared by two processes."""
    folder = tmp_path_factory.mktemp("tenants")
    done = prepare_tenants(read_tenants(tenants_file(folder, NORTH, SOUTH)), str(folder / "work"), 2)
    assert [tenant.name for tenant in done] == ["north", "south"]
    return folder / "work"


def test_tenants_are_made_together_and_share_no_id(work: Path, tmp_path: Path) -> None:
    """One share of both tenants' units lands in a folder each, and no id of one is an id of the other."""
    tenants = [tenant.name for tenant in tenants_of(FolderStorage(work))]
    assert tenants == ["north", "south"]
    out = tmp_path / "out"
    assert len(all_units(str(work), str(out))) == 2 * 138
    share = Share(39, 40)  # not the heaviest day alone
    made = make_own_units(str(work), str(out), share, 1, Progress.silent())
    assert len(made) > 4
    ids: list[set[str]] = []
    for tenant in tenants:
        found: set[str] = set()
        for path in (work / tenant / "context_store_keymap").glob("*.parquet"):
            if path.stem != "person":
                found |= set(pq.read_table(path, columns=["lms_int_id"])["lms_int_id"].to_pylist())
        for path in (out / tenant / "event_store").rglob("unit-*.parquet"):
            table = pq.read_table(path, columns=["id", "event"]) if found else None
            assert table is not None
            found |= set(table["id"].to_pylist())
            other = {"north": "2102", "south": "2101"}[tenant]
            documents = "".join(table["event"].to_pylist()[:200])
            assert f"{other}00000" not in documents
            assert "197700000" not in documents
        ids.append(found - {None})
    assert all(len(found) > 1_000 for found in ids)
    assert not ids[0] & ids[1]


def test_a_note_of_tenants_that_was_changed_is_refused(work: Path, tmp_path: Path) -> None:
    """A changed bit in the note of tenants is found."""
    copy = tmp_path / "work"
    copy.mkdir()
    (copy / TENANTS).write_text((work / TENANTS).read_text().replace("north_", "nerth_"))
    with pytest.raises(DamagedError, match=r"tenants\.json: is not the file"):
        tenants_of(FolderStorage(copy))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"seed": 3}, "tenants north and south have one seed .3."),
        ({"shard": 2101}, "have one shard .2101."),
        ({"host": "north.termtide.example"}, "have one host"),
        ({"name": "north"}, "have one name .north."),
        ({"name": "South"}, "name 'South' given"),
        ({"fte": 0}, "fte"),
    ],
)
def test_tenants_that_share_something(tmp_path: Path, change: dict[str, Any], said: str) -> None:
    """Two tenants with one name, seed, shard or host are refused in one line, before anything is made."""
    path = tenants_file(tmp_path, NORTH, {**SOUTH, **change})
    with pytest.raises(InputError, match=said) as caught:
        read_tenants(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (lambda path: path.write_text(""), r"allowed: tables \[\[tenant\]\]"),
        (lambda path: path.write_text("tenant = 3"), r"allowed: tables \[\[tenant\]\]"),
        (lambda path: path.write_text("[[tenant]]\nname = 'a'"), "scenario None given"),
        (lambda path: path.write_text("[[tenant]]\nname = 'a'\nscenario = 'none.toml'"), "none.toml"),
        (lambda path: path.write_text("[[tenant]]\ncolour = 'a'"), r"allowed: tables \[\[tenant\]\]"),
        (lambda path: tenants_file(path.parent, NORTH, SOUTH, more='prefix = "a b"'), "prefix 'a b' given"),
        (lambda path: tenants_file(path.parent, NORTH, SOUTH, more='prefix = "p_"'), "have one prefix .p_."),
    ],
    ids=["empty", "a number", "no scenario", "no such file", "an unknown key", "a bad prefix", "one prefix"],
)
def test_a_file_that_names_no_tenants(tmp_path: Path, write: Callable[[Path], object], said: str) -> None:
    """What is no file of tenants, or names a scenario that is not there, is one line."""
    path = tmp_path / "consortium.toml"
    write(path)
    with pytest.raises(InputError, match=said) as caught:
        read_tenants(path)
    assert "\n" not in str(caught.value)


def test_work_of_other_tenants_is_left_alone(work: Path, tmp_path: Path) -> None:
    """Preparing other tenants, or tenants over one scenario, is refused."""
    other = read_tenants(tenants_file(tmp_path, NORTH))
    with pytest.raises(InputError, match="holds the work of other tenants"):
        prepare_tenants(other, str(work), 1)
    with pytest.raises(InputError, match="holds the work of one scenario"):
        prepare_tenants(other, str(work / "north"), 1)
