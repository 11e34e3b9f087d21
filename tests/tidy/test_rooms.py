"""The rooms: each says in one sentence what it is for, has its place in the order, and is on the page.

The sentences are the docstrings of the ``__init__`` files; ``make docs`` writes them into CONTRIBUTING.md.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.tidy.source_tree import PACKAGES, ROOT, layers_of, name_of, rooms_of

PAGE = ROOT / "CONTRIBUTING.md"
BEGIN, END = "<!-- rooms: written by make docs -->\n", "<!-- end of rooms -->\n"
# What these hold beside their sentence, and why.
ALLOWED = {
    "schemas": "the accessor that all of ours asks for tables and option sets",
    "sim/sinks/bigquery": "a package that is one sink: its modules told in the order of a load",
}
TABLE = re.compile(r"^## Where do I change.*?(?=^## )", flags=re.DOTALL | re.MULTILINE)
FILE = re.compile(r"/|\.(?:py|toml|csv|sql|html|md)$")
PACK = "context/packs/us_public_r1"
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def sentence_of(room: Path) -> str:
    """What a room's ``__init__`` says first: the docstring's first paragraph on one line, "" for none."""
    file = room / "__init__.py"
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) if file.is_file() else None
    return " ".join((text or "").split("\n\n")[0].split())


def faults(room: Path) -> list[str]:
    """What an ``__init__`` has that a room's should not have."""
    file = room / "__init__.py"
    if not file.is_file():
        return ["no __init__.py"]
    tree = ast.parse(file.read_text(encoding="utf-8"))
    text = ast.get_docstring(tree)
    if text is None:
        return ["no sentence"]
    found = []
    if len(re.findall(r"[.!?](?=\s|$)", text)) != 1 or not text.endswith("."):
        found.append("not one sentence that ends with a full stop")
    if len(tree.body) > 1:
        found.append(f"line {tree.body[1].lineno}: more than a sentence")
    return found


def without_place(package: Path) -> list[str]:
    """Rooms inside a package that no contract of layers puts into an order among their neighbours."""
    names = [".".join(room.relative_to(package.parent).parts) for room in rooms_of(package)]
    inside = [name.rpartition(".")[::2] for name in names if "." in name]
    return [
        f"{container}.{room}"
        for container, room in inside
        if not any(room in layer for layer in layers_of(container))
    ]


def in_order(package: str) -> Iterator[str]:
    """A package and the rooms in it by their dotted names, each behind those that it may import."""
    yield package
    for layer in reversed(layers_of(package)):
        for name in layer:
            if (ROOT / package.replace(".", "/") / name).is_dir():
                yield from in_order(f"{package}.{name}")


def listing() -> str:
    """The list of rooms as it stands in CONTRIBUTING.md."""
    lines = []
    for room in (room for package in reversed(layers_of("")) for room in in_order(package[0])):
        path = room.replace(".", "/")
        lines.append(f"{'  ' * room.count('.')}* `{path}/`: {sentence_of(ROOT / path)}\n")
    return "".join(lines)


def page_with(rooms: str) -> str:
    """CONTRIBUTING.md with this list of rooms."""
    head, _, rest = PAGE.read_text(encoding="utf-8").partition(BEGIN)
    return head + BEGIN + rooms + END + rest.partition(END)[2]


def places(text: str) -> list[tuple[list[str], list[str]]]:
    """(paths to go to, files beside them) of each row of a table: what stands between backticks there."""
    rows = [line.strip()[1:-1].split("|") for line in text.splitlines() if line.startswith("|")][2:]
    ticked = [[re.findall(r"`([^`\s]+)`", cell) for cell in row[1:3]] for row in rows]
    return [(where, [name for name in then if FILE.search(name)]) for where, then in ticked]


def missing(table: list[tuple[list[str], list[str]]], root: Path = ROOT) -> list[str]:
    """What a table names and is not there, and rows that name none or several paths to go to.

    A name without a slash is beside its row's path, at the root or in the default pack; ``<name>`` is any.
    """
    found = [f"one path, not {where}" for where, _ in table if len(where) != 1]
    for where, then in table:
        paths = [(path, [root]) for path in [*where, *then] if "/" in path]
        beside = (
            [root / path for path in where] + [(root / path).parent for path in where] + [root, root / PACK]
        )
        paths += [(path, beside) for path in [*where, *then] if "/" not in path]
        found += [path for path, folders in paths if not any(there(folder, path) for folder in folders)]
    return found


def there(folder: Path, path: str) -> bool:
    """Whether a folder has a path in which ``<name>`` stands for any name."""
    return any(folder.glob(re.sub(r"<[^>]+>", "*", path).rstrip("/")))


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_says_one_sentence(package: str) -> None:
    """Each ``__init__`` holds one sentence that says what the room is for, and nothing else."""
    rooms = [room for room in rooms_of(ROOT / package) if name_of(room) not in ALLOWED]
    assert {name_of(room): told for room in rooms if (told := faults(room))} == {}


