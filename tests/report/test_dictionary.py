"""The dictionary of tables: pages that say what the contracts say, and whose links lead somewhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urldefrag

import pytest

import schemas
from context.errors import InputError
from context.files import PARTIAL
from sim.marts.picture import marts_graph
from sim.report.dictionary.joins import Join, hubs, joins_of, tables_read
from sim.report.dictionary.layered import crossings, layered
from sim.report.dictionary.pictures import (
    Picture,
    neighbourhood,
    reads_picture,
    tall_neighbourhood,
    whole_picture,
)
from sim.report.dictionary.site import check_dictionary, dictionary_pages, write_dictionary
from sim.report.table_facts import every_table

Around = Callable[[str, Sequence[Join]], Picture | None]
ENTITIES = schemas.tables("context_store_entity")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """All pages, of a run whose people are counted."""
    return dictionary_pages(every_table(), {"context_store_entity.person": 4321})


class _Links(HTMLParser):
    """Ids of a page, and where it leads."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, _tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note ids and addresses."""
        given = dict(attrs)
        self.ids += [str(given["id"])] if "id" in given else []
        self.targets += [str(given[name]) for name in ("href", "src") if name in given]

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


def test_each_table_has_a_page_with_its_columns(pages: dict[str, str]) -> None:
    """Every column and field of every table is described, with what it may hold, on the table's page."""
    for table in every_table():
        page = _Links(pages[f"{table.dataset}/{table.name}.html"])
        told = " ".join(page.text.split())
        assert table.description in told
        paths = [path for _, path, _ in schemas.field_paths(table)]
        assert [name for name in page.ids if name in paths] == paths
        for _, _, column in schemas.field_paths(table):
            assert column.description in told
            if column.options:
                assert all(value in told for value in schemas.option_set(column.options))
    assert "4,321 rows in this run" in " ".join(
        _Links(pages["context_store_entity/person.html"]).text.split()
    )


def test_links_lead_somewhere(pages: dict[str, str]) -> None:
    """Each address on a page is another page or a place on one; none is of a network."""
    parsed = {name: _Links(text) for name, text in pages.items() if name.endswith(".html")}
    beside = {"data:,", "report.html"}  # an icon, and the report of the run beside the folder
    for name, page in parsed.items():
        for target in set(page.targets):
            path, place = urldefrag(target)
            whole = str(Path("x", name).parent.joinpath(path)) if path else f"x/{name}"
            parts: list[str] = []
            for part in whole.split("/"):
                parts = parts[:-1] if part == ".." else [*parts, part]
            found = "/".join(parts).removeprefix("x/")
            assert target in beside or found in beside or found in pages, (name, target)
            if place:
                assert place in parsed[found].ids, (name, target)


def test_pages_name_no_network(pages: dict[str, str]) -> None:
    """Nothing on any page is fetched from outside of the folder."""
    for name, text in pages.items():
        assert not re.search(r"(?:src|href)=\"(?:https?:)?//|@import|fetch\(|XMLHttp", text), name


def empty_columns() -> Iterator[tuple[schemas.Table, str, schemas.Column]]:
    """(table, path, contract) of columns that are NULL by design."""
    for table in every_table():
        for _, path, column in schemas.field_paths(table):
            if column.always_null:
                yield table, path, column


def test_columns_that_are_null_are_marked(pages: dict[str, str]) -> None:
    """Each column that is NULL by design is marked with the reason of its contract, and no other is."""
    marked = list(empty_columns())
    assert len(marked) > 50
    for table, path, column in marked:
        text = pages[f"{table.dataset}/{table.name}.html"]
        row = text[text.index(f'<tr id="{path}" class="empty">') :].split("</tr>")[0]
        assert f'<span class="badge">NULL in every row</span> {column.always_null}' in row.replace(
            "&#39;", "'"
        )
    count = sum(text.count('<span class="badge">NULL in every row</span>') for text in pages.values())
    assert count == len(marked)


