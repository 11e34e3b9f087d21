"""The pages of the dictionary: made as texts, then written as one folder."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import schemas
from context.errors import InputError
from context.files import PARTIAL, disk_error, replacing
from schemas._model import Column, Table
from sim.report.dictionary.joins import Join, full_name, joins_of
from sim.report.dictionary.pictures import neighbourhood, reads_picture, tall_neighbourhood, whole_picture
from sim.report.pages import rendered
from sim.report.table_facts import by_dataset, column_counts, table_facts

INDEX = "index.html"
_MARK = "<!-- A dictionary of tables made by Termtide. -->"
_ENTITY = "context_store_entity"


def write_dictionary(
    root: Path, tables: Sequence[Table], rows: Mapping[str, int] | None = None
) -> list[Path]:
    """Write the pages of ``tables`` into the folder ``root``; returns the files.

    ``rows`` says how many rows a run has of ``dataset.table``. Pages of an earlier dictionary that this one
    lacks are removed, files of others stay. Raises RunError when the disk fails.
    """
    pages = dictionary_pages(tables, rows or {})
    paths = [root / name for name in pages]
    before = [path for pattern in ("*.html", "*/*.html") for path in root.glob(pattern) if _is_ours(path)]
    with replacing(paths) as beside:
        for text, partial in zip(pages.values(), beside, strict=True):
            partial.write_text(text, encoding="utf-8", newline="")
    for path in before:
        if path not in paths:
            path.unlink(missing_ok=True)
            if path.parent != root and not any(path.parent.iterdir()):
                path.parent.rmdir()
    return paths


def check_dictionary(root: Path) -> None:
    """Raises InputError unless ``root`` is new, empty, or holds a dictionary.

    What a kill left half written does not count; it is written over.
    """
    if root.is_file():
        raise InputError(f"{root}: this is a file, allowed: a folder")
    try:
        present = sorted(path for path in root.rglob("*") if path.is_file() and path.suffix != PARTIAL)
        if present and not _is_ours(root / INDEX):
            name = present[0].relative_to(root)
            raise InputError(f"{root}: has {name} and no dictionary, allowed: a new or empty folder")
    except OSError as error:
        raise disk_error(root, error) from error


def _is_ours(path: Path) -> bool:
    return path.is_file() and _MARK in path.read_text(encoding="utf-8", errors="replace")[:500]


def dictionary_pages(tables: Sequence[Table], rows: Mapping[str, int]) -> dict[str, str]:
    """All files by their path in the folder."""
    joins = joins_of(tables)
    entities = [table for table in tables if table.dataset == _ENTITY]
    reads = [join for join in joins if not join.columns]
    site = {
        "mark": _MARK,
        "has_joins": bool(entities),
        "has_reads": bool(reads),
        "rows": rows,
        "full_name": full_name,
        "known": {full_name(table) for table in tables},
    }
    pages = {
        INDEX: rendered(
            "dictionary/index.html.jinja", up="", sections=_sections(tables), total=_total(tables), **site
        ),
        "style.css": rendered("dictionary/style.css.jinja"),
        "search.js": rendered("dictionary/search.js"),
        "tables.js": f"window.termtideTables = {_search_index(tables)};\n",
    }
    if entities:
        picture, marks = whole_picture(entities, joins)
        pages["joins.html"] = rendered(
            "dictionary/joins.html.jinja", up="", picture=picture, marks=marks, **site
        )
    if reads:
        made = [full_name(table) for table in tables if table.dataset in schemas.MART_DATASETS]
        picture, marks = reads_picture(reads, made)
        pages["marts.html"] = rendered(
            "dictionary/marts.html.jinja", up="", picture=picture, marks=marks, **site
        )
    for table in tables:
        pages[f"{table.dataset}/{table.name}.html"] = _table_page(table, joins, site)
    return pages


def _table_page(table: Table, joins: Sequence[Join], site: Mapping[str, object]) -> str:
    name = full_name(table)
    return rendered(
        "dictionary/table.html.jinja",
        up="../",
        table=table,
        name=name,
        facts=table_facts(table),
        columns=list(schemas.field_paths(table)),
        has_keys=set(table.key),
        option_set=schemas.option_set,
        wide=neighbourhood(name, joins),
        narrow=tall_neighbourhood(name, joins),
        bigquery=f"{schemas.bigquery_ddl(table)};",
        duckdb=f"{schemas.duckdb_ddl(table)};",
        **site,
    )


def _sections(tables: Sequence[Table]) -> list[tuple[str, list[tuple[str, list[Table]]]]]:
    """(dataset, [(family or nothing, its tables)]) in the order of datasets and families."""
    found = []
    for dataset, members in by_dataset(tables):
        families = [
            family for family in (*schemas.FAMILIES, None) if any(t.family == family for t in members)
        ]
        found.append((dataset, [(f or "", [t for t in members if t.family == f]) for f in families]))
    return found


def _total(tables: Sequence[Table]) -> dict[str, int]:
    counts = [column_counts(table) for table in tables]
    return {
        "tables": len(tables),
        "documented": sum(documented for documented, _ in counts),
        "inferred": sum(inferred for _, inferred in counts),
    }


def _search_index(tables: Sequence[Table]) -> str:
    """What the search looks through: (dataset, table, what it is, [(column, type, what it is)]), as JSON."""
    found = [
        (
            t.dataset,
            t.name,
            t.description,
            [(path, c.type, _told(c)) for _, path, c in schemas.field_paths(t)],
        )
        for t in tables
    ]
    return json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def _told(column: Column) -> str:
    return " ".join(filter(None, (column.description, schemas.remark(column))))
