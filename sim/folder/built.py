"""``built.json``: size and digest of what is built from a run's data: warehouse, report, pages.

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
from sim.folder.whole import changed


class Built(BaseModel):
    """What was built, by its name."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    files: dict[str, StoredFile] = {}
    seal: str = ""


def note_built(run_dir: Path, *names: str) -> None:
    """Note files of a run folder as they stand, and forget those that are gone. Raises RunError, OSError."""
    known = Built()
    with suppress(OSError, TermtideError):
        known = read_built(run_dir)
    for name in names:
        path = run_dir / name
        known.files[name] = StoredFile(path=name, bytes=path.stat().st_size, xxh3_128=file_digest(path))
    known.files = {name: known.files[name] for name in sorted(known.files) if (run_dir / name).is_file()}
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
    """Whether these files, and all that were built beside them, stand as they were."""
    try:
        known = read_built(run_dir).files
    except (OSError, TermtideError):
        return False
    return known.keys() >= set(names) and not changed(run_dir, list(known.values()))
