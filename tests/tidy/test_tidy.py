"""The house rules that a machine can hold: sizes, tests without packages, clean locks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable
from pathlib import Path

import pytest

from tests.tidy.source_tree import FILES, PACKAGES, ROOT, functions, name_of, rooms_of, tree_of

# A ratchet: these may be lowered, not raised.
FILE_LINES_MAX = 320
FUNCTION_LINES_MAX = 70
ROOM_MODULES_MAX = 12


def long_files(files: Iterable[Path], root: Path = ROOT) -> dict[str, int]:
    """Files with too many lines -> how many."""
    lengths = {name_of(path, root): len(path.read_text(encoding="utf-8").splitlines()) for path in files}
    return {name: lines for name, lines in lengths.items() if lines > FILE_LINES_MAX}


def long_functions(tree: ast.Module) -> dict[str, int]:
    """Functions with too many lines -> how many; "12 name" where line 12 begins it."""
    return {
        f"{node.lineno} {node.name}": lines
        for node in functions(tree)
        if (lines := (node.end_lineno or node.lineno) - node.lineno + 1) > FUNCTION_LINES_MAX
    }


def full_rooms(package: Path, root: Path = ROOT) -> dict[str, int]:
    """Rooms of a package with too many modules -> how many; ``__init__`` is none of them."""
    counts = {
        name_of(room, root): sum(path.name != "__init__.py" for path in room.glob("*.py"))
        for room in rooms_of(package)
    }
    return {name: modules for name, modules in counts.items() if modules > ROOM_MODULES_MAX}


def silent_tests(tree: ast.Module) -> list[str]:
    """Tests of a file without a docstring; "12 name" where line 12 begins one."""
    return [
        f"{node.lineno} {node.name}"
        for node in functions(tree)
        if node.name.startswith("test_") and not ast.get_docstring(node)
    ]


def names_of_files_twice(files: Iterable[Path]) -> list[str]:
    """File names that two of the files have."""
    names = [path.name for path in files]
    return sorted({name for name in names if names.count(name) > 1})


def test_files_are_short() -> None:
    """No Python file is longer than one can hold in the head."""
    assert long_files(FILES) == {}


def test_functions_are_short() -> None:
    """No function is longer than a screen."""
    found = {name_of(path): long for path in FILES if (long := long_functions(tree_of(path)))}
    assert found == {}


@pytest.mark.parametrize("package", PACKAGES)
def test_rooms_are_small(package: str) -> None:
    """No room has more modules than one can name."""
    assert full_rooms(ROOT / package) == {}


def test_tests_are_no_package() -> None:
    """No __init__.py under tests: it would hide the packages that are tested."""
    assert list((ROOT / "tests").rglob("__init__.py")) == []


def test_tests_say_what_must_hold() -> None:
    """Each test opens with a sentence that says what must hold."""
    tests = [path for path in FILES if path.name.startswith("test_")]
    assert {name_of(path): silent for path in tests if (silent := silent_tests(tree_of(path)))} == {}


def test_files_of_tests_have_names_of_their_own() -> None:
    """No two files under tests/ have one name: a report of a failure says which it is."""
    assert names_of_files_twice(path for path in FILES if path.relative_to(ROOT).parts[0] == "tests") == []


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


def test_what_is_too_long_is_told(tmp_path: Path) -> None:
    """A file, a function and a room are told as soon as they have one line or module too many."""
    room = tmp_path / "sim" / "room"
    room.mkdir(parents=True)
    for number in range(ROOM_MODULES_MAX):
        (room / f"m{number}.py").write_text("x = 1\n" * FILE_LINES_MAX, encoding="utf-8")
    (room / "__init__.py").touch()
    body = "    x = 1\n"
    assert long_files(room.glob("*.py"), tmp_path) == {}
    assert full_rooms(tmp_path / "sim", tmp_path) == {}
    assert long_functions(ast.parse("def f():\n" + body * (FUNCTION_LINES_MAX - 1))) == {}

    (room / "one_more.py").write_text("x = 1\n" * (FILE_LINES_MAX + 1), encoding="utf-8")
    assert long_files(room.glob("*.py"), tmp_path) == {"sim/room/one_more.py": FILE_LINES_MAX + 1}
    assert full_rooms(tmp_path / "sim", tmp_path) == {"sim/room": ROOM_MODULES_MAX + 1}
    source = "class C:\n  def f():\n" + body * FUNCTION_LINES_MAX
    assert long_functions(ast.parse(source)) == {"2 f": FUNCTION_LINES_MAX + 1}


def test_a_test_that_says_nothing_is_told() -> None:
    """A test without a docstring is found, one with a sentence and a helper are not."""
    source = 'def helper(): ...\ndef test_a():\n    """Holds."""\ndef test_b(): ...'
    assert silent_tests(ast.parse(source)) == ["4 test_b"]
    assert names_of_files_twice([Path("a/x.py"), Path("b/x.py"), Path("a/y.py")]) == ["x.py"]
