"""From the world to the documents: names for codes and purposes, docstrings that are true, few parameters."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

import sim

ROOT = Path(sim.__file__).parent
ROOMS = ("world", "caliper", "tools", "plan", "draw", "render")
FILES = [path for room in ROOMS for path in sorted((ROOT / room).rglob("*.py"))]
# Which argument of a function of context.rng is the purpose.
PURPOSE = {
    "extend": 1,
    "bits": 1,
    "uniform": 1,
    "normal": 1,
    "integer": 2,
    "categorical": 2,
    "lognormal": 2,
    "gamma": 2,
    "poisson": 2,
}
PARAMETERS_MAX = 7  # a ratchet
NAMED = re.compile(r"``((?:sim|context)(?:\.\w+)+)``")
CODE = re.compile(r"(kind|role|type|status|state|mode|code)s?$")


def purposes(tree: ast.Module) -> Iterator[int]:
    """Lines on which a draw's purpose is a number; ``1 + index`` and ``day // 7`` count and are none."""
    for node in ast.walk(tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == "rng"
            and len(node.args) > PURPOSE.get(node.func.attr, 99)
        ):
            purpose = node.args[PURPOSE[node.func.attr]]
            sides = [purpose.left, purpose.right] if isinstance(purpose, ast.BinOp) else [purpose]
            counts = isinstance(purpose, ast.BinOp) and not isinstance(purpose.op, ast.Add)
            numbers = [side.value for side in sides if isinstance(side, ast.Constant)]
            if numbers and not counts and (len(sides) == 1 or numbers != [1]):
                yield node.lineno


def codes(tree: ast.Module) -> Iterator[int]:
    """Lines on which a kind, role or the like is compared with a number."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            sides = [node.left, *node.comparators]
            names = [getattr(side, "attr", getattr(side, "id", "")) for side in sides]
            numbers = [isinstance(side, ast.Constant) and isinstance(side.value, int) for side in sides]
            if any(numbers) and any(CODE.search(name) for name in names):
                yield node.lineno


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("rng.extend(key, 7)", [1]),
        ("rng.uniform(key)\nrng.integer(key, 40, 3)", [2]),
        ("rng.uniform(key, 100 + number)", [1]),
        ("rng.extend(key, 1 + number)\nrng.integer(key, 40, _DELAY)", []),
        ("rows[e.membership_role == 1]", [1]),
        ("kind != 5 or 3 == code", [1, 1]),
        ("len(codes) == 1 or kind == KIND", []),
    ],
)
def test_the_search_sees_numbers(source: str, found: list[int]) -> None:
    """The search tells bare numbers from names, counts and lengths."""
    tree = ast.parse(source)
    assert [*purposes(tree), *codes(tree)] == found


def test_codes_and_purposes_have_names() -> None:
    """No draw has a bare number for its purpose, and no kind, role or state is compared with one."""
    bare = [
        f"{path.relative_to(ROOT)}:{line}"
        for path in FILES
        for search in (purposes, codes)
        for line in search(ast.parse(path.read_text(encoding="utf-8")))
    ]
    assert bare == []


def is_there(name: str) -> bool:
    """Whether a dotted name is a module, or something in one."""
    module, _, last = name.rpartition(".")
    found = import_module(module)
    return hasattr(found, last) or (hasattr(found, "__path__") and find_spec(name) is not None)


def test_docstrings_name_what_is_there() -> None:
    """A module or function that a docstring or comment points to exists."""
    named = {
        (str(path.relative_to(ROOT)), name)
        for path in FILES
        for name in NAMED.findall(path.read_text(encoding="utf-8"))
    }
    assert len(named) > 10
    assert {(path, name) for path, name in named if not is_there(name)} == set()


def parameters(node: ast.FunctionDef) -> int:
    """How many a function has, but for the object that a method is of."""
    given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return sum(each.arg not in ("self", "cls") for each in given)


def test_functions_take_few_parameters() -> None:
    """What a function needs comes in things that have names, not one by one."""
    many = {
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}": count
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef) and (count := parameters(node)) > PARAMETERS_MAX
    }
    assert many == {}
