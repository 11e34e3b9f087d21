"""An item's files as the one file of a load job: one job replaces a partition, so one file it must be."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from context.errors import RunError, first_line
from context.files import disk_error
from schemas._model import Table
from sim.sinks.bigquery.checksum import SummedLeaf, Sums, added, column_paths, sums_of
from sim.sinks.parquet import writer_options
from sim.sinks.tables import Item


@dataclass(frozen=True)
class Body:
    """One Parquet file, and what its rows add up to."""

    file: IO[bytes]
    size: int
    sums: Sums
    uris: tuple[str, ...] = ()  # where its files stand in Cloud Storage, instead of the one here


@contextmanager
def body_of(item: Item, contract: Table, leaves: list[SummedLeaf]) -> Iterator[Body]:
    """The item's rows, counted and summed. Raises RunError for a file that isn't whole or has other rows.

    Files in Cloud Storage are not read: what is known of them is how many rows they have.
    """
    if item.uris:
        yield Body(BytesIO(), 0, (item.rows,), item.uris)
        return
    sums: Sums | None = None
    try:
        with TemporaryFile() if len(item.files) != 1 else item.files[0].open("rb") as file:
            if len(item.files) == 1:
                for part in _parts(item.files[0], column_paths(leaves)):
                    sums = added(sums, sums_of(leaves, part))
            else:
                sums = _merge(item, contract, leaves, file)
            found = sums[0] if sums else 0
            if sums is None or found != item.rows:
                raise RunError(
                    f"{item.name}: {item.rows:,} rows expected, {found:,} in its files; "
                    "`termtide run` makes them anew"
                )
            size = file.seek(0, 2)
            file.seek(0)
            yield Body(file, size, sums)
    except pa.ArrowInvalid as error:
        raise RunError(
            f"{item.name}: {item.files[0]}: not a whole Parquet file: {first_line(error)}"
        ) from error
    except OSError as error:
        raise disk_error(item.files[0] if item.files else Path(item.name), error) from error


def _merge(item: Item, contract: Table, leaves: list[SummedLeaf], into: IO[bytes]) -> Sums | None:
    sums: Sums | None = None
    writer: pq.ParquetWriter | None = None
    try:
        for path in item.files:
            for part in _parts(path, list(contract.names)):
                sums = added(sums, sums_of(leaves, part))
                if writer is None:
                    writer = pq.ParquetWriter(into, part.schema, **writer_options(part.schema))
                writer.write_table(part)
    finally:
        if writer is not None:
            writer.close()
    return sums


def _parts(path: Path, columns: list[str]) -> Iterator[pa.Table]:
    """The row groups of a file; at least one part, so that an empty file counts as such."""
    with pq.ParquetFile(path) as file:
        if not file.num_row_groups:
            yield file.schema_arrow.empty_table().select(columns)
        for number in range(file.num_row_groups):
            yield file.read_row_group(number, columns=columns)
