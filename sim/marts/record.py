"""``marts.json``: which marts a run folder has, from what each was made, and the bytes of its files."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import InputError
from context.files import bytes_digest, disk_error, file_digest, replacing
from sim.folder.manifest import termtide_version
from sim.folder.names import MARTS


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid")


class MartFile(_Part):
    """One file of a mart, and the fingerprint of all that its rows follow from."""

    path: str  # relative to the run folder
    rows: int
    bytes: int
    xxh3_128: str  # of all its bytes
    made_from: str

    def is_whole(self, run_dir: Path) -> bool:
        """Whether the file is there with its bytes, each of them."""
        path = run_dir / self.path
        return path.is_file() and path.stat().st_size == self.bytes and file_digest(path) == self.xxh3_128


class MartEntry(_Part):
    """A mart: its files by the day they are of, "" for a whole table, or the query of a view."""

    files: dict[str, MartFile] = {}
    view: str | None = None  # in DuckDB's dialect

    @property
    def digest(self) -> str:
        """Of the content: of the files, or of the query."""
        parts = [f"{day} {file.xxh3_128}" for day, file in sorted(self.files.items())]
        return digest_of([*parts, self.view or ""])


class MartsRecord(_Part):
    """The file."""

    label: Literal["synthetic"] = "synthetic"
    format: Literal[2] = 2
    termtide: str
    run_date: date | None = None
    marts: dict[str, MartEntry] = {}

    @property
    def rows(self) -> dict[str, int]:
        """Rows of each mart that is no view."""
        return {
            name: sum(file.rows for file in entry.files.values())
            for name, entry in self.marts.items()
            if entry.view is None
        }

    def save(self, run_dir: Path) -> None:
        """Write it durably. Raises RunError."""
        self.marts = dict(sorted(self.marts.items()))
        text = self.model_dump_json(indent=1) + "\n"
        with replacing([run_dir / MARTS], durable=True) as (beside,):
            beside.write_text(text, encoding="utf-8")


def load_record(run_dir: Path) -> MartsRecord:
    """The record of a run folder, an empty one where there are no marts yet. Raises InputError."""
    path = run_dir / MARTS
    try:
        return MartsRecord.model_validate(json.loads(path.read_bytes()))
    except FileNotFoundError:
        return MartsRecord(termtide=termtide_version())
    except OSError as error:
        raise disk_error(path, error) from error
    except (ValueError, ValidationError):
        raise InputError(f"{path}: no record of marts; delete it, and they are built anew") from None


def digest_of(parts: Iterable[str]) -> str:
    """XXH3-128 of texts, each on a line of its own."""
    return bytes_digest("\n".join(parts).encode())
