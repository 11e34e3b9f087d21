"""Nothing is written where it mustn't be: labels, places, permissions, one clear line each."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from context.errors import InputError
from sim.folder.manifest import run_id
from sim.sinks.bigquery import connection, guard
from sim.sinks.bigquery.drop import Dropper
from sim.sinks.bigquery.sink import BigquerySink
from sim.sinks.bigquery.target import read_address
from sim.sinks.open import open_table_sink
from sim.sinks.tables import TableOptions
from tests.samples.bigquery_tiny import deliver, delivery, items, manifest
from tests.servers.bigquery_fake import Fake
from tests.servers.bigquery_server import PROJECT, Answer, Recorder, Request, problem, recording

TO = f"//{PROJECT}"


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Fake:
    """The server's state; pauses are short."""
    monkeypatch.setattr(connection, "PAUSES_S", (0.0, 0.0))
    return Fake()


@pytest.fixture
def server(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> Iterator[Recorder]:
    """The server, taken for an emulator."""
    with recording(fake.answer) as recorder:
        monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", recorder.host)
        yield recorder


def check(target: str = TO, **options: Any) -> list[str]:
    """What --dry-run does."""
    sink = BigquerySink(target, TableOptions(**options))
    try:
        return sink.check(delivery())
    finally:
        sink.close()


def dataset(fake: Fake, name: str, **facts: Any) -> None:
    """A dataset that is there, of our run unless said otherwise."""
    labels = {"synthetic": "true", "run": run_id(manifest())}
    reference = {"projectId": PROJECT, "datasetId": name}
    fake.datasets[name] = {"datasetReference": reference, "labels": labels, "location": "US", **facts}


def wrote(server: Recorder) -> list[Request]:
    """Requests that could have changed something."""
    return [
        one
        for one in server.requests
        if one.method != "GET"
        and "testIamPermissions" not in one.path
        and not (one.path.split("?")[0].endswith("/jobs") and one.json["configuration"].get("dryRun"))
    ]


def test_dry_run_writes_nothing(server: Recorder, fake: Fake) -> None:
    """Looking says what would be made, and where; what it asks changes nothing."""
    dataset(fake, "event_store")
    lines = check()
    assert lines[0] == f"bigquery://{PROJECT} (emulator at {server.host}, no credentials needed)"
    assert lines[1] == (
        "datasets to be made in US: context_store_entity, context_store_keymap, termtide_meta"
    )
    assert wrote(server) == []
    assert len(server.requests) >= 5


def test_foreign_dataset_is_refused(server: Recorder, fake: Fake) -> None:
    """A dataset without our label is refused before anything is written, unless it is named."""
    dataset(fake, "event_store", labels={"team": "analytics"})
    with pytest.raises(
        InputError, match=r"event_store: exists without the label synthetic=true.*--allow-unl"
    ):
        deliver(TO, items(1), "decorator")
    assert wrote(server) == []
    with pytest.raises(InputError, match=r"--allow-unlabelled x: names another dataset, allowed: "):
        check(allow_unlabelled=("x",))
    assert deliver(TO, items(1), "decorator", allow_unlabelled=("event_store",))[0] == 4
    assert fake.datasets["event_store"]["labels"] == {"team": "analytics"}
    assert fake.tables["event_store.expanded"]["labels"]["synthetic"] == "true"


@pytest.mark.usefixtures("server")
def test_drop_takes_the_datasets_of_its_address(fake: Fake) -> None:
    """Without a prefix only those without one, with one only those with just it; a line names others."""
    run = "demo-1-abc"
    labels = {"synthetic": "true", "run": run}
    for name in ("event_store", "test_event_store", "test_2_event_store", "mine_event_store"):
        dataset(fake, name, labels=labels)
    for query, wanted in {"": "event_store", "?prefix=test_": "test_event_store"}.items():
        assert list(Dropper(f"{TO}{query}", run).find().datasets) == [wanted]
    assert list(Dropper(f"{TO}?event_store=mine_event_store", run).find().datasets) == ["mine_event_store"]
    with pytest.raises(InputError, match=r"nothing of these names.*; event_store is: say"):
        Dropper(f"{TO}?prefix=other_", run).find()


def test_foreign_table_is_refused(server: Recorder, fake: Fake) -> None:
    """In a dataset that was named, a table of theirs still isn't overwritten."""
    dataset(fake, "event_store", labels={})
    fake.tables["event_store.expanded"] = {
        "tableReference": {"projectId": PROJECT, "datasetId": "event_store", "tableId": "expanded"}
    }
    with pytest.raises(InputError, match=r"event_store\.expanded: exists without the label"):
        deliver(TO, items(1), "decorator", allow_unlabelled=("event_store",))
    assert server.asked("POST", "/upload/") == []


def test_another_run_is_refused(server: Recorder, fake: Fake) -> None:
    """A dataset of another run stays; the line says how to drop it or go elsewhere."""
    dataset(fake, "event_store", labels={"synthetic": "true", "run": "demo-1-abc"})
    with pytest.raises(
        InputError, match=r"holds the run demo-1-abc.*termtide drop bigquery://.* --run demo-1-abc"
    ):
        check()
    assert check(f"{TO}?prefix=x_")
    assert wrote(server) == []


@pytest.mark.usefixtures("server")
def test_a_dataset_made_for_us_is_taken(fake: Fake) -> None:
    """One that is labelled synthetic and no run's, as Terraform makes it, is that of its tables."""
    for name in ("event_store", "context_store_entity", "context_store_keymap", "termtide_meta"):
        dataset(fake, name, labels={"synthetic": "true"})
    deliver(TO, items(1), "decorator")
    assert fake.datasets["event_store"]["labels"] == {"synthetic": "true"}
    deliver(TO, items(1), "decorator")
    for table in fake.tables.values():
        table["labels"]["run"] = "demo-1-abc"
    with pytest.raises(InputError, match="holds the run demo-1-abc"):
        check()


@pytest.mark.parametrize(
    ("query", "wrong"),
    [("?location=EU", r"is in US, but location=EU was given"), ("", r"is in EU, but others are in US")],
)
@pytest.mark.usefixtures("server")
def test_wrong_location(fake: Fake, query: str, wrong: str) -> None:
    """Datasets are all in one place: the one given, or where the others are."""
    dataset(fake, "context_store_entity")
    dataset(fake, "event_store", location="US" if query else "EU")
    with pytest.raises(InputError, match=wrong):
        check(TO + query)


@pytest.mark.usefixtures("server")
def test_expirations_are_warned_about(fake: Fake) -> None:
    """A dataset that deletes old partitions or tables by default would delete the term."""
    dataset(fake, "event_store", defaultPartitionExpirationMs=str(60 * 86_400_000))
    dataset(fake, "termtide_meta", defaultTableExpirationMs=str(86_400_000))
    warnings = [line for line in check() if line.startswith("warning: ")]
    assert "event_store deletes partitions older than 60 days by default" in warnings[0]
    assert "termtide_meta deletes tables after 1 days by default" in warnings[1]


@pytest.mark.parametrize(
    ("part", "answer", "wrong"),
    [
        ("/jobs", problem(404, "notFound", f"Not found: Project {PROJECT}"), "project .*: not found"),
        (
            "/jobs",
            problem(403, "accessDenied", "User does not have bigquery.jobs.create"),
            "bigquery.jobs.create",
        ),
        (
            "/datasets",
            problem(403, "accessDenied", "Permission bigquery.datasets.get denied"),
            "datasets.get denied",
        ),
        ("/datasets", problem(404, "notFound", f"Not found: Project {PROJECT}"), "project .*: not found"),
        ("/jobs", problem(401, "authError", "Invalid Credentials"), "not accepted by Google Cloud"),
    ],
    ids=["project", "jobs", "datasets", "project-2", "credentials"],
)
@pytest.mark.usefixtures("server")
def test_what_is_missing_is_one_line(fake: Fake, part: str, answer: Answer, wrong: str) -> None:
    """Unknown project, missing permission, bad credentials: one line, the user's to mend."""
    fake.troubles.append(lambda request: answer if part in request.path else None)
    with pytest.raises(InputError, match=wrong) as caught:
        check()
    assert len(str(caught.value).splitlines()) == 1


def test_permissions_on_tables(server: Recorder, fake: Fake) -> None:
    """Tables that are there are asked whether they may be written to."""
    dataset(fake, "event_store")
    lacking = {"permissions": ["bigquery.tables.getData", "bigquery.tables.update"]}
    fake.troubles.append(lambda request: (200, lacking) if "testIamPermissions" in request.path else None)
    with pytest.raises(InputError, match=r"expanded: .* lacks bigquery.tables.updateData \(role"):
        check()
    assert server.requests


def test_permissions_on_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resource Manager says whether datasets may be made; where it doesn't, that is said."""
    answers: list[Answer] = [
        (200, {"permissions": ["bigquery.datasets.create", "bigquery.jobs.create"]}),
        problem(403, "forbidden", "API not enabled"),
        (200, {"permissions": ["bigquery.jobs.create"]}),
    ]
    here: Any = SimpleNamespace(project=PROJECT, account="me", credentials=AnonymousCredentials())
    with recording(lambda _: answers.pop(0)) as recorder:
        monkeypatch.setattr(guard, "_RESOURCE_MANAGER", f"http://{recorder.host}/v1/projects")
        assert guard._check_project(here) == []
        assert recorder.requests[0].path == f"/v1/projects/{PROJECT}:testIamPermissions"
        assert "can't be told beforehand: Resource Manager says 403" in guard._check_project(here)[0]
        with pytest.raises(InputError, match=r"me lacks bigquery.datasets.create \(role"):
            guard._check_project(here)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Without credentials or without a project, a line says so before anything is asked."""
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "none.json"))
    with pytest.raises(InputError, match="no credentials for Google Cloud"):
        check()
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "127.0.0.1:9")
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    with pytest.raises(InputError, match=r"no project given.*GOOGLE_CLOUD_PROJECT"):
        check("//")


def test_project_of_the_environment(server: Recorder, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty project takes GOOGLE_CLOUD_PROJECT, and the emulator's address may name its scheme."""
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", f"http://{server.host}")
    assert check("//")[0].startswith(f"bigquery://{PROJECT} (emulator at http://")


def test_names() -> None:
    """A prefix for all, a name for one; what would fall together or isn't known is refused."""
    target = read_address("//p?location=EU&prefix=x_&event_store=events")
    assert (target.project, target.location) == ("p", "EU")
    assert [target.dataset(name) for name in ("event_store", "context_store_entity", "termtide_meta")] == [
        "events", "x_context_store_entity", "x_termtide_meta"
    ]  # fmt: skip
    for wrong, why in {
        "p": "allowed: bigquery://PROJECT",
        "//p?locaton=EU": "did you mean location",
        "//p?prefix=x-": "letters, digits and _",
        "//p?location=1": "a location such as",
        "//p?event_store=termtide_meta": "two datasets in one",
    }.items():
        with pytest.raises(InputError, match=why):
            read_address(wrong)
    with pytest.raises(InputError, match="did you mean bigquery"):
        open_table_sink("bigqury://p", TableOptions())
    with pytest.raises(InputError, match="--method: 'x' given, allowed: auto, decorator, transaction"):
        open_table_sink("bigquery://p", TableOptions(method="x"))


def test_whose_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first line names the account, and the project that quotas are counted for."""

    class Robot(AnonymousCredentials):
        service_account_email = "robot@example.com"
        quota_project_id = "payer-1"

    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST", raising=False)
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT", raising=False)
    monkeypatch.setattr(connection, "default_credentials", lambda _: (Robot(), "found-1"))
    here = connection.Connection("", None)
    assert here.line == "bigquery://found-1 (Google Cloud, account robot@example.com, quota project payer-1)"


def test_only_an_emulator_takes_any_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """Project ids that Google would refuse are good enough for an emulator."""
    monkeypatch.setattr(connection, "default_credentials", lambda _: (AnonymousCredentials(), ""))
    monkeypatch.setenv("BIGQUERY_EMULATOR_HOST", "http://127.0.0.1:1")
    assert connection.Connection("my_P", None).project == "my_P"
    monkeypatch.delenv("BIGQUERY_EMULATOR_HOST")
    with pytest.raises(InputError, match="project 'my_P' given, allowed: a project id of Google Cloud"):
        connection.Connection("my_P", None)
