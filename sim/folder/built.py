"""``built.json``: size and digest of what is built from a run's data, warehouse and report.

They are not in the manifest, which says the same wherever a run stands: the warehouse names its folder, and
DuckDB writes other bytes each time.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import TermtideError
from context.files import damaged, file_digest
from sim.folder.manifest import StoredFile
from sim.folder.names import BUILT
from sim.folder.sealed import check_sealed, read_sealed, write_sealed
from sim.folder.whole import is_as_written


class Built(BaseModel):
    """What was built, by its name."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    files: dict[str, StoredFile] = {}
    seal: str = ""


def note_built(run_dir: Path, name: str) -> None:
    """Note the file ``name`` of a run folder as it stands. Raises RunError, OSError."""
    known = Built()
    with suppress(OSError, TermtideError):
        known = read_built(run_dir)
    path = run_dir / name
    known.files[name] = StoredFile(path=name, bytes=path.stat().st_size, xxh3_128=file_digest(path))
    known.files = dict(sorted(known.files.items()))
    write_sealed(run_dir / BUILT, known)


def read_built(run_dir: Path) -> Built:
    """What was noted. Raises DamagedError or InputError for another file, OSError without one."""
    path = run_dir / BUILT
    data = read_sealed(path)
    try:
        built = Built.model_validate(data)
    except ValidationError:
        raise damaged(path) from None
    check_sealed(path, built)
    return built


def is_built(run_dir: Path, *names: str) -> bool:
    """Whether these files stand as they were built."""
    try:
        known = read_built(run_dir).files
    except (OSError, TermtideError):
        return False
    return all(name in known and is_as_written(run_dir, known[name]) for name in names)
