"""The data marts: a folder each, ``marts/<dataset>/<table>/``, with ``query.sql`` beside ``schema.toml``.

``query.sql`` is one query in BigQuery's SQL; ``schema.toml`` is a table's contract as any other, with
``stored`` (table, days or view) besides, and a ``reason`` for every column that Unizin does not document.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from schemas._load import parse_table
from schemas._model import SchemaError, Table, UnknownName

MART_DATASETS = (
    "mart_helper",
    "mart_general",
    "mart_course_offering",
    "mart_course_section",
    "mart_taskforce",
    "mart_taskforce_rolling",
    "mart_student_activity_score",
    "mart_student_activity_score_rolling",
)


class UnknownMart(UnknownName):
    """There is no such mart."""


@dataclass(frozen=True)
class Mart:
    """A mart: its contract and the query that makes its rows, None where Termtide makes them itself."""

    table: Table
    sql: str | None

    @property
    def name(self) -> str:
        """``dataset.table``."""
        return f"{self.table.dataset}.{self.table.name}"


@cache
def marts(dataset: str | None = None) -> tuple[Mart, ...]:
    """Every mart, or those of a dataset, datasets in their order and sorted by name. Raises SchemaError."""
    root = files("schemas").joinpath("marts")
    found = []
    for one in MART_DATASETS if dataset is None else (dataset,):
        for folder in sorted(root.joinpath(one).iterdir(), key=lambda entry: entry.name):
            text = folder.joinpath("schema.toml").read_text("utf-8")
            table = parse_table(f"marts/{one}", folder.name, text)
            query = folder.joinpath("query.sql")
            sql = query.read_text("utf-8") if query.is_file() else None
            found.append(Mart(_in(table, one), sql))
    return tuple(found)


def mart(name: str) -> Mart:
    """The mart ``dataset.table``, or of a bare name that one mart has. Raises UnknownMart, SchemaError."""
    every = {one.name: one for one in marts()}
    if name in every:
        return every[name]
    bare = [one for one in every.values() if one.table.name == name]
    if len(bare) == 1:
        return bare[0]
    if bare:
        raise UnknownMart("single mart", name, [one.name for one in bare])
    raise UnknownMart("mart", name, every if "." in name else {one.table.name for one in every.values()})


def _in(table: Table, dataset: str) -> Table:
    """The table under its dataset's name; the file's place is for messages of errors alone."""
    for column in table.columns:
        if (column.provenance == "inferred") != bool(column.reason):
            raise SchemaError(
                f"{table.dataset}/{table.name}: {column.name}: an inferred column has a reason, no other has"
            )
    return replace(table, dataset=dataset)
