"""The store as files in a folder: Parquet, the UDP's loading CSVs, or NDJSON; all of them, or none.

``context.json`` beside them says what they are. CSVs are as the UDP loads them: one per entity with a header
row, commas, double quotes, a backslash before quotes and backslashes inside, UTF-8, nothing for NULL (an
empty text is ``""``), and a manifest ``sis_daily.done``. An entity's native ids come first in its rows.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from shutil import copyfile
from typing import Any

import duckdb
import pyarrow.parquet as pq

import schemas
from context.errors import DamagedError, InputError, RunError
from context.files import PARTIAL, Written, disk_error, linked_folder, replacing
from context.store.files import write_parquet
from context.store.store import ENTITY, KEYMAP
from sim.exports.forms import FILE_FORMS
from sim.exports.note import NOTE, note_text, read_export_note
from sim.exports.source import Name, Source
from sim.folder.duckdb_paths import duckdb_file
from sim.folder.names import MANIFEST
from sim.sql.warehouse import literal, quoted

DONE = "sis_daily.done"


def write_folder(
    form: str, root: Path, names: Sequence[Name], source: Source, facts: Mapping[str, Any]
) -> list[Written]:
    """Write tables into a folder, which holds nothing else; returns the files in order.

    ``form`` is one of ``FILE_FORMS``. What an earlier delivery left there is replaced. Raises InputError for
    a folder of other files, RunError when the disk fails; then the folder is as it was.
    """
    before = check_folder(root)
    wanted = [name for name in names if form != "csv" or name[0] == ENTITY]
    if not wanted:
        raise InputError(f"csv: native ids come with their entities, allowed: tables of {ENTITY}")
    if form == "csv":
        _check_native_ids(wanted, source)
    paths = [_path(form, dataset, name) for dataset, name in wanted]
    last = [DONE, NOTE] if form == "csv" else [NOTE]
    written: list[Written] = []
    with replacing([root / path for path in (*paths, *last)]) as beside, duckdb.connect() as connection:
        connection.execute("SET TimeZone = 'UTC'")
        for (dataset, name), path, partial in zip(wanted, paths, beside, strict=False):
            rows = _write(connection, form, dataset, name, source, partial)
            written.append(Written.of(path, partial, rows))
        noted = list(written)
        if form == "csv":
            lines = "".join(f"{file.path}\n" for file in written)
            beside[-2].write_text(lines, encoding="utf-8", newline="")
            noted.append(Written.of(DONE, beside[-2], len(written)))
        # The last to be renamed: until then it stands there as a sign that what has come before it is ours.
        beside[-1].write_text(note_text(facts, noted), encoding="utf-8", newline="")
    _remove(root, set(before) - {*paths, *last})
    return written


def _check_native_ids(names: Sequence[Name], source: Source) -> None:
    """Raise InputError unless the store has the keymaps that hold the native ids of these entities."""
    for dataset, name in names:
        if schemas.table(dataset, name).keymap and (KEYMAP, name) not in source.names:
            raise InputError(
                f"csv: native ids come first in its rows, and this run has no {KEYMAP}.{name}; "
                "allowed: parquet, ndjson, or --table with others"
            )


def check_folder(root: Path) -> list[str]:
    """The files that an earlier delivery left in ``root``, whole or killed half-way.

    Raises InputError for a folder of others.
    """
    try:
        present = sorted(path.name for path in root.iterdir()) if root.exists() else []
        files = sorted(p.relative_to(root).as_posix() for p in root.rglob("*") if not p.is_dir())
    except NotADirectoryError:
        raise InputError(f"{root}: this is a file, allowed: a folder") from None
    except OSError as error:
        raise disk_error(root, error) from error
    if MANIFEST in present:
        raise InputError(f"{root}: the folder of a run, allowed: a new or empty one")
    if link := linked_folder(root):
        raise InputError(f"{root}: {link} is a symbolic link, which would lead elsewhere")
    partial = set(files) & {path + PARTIAL for path in (*_every_path(), DONE, NOTE)}
    if NOTE in present:
        return [*_noted(root, NOTE), *partial]
    # Files are renamed into place after the note of them all was written beside its own.
    there = [*(_noted(root, NOTE + PARTIAL) if NOTE + PARTIAL in partial else ()), *partial]
    if foreign := [path for path in files if path not in there]:
        raise InputError(f"{root}: has {foreign[0]} and no {NOTE}, allowed: a new or empty folder")
    if not files and present and any(name not in (ENTITY, KEYMAP) for name in present):
        raise InputError(f"{root}: has {present[0]} and no {NOTE}, allowed: a new or empty folder")
    return there


def _noted(root: Path, name: str) -> list[str]:
    """The files of a note; of one that is torn, or was changed, all that there could be."""
    try:
        return [file.path for file in read_export_note(root, name)]
    except DamagedError:
        return [*_every_path(), DONE]
    except InputError:
        if name == NOTE:
            raise
        return []


def _every_path() -> list[str]:
    names = [(d, table.name) for d in (ENTITY, KEYMAP) for table in schemas.tables(d)]
    return [_path(form, *name) for form in FILE_FORMS for name in names]


def _remove(root: Path, names: set[str]) -> None:
    """Files of an earlier delivery that this one doesn't replace, where they are inside the folder."""
    for name in names:
        path = root / name
        if path.is_file() and path.resolve().is_relative_to(root.resolve()):
            path.unlink()
            if path.parent != root and not any(path.parent.iterdir()):
                path.parent.rmdir()


