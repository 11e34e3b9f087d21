"""Whether a file is whole: cheaply, by its size and footer, or by all its bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Literal

import pyarrow as pa
import pyarrow.parquet as pq
from pydantic import BaseModel, ConfigDict, ValidationError

from context.errors import DamagedError, TermtideError, number_of
from context.files import damaged, file_digest
from context.sealed import check_sealed, read_sealed, write_sealed
from sim.folder.manifest import FileEntry, StoredFile
from sim.folder.names import BUILT, SUSPECTS

# How thoroughly a folder is looked at: every file cheaply; besides, what events are drawn from by its bytes
# (store and plan); or everything by its bytes.
Care = Literal["cheap", "sources", "all"]
_READERS = min(4, os.cpu_count() or 1)  # hashing and reading let go of Python's lock


def is_whole(root: Path, file: FileEntry) -> bool:
    """Whether a file is there with its bytes, and, for Parquet, a footer with its rows."""
    path = root / file.path
    if not _has_size(path, file.bytes):
        return False
    return path.suffix != ".parquet" or rows_of_footer(path) == file.rows


def is_as_written(root: Path, file: StoredFile) -> bool:
    """Whether a file is there and every byte of it is the one that was written."""
    path = root / file.path
    try:
        return _has_size(path, file.bytes) and file_digest(path) == file.xxh3_128
    except OSError:
        return False


def changed(root: Path, files: Sequence[StoredFile]) -> list[StoredFile]:
    """The files that are not as they were written, or are missing; several are read at a time."""
    with ThreadPoolExecutor(_READERS) as pool:
        same = list(pool.map(lambda file: is_as_written(root, file), files))
    return [file for file, is_same in zip(files, same, strict=True) if not is_same]


def check_files(root: Path, files: Sequence[StoredFile]) -> None:
    """Raise DamagedError unless all are as they were written; what differs is noted, to be made again."""
    lost = sorted(file.path for file in changed(root, files))
    if not lost:
        return
    there = [path for path in lost if (root / path).is_file()]
    note_suspects(root, read_suspects(root) | set(there))
    first = (there or lost)[0]
    more = f"; {number_of(len(lost) - 1, 'more file differs', 'more files differ')}" if len(lost) > 1 else ""
    raise damaged(root / first, f"is {'not the file that was written' if there else 'missing'}{more}")


def broken(root: Path, files: Iterable[FileEntry], by_bytes: Iterable[FileEntry] = ()) -> set[str]:
    """Paths of the files that are not whole.

    Those in ``by_bytes``, and those that were found to differ before, are looked at byte by byte.
    """
    found = {file.path for file in files if not is_whole(root, file)}
    suspects = read_suspects(root)
    close = {file.path: file for file in files if file.path in suspects}
    close |= {file.path: file for file in by_bytes}
    looked_at = [file for path, file in close.items() if path not in found]
    return found | {file.path for file in changed(root, looked_at)}


def rows_of_footer(path: Path) -> int | None:
    """Rows by the footer of a Parquet file; None when there is none to read."""
    try:
        return int(pq.read_metadata(path).num_rows)
    except (OSError, pa.ArrowException):
        return None


def _has_size(path: Path, size: int) -> bool:
    try:
        return path.is_file() and path.stat().st_size == size
    except OSError:
        return False


class _Suspects(BaseModel):
    """``suspects.json``: files of a folder that were found to differ, until they are made again."""

    model_config = ConfigDict(extra="forbid")
    label: Literal["synthetic"] = "synthetic"
    format: Literal[1] = 1
    files: list[str]
    seal: str = ""


def read_suspects(root: Path) -> frozenset[str]:
    """Paths that were noted; whoever looks at the folder cheaply looks at these closely."""
    try:
        return frozenset(_Suspects.model_validate(read_sealed(root / SUSPECTS)).files)
    except (OSError, TermtideError, ValidationError):
        return frozenset()


def note_suspects(root: Path, paths: Iterable[str]) -> None:
    """Note files that were found to differ, instead of those noted before; a folder may be read-only."""
    names = sorted(paths)
    with suppress(OSError, TermtideError):
        if names:
            write_sealed(root / SUSPECTS, _Suspects(files=names))
        else:
            (root / SUSPECTS).unlink(missing_ok=True)


@contextmanager
def noting_damage(root: Path) -> Iterator[None]:
    """A file below ``root`` that is met and may not be handed on is noted, for whoever can make it again."""
    try:
        yield
    except DamagedError as error:
        with suppress(ValueError):
            name = Path(error.path).relative_to(root).as_posix()
            note_suspects(root, read_suspects(root) | {name})
        raise


class Built(BaseModel):
    """``built.json``: what is built from a run's data, warehouse, report and pages, by its name.

    It is not in the manifest, which says the same wherever a run stands: the warehouse names its folder, and
    DuckDB writes other bytes each time.
    """

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
