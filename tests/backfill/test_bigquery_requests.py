"""What is asked of BigQuery, to the letter, and what is made of its answers, against a recording server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import schemas
from context.errors import RunError
from sim.folder.manifest import run_id
from sim.sinks.bigquery import connection, jobs
from tests.samples.bigquery_tiny import SMALL, deliver, items, manifest, rows_of
from tests.servers.bigquery_fake import Fake, parquet_of
from tests.servers.bigquery_server import PROJECT, Answer, Recorder, Request, problem, recording

TO = f"//{PROJECT}"
DAY = 1  # of the items; its rows stand in two files


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The server's state; pauses are short."""
    monkeypatch.setattr(connection, "PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(jobs, "PAUSES_S", (0.0, 0.0, 0.0))
    monkeypatch.setattr(jobs, "UPLOAD_RETRIES", 0)
    return Fake()


@pytest.fixture
def server(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The server, taken for an emulator."""
    with recording(fake.answer) as recorder:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", recorder.host)
        yield recorder


def uploads(server: Recorder) -> list[Request]:
    """Load jobs with their files."""
    return server.asked("POST", "/upload/")


def test_a_day_is_loaded_by_its_partition_decorator(server: Recorder, tmp_path: Path) -> None:
    """The request: one job, named by run, table, day and attempt, that overwrites one partition."""
    [item] = items(whole=False)[DAY : DAY + 1]
    assert len(item.files) == 2
    assert deliver(TO, [item], "decorator")[0] == 1
    [request] = uploads(server)
    job_id = f"termtide_{run_id(manifest())}_event_store_expanded_20260915_{item.digest[:8]}_1"
    assert request.path.startswith(f"/upload/bigquery/v2/projects/{PROJECT}/jobs?uploadType=multipart")
    assert request.json == {
        "jobReference": {"jobId": job_id, "projectId": PROJECT, "location": "US"},
        "configuration": {
            "load": {
                "sourceFormat": "PARQUET",
                "writeDisposition": "WRITE_TRUNCATE",
                "createDisposition": "CREATE_NEVER",
                "destinationTable": {
                    "projectId": PROJECT,
                    "datasetId": "event_store",
                    "tableId": "expanded$20260915",
                },
                "parquetOptions": {"enableListInference": True},
                "schema": {"fields": schemas.bigquery_schema(schemas.table("event_store", "expanded"))},
            },
            "labels": {
                "synthetic": "true",
                "run": run_id(manifest()),
                "seed": "5",
                "pack": SMALL.pack,
            },
        },
    }
    copy = tmp_path / "sent.parquet"
    copy.write_bytes(parquet_of(request))
    assert rows_of(replace(item, files=(copy,))) == rows_of(item)


def test_datasets_and_tables_as_made(server: Recorder, fake: Fake) -> None:
    """Location, labels, descriptions; the events partitioned, clustered, never read without a filter."""
    deliver(f"{TO}?location=EU", items(0), "decorator")
    labels = {"synthetic": "true", "run": run_id(manifest()), "seed": "5", "pack": SMALL.pack}
    assert set(fake.datasets) == {
        "context_store_entity", "context_store_keymap", "event_store", "termtide_meta"
    }  # fmt: skip
    for dataset in fake.datasets.values():
        assert (dataset["location"], dataset["labels"]) == ("EU", labels)
        assert "Synthetic" in dataset["description"]
    expanded = fake.tables["event_store.expanded"]
    assert expanded["timePartitioning"] == {"type": "DAY", "field": "event_time"}
    assert expanded["requirePartitionFilter"] is True
    assert expanded["clustering"] == {"fields": ["type", "action"]}
    person = fake.tables["context_store_entity.person"]
    assert person["schema"]["fields"] == schemas.bigquery_schema(
        schemas.table("context_store_entity", "person")
    )
    assert all(table["labels"] == labels for table in fake.tables.values())
    assert all(job["jobReference"]["location"] == "EU" for job in fake.jobs.values())
    view = fake.tables["event_store.events"]
    assert "event_time AS event_datetime" in view["view"]["query"]
    wanted = [column.name for column in schemas.table("event_store", "events").columns]
    assert [field["name"] for field in view["schema"]["fields"]] == [*wanted, "event_datetime"]
    assert all(field["description"] for field in view["schema"]["fields"])
    assert len(server.requests) > 0


def test_what_is_there_is_not_loaded_again(server: Recorder, fake: Fake) -> None:
    """A second delivery loads nothing; one day gone, or grown, or unrecorded, is found and loaded alone."""
    wanted = items(3)
    assert deliver(TO, wanted, "decorator")[0] == 6
    sent = len(uploads(server))
    put, said = deliver(TO, wanted, "decorator")
    assert (put, said[1:]) == (0, ["days are replaced by decorator"])
    assert said[0] == f"bigquery://{PROJECT} (emulator at {server.host}, no credentials needed)"
    assert len(uploads(server)) == sent
    del fake.files["event_store.expanded$20260915"]
    put, said = deliver(TO, wanted, "decorator")
    assert put == 1
    assert any(f"{wanted[-2].rows:,} rows delivered, 0 there now" in line for line in said)
    assert "event_store.expanded$20260915" in fake.files
    # Recorded nowhere, but the job ran and its rows are there: taken as it is.
    del fake.loads["event_store.expanded 2026-09-16"]
    sent = len(uploads(server))
    assert deliver(TO, wanted, "decorator")[0] == 1
    assert len(uploads(server)) == sent
    assert "event_store.expanded 2026-09-16" in fake.loads


def test_a_job_that_failed_is_not_trusted(server: Recorder, fake: Fake) -> None:
    """A job id used by a failed job, or by one whose rows are gone: said, and the next attempt loads."""
    [item] = items(1, whole=False)
    error = {"reason": "invalid", "message": "Error while reading data"}
    fake.fail_next.append({"errors": [error]})
    with pytest.raises(RunError, match="Error while reading data"):
        deliver(TO, [item], "decorator")
    put, said = deliver(TO, [item], "decorator")
    assert put == 1
    assert any(
        "_1 has been run, but it failed: Error while reading data: loading again" in line for line in said
    )
    assert uploads(server)[-1].json["jobReference"]["jobId"].endswith("_2")
    fake.loads.clear()
    fake.files.clear()
    put, said = deliver(TO, [item], "decorator")
    assert any(f"_2 has been run, but {item.rows:,} rows sent, 0 there" in line for line in said)
    assert uploads(server)[-1].json["jobReference"]["jobId"].endswith("_3")


def test_row_errors_are_shown(server: Recorder, fake: Fake) -> None:
    """A failed load says what BigQuery says, place by place, and is not tried again."""
    errors = [
        {"reason": "invalid", "message": "Error while reading data, too many errors"},
        {"reason": "invalid", "location": "row 7", "message": "Could not convert 'x' to INT64"},
    ]
    fake.fail_next.append({"errors": errors})
    with pytest.raises(RunError, match=r"too many errors; Could not convert 'x' to INT64 \(row 7\)"):
        deliver(TO, items(1, whole=False), "decorator")
    assert len(uploads(server)) == 1


@pytest.mark.parametrize(
    "trouble",
    [
        problem(429, "rateLimitExceeded", "Exceeded rate limits"),
        problem(403, "quotaExceeded", "Quota exceeded: too many table updates"),
        problem(503, "backendError", "try again"),
        problem(500, "internalError", "try again"),
    ],
    ids=["429", "quota", "503", "500"],
)
def test_what_passes_is_tried_again(server: Recorder, fake: Fake, trouble: Answer) -> None:
    """Quotas, 429 and 5xx: again with pauses, and in the end once there; for ever, and it is said."""
    [item] = items(1, whole=False)
    left = [trouble, trouble]

    def twice(request: Request) -> Answer | None:
        return left.pop() if left and "/upload/" in request.path else None

    fake.troubles.append(twice)
    assert deliver(TO, [item], "decorator")[0] == 1
    assert len(uploads(server)) == 3
    assert [key for key in fake.files if "$" in key] == ["event_store.expanded$20260914"]
    fake.loads.clear()
    fake.files.clear()
    fake.troubles = [lambda request: trouble if "/upload/" in request.path else None]
    with pytest.raises(RunError, match=r"keeps failing.*the same command goes on"):
        deliver(TO, [item], "decorator")


def test_a_job_that_passes_by_is_tried_again(server: Recorder, fake: Fake) -> None:
    """A load job that fails for a reason that passes is followed by another attempt."""
    fake.fail_next += [{"errors": [{"reason": "backendError", "message": "Retry"}]}] * 2
    assert deliver(TO, items(1, whole=False), "decorator")[0] == 1
    names = [request.json["jobReference"]["jobId"][-2:] for request in uploads(server)]
    assert names == ["_1", "_2", "_3"]


@pytest.mark.usefixtures("server")
def test_lost_answer_loads_once(fake: Fake) -> None:
    """The job ran, but its answer was lost: asking again finds it, and its rows are taken."""
    [item] = items(1, whole=False)
    lost = [True]

    def lose(request: Request) -> Answer | None:
        if "/upload/" in request.path and lost.pop():
            lost.append(False)
            fake._job(request)
            return problem(503, "backendError", "gone")
        return None

    fake.troubles.append(lose)
    assert deliver(TO, [item], "decorator")[0] == 1
    assert [job[-2:] for job in fake.jobs] == ["_1"]


def test_rows_that_differ_are_an_error(server: Recorder, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows there that are not the ones sent are found by counts and sums, and not recorded."""
    other = parquet_rows(items(whole=False)[3])
    store = fake._job

    def garbled(request: Request) -> Answer:
        answer = store(request)
        fake.files = dict.fromkeys(fake.files, other)
        return answer

    monkeypatch.setattr(fake, "_job", garbled)
    [item] = items(1, whole=False)
    with pytest.raises(RunError, match=rf"loaded by job .*, but {item.rows:,} rows sent, .* there"):
        deliver(TO, [item], "decorator")
    assert fake.loads == {}
    assert server.requests


def parquet_rows(item: Any) -> bytes:
    """A file of an item."""
    return bytes(item.files[0].read_bytes())


def test_files_that_are_not_whole(server: Recorder, fake: Fake, tmp_path: Path) -> None:
    """A file cut short, or with other rows than the manifest says, is told before anything is sent."""
    [item] = items(1, whole=False)
    short = tmp_path / "short.parquet"
    short.write_bytes(parquet_rows(item)[:-100])
    with pytest.raises(RunError, match=r"short.parquet: not a whole Parquet file"):
        deliver(TO, [replace(item, files=(short,))], "decorator")
    with pytest.raises(RunError, match=rf"{item.rows + 1:,} rows expected, {item.rows:,} in its files"):
        deliver(TO, [replace(item, rows=item.rows + 1)], "decorator")
    assert uploads(server) == []
    assert fake.loads == {}


def test_one_failure_ends_it(server: Recorder, fake: Fake) -> None:
    """The first failure is what is raised; what is under way is finished or left, nothing more is begun."""
    error = {"reason": "invalid", "message": "bad rows"}
    fake.fail_next += [{"errors": [error]}]
    with pytest.raises(RunError, match="bad rows"):
        deliver(TO, items(7), "decorator")
    before = len(fake.loads)
    assert before < 10
    assert len(uploads(server)) <= 10
    assert deliver(TO, items(7), "decorator")[0] == 10 - before
    assert len(fake.loads) == 10
