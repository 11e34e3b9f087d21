"""Users' own tables: a CSV, Parquet or NDJSON file under a dataset and name, for one session."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from context.errors import InputError
from context.files import typed_path
from sim.folder.duckdb_paths import duckdb_file
from sim.sql.tables.places import Place
from sim.sql.tables.storage_types import kept_columns
from sim.sql.warehouse import literal, quoted

OWN_CATALOG = "own"
_NAME = re.compile(r"(?P<dataset>[A-Za-z_][A-Za-z_0-9]*)\.(?P<name>[\w-]+)=(?P<file>.+)", re.DOTALL)
_READERS = {
    ".csv": "read_csv({}, header = true)",
    ".tsv": "read_csv({}, header = true, delim = '\t')",
    ".parquet": "read_parquet({}, hive_partitioning = false)",
    ".json": "read_json({})",
    ".jsonl": "read_json({}, format = 'newline_delimited')",
    ".ndjson": "read_json({}, format = 'newline_delimited')",
}


@dataclass(frozen=True)
class OwnTable:
    """What ``--table dataset.name=FILE`` asks for."""

    dataset: str
    name: str
    file: Path

    @property
    def place(self) -> Place:
        """How queries find it."""
        return Place(self.dataset, self.name, OWN_CATALOG)


def own_tables(given: Iterable[str]) -> list[OwnTable]:
    """The tables that flags give. Raises InputError for a form, a file or an ending that is not allowed."""
    found: dict[tuple[str, str], OwnTable] = {}
    for text in given:
        match = _NAME.fullmatch(text)
        if match is None:
            raise InputError(f"--table {text}: allowed: dataset.name=FILE")
        table = OwnTable(match["dataset"], match["name"], typed_path(match["file"]))
        if not table.file.is_file():  # a pipe would be waited for without end
            is_folder = table.file.is_dir()
            fault = "this is a folder, allowed: a file" if is_folder else "no such file"
            raise InputError(f"--table {text}: {fault}")
        if _ending(table.file) not in _READERS:
            raise InputError(f"--table {text}: allowed endings: {', '.join(_READERS)}, also with .gz")
        if (table.dataset, table.name) in found:
            raise InputError(f"--table {table.dataset}.{table.name}: given twice")
        found[table.dataset, table.name] = table
    return list(found.values())


def load_own(connection: duckdb.DuckDBPyConnection, tables: Iterable[OwnTable]) -> None:
    """Read the files into the session, in BigQuery's types. Raises InputError for one that can't be read."""
    connection.execute(f"ATTACH ':memory:' AS {OWN_CATALOG}")
    for table in tables:
        reader = _READERS[_ending(table.file)].format(literal(duckdb_file(table.file)))
        name = f"{OWN_CATALOG}.{quoted(table.dataset)}.{quoted(table.name)}"
        try:
            columns = kept_columns(connection.sql(f"SELECT * FROM {reader}"))
            casts = ", ".join(f"CAST({quoted(c)} AS {k.duckdb}) AS {quoted(c)}" for c, k in columns.items())
            connection.execute(f"CREATE SCHEMA IF NOT EXISTS {OWN_CATALOG}.{quoted(table.dataset)}")
            connection.execute(f"CREATE TABLE {name} AS SELECT {casts} FROM {reader}")
        except InputError as error:
            raise InputError(f"{table.file}: {error}") from None
        except (duckdb.Error, UnicodeDecodeError) as error:
            raise InputError(f"{table.file}: {_reason(error)}") from None


def _ending(file: Path) -> str:
    return Path(file.name.lower().removesuffix(".gz")).suffix


def _reason(error: Exception) -> str:
    text = str(error)
    if "utf-8" in text.lower() or "unicode" in text.lower():
        return "not in UTF-8"
    line = re.search(r"CSV Error on Line: (\d+)", text)
    first = re.sub(r"^[A-Z][A-Za-z ]+ Error: ", "", text.strip().splitlines()[0]).rstrip(".")
    return f"line {line[1]} can't be read as the lines before" if line else f"can't be read: {first}"
