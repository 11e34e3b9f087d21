"""The contracts: every table, column and option set that Termtide writes, as data files, and this accessor.

A table is one TOML file: ``description``, ``loaded_from`` (SIS, LMS, SIS+LMS, Caliper, or Termtide), ``key``,
``keymap`` (has native ids; false by default), and a section ``[columns.<name>]`` per column with
``type``, ``mode`` (NULLABLE by default), ``provenance``, ``description`` and, where they apply,
``references`` (table.column of the context store), ``options`` (a set of option_sets.toml), ``drawn_from``
(blocks of a pack) or ``follows_from`` (what decides on it, where no law of its own does), ``uniform`` (why
all rows have one value) or ``null`` (why none has any), ``unrepeated`` (hardly two rows have the same value:
dictionaries are no use) and ``fields`` (of a RECORD). An entity also
has its ``family`` (in words, for people), ``native_ids`` (the systems that give them, where ``loaded_from``
does not say it) and ``rows_per_1000_fte``: how many rows it has for 1,000 full-time equivalents and one Fall
term, with ``expected`` and ``within`` (the part by which the number may be off). The section ``[as_of]`` says
how rows and columns come about in time (``schemas/_as_of.py``). DDL, loaders and tests all read these files:
no column list is typed twice.

``provenance`` says what is known: "documented" columns appear in the public material of the Unizin
Data Platform; "inferred" ones follow its naming rules from the Canvas data they come from.
"""

from __future__ import annotations

import io
from functools import cache
from importlib.resources import files

import pyarrow as pa
from pyarrow import csv

from schemas._bigquery import bigquery_ddl, bigquery_schema, bigquery_type, field_paths
from schemas._convert import arrow_schema, duckdb_ddl, duckdb_type
from schemas._describe import describe_column, describe_table, remark
from schemas._events import anchors, caliper_spec, event_kinds
from schemas._fit import (
    FitField,
    UnknownFitQuery,
    fit_fields,
    fit_queries,
    fit_query,
)
from schemas._load import option_sets, read_tables
from schemas._marts import MART_DATASETS, Mart, UnknownMart, mart, marts
from schemas._model import (
    FAMILIES,
    AsOf,
    Column,
    Rows,
    Rule,
    SchemaError,
    Since,
    Table,
    UnknownColumn,
    UnknownDataset,
    UnknownDerivation,
    UnknownName,
    UnknownOptionSet,
    UnknownTable,
)
from schemas._views import events_columns, raw_expanded

__all__ = [
    "DATASETS",
    "FAMILIES",
    "MART_DATASETS",
    "META",
    "OPAQUE_KEYS",
    "RAW",
    "AsOf",
    "Column",
    "FitField",
    "Mart",
    "Rows",
    "Rule",
    "SchemaError",
    "Since",
    "Table",
    "UnknownColumn",
    "UnknownDataset",
    "UnknownDerivation",
    "UnknownFitQuery",
    "UnknownMart",
    "UnknownName",
    "UnknownOptionSet",
    "UnknownTable",
    "anchors",
    "arrow_schema",
    "bigquery_ddl",
    "bigquery_schema",
    "bigquery_type",
    "caliper_spec",
    "derivation",
    "describe_column",
    "describe_table",
    "duckdb_ddl",
    "duckdb_type",
    "event_kinds",
    "events_columns",
    "field_paths",
    "find_table",
    "fit_fields",
    "fit_queries",
    "fit_query",
    "information_schema",
    "mart",
    "marts",
    "option_set",
    "raw_expanded",
    "remark",
    "table",
    "tables",
]

DATASETS = ("context_store_entity", "context_store_keymap", "event_store")
RAW = "raw"  # events as they were sent, for whoever loads a stream; no dataset that Termtide writes
META = "termtide_meta"  # what a warehouse knows of its own making; no dataset of the Unizin Data Platform


