"""The context store's Parquet files, whose rows may come term by term; each is written beside its place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.errors import RunError
from context.files import PARTIAL, Written
from context.store.store import KEYMAP, PLAYED, TablePart, table_path

ROW_GROUP = 1 << 18
_ORDERED = ("INT64", "DATE", "DATETIME", "TIMESTAMP")


class TableFile:
    """A table's Parquet file while it is written, just there; its methods raise OSError.

    Dictionary columns become plain strings for whoever reads them, each part keeps its own dictionary.
    """

    def __init__(self, path: Path, dataset: str, name: str) -> None:
        self.path = path
        self.rows = self.parts = 0
        table = schemas.table(dataset, name)
        self._wanted, self._repeated, self._ordered = (
            schemas.arrow_schema(table),
            repeated(table),
            ordered(table),
        )
        self._played: bytes | None = None
        self._writer: pq.ParquetWriter | None = None

    def add(self, table: pa.Table) -> None:
        """The next rows."""
        if self._writer is None:
            self._played = (table.schema.metadata or {}).get(PLAYED)
            self._wanted = _coded(table.schema, self._wanted)
            # store_schema=False: a reader sees the plain types, whatever the encoding in memory was.
            options = {
                "compression": "zstd",
                "store_schema": False,
                "use_dictionary": self._repeated or False,
                "write_statistics": self._ordered or False,
            }
            self._writer = pq.ParquetWriter(self.path, self._wanted, **options)
        elif self.parts == 1:
            self._played = str(self.rows).encode()
        if len(table) or not self.parts:
            self._writer.write_table(_fitted(table, self._wanted), row_group_size=ROW_GROUP)
        self.rows += len(table)
        self.parts += 1

    def close(self) -> None:
        """No more rows come."""
        if self._writer is not None:
            if self._played is not None:
                self._writer.add_key_value_metadata({PLAYED: self._played})
            self._writer.close()
            self._writer = None


def repeated(table: schemas.Table) -> list[str]:
    """Columns that get dictionaries: not those in which nearly every row has a value of its own.

    Those are the key, the ids of a keymap and times. For them a dictionary is made and given up: without, the
    larger tables of 5,000 FTE are written in half the CPU time, into a fifth fewer bytes.
    """
    if table.dataset == KEYMAP:
        return []
    alone = table.key if len(table.key) == 1 else ()
    return [
        column.name
        for column in table.columns
        if column.name not in alone and column.type not in ("DATETIME", "TIMESTAMP")
    ]


def ordered(table: schemas.Table) -> list[str]:
    """Columns whose least and greatest values a file tells: whole numbers and times, which rise in many.

    Texts, truths and scores have about the same ones in every row group, so that no query could pass over
    one; to find them took a twelfth of the CPU time of writing.
    """
    return [column.name for column in table.columns if column.type in _ORDERED]


class StoreFiles:
    """Files of a store whose tables come in parts; all are renamed into place when the context is left.

    ``parts`` is how many each table has: with the last one its file is closed and its buffers go. A context
    that is left with an error leaves nothing behind. Raises RunError when the disk fails.
    """

    def __init__(self, root: Path, parts: int = 1) -> None:
        self._root, self._parts = root, parts
        self.written: dict[tuple[str, str], Written] = {}  # by dataset and table, once they are in place
        self._files: dict[Path, TableFile] = {}

    def __enter__(self) -> Self:
        return self

    def add(self, part: TablePart) -> None:
        """The next rows of a table."""
        dataset, name, table = part
        path = table_path(self._root, dataset, name)
        with _told(path):
            if path not in self._files:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._files[path] = TableFile(path.with_name(path.name + PARTIAL), dataset, name)
            file = self._files[path]
            file.add(table)
            if file.parts == self._parts:
                file.close()

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        try:
            for path, file in self._files.items():
                with _told(path):
                    file.close()
                    name = path.relative_to(self._root).as_posix()
                    self.written[path.parent.name, path.stem] = Written.of(name, file.path, file.rows)
            for path, file in self._files.items() if kind is None else ():
                with _told(path):
                    file.path.replace(path)
        finally:
            for file in self._files.values():
                file.path.unlink(missing_ok=True)


@contextmanager
def _told(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise RunError(f"{path}: cannot be written: {error.strerror or error}") from error


def _coded(schema: pa.Schema, wanted: pa.Schema) -> pa.Schema:
    """The wanted schema, with dictionary encoding kept where the table has it."""
    return pa.schema(
        [
            field
            if not pa.types.is_dictionary(schema.field(i).type)
            else field.with_type(schema.field(i).type)
            for i, field in enumerate(wanted)
        ]
    )


def _fitted(table: pa.Table, wanted: pa.Schema) -> pa.Table:
    """The table as a file has it, whose first part may have been encoded otherwise."""
    for i, field in enumerate(wanted):
        if pa.types.is_dictionary(field.type) and table.schema.field(i).type != field.type:
            codes = table.column(i).cast(field.type.value_type).dictionary_encode()
            table = table.set_column(i, field.name, codes.cast(field.type))
    return table.cast(wanted)


def write_parquet(path: Path, dataset: str, name: str, table: pa.Table) -> None:
    """Write one table as a Parquet file, just there. Raises OSError."""
    file = TableFile(path, dataset, name)
    try:
        file.add(table)
    finally:
        file.close()


def write_table(root: Path, dataset: str, name: str, table: pa.Table) -> Path:
    """Write one table beside its place and rename it in. Raises RunError."""
    with StoreFiles(root) as files:
        files.add((dataset, name, table))
    return table_path(root, dataset, name)
