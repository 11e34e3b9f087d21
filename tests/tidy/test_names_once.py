"""One word, one thing: no public name and no purpose of randomness stands twice, and no module is a drawer.

What still does stands in ``shrinking.toml``, which may only shrink.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from tests.tidy.source_tree import (
    PACKAGES,
    SOURCES,
    Module,
    against,
    functions,
    modules_of,
    name_of,
    shrinking,
)

# Names that say where a thing was put, not what it is.
DRAWERS = {"utils", "util", "common", "core", "helpers", "misc"}
# Parameters by which our functions hand a purpose on to context.rng.
PURPOSE = "purpose"


def targets(node: ast.stmt) -> Iterator[str]:
    """The names that a statement at the head of a module gives to something made there; imports make none."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
            yield from (part.id for part in ast.walk(target) if isinstance(part, ast.Name))
    elif isinstance(node, ast.If | ast.Try | ast.With):
        for part in ast.iter_child_nodes(node):
            if isinstance(part, ast.stmt):
                yield from targets(part)


def names_twice(modules: Iterable[Module]) -> dict[str, list[str]]:
    """Public names that more than one of the modules makes, each with the modules."""
    found = defaultdict(set)
    for name, tree in modules:
        for node in tree.body:
            for public in targets(node):
                if not public.startswith("_"):
                    found[public].add(name)
    return {public: sorted(where) for public, where in sorted(found.items()) if len(where) > 1}


def takers(modules: Iterable[Module]) -> dict[str, int]:
    """Functions that take a purpose -> at which place of a call (behind ``self``)."""
    found = {"rng.extend": 1, "rng.key": 1, "rng.key_of_text": 1}
    for _, tree in modules:
        for function in functions(tree):
            names = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
            if PURPOSE in names:
                found[function.name] = names.index(PURPOSE) - (names[0] in {"self", "cls"})
    return found


def purpose_of(call: ast.Call, known: dict[str, int]) -> int | str | None:
    """The literal purpose of a call, or None where it has none or a named one."""
    full = ast.unparse(call.func)
    place = known.get(full, None if full.startswith("rng.") else known.get(full.rpartition(".")[2]))
    if place is None:
        return None
    given = call.args[place] if place < len(call.args) else None
    for keyword in call.keywords:
        if keyword.arg in {PURPOSE, "coordinate"}:
            given = keyword.value
    value = given.value if isinstance(given, ast.Constant) else None
    return value if isinstance(value, int | str) else None


def purposes_twice(modules: Iterable[Module]) -> dict[str, list[str]]:
    """Literal purposes of randomness that more than one of the modules has, each with the modules."""
    modules = list(modules)
    known, found = takers(modules), defaultdict(set)
    for name, tree in modules:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call):
                purpose = purpose_of(node, known)
                if purpose is not None:
                    found[purpose].add(name)
    twice = [purpose for purpose, where in found.items() if len(where) > 1]
    return {
        str(purpose): sorted(found[purpose])
        for purpose in sorted(twice, key=lambda each: (str(type(each)), each))
    }


def drawers(names: Iterable[str]) -> list[str]:
    """Paths of modules and folders that are called after no thing."""
    return sorted(
        name for name in names if {part.lstrip("_") for part in Path(name).with_suffix("").parts} & DRAWERS
    )


@pytest.mark.parametrize("package", PACKAGES)
def test_no_public_name_twice(package: str) -> None:
    """A public name stands for one thing in a package, but for a list that only shrinks."""
    assert against(names_twice(modules_of(package)), shrinking()[package]) == []


def test_no_purpose_twice() -> None:
    """A bare purpose of randomness stands in one module, but for a list that only shrinks."""
    modules = [module for package in PACKAGES for module in modules_of(package)]
    assert against(purposes_twice(modules), shrinking()["purposes"]) == []


def test_no_module_is_a_drawer() -> None:
    """No module and no room is called after having been put somewhere."""
    assert drawers(name_of(path) for path in SOURCES) == []


def planted(*sources: str) -> list[Module]:
    """Modules a.py, b.py, ... of the given texts."""
    return [(f"sim/{chr(97 + place)}.py", ast.parse(source)) for place, source in enumerate(sources)]


@pytest.mark.parametrize(
    "source",
    [
        "def thing(): ...",
        "async def thing(): ...",
        "class thing: ...",
        "thing: int = 2",
        "other, thing = 1, 2",
        "if True:\n    thing = 1",
    ],
)
def test_a_name_twice_is_told(source: str) -> None:
    """However a name is made, its second place is found; a private or imported one is none."""
    found = names_twice(planted("thing = 1\n_own = 2", source, "from sim.a import thing\n_own = 3"))
    assert found == {"thing": ["sim/a.py", "sim/b.py"]}


@pytest.mark.parametrize(
    ("source", "purpose"),
    [
        ("rng.extend(key, 7)", "7"),
        ("rng.extend(key, coordinate=7)", "7"),
        ("rng.key(seed, 'role', 1)", "role"),
        ("rng.key_of_text(seed, 'role', texts)", "role"),
        ("coin(7)", "7"),
        ("d.flip(keys, 7)", "7"),
        ("d.flip(keys, purpose=7)", "7"),
    ],
)
def test_a_purpose_twice_is_told(source: str, purpose: str) -> None:
    """A purpose is found in calls of context.rng and of whatever of ours hands one on."""
    ours = "def coin(purpose): ...\nclass D:\n    def flip(self, keys, purpose): ..."
    first = "rng.extend(key, 7), rng.key(seed, 'role')"
    assert purposes_twice(planted(first, source, ours)) == {purpose: ["sim/a.py", "sim/b.py"]}


def test_what_is_no_purpose_passes() -> None:
    """Indices, lists and named purposes are no literal purpose."""
    source = "rng.integer(key, 7), texts.extend(7), rng.extend(key, SEVEN), rng.uniform(key, 7)"
    assert purposes_twice(planted("rng.extend(key, 7)", source)) == {}


@pytest.mark.parametrize(
    "name", ["sim/sql/utils.py", "sim/common/a.py", "context/_helpers.py", "sim/core.py"]
)
def test_a_drawer_is_told(name: str) -> None:
    """A drawer is found as a module and as a folder; a name that only has such a word in it is none."""
    assert drawers([name, "sim/scores.py", "sim/every_tool.py", "sim/common_views.py"]) == [name]


def test_a_list_only_shrinks() -> None:
    """What is new is told, what stands more often too, and what stands less often than it is listed."""
    found = {"a": ["1", "2"], "b": ["1", "2", "3"], "c": ["1", "2"]}
    told = against(found, {"b": 2, "c": 3, "d": 2})
    assert [line.partition(":")[0] for line in told] == ["a", "b", "c", "d"]
    assert against(found, {"a": 2, "b": 3, "c": 2}) == []