def _path(form: str, dataset: str, name: str) -> str:
    return f"{name}.csv" if form == "csv" else f"{dataset}/{name}.{form}"


def _write(
    connection: duckdb.DuckDBPyConnection, form: str, dataset: str, name: str, source: Source, path: Path
) -> int:
    """Write one table and return its rows, as the file has them or DuckDB counted them."""
    file = source.file(dataset, name)
    if form == "parquet":
        if file is not None:
            copyfile(file, path)
        else:
            write_parquet(path, dataset, name, source.get(dataset, name))
        rows = int(pq.read_metadata(path).num_rows)
    else:
        _offer(connection, "entity", source, dataset, name)
        rows = _copy(connection, form, dataset, name, source, path)
    wanted = len(source.get(dataset, name)) if file is None else int(pq.read_metadata(file).num_rows)
    if rows != wanted:
        raise RunError(f"{path}: {wanted} rows wanted, {rows} written")
    return rows


def _offer(connection: duckdb.DuckDBPyConnection, view: str, source: Source, dataset: str, name: str) -> None:
    """A table as a view of DuckDB, which reads a file itself, little by little."""
    file = source.file(dataset, name)
    if file is None:
        connection.register(view, source.get(dataset, name))
    else:
        rows = f"SELECT * FROM read_parquet({literal(duckdb_file(file))}, hive_partitioning = false)"
        connection.execute(f"CREATE OR REPLACE TEMP VIEW {view} AS {rows}")


def _copy(
    connection: duckdb.DuckDBPyConnection, form: str, dataset: str, name: str, source: Source, path: Path
) -> int:
    """Write what is registered as ``entity`` as text. Raises OSError."""
    contract = schemas.table(dataset, name)
    columns = [f"e.{quoted(column.name)}" for column in contract.columns]
    rows, options = "entity AS e", "FORMAT json"
    if form == "csv":
        columns = [_csv_cell(column) for column in contract.columns]
        texts = [column.name for column in contract.columns if column.type == "STRING"]
        if contract.keymap:
            _offer(connection, "keymap", source, KEYMAP, name)
            native = [column for column in schemas.table(KEYMAP, name).names if column != "id"]
            columns = [*(f"k.{column}" for column in native), *columns]
            texts = [*native, *texts]
            key = f"e.{quoted(contract.key[0])}"
            rows += f" LEFT JOIN keymap AS k ON k.id = {key} ORDER BY {key}"
        # Only inside quotes does DuckDB escape a backslash, so all texts get theirs.
        force = f", FORCE_QUOTE ({', '.join(map(quoted, texts))})" if texts else ""
        options = f"FORMAT csv, HEADER, DELIM ',', QUOTE '\"', ESCAPE '\\', NULLSTR ''{force}"
    try:
        done = connection.execute(
            f"COPY (SELECT {', '.join(columns)} FROM {rows}) TO {literal(duckdb_file(path))} "
            f"({options}, USE_TMP_FILE false)"  # the caller's file is a passing one already
        ).fetchone()
    except duckdb.IOException as error:
        raise OSError(*error.args) from error
    return int(done[0]) if done else 0


def _csv_cell(column: schemas.Column) -> str:
    """A column as CSV has it: a NUMERIC without the zeros after its last digit."""
    name = quoted(column.name)
    if column.type != "NUMERIC":
        return f"e.{name}"
    return f"rtrim(rtrim(CAST(e.{name} AS VARCHAR), '0'), '.') AS {name}"
