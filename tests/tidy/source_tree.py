"""What the house rules look at: files of packages and tests, as syntax trees and as rooms.

A *room* is a folder with an ``__init__.py``; its modules are the other ``.py`` files that lie in it.
"""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PACKAGES = ("context", "schemas", "sim")
FILES = sorted(path for folder in (*PACKAGES, "tests") for path in (ROOT / folder).rglob("*.py"))
SOURCES = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests"]
Module = tuple[str, ast.Module]  # its path from the root, and its syntax


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path, root: Path = ROOT) -> str:
    """The path as a message shows it."""
    return path.relative_to(root).as_posix()


def modules_of(package: str) -> list[Module]:
    """Every module of a package, its ``__init__`` files too."""
    return [(name_of(path), tree_of(path)) for path in SOURCES if path.relative_to(ROOT).parts[0] == package]


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def rooms_of(package: Path) -> list[Path]:
    """The folders of a package that hold modules, the package first."""
    return [package, *sorted({path.parent for path in package.rglob("*.py")} - {package})]


@cache
def contracts() -> list[dict[str, Any]]:
    """The import contracts of ``pyproject.toml``, as they stand there."""
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    return list(settings["tool"]["importlinter"]["contracts"])


def layers_of(container: str) -> list[list[str]]:
    """The layers that a contract gives a package, the highest first, siblings beside each other; [] for none.

    ``container`` is a dotted name, or empty for the packages themselves.
    """
    for contract in contracts():
        if contract["type"] == "layers" and container in contract.get("containers", [""]):
            return [[name.strip(" ()") for name in layer.split("|")] for layer in contract["layers"]]
    return []


@cache
def shrinking() -> dict[str, dict[str, int]]:
    """What stands more than once today: list -> what -> in how many places."""
    text = Path(__file__).with_name("shrinking.toml").read_text(encoding="utf-8")
    return dict(tomllib.loads(text))


def against(found: dict[str, list[str]], listed: dict[str, int]) -> list[str]:
    """What is told: what stands more often than the list allows, and what the list has beyond that."""
    more = [
        f"{what}: in {', '.join(where)}: tell them apart, or let one ask the other"
        for what, where in found.items()
        if len(where) > listed.get(what, 1)
    ]
    less = [
        f"{what}: in {now} places now, not {times}: shorten its list in shrinking.toml"
        for what, times in listed.items()
        if (now := len(found.get(what, ["it alone"]))) < times
    ]
    return more + less
