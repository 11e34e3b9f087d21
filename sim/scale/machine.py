"""What a machine has of the work: fetched once, each file checked, and read by all of its processes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir

from context.errors import InputError, RunError
from context.files import check_digest, disk_error, replacing
from sim.backfill.mapped_world import Shared
from sim.folder.lock import locked
from sim.folder.whole import is_as_written
from sim.scale.job import PACK, WORLD, ScaleJob
from sim.scale.storage import Storage

_FETCHING_S = 3_600.0  # that another process of this machine may take to fetch the same


@dataclass(frozen=True)
class Premade:
    """A job and where its plan, world and pack stand on this machine; small enough to send to a process."""

    job: ScaleJob
    root: Path

    @property
    def shared(self) -> Shared:
        """The world; whoever maps it checks it."""
        return Shared(self.root / WORLD, self.job.world.xxh3_128)

    @property
    def pack(self) -> Path:
        """The folder of the pack."""
        return self.root / PACK


def premade(work: Storage, job: ScaleJob) -> Premade:
    """Fetch what is not here yet; a folder is read where it stands.

    Raises InputError for work that is not complete, DamagedError for files that are not what was written.
    """
    if work.folder is not None:
        for file in job.worker_files:
            path = work.folder / file.path
            if not path.is_file():
                raise InputError(f"{work.url}: no {file.path}; `termtide scale prepare` completes it")
            if file.path != WORLD:
                check_digest(path, file.xxh3_128)
        return Premade(job, work.folder)
    root = _cache(job)
    try:
        with locked(root, RunError(f"{root}: another process fetches for too long"), wait_s=_FETCHING_S):
            for file in job.worker_files:
                if not is_as_written(root, file):
                    with replacing([root / file.path]) as (beside,):
                        work.fetch(file.path, beside, file.xxh3_128)
    except OSError as error:
        raise disk_error(root, error) from error
    return Premade(job, root)


def _cache(job: ScaleJob) -> Path:
    """A folder of this user's for a job; TMPDIR says on which disk."""
    root = Path(gettempdir()) / f"termtide-scale-{os.getuid()}" / job.seal
    try:
        root.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        if root.parent.stat().st_uid != os.getuid():
            raise RunError(f"{root.parent}: somebody else's; set TMPDIR to a folder of your own")
        root.mkdir(exist_ok=True)
    except OSError as error:
        raise disk_error(root, error) from error
    return root
