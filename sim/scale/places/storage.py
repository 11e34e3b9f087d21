"""Where work and output stand: a folder or a bucket behind one small protocol of whole files.

A file appears under its name whole or not at all, and writing it again with the same bytes changes nothing,
so that any number of machines may make the same thing at once.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import Protocol, TypeVar

from context.errors import InputError, RunError
from context.files import check_digest, disk_error, flush_to_disk

UPLOADS = "uploads.tmp"  # in a folder: what is being written, and what kills left of that
GS = "gs://"
_CALLS = 8  # at once; the client of buckets keeps ten connections
_T = TypeVar("_T")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Found:
    """A file that is there."""

    name: str
    bytes: int
    xxh3_128: str = ""  # as its writer said; a folder keeps none


class Storage(Protocol):
    """What both kinds of places do. Names are relative, with / between folders."""

    url: str

    @property
    def folder(self) -> Path | None:
        """Where the files stand on this machine; None when they stand on none."""
        ...

    def below(self, name: str) -> Storage:
        """The place of a name, as a place of its own."""
        ...

    def find(self, name: str) -> Found | None:
        """A file, if it is there. Raises InputError for a place out of bounds, RunError."""
        ...

    def list(self, prefix: str) -> Iterator[Found]:
        """All files below a name, in order."""
        ...

    def read(self, name: str) -> bytes | None:
        """A small file's bytes; None when it is not there."""
        ...

    def fetch(self, name: str, path: Path, xxh3_128: str) -> None:
        """Bring a file to ``path``. Raises DamagedError for other bytes, InputError when it is missing."""
        ...

    def put(self, path: Path, name: str, xxh3_128: str) -> None:
        """Take a file, which may be gone afterwards. Raises RunError."""
        ...

    def put_new(self, data: bytes, name: str) -> bytes:
        """Write a small file unless it is there; returns what is there then. Raises RunError."""
        ...

    def put_bytes(self, data: bytes, name: str) -> None:
        """Write or replace a small file. Raises RunError."""
        ...

    def scratch(self) -> Path:
        """A new folder for files that are to be put; its end is the caller's business."""
        ...

    def clear(self) -> None:
        """Remove what kills left half written."""
        ...


class FolderStorage:
    """A folder, on a disk or on a file system that all machines mount."""

    def __init__(self, root: Path) -> None:
        self.url, self.root = str(root), root
        if root.exists() and not root.is_dir():
            raise InputError(f"{root}: this is a file, allowed: a folder, or {GS}BUCKET/PATH")

    @property
    def folder(self) -> Path | None:
        """The folder itself."""
        return self.root

    def below(self, name: str) -> Storage:
        """A folder in it."""
        return FolderStorage(self.root / name)

    def find(self, name: str) -> Found | None:
        """See the protocol."""
        with _disk(self.root / name), suppress(FileNotFoundError, NotADirectoryError):
            return Found(name, (self.root / name).stat().st_size)
        return None

    def list(self, prefix: str) -> Iterator[Found]:
        """See the protocol."""
        for path in sorted((self.root / prefix).rglob("*")):
            if path.is_file():
                yield Found(path.relative_to(self.root).as_posix(), path.stat().st_size)

    def read(self, name: str) -> bytes | None:
        """See the protocol."""
        with _disk(self.root / name), suppress(FileNotFoundError, NotADirectoryError):
            return (self.root / name).read_bytes()
        return None

    def fetch(self, name: str, path: Path, xxh3_128: str) -> None:
        """See the protocol."""
        if not (self.root / name).is_file():
            raise missing(self, name)
        with _disk(path):
            shutil.copyfile(self.root / name, path)
            check_digest(path, xxh3_128)

    def put(self, path: Path, name: str, xxh3_128: str) -> None:  # noqa: ARG002 - a folder keeps none
        """See the protocol: renamed where it comes from ``scratch``, else copied."""
        target = self.root / name
        with _disk(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if path.is_relative_to(self.root / UPLOADS):
                flush_to_disk(path)
                path.replace(target)
                return
            with self._beside() as beside:
                shutil.copyfile(path, beside)
                flush_to_disk(beside)
                beside.replace(target)

    def put_new(self, data: bytes, name: str) -> bytes:
        """See the protocol."""
        target = self.root / name
        with _disk(target), self._beside() as beside:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(data)
            flush_to_disk(beside)
            with suppress(FileExistsError):
                os.link(beside, target)  # a link is refused where a rename would replace
                return data
            return target.read_bytes()

    def put_bytes(self, data: bytes, name: str) -> None:
        """See the protocol."""
        target = self.root / name
        with _disk(target), self._beside() as beside:
            target.parent.mkdir(parents=True, exist_ok=True)
            beside.write_bytes(data)
            flush_to_disk(beside)
            beside.replace(target)

    def scratch(self) -> Path:
        """Inside the folder, so that putting is renaming."""
        with _disk(self.root):
            (self.root / UPLOADS).mkdir(parents=True, exist_ok=True)
            return Path(mkdtemp(dir=self.root / UPLOADS))

    def clear(self) -> None:
        """See the protocol."""
        shutil.rmtree(self.root / UPLOADS, ignore_errors=True)

    @contextmanager
    def _beside(self) -> Iterator[Path]:
        """A place for one file, which is gone afterwards unless it was renamed."""
        (self.root / UPLOADS).mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(dir=self.root / UPLOADS) as folder:
            yield Path(folder) / "file"


def at_once(call: Callable[[_T], _R], items: Iterable[_T]) -> list[_R]:
    """What a call to a place says of each item, several at a time: a bucket takes its time for each.

    Raises what the first call raised that failed.
    """
    with ThreadPoolExecutor(_CALLS) as pool:
        return list(pool.map(call, items))


def copy_between(source: Storage, target: Storage, name: str, xxh3_128: str) -> None:
    """Copy a file, whose bytes must be those that were written. Raises DamagedError, InputError, RunError."""
    scratch = target.scratch()
    try:
        source.fetch(name, scratch / "file", xxh3_128)
        target.put(scratch / "file", name, xxh3_128)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


def missing(place: Storage, name: str) -> InputError:
    """The error for a place that lacks a file."""
    return InputError(f"{place.url}: no {name}, so it is not complete; `termtide scale prepare` completes it")


@contextmanager
def _disk(path: Path) -> Iterator[None]:
    """Errors of the disk as one line; what is not there is the caller's business."""
    try:
        yield
    except (FileNotFoundError, NotADirectoryError):
        raise
    except OSError as error:
        raise disk_error(path, error) from error


def uploaded(name: str, place: Storage, error: BaseException) -> RunError:
    """The error for a file that could not be brought in place."""
    return RunError(f"{place.url}: {name}: not written: {error}; the same command continues")