def test_the_index_has_every_column(pages: dict[str, str]) -> None:
    """The search knows each table and each column of it, and is small."""
    text = pages["tables.js"].removeprefix("window.termtideTables = ").rstrip(";\n")
    found = json.loads(text)
    assert [(dataset, name) for dataset, name, _, _ in found] == [(t.dataset, t.name) for t in every_table()]
    wanted = [[path for _, path, _ in schemas.field_paths(table)] for table in every_table()]
    assert [[path for path, _, _ in columns] for _, _, _, columns in found] == wanted
    assert len(text) < 120 * sum(map(len, wanted))


def test_chosen_tables_link_to_no_others() -> None:
    """A dictionary of some tables has their pages alone, and no link to one that is not there."""
    pages = dictionary_pages([schemas.table("context_store_entity", "course_section")], {})
    test_links_lead_somewhere({**pages})
    assert [name for name in pages if "/" in name] == ["context_store_entity/course_section.html"]


def test_joins_are_the_references() -> None:
    """Each reference of a contract is a column of one join, and joins have no others."""
    joins = joins_of(every_table())
    found = {(j.table, path, j.target) for j in joins for path in j.columns}
    wanted = {
        (f"{table.dataset}.{table.name}", path, f"context_store_entity.{column.references.split('.')[0]}")
        for table in every_table()
        for _, path, column in schemas.field_paths(table)
        if column.references
    }
    assert found == wanted
    assert len({(join.table, join.target) for join in joins}) == len(joins)
    assert hubs(joins)[:2] == ["context_store_entity.person", "context_store_entity.course_offering"]


def test_what_a_query_reads() -> None:
    """Known tables are found wherever a query names them; in a text or a comment they are not named."""
    step = "SELECT * FROM d.x JOIN `d.y` USING (k) -- not d.c"
    sql = f"WITH a AS ({step}\n) SELECT 'd.t', d.n, (SELECT MAX(z.v) FROM e.z) FROM a, UNNEST([1.0])"
    assert tables_read(sql, ["d.x", "d.y", "d.c", "d.t", "e.z", "e.other"]) == ["d.x", "d.y", "e.z"]


def test_marts_stand_behind_what_they_read() -> None:
    """A picture of what is made from what: boxes of what is made, in order, and marks for the stores."""
    joins = [Join("m.b", "m.a"), Join("m.a", "some_store.x"), Join("n.c", "m.b"), Join("n.c", "other.y")]
    picture, marks = reads_picture(joins)
    at = {box.name: (box.x, box.marks) for box in picture.boxes}
    assert marks == {"other": "O", "some_store": "SS"}
    assert {name: found for name, (_, found) in at.items()} == {"m.a": ("SS",), "m.b": (), "n.c": ("O",)}
    assert at["m.a"][0] < at["m.b"][0] < at["n.c"][0]
    assert {(line.table, line.target) for line in picture.lines} == {("m.b", "m.a"), ("n.c", "m.b")}


def test_marts_that_read_nothing_have_a_box() -> None:
    """Every mart has a box in the picture and in the graph as text, whether it reads anything or not."""
    picture, _ = reads_picture([Join("m.b", "m.a"), Join("m.a", "store.x")], ["m.a", "m.b", "m.c"])
    assert sorted(box.name for box in picture.boxes) == ["m.a", "m.b", "m.c"]
    text = marts_graph()
    assert all(f"[{mart.name}]" in text for mart in schemas.marts())
    assert "  mart_helper_context__lti_tool_name[mart_helper.context__lti_tool_name]\n" in text
    history = "mart_helper_context__course_grade__history[mart_helper.context__course_grade__history]\n"
    assert f"  context_store_entity[context_store_entity] --> {history}" in text


def test_layers_keep_the_order_and_cross_little() -> None:
    """What is rested on comes in an earlier layer, circles or not; the order of edges changes nothing."""
    nodes = ["a", "b", "c", "d", "e", "f"]
    edges = [("b", "a"), ("c", "b"), ("a", "c"), ("d", "a"), ("e", "b"), ("f", "d"), ("d", "f"), ("e", "e")]
    layers = layered(nodes, edges)
    depth = {node: i for i, layer in enumerate(layers) for node in layer}
    assert sorted(depth) == nodes
    assert all(depth[a] > depth[b] for a, b in edges if a > b)
    assert layers == layered(nodes, edges[::-1])
    twisted = [("c", "b"), ("d", "a")]
    assert crossings([["a", "b"], ["c", "d"]], twisted) == 1
    assert crossings(layered(["a", "b", "c", "d"], twisted), twisted) == 0