@cache
def tables(dataset: str) -> tuple[Table, ...]:
    """Every table of a dataset, sorted by name. Raises UnknownDataset, SchemaError."""
    if dataset in MART_DATASETS:
        return tuple(one.table for one in marts(dataset))
    if dataset not in (*DATASETS, RAW, META):
        raise UnknownDataset("dataset", dataset, (*DATASETS, *MART_DATASETS, RAW, META))
    if dataset == "context_store_keymap":
        return tuple(_keymap_of(entity) for entity in tables("context_store_entity") if entity.keymap)
    return read_tables(dataset)


def table(dataset: str, name: str) -> Table:
    """One table. Raises UnknownDataset, UnknownTable with near matches, SchemaError."""
    by_name = _by_name(dataset)
    if name not in by_name:
        raise UnknownTable(f"table of {dataset}", name, by_name)
    return by_name[name]


@cache
def information_schema() -> dict[str, Table]:
    """BigQuery's views of its own catalogue, by their names in capitals: TABLES, COLUMNS and so on."""
    return {view.name.upper(): view for view in read_tables("information_schema")}


def find_table(name: str) -> Table:
    """The table ``dataset.table``; of a bare name, the first dataset's that has one: entities before keymaps.

    Raises UnknownDataset, UnknownTable with near matches, SchemaError.
    """
    dataset, dot, bare = name.rpartition(".")
    if dot:
        return table(dataset, bare)
    every = (*DATASETS, *MART_DATASETS)
    for dataset in every:
        if name in _by_name(dataset):
            return _by_name(dataset)[name]
    raise UnknownTable("table", name, {known for dataset in every for known in _by_name(dataset)})


def option_set(name: str) -> tuple[str, ...]:
    """Members of an option set, in the order of its file. Raises UnknownOptionSet, SchemaError."""
    if name not in option_sets():
        raise UnknownOptionSet("option set", name, option_sets())
    return option_sets()[name]


@cache
def derivation(name: str) -> pa.Table:
    """A lookup table, all columns string. Raises UnknownDerivation.

    ``cip_of_subject``: subject, title, cip (two digits). ``level_of_course_number``: low, high, level.
    """
    folder = files("schemas").joinpath("derivations")
    known = [entry.name.removesuffix(".csv") for entry in folder.iterdir() if entry.name.endswith(".csv")]
    if name not in known:
        raise UnknownDerivation("derivation", name, known)
    data = folder.joinpath(f"{name}.csv").read_bytes()
    header = data.split(b"\n", 1)[0].decode().strip().split(",")
    options = csv.ConvertOptions(column_types={column: pa.string() for column in header})
    return csv.read_csv(io.BytesIO(data), convert_options=options)


@cache
def _by_name(dataset: str) -> dict[str, Table]:
    return {item.name: item for item in tables(dataset)}


# Entities whose key in Canvas's own data is opaque: events name them by the shard and the short id.
OPAQUE_KEYS = frozenset(["person"])
_LONG = "the long global id in Canvas."
_OPAQUE = "an opaque key in Canvas, that no event has: events have the shard's prefix and lms_ext_id."


def _keymap_of(entity: Table) -> Table:
    unknown = {
        "sis": "The student information system knows none of them.",
        "lms": "The learning environment knows none of them.",
    }

    canvas_key = _OPAQUE if entity.name in OPAQUE_KEYS else _LONG

    def native(name: str, description: str) -> Column:
        system = name.partition("_")[0]
        why = None if system in entity.native_ids else unknown[system]
        return Column(name, "STRING", "NULLABLE", description, "documented", always_null=why)

    return Table(
        dataset="context_store_keymap",
        name=entity.name,
        description=f"Native ids of {entity.name}: its UDP ID beside the ids in the source systems.",
        key=("id",),
        keymap=False,
        loaded_from=entity.loaded_from,
        columns=(
            Column(
                "id",
                "INT64",
                "REQUIRED",
                f"UDP ID, equal to {entity.key[0]} of the entity.",
                "documented",
                references=f"{entity.name}.{entity.key[0]}",
            ),
            native("sis_int_id", "Internal id in the student information system."),
            native("sis_ext_id", "Id that the student information system shows to the outside."),
            native("lms_int_id", f"Internal id in the learning environment; {canvas_key}"),
            native("lms_ext_id", "Id that the learning environment shows; the short local id in Canvas."),
        ),
    )
