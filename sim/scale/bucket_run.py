"""A run that stands in a bucket: its warehouse, whose views name the bucket, its report and its manifest.

Nothing of the events is fetched: a view needs names and columns of its files, a report what was counted.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pyarrow.parquet as pq

import schemas
from context.files import file_digest, replacing
from schemas import Table
from sim.folder.claim import Claimed
from sim.folder.manifest import Manifest, StoredFile
from sim.folder.names import BUILT, COOKBOOK, DICTIONARY, MANIFEST, REPORT, WAREHOUSE
from sim.folder.progress import Progress
from sim.folder.whole import note_built
from sim.run import lacking_libraries, make_report, make_warehouse
from sim.scale.job import ScaleJob, prepared_pack
from sim.scale.places.storage import Storage, at_once


def complete_in_bucket(
    job: ScaleJob, work: Storage, out: Storage, manifest: Manifest, show: Progress
) -> bool:
    """Put beside store, plan and events of a run what it has else, but the marts; False: all was there.

    The manifest appears last. Raises DamagedError for files that are not what was written, RunError.
    """
    scratch = out.scratch()
    try:
        manifest.save(scratch)
        data = (scratch / MANIFEST).read_bytes()
        if out.read(MANIFEST) == data and all(out.find(name) is not None for name in _built()):
            return False
        at = Claimed(scratch, manifest, show)
        if not lacking_libraries():
            _fetch(out, at)
        _stand_in(at)
        make_warehouse(at, out.url)
        make_report(prepared_pack(work, job), at)  # or it says why not
        at.show.stage(f"to {out.url}")
        _put(out, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    out.put_bytes(data, MANIFEST)
    return True


def _built() -> tuple[str, ...]:
    """What a run in a bucket has that is built here, where charts can be drawn or not."""
    return (WAREHOUSE, BUILT) if lacking_libraries() else (WAREHOUSE, BUILT, REPORT)


def _fetch(out: Storage, at: Claimed) -> None:
    """What a report is drawn from: store and counts."""
    counts = (unit.counts for unit in at.manifest.units.values() if unit.counts is not None)

    def fetch(file: StoredFile) -> None:
        with replacing([at.run_dir / file.path]) as (beside,):
            out.fetch(file.path, beside, file.xxh3_128)

    at_once(fetch, (*at.manifest.store.values(), *counts))


def _stand_in(at: Claimed) -> None:
    """Files without rows for those that were not fetched: DuckDB looks at columns when it makes a view."""
    for file, table in _tables(at.manifest):
        path = at.run_dir / file.path
        if not path.is_file():
            with replacing([path]) as (beside,):
                pq.write_table(schemas.arrow_schema(table).empty_table(), beside, store_schema=False)


def _tables(manifest: Manifest) -> Iterator[tuple[StoredFile, Table]]:
    """Every file of a table, and which it is."""
    for name, entry in manifest.store.items():
        yield entry, schemas.table(*name.split(".", 1))
    events = schemas.table("event_store", "expanded")
    for unit in manifest.units.values():
        for file in unit.files:
            yield file, events


def _put(out: Storage, made: Path) -> None:
    """Put everything that was built, and last the note of it."""

    def put(path: Path) -> None:
        out.put(path, path.relative_to(made).as_posix(), file_digest(path))

    # DuckDB writes other bytes each time: of several that finish at once the first one's warehouse stays.
    with replacing([made / WAREHOUSE]) as (beside,):
        beside.write_bytes(out.put_new((made / WAREHOUSE).read_bytes(), WAREHOUSE))
    note_built(made, WAREHOUSE)
    at_once(
        put, (path for path in (*sorted((made / DICTIONARY).rglob("*")), made / COOKBOOK) if path.is_file())
    )
    for last in (made / REPORT, made / BUILT):  # after what they name
        if last.is_file():
            put(last)
