"""The data marts: a folder each, ``marts/<dataset>/<table>/``, with ``query.sql`` beside ``schema.toml``.

``query.sql`` is one query in BigQuery's SQL; ``schema.toml`` is a table's contract as any other, with
``stored`` (table, days or view) besides, and a ``reason`` for every column that Unizin does not document;
``on_wish`` marts are built where they are asked for by name.

A mart that is another one over other tables (rolling weeks, sections) has ``twin.toml`` in place of a text of
its own: ``of`` names the mart whose query it is, ``instead`` what stands there for what, in this order. So a
rule is written once, and ``Mart.sql`` is the whole plain query of either.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable

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
    "udp_distributions",
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
            found.append(Mart(_in(table, one), query_of(root, one, folder.name)))
    return tuple(found)


def query_of(root: Traversable, dataset: str, table: str, *twins: str) -> str | None:
    """The text of a mart's query: its own, or its twin's with other words; None where it has neither.

    ``root`` is the folder of the datasets. Raises SchemaError for a twin that does not say what it is to say,
    for words that its twin's query has not, and for twins in a circle.
    """
    folder = root.joinpath(dataset, table)
    if folder.joinpath("query.sql").is_file():
        return folder.joinpath("query.sql").read_text("utf-8")
    if not folder.joinpath("twin.toml").is_file():
        return None
    where = f"marts/{dataset}/{table}/twin.toml"
    if where in twins:
        raise SchemaError(f"{where}: twins in a circle")
    try:
        data = tomllib.loads(folder.joinpath("twin.toml").read_text("utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"{where}: {error}") from None
    of, instead = data.get("of"), data.get("instead")
    if set(data) != {"of", "instead"} or not isinstance(of, str) or not isinstance(instead, dict):
        raise SchemaError(f"{where}: {', '.join(data)} given, allowed: of and instead, no others")
    other = query_of(root, *of.partition(".")[::2], where, *twins)
    if other is None:
        raise SchemaError(f"{where}: of: {of!r} given, which has no query")
    for old, new in instead.items():
        if old not in other:
            raise SchemaError(f"{where}: instead: {old!r} given, which the query of {of} does not have")
        other = other.replace(old, new)
    return other


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