def test_the_whole_picture_shows_every_join() -> None:
    """Each entity has a box inside of a frame, no two overlap; a join is a line or a hub's mark."""
    joins = joins_of(ENTITIES)
    picture, marks = whole_picture(ENTITIES, joins)
    assert sorted(box.label for box in picture.boxes) == [table.name for table in ENTITIES]
    assert [group.title for group in picture.groups if group.title not in schemas.FAMILIES] == []
    for i, box in enumerate(picture.boxes):
        inside = [g for g in picture.groups if g.x <= box.x and box.x + box.width <= g.x + g.width]
        assert any(g.y <= box.y and box.y + box.height <= g.y + g.height for g in inside)
        for other in picture.boxes[:i]:
            apart = abs(box.x - other.x) >= box.width or abs(box.y - other.y) >= box.height
            assert apart, (box, other)
    shown = {(line.table, line.target) for line in picture.lines}
    shown |= {(box.name, hub) for box in picture.boxes for hub, mark in marks.items() if mark in box.marks}
    assert shown == {
        (join.table, join.target) for join in joins if join.table != join.target or join.target in marks
    }


@pytest.mark.parametrize("around", [neighbourhood, tall_neighbourhood], ids=["wide", "tall"])
def test_a_neighbourhood_is_all_that_joins(around: Around) -> None:
    """Around a table stand those that refer to it and those that it refers to, and no others."""
    joins = joins_of(every_table())
    for table in every_table():
        name = f"{table.dataset}.{table.name}"
        near = {join.target for join in joins if join.table == name} | {
            j.table for j in joins if j.target == name
        }
        picture = around(name, joins)
        assert {box.name for box in getattr(picture, "boxes", [])} - {name} == near - {name}
        assert len(getattr(picture, "lines", [])) == sum(
            (name in (join.table, join.target)) for join in joins if join.table != join.target
        )


def test_joins_without_columns_are_what_is_read() -> None:
    """A mart's neighbourhood says that it reads, where it has no columns to name."""
    picture = neighbourhood("m.a", [Join("m.a", "s.b")])
    assert picture is not None
    assert [box.below for box in picture.boxes if not box.is_self] == ["is read"]
    assert [words for _, _, words in picture.words] == ["it reads 1"]


def test_written_again_it_is_the_same(tmp_path: Path) -> None:
    """Pages replace those of an earlier dictionary; one of fewer tables leaves none of the others."""
    some = every_table()[:5]
    first = {path: path.read_bytes() for path in write_dictionary(tmp_path / "d", some)}
    assert first == {path: path.read_bytes() for path in write_dictionary(tmp_path / "d", some)}
    (tmp_path / "d" / "mine.txt").write_text("kept")
    left = write_dictionary(tmp_path / "d", some[:2])
    assert {path for path in (tmp_path / "d").rglob("*") if path.is_file()} == {
        *left,
        tmp_path / "d/mine.txt",
    }


def test_other_folders_are_refused(tmp_path: Path) -> None:
    """A folder or file of somebody else's is refused; what a kill left is none, nor is a dictionary."""
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "index.html").write_text("<p>mine")
    with pytest.raises(
        InputError, match=r"has index\.html and no dictionary, allowed: a new or empty folder"
    ):
        check_dictionary(tmp_path / "full")
    with pytest.raises(InputError, match="this is a file"):
        check_dictionary(tmp_path / "full" / "index.html")
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / f"index.html{PARTIAL}").write_text("half")
    check_dictionary(tmp_path / "cut")
    check_dictionary(tmp_path / "new")
    write_dictionary(tmp_path / "cut", every_table()[:1])
    check_dictionary(tmp_path / "cut")
