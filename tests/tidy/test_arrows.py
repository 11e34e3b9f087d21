"""An import against an arrow is told, whichever room it stands in: the contracts bite."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from functools import cache
from itertools import permutations, product
from pathlib import Path

import grimp
import pytest
from importlinter import api
from importlinter.contracts.acyclic_siblings import AcyclicSiblingsContract
from importlinter.contracts.forbidden import ForbiddenContract
from importlinter.contracts.layers import LayersContract
from importlinter.domain.contract import Contract

from tests.tidy.source_tree import PACKAGES, ROOT, layers_of, rooms_of

TYPES: dict[str, type[Contract]] = {
    "acyclic_siblings": AcyclicSiblingsContract,
    "forbidden": ForbiddenContract,
    "layers": LayersContract,
}
ROOMS = [".".join(room.relative_to(ROOT).parts) for package in PACKAGES for room in rooms_of(ROOT / package)]
CLIENT = "google.cloud"
Arrow = tuple[str, str]  # importer, imported


@cache
def graph() -> grimp.ImportGraph:
    """All imports of the three packages, as import-linter sees them; copy it before you add to it."""
    return grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)


@cache
def contract_of(kind: str, about: str = "") -> Contract:
    """The contract of a kind, about a container ("" for the packages) or about what is forbidden."""
    lists = {"layers": ("containers", [""]), "forbidden": ("forbidden_modules", [])}
    settings = api.read_configuration(str(ROOT / "pyproject.toml"))
    for options in settings["contracts_options"]:
        name, default = lists.get(kind, ("", [about]))
        if options["type"] == kind and about in options.get(name, default):
            return TYPES[kind](options["name"], settings["session_options"], options)
    raise AssertionError(f"no contract of kind {kind} for {about or 'the packages'}")


def kept(contract: Contract, *planted: Arrow, module: str | None = None) -> bool:
    """Whether a contract holds once some imports or one empty module are planted."""
    tree = deepcopy(graph())
    if module:
        tree.add_module(module)
    for importer, imported in planted:
        tree.add_import(importer=importer, imported=imported)
    return contract.check(tree, verbose=False).kept


def against_layers(container: str) -> Iterator[Arrow]:
    """Every import that a container's layers forbid: up by any number of them, and between siblings."""
    dot = f"{container}." if container else ""
    layers = layers_of(container)
    for place, layer in enumerate(layers):
        higher = [name for above in layers[:place] for name in above]
        for importer, imported in [*product(layer, higher), *permutations(layer, 2)]:
            yield dot + importer, dot + imported


def against_circles(room: str) -> Iterator[Arrow]:
    """For every two neighbours in a room of which one imports the other, the import back."""
    for importer, imported in permutations(sorted(graph().find_children(room)), 2):
        if graph().direct_import_exists(importer=importer, imported=imported, as_packages=True):
            yield imported, importer


def spread(arrows: list[Arrow], most: int) -> list[Arrow]:
    """So many of them at most, at even distances: each is a look at the whole tree."""
    return arrows[:: -(-len(arrows) // most) or 1]


def upward(room: str) -> Arrow:
    """An import from a room to a neighbour above it; of a highest room, from one below it to it."""
    container, _, own = room.rpartition(".")
    layers = layers_of(container)
    dot = f"{container}." if container else ""
    place = next(place for place, layer in enumerate(layers) if own in layer)
    return (room, dot + layers[place - 1][0]) if place else (dot + layers[1][0], room)


def file_of(module: str, root: Path) -> Path:
    """Where a module or the ``__init__`` of a package lies below ``root``."""
    path = root / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@pytest.mark.parametrize("most", [40, pytest.param(10_000, marks=pytest.mark.gates)])
@pytest.mark.parametrize("container", [room for room in ("", *ROOMS) if layers_of(room)])
def test_an_import_up_the_layers_is_told(container: str, most: int) -> None:
    """Whatever imports what stands above it or beside it breaks the contract of its neighbourhood."""
    contract = contract_of("layers", container)
    assert kept(contract)
    arrows = spread(list(against_layers(container)), most)
    assert arrows
    assert [arrow for arrow in arrows if kept(contract, arrow)] == []


@pytest.mark.parametrize("most", [3, pytest.param(10_000, marks=pytest.mark.gates)])
@pytest.mark.parametrize("room", ROOMS)
def test_a_circle_is_told(room: str, most: int) -> None:
    """Neighbours that import each other are a circle, in every room."""
    contract = contract_of("acyclic_siblings")
    assert [arrow for arrow in spread(list(against_circles(room)), most) if kept(contract, arrow)] == []


def test_circles_are_sought_everywhere() -> None:
    """Most rooms have imports between their modules, so that the test of circles has what to plant."""
    assert kept(contract_of("acyclic_siblings"))
    assert sum(any(True for _ in against_circles(room)) for room in ROOMS) > len(ROOMS) * 3 // 4


@pytest.mark.parametrize("room", [room for room in ROOMS if not f"{room}.".startswith("sim.sinks.")])
def test_a_cloud_client_is_told(room: str) -> None:
    """No room but the sinks may import a client of Google Cloud."""
    contract = contract_of("forbidden", "google")
    assert kept(contract, ("sim.sinks.open", CLIENT))
    assert not kept(contract, (room, CLIENT))


@pytest.mark.parametrize("container", [room for room in ROOMS if layers_of(room)])
def test_a_room_without_an_entry_is_told(container: str) -> None:
    """A module or room that the contract of its neighbourhood does not name breaks it."""
    assert not kept(contract_of("layers", container), module=f"{container}.attic")


def test_lint_imports_tells_each(tmp_path: Path) -> None:
    """The command that ``make check`` runs names every import planted into a copy, one for each room."""
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__", "*.csv")
        )
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    arrows = {upward(room) for room in ROOMS}
    for importer, imported in sorted(arrows):
        with file_of(importer, tmp_path).open("a", encoding="utf-8") as file:
            file.write(f"\nimport {imported}\n")
    code = "import sys; from importlinter.cli import lint_imports; sys.exit(lint_imports(cache_dir=None))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 1, done.stdout + done.stderr
    told = set(re.findall(r"([\w.]+) -> ([\w.]+)", re.sub(r"\s+", " ", done.stdout)))
    assert arrows - told == set(), done.stdout
