"""A pack that is being written: begun as a copy of another, its tables replaced, then saved whole."""

from __future__ import annotations

import csv
import io
import json
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

from context.documents import read_text
from context.errors import InputError
from context.files import disk_error
from context.packs.pack import Pack, check_pack, find_pack
from context.packs.read import Block, Findings, read_head

Cells = dict[str, str]  # a row by the names of its columns


def check_new_folder(folder: Path) -> None:
    """Raise InputError where a pack can't be written, as there is something already."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"--out {folder}: there already, allowed: a new folder, or an empty one")


@dataclass
class DraftTable:
    """What pack.toml says of a table, the columns of its file, and its rows."""

    block: Block
    header: tuple[str, ...]
    rows: list[Cells]


@dataclass
class Draft:
    """Tables by name, in the order of pack.toml. ``files``: other files of the folder by name."""

    name: str
    version: str
    licence: str
    as_of: str
    description: str
    tables: dict[str, DraftTable]
    files: dict[str, str] = field(default_factory=dict)

    def put(
        self, table: str, rows: Sequence[Mapping[str, Any]], source: str, *, assumption: bool = False
    ) -> None:
        """Replace a table's rows; columns of notes go, since the table has a new source."""
        old = self.tables[table]
        header = tuple(name for name in old.header if name not in ("source", "assumption", "note"))
        block = replace(old.block, source=source, assumption=assumption)
        self.tables[table] = DraftTable(block, header, [as_cells(row, header) for row in rows])

    def add(self, table: str, header: Sequence[str], rows: Sequence[Mapping[str, Any]], block: Block) -> None:
        """A table that was not there, or takes the place of one with other columns."""
        self.tables[table] = DraftTable(block, tuple(header), [as_cells(row, header) for row in rows])

    def mark(self, table: str, source: str) -> None:
        """Say where a table's rows are from, the rows being left as they are."""
        old = self.tables[table]
        self.tables[table] = replace(old, block=replace(old.block, source=source))

    def save(self, folder: Path) -> None:
        """Write the folder, whole or not at all, and only if it is a sound pack.

        Raises InputError where there is something already, or what was fitted is no pack; RunError when the
        disk fails.
        """
        check_new_folder(folder)
        try:
            folder.parent.mkdir(parents=True, exist_ok=True)
            beside = Path(mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
        except OSError as error:
            raise disk_error(folder, error) from error
        try:
            self._write(beside)
            faults = check_pack(beside.absolute())
            if faults:
                first = faults[0]
                raise InputError(f"--out {folder}: no sound pack: {first['file']}: {first['problem']}")
            if folder.is_dir():
                folder.rmdir()
            beside.chmod(0o755)
            beside.rename(folder)
        except OSError as error:
            raise disk_error(folder, error) from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _write(self, folder: Path) -> None:
        (folder / "pack.toml").write_text("".join(self._head()), encoding="utf-8")
        for table in self.tables.values():
            text = io.StringIO(newline="")
            writer = csv.writer(text, lineterminator="\n")
            writer.writerow(table.header)
            writer.writerows([row.get(name, "") for name in table.header] for row in table.rows)
            (folder / table.block.file).write_text(text.getvalue(), encoding="utf-8")
        for name, content in self.files.items():
            (folder / name).write_text(content, encoding="utf-8")

    def _head(self) -> Iterator[str]:
        for key in ("name", "version", "licence", "as_of", "description"):
            yield f"{key} = {_toml(getattr(self, key))}\n"
        for name, table in self.tables.items():
            block = table.block
            yield f"\n[tables.{name}]\nfile = {_toml(block.file)}\n"
            yield f"description = {_toml(block.description)}\nsource = {_toml(block.source)}\n"
            yield f"assumption = {str(block.assumption).lower()}\n"
            if block.unit:
                yield f"unit = {_toml(block.unit)}\n"


def begin(pack: str | Path) -> Draft:
    """A draft that says what a pack says. Raises InputError for one that cannot be read."""
    folder = find_pack(pack)
    faults = Findings(folder.name)
    head, blocks = read_head(folder, faults)
    if faults.found:
        raise InputError(faults.found[0].line())
    tables = {}
    for name, block in blocks.items():
        reader = csv.reader(io.StringIO(read_text(folder / block.file, "CSV"), newline=""))
        header, *rows = [cells for cells in reader if cells]
        columns = tuple(cell.strip() for cell in header)
        tables[name] = DraftTable(block, columns, [dict(zip(columns, row, strict=True)) for row in rows])
    return Draft(head["name"], head["version"], head["licence"], head["as_of"], head["description"], tables)


def as_cells(row: Mapping[str, Any], header: Iterable[str]) -> Cells:
    """A row as texts: numbers without needless digits, booleans as true and false, None empty."""
    return {name: as_cell(row.get(name)) for name in header}


def as_cell(value: Any) -> str:
    """One value as a text."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return repr(int(value)) if value == int(value) and abs(value) < 1e15 else f"{value:.10g}"
    return str(value)


def rows_of(pack: Pack, table: str) -> list[dict[str, Any]]:
    """A table of a loaded pack row by row, typed."""
    columns = pack.table(table)
    return [dict(zip(columns, cells, strict=True)) for cells in zip(*columns.values(), strict=True)]


def _toml(text: str) -> str:
    """A text as TOML has it, which for basic strings is as JSON has it."""
    return json.dumps(text, ensure_ascii=False)
