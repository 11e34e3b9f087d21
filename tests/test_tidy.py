"""The house rules that a machine can hold: sizes, forbidden calls, tests without packages, clean locks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("context", "schemas", "sim")
FILES = sorted(path for folder in (*PACKAGES, "tests") for path in (ROOT / folder).rglob("*.py"))
SOURCES = [path for path in FILES if path.relative_to(ROOT).parts[0] != "tests"]

# A ratchet: these may be lowered, not raised.
FILE_LINES_MAX = 320
FUNCTION_LINES_MAX = 70

# Nothing that is generated may depend on these: they differ from run to run or from machine to machine.
# A module stands for all that it holds.
UNREPEATABLE = {
    "random": "draw with context.rng",
    "secrets": "draw with context.rng",
    "uuid.uuid1": "make ids with context.rng",
    "uuid.uuid4": "make ids with context.rng",
    "numpy.random": "draw with context.rng",
    "os.urandom": "draw with context.rng",
    "datetime.datetime.now": "times come from the calendar",
    "datetime.datetime.today": "times come from the calendar",
    "datetime.datetime.utcnow": "times come from the calendar",
    "datetime.date.today": "times come from the calendar",
    "time.time": "times come from the calendar",
    "time.time_ns": "times come from the calendar",
    "time.localtime": "the machine's zone must not show",
    "time.tzset": "the machine's zone must not show",
    "zoneinfo.ZoneInfo": "zones come from context.scenario.zones",
    "hash": "differs between processes",
}
# The last bit of these differs between CPUs; tables are built with math and rounded.
INEXACT = {
    f"{module}.{name}": "differs between CPUs: build a table with math, and round it"
    for module, names in {
        "numpy": "exp exp2 expm1 log log2 log10 log1p power float_power cbrt sin cos tan arcsin arccos "
        "arctan arctan2 sinh cosh tanh logaddexp logaddexp2 hypot",
        "pyarrow.compute": "exp expm1 ln log10 log1p log2 logb power sin cos tan",
    }.items()
    for name in names.split()
}
# Where an exception holds, and why: progress is for people's eyes, a benchmark measures.
ALLOWED = {
    "context/scenario/zones.py": {"zoneinfo.ZoneInfo"},  # the place that makes zones
    "sim/folder/progress.py": {"time.time"},
    "sim/cli/stream.py": {"datetime.datetime.now"},  # --align-today
}


@cache
def tree_of(path: Path) -> ast.Module:
    """The syntax tree of a file."""
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    """The path as a message shows it."""
    return path.relative_to(ROOT).as_posix()


def imports(tree: ast.Module) -> dict[str, str]:
    """Local name -> what it stands for ("np" -> "numpy", "now" -> "time.time")."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                root = alias.name if alias.asname else alias.name.partition(".")[0]
                names[alias.asname or root] = root
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                names[alias.asname or alias.name] = f"{node.module}.{alias.name}"
    return names


def dotted(node: ast.AST, names: dict[str, str]) -> str | None:
    """The full name of what was imported, or of the builtin ``hash``; None for all else."""
    if isinstance(node, ast.Name):
        return names.get(node.id, "hash" if node.id == "hash" else None)
    if isinstance(node, ast.Attribute):
        owner = dotted(node.value, names)
        return f"{owner}.{node.attr}" if owner else None
    return None


def uses(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """(line, full name) of every name read and every import."""
    names = imports(tree)
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.Name | ast.Attribute):
            full = dotted(node, names)
            if full:
                yield node.lineno, full


def forbidden(tree: ast.Module, rules: dict[str, str]) -> list[tuple[int, str]]:
    """(line, rule) of every use of a forbidden name or of something inside it."""
    found = {
        (line, rule)
        for line, full in uses(tree)
        for rule in rules
        if full == rule or full.startswith(f"{rule}.")
    }
    return sorted(found)


def functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """All functions and methods of a file, nested ones too."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def test_files_are_short() -> None:
    """No Python file is longer than one can hold in the head."""
    long = {name_of(path): len(path.read_text(encoding="utf-8").splitlines()) for path in FILES}
    assert {name: lines for name, lines in long.items() if lines > FILE_LINES_MAX} == {}


def test_functions_are_short() -> None:
    """No function is longer than a screen."""
    long = {
        f"{name_of(path)}:{node.lineno} {node.name}": lines
        for path in FILES
        for node in functions(tree_of(path))
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }
    assert long == {}


@pytest.mark.parametrize("rules", [UNREPEATABLE, INEXACT], ids=["unrepeatable", "inexact"])
def test_nothing_unrepeatable(rules: dict[str, str]) -> None:
    """Generated bytes depend on no clock, no hidden randomness and no CPU."""
    found = [
        f"{name_of(path)}:{line}: {rule}: {rules[rule]}"
        for path in SOURCES
        for line, rule in forbidden(tree_of(path), rules)
        if rule not in ALLOWED.get(name_of(path), ())
    ]
    assert found == []


@pytest.mark.parametrize(
    ("source", "rule"),
    [
        ("import random", "random"),
        ("from random import choice as c", "random"),
        ("import numpy as np\nnp.random.default_rng(1)", "numpy.random"),
        ("from numpy.random import default_rng", "numpy.random"),
        ("from uuid import uuid4 as make\nmake()", "uuid.uuid4"),
        ("import datetime as dt\ndt.datetime.now()", "datetime.datetime.now"),
        ("from datetime import datetime\nnow = datetime.now", "datetime.datetime.now"),
        ("from time import time\ntime()", "time.time"),
        ("x = hash('a')", "hash"),
        ("import numpy\nnumpy.exp([1])", "numpy.exp"),
        ("import pyarrow.compute as pc\npc.power(1, 2)", "pyarrow.compute.power"),
    ],
)
def test_the_search_finds(source: str, rule: str) -> None:
    """The search sees through aliases and from-imports."""
    assert rule in {found for _, found in forbidden(ast.parse(source), UNREPEATABLE | INEXACT)}


def test_the_search_lets_pass() -> None:
    """A clock that can't tell the date, math in tables and a method called random are no fault."""
    source = "import math, time\nx = time.perf_counter()\ny = math.exp(1)\nz = self.random()\nrandom = [z]"
    assert forbidden(ast.parse(source), UNREPEATABLE | INEXACT) == []


def test_tests_are_no_package() -> None:
    """No __init__.py under tests: it would hide the packages that are tested."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_tests_say_what_must_hold() -> None:
    """Each test opens with a sentence that says what must hold."""
    silent = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for path in FILES
        if path.name.startswith("test_")
        for node in functions(tree_of(path))
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]
    assert silent == []


@pytest.mark.parametrize("package", PACKAGES)
def test_packages_are_typed(package: str) -> None:
    """Each package tells type checkers that it carries types."""
    assert (ROOT / package / "py.typed").is_file()


@pytest.mark.parametrize("name", ["requirements.lock", "requirements-dev.lock"])
def test_locks_are_pinned_and_name_no_address(name: str) -> None:
    """Each requirement is pinned and hashed, and nothing in a lock says where it is fetched from."""
    text = (ROOT / name).read_text(encoding="utf-8")
    blocks = re.split(r"\n(?=\S)", text.strip())
    assert len(blocks) > 50
    for block in blocks:
        head, *hashes = (part.strip() for part in block.split("\\\n"))
        assert re.fullmatch(r"[a-z0-9-]+==[A-Za-z0-9.]+( ; [a-zA-Z0-9_.<>=!'() ]+)?", head)
        assert hashes
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in hashes)


def test_dev_lock_holds_the_other() -> None:
    """Tools for tests change no version of what is shipped."""
    pins = [
        set(re.findall(r"(?m)^\S+==.*(?= \\$)", (ROOT / name).read_text(encoding="utf-8")))
        for name in ("requirements.lock", "requirements-dev.lock")
    ]
    assert pins[0] < pins[1]
