"""``context.json``: what stands in a folder that the store was written into alone."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import DamagedError, InputError
from context.files import SEAL, Written, seal_of
from context.sealed import read_sealed
from sim.folder.manifest import StoredFile

NOTE = "context.json"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")
    rows: int | None = None
    bytes: int
    xxh3_128: str


class _Note(BaseModel):
    files: dict[str, _File]


def note_text(facts: Mapping[str, Any], files: Sequence[Written]) -> str:
    """The file, sealed; ``facts`` say where the rows come from. Files without rows are of negative ones."""
    entries = {
        file.path: {"rows": file.rows, "bytes": file.bytes, "xxh3_128": file.xxh3_128} for file in files
    }
    note = {"label": "synthetic", **facts, "files": entries}
    return json.dumps({**note, SEAL: seal_of(note)}, indent=1) + "\n"


def read_export_note(root: Path, name: str = NOTE) -> list[StoredFile]:
    """The files that stand there. Raises InputError for another file, DamagedError for a changed one."""
    path = root / name
    try:
        data = read_sealed(path)
        files = _Note.model_validate(data).files
        if SEAL not in data:
            raise DamagedError(f"{path}: its seal is missing", str(path))
        return [
            StoredFile(path=file, bytes=entry.bytes, xxh3_128=entry.xxh3_128) for file, entry in files.items()
        ]
    except (InputError, ValidationError):
        raise InputError(f"{path}: no note of a delivery, allowed: a new or empty folder") from None