@pytest.mark.parametrize("name", ALLOWED)
def test_an_exception_is_one(name: str) -> None:
    """A room that is allowed more has a sentence too, and needs the leave."""
    assert sentence_of(ROOT / name).endswith(".")
    assert faults(ROOT / name) != []


@pytest.mark.parametrize("package", PACKAGES)
def test_a_room_has_its_place(package: str) -> None:
    """Every room stands in a contract that orders it among its neighbours."""
    assert without_place(ROOT / package) == []
    assert [package] in layers_of("")


def test_page_lists_the_rooms() -> None:
    """The list in CONTRIBUTING.md is made of the rooms' own sentences, in the order of the contracts."""
    assert PAGE.read_text(encoding="utf-8") == page_with(listing()), "run make docs"


def test_listing_is_whole() -> None:
    """The list has every room that there is, once."""
    listed = re.findall(r"\* `([^`]+)/`", listing())
    assert sorted(listed) == sorted(
        name_of(room) for package in PACKAGES for room in rooms_of(ROOT / package)
    )


def test_places_to_change_are_there() -> None:
    """Every path that CONTRIBUTING.md names for a change exists, and every file that it links."""
    page = PAGE.read_text(encoding="utf-8")
    table = TABLE.search(page)
    assert table
    named = places(table.group())
    assert len(named) >= 11
    assert missing(named) == []


@pytest.mark.parametrize("name", ["CONTRIBUTING.md", "docs/why.md"])
def test_what_a_page_names_is_there(name: str) -> None:
    """Every file that these pages link or name by its path exists."""
    page = (ROOT / name).read_text(encoding="utf-8")
    paths = set(re.findall(r"`([a-z]\w*/[^`\s]*)`", page))
    assert paths
    assert [path for path in sorted(paths) if not there(ROOT, path)] == []
    links = [path for path in LINK.findall(page) if not (ROOT / name).parent.joinpath(path).exists()]
    assert links == []


def test_decisions_are_dated() -> None:
    """Each paragraph of docs/why.md has the day of its decision; CONTRIBUTING and README link the page."""
    page = (ROOT / "docs" / "why.md").read_text(encoding="utf-8")
    titles = re.findall(r"^### (.*)$", page, flags=re.MULTILINE)
    assert len(titles) > 15
    assert [title for title in titles if not re.match(r"20\d\d-[01]\d-[0-3]\d: \S", title)] == []
    for name in ("CONTRIBUTING.md", "README.md"):
        assert "docs/why.md" in LINK.findall((ROOT / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (None, "no __init__.py"),
        ("", "no sentence"),
        ("import os\n", "no sentence"),
        ('"""Where it goes. And more."""\n', "not one sentence that ends with a full stop"),
        ('"""Where it goes"""\n', "not one sentence that ends with a full stop"),
        ('"""Where it goes."""\n\nfrom os import path\n', "line 3: more than a sentence"),
    ],
)
def test_a_room_that_says_more_or_less_is_told(tmp_path: Path, text: str | None, fault: str) -> None:
    """A room without a sentence, with two or with code beside it is found."""
    if text is not None:
        (tmp_path / "__init__.py").write_text(text, encoding="utf-8")
    assert faults(tmp_path) == [fault]


def test_a_sentence_passes(tmp_path: Path) -> None:
    """One sentence over two lines with a dotted name in it is no fault."""
    (tmp_path / "__init__.py").write_text(
        '"""Columns of\nevent_store.expanded, and why.\n"""\n', encoding="utf-8"
    )
    assert faults(tmp_path) == []
    assert sentence_of(tmp_path) == "Columns of event_store.expanded, and why."


def test_a_room_without_place_is_told(tmp_path: Path) -> None:
    """A folder that no contract names is found, inside of another room and without ``__init__`` too."""
    for room in ("sim/sql", "sim/attic", "sim/draw/attic"):
        (tmp_path / room).mkdir(parents=True)
        (tmp_path / room / "a.py").touch()
    assert without_place(tmp_path / "sim") == ["sim.attic", "sim.draw.attic"]


def test_a_path_that_is_not_there_is_told(tmp_path: Path) -> None:
    """Wrong paths are found wherever a row has them; a placeholder stands for whatever is there."""
    (tmp_path / "marts" / "taskforce").mkdir(parents=True)
    (tmp_path / "marts" / "build.py").touch()
    rows = ["| a | `marts/<dataset>/` | `build.py`, `lint.py`, a `column` |", "| b | `x.py` or `marts` | |"]
    table = places("\n".join(["| what | where | then |", "|---|---|---|", *rows]))
    assert missing(table, tmp_path) == ["one path, not ['x.py', 'marts']", "lint.py", "x.py"]


if __name__ == "__main__":
    PAGE.write_text(page_with(listing()), encoding="utf-8")
