"""A run in a bucket is loaded into BigQuery by URI, twice: an emulator of each, which share their objects.

``make test`` has the requests alone (``test_load_by_uri.py``).
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import schemas
from sim.folder.manifest import Manifest, load_manifest
from sim.folder.progress import Progress
from sim.scale.deliver import deliver_run, items_of
from sim.scale.places.open import open_storage
from sim.scale.places.storage import Storage
from sim.sinks.tables import TableOptions
from tests.samples.tiny import finished_run
from tests.servers import bigquery_server, storage_server
from tests.servers.storage_server import find_emulator

TO = f"bigquery://{bigquery_server.PROJECT}?prefix=bucket_"
TABLES = ("context_store_entity.person", "context_store_keymap.course_offering")


@pytest.fixture
def place(
    bigquery: bigquery_server.Emulator, cloud_storage: object, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Storage]:
    """A place in a bucket that both emulators see."""
    assert cloud_storage
    assert find_emulator() is not None
    bigquery.cloud.mkdir(exist_ok=True)
    server = storage_server.Emulator(bigquery.cloud)
    try:
        server.make_bucket("campus")
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", bigquery.host)
        yield open_storage("gs://campus/fall/run")
    finally:
        server.stop()


def few(place: Storage) -> Manifest:
    """Two tables and three campus days of the small campus, whose files are put to the place."""
    whole, root = load_manifest(finished_run()), finished_run()
    days = {day: whole.units[day] for day in sorted(whole.units)[20:23]}
    manifest = whole.model_copy(
        update={"units": days, "store": {name: whole.store[name] for name in TABLES}}, deep=True
    )
    for file in (*manifest.store.values(), *(file for unit in days.values() for file in unit.files)):
        place.put(root / file.path, file.path, file.xxh3_128)
    return manifest


@pytest.mark.gates
def test_a_bucket_is_loaded_twice(bigquery: bigquery_server.Emulator, place: Storage) -> None:
    """Every table and date has its rows after the first load, and the second one finds all of them."""
    manifest = few(place)
    items = list(items_of(place, manifest))
    for loaded, found in ((len(items), 0), (0, len(items))):
        done = deliver_run(place, manifest, TO, TableOptions(), Progress.silent())
        assert (done.loaded, done.found) == (loaded, found)
        for dataset, name in {(item.dataset, item.table) for item in items}:
            wanted = sum(item.rows for item in items if (item.dataset, item.table) == (dataset, name))
            query = f"SELECT COUNT(*) FROM `{bigquery_server.PROJECT}.bucket_{dataset}.{name}`"
            column = schemas.table(dataset, name).partition_by
            where = f" WHERE {column} > DATETIME '2000-01-01'" if column else ""
            assert next(iter(bigquery.client().query(query + where).result()))[0] == wanted
