"""A run in a bucket is loaded into BigQuery by URI, against recording servers: no byte of it is read here."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from context.errors import InputError
from sim.folder.manifest import Manifest, load_manifest, run_id
from sim.folder.progress import Progress
from sim.scale.deliver import check_warehouse, deliver_run, items_of, warehouse_of
from sim.scale.places.storage import FolderStorage, Storage
from sim.sinks.bigquery import connection, jobs
from sim.sinks.bigquery.jobs import job_base
from sim.sinks.tables import TableOptions
from tests.samples.tiny import finished_run
from tests.servers.bigquery_fake import Fake
from tests.servers.bigquery_server import PROJECT, Recorder, recording

TO = f"bigquery://{PROJECT}"
PLACE = "gs://bucket/fall/run"


class Somewhere(FolderStorage):
    """A bucket whose objects nobody may read here: BigQuery does that."""

    def __init__(self) -> None:
        super().__init__(Path("/nowhere"))
        self.url = PLACE

    @property
    def folder(self) -> Path | None:
        """None, as of any bucket."""
        return None

    def read(self, name: str) -> bytes | None:
        """Never."""
        raise AssertionError(name)


@pytest.fixture
def place() -> Storage:
    """The run's place."""
    return Somewhere()


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """BigQuery's state: it can fetch the files of the run, and of two tables of the store."""
    monkeypatch.setattr(connection, "PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.0, 0.0, 0.0))
    found = Fake()
    root = finished_run()
    for path in root.rglob("*.parquet"):
        found.cloud[f"{PLACE}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    return found


@pytest.fixture
def server(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The server, taken for an emulator."""
    with recording(fake.answer) as recorder:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", recorder.host)
        yield recorder


def part_of_run() -> Manifest:
    """The manifest of the run, with three of its days and two of its tables."""
    manifest = load_manifest(finished_run())
    units = {day: manifest.units[day] for day in sorted(manifest.units)[20:23]}
    store = {name: manifest.store[name] for name in sorted(manifest.store)[:2]}
    return manifest.model_copy(update={"units": units, "store": store})


def test_a_table_and_date_is_one_job_by_uri(place: Storage, fake: Fake, server: Recorder) -> None:
    """Each has one job of a known id that names its objects; loaded twice, everything is found."""
    manifest = part_of_run()
    items = list(items_of(place, manifest))
    options = TableOptions(method="decorator")
    done = deliver_run(place, manifest, TO, options, Progress.silent())
    assert (done.loaded, done.found) == (len(items), 0)
    loads = [
        request.json for request in server.asked("POST", "/jobs") if "load" in request.json["configuration"]
    ]
    assert not server.asked("POST", "/upload/")
    assert {uri for job in loads for uri in job["configuration"]["load"]["sourceUris"]} == {
        uri for item in items for uri in item.uris
    }
    assert all(uri.startswith(f"{PLACE}/") for item in items for uri in item.uris)
    wanted = {f"{item.table}${item.day:%Y%m%d}" if item.day else item.table for item in items}
    assert {job["configuration"]["load"]["destinationTable"]["tableId"] for job in loads} == wanted
    assert len({job["jobReference"]["jobId"] for job in loads}) == len(items) == len(loads)
    assert all(job["configuration"]["load"]["writeDisposition"] == "WRITE_TRUNCATE" for job in loads)
    assert all(len(str(job)) < 60_000 for job in loads)
    again = deliver_run(place, manifest, TO, options, Progress.silent())
    assert (again.loaded, again.found) == (0, len(items))
    assert len(fake.jobs) == len(items)


def test_tenants_have_jobs_of_their_own(place: Storage, fake: Fake, server: Recorder) -> None:
    """A job's id follows from run, tenant's dataset, table, date and digest; its label says synthetic."""
    manifest, options = part_of_run(), TableOptions(method="decorator")
    items = list(items_of(place, manifest))
    wanted = set()
    for prefix in ("north_", "south_"):
        fake.loads.clear()  # which each tenant has for itself, in a dataset of its prefix
        done = deliver_run(place, manifest, warehouse_of(TO, prefix), options, Progress.silent())
        assert done.loaded == len(items)
        for item in items:
            part = f"{item.day:%Y%m%d}" if item.day else "whole"
            base = job_base(run_id(manifest), f"{prefix}{item.dataset}", item.table, part, item.digest)
            wanted.add((f"{base}_1", f"{prefix}{item.dataset}"))
    jobs = [each.json for each in server.asked("POST", "/jobs") if "load" in each.json["configuration"]]
    assert {
        (job["jobReference"]["jobId"], job["configuration"]["load"]["destinationTable"]["datasetId"])
        for job in jobs
    } == wanted
    assert len(jobs) == len(fake.jobs) == 2 * len(items)
    assert all(job["configuration"]["labels"]["synthetic"] == "true" for job in jobs)


def test_rows_that_are_not_there_are_noticed(place: Storage, fake: Fake, server: Recorder) -> None:
    """A date of which BigQuery has fetched other rows than the records count is no success."""
    assert server.host
    manifest = load_manifest(finished_run())
    day = sorted(manifest.units)[20]
    manifest = manifest.model_copy(update={"units": {day: manifest.units[day]}, "store": {}})
    first = next(iter(items_of(place, manifest)))
    others = next(
        data for uri, data in sorted(fake.cloud.items()) if "event_store" in uri and uri not in first.uris
    )
    fake.cloud |= dict.fromkeys(first.uris, others)
    with pytest.raises(Exception, match=r"rows sent, .* there"):
        deliver_run(place, manifest, TO, TableOptions(method="decorator"), Progress.silent())


def test_datasets_of_others_are_refused(place: Storage, fake: Fake, server: Recorder) -> None:
    """A dataset that is there without the label is left alone, and nothing is loaded."""
    reference = {"datasetId": "event_store", "projectId": PROJECT}
    fake.datasets["event_store"] = {"datasetReference": reference, "location": "US", "labels": {}}
    with pytest.raises(InputError, match="event_store"):
        deliver_run(place, load_manifest(finished_run()), TO, TableOptions(), Progress.silent())
    assert server.requests
    assert not fake.jobs


def test_tenants_have_datasets_of_their_own() -> None:
    """A tenant's prefix comes behind the one of the URL, beside whatever else stands there."""
    assert warehouse_of(TO, "") == TO
    assert warehouse_of(TO, "north_") == f"{TO}?prefix=north_"
    assert warehouse_of(f"{TO}?location=EU&prefix=x_", "north_") == f"{TO}?location=EU&prefix=x_north_"


@pytest.mark.parametrize("url", ["duckdb:a.duckdb", "bigquery", "bigquery://p?colour=red", "gs://bucket"])
def test_a_warehouse_that_is_none(url: str) -> None:
    """Anything but a URL of BigQuery is refused before anything is merged."""
    with pytest.raises(InputError, match="allowed: "):
        check_warehouse(url)


def test_an_item_of_a_folder_has_its_files() -> None:
    """Of a run in a folder the files are sent, as ever."""
    manifest = load_manifest(finished_run())
    items = list(items_of(FolderStorage(finished_run()), manifest))
    assert all(path.is_file() for item in items for path in item.files)
    assert not any(item.uris for item in items)
    assert replace(items[0], uris=("gs://a",)).name == items[0].name
