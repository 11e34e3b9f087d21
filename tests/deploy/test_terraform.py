"""The Terraform files hold together, and hold to their policy: labels, least privilege, no keys."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

import schemas
from tests.deploy.terraform_files import (
    GCP,
    declared,
    files,
    local,
    of_kind,
    references,
    resources,
    variables,
)

# What the provider lets us label, of what is declared here.
LABELLED = {
    "google_bigquery_dataset",
    "google_bigquery_table",
    "google_cloud_run_v2_job",
    "google_pubsub_subscription",
    "google_pubsub_topic",
    "google_storage_bucket",
}
# Which role on what: a role that isn't here needs a reason, and one that could change permissions has none.
ROLES = {
    "google_bigquery_dataset_iam_member": {"roles/bigquery.dataEditor", "roles/bigquery.dataViewer"},
    "google_bigquery_table_iam_member": {"roles/bigquery.dataEditor", "roles/bigquery.metadataViewer"},
    "google_cloud_run_v2_job_iam_member": {"roles/run.invoker"},
    "google_project_iam_member": {"roles/bigquery.jobUser"},
    "google_pubsub_subscription_iam_member": {"roles/pubsub.subscriber"},
    "google_pubsub_topic_iam_member": {"roles/pubsub.publisher", "roles/pubsub.viewer"},
    "google_storage_bucket_iam_member": {"roles/storage.objectUser"},
}


def roles() -> list[tuple[str, str, str]]:
    """(address, role, member) of every grant; a role for each of ``for_each`` is one of several."""
    found = []
    for address, body in resources().items():
        if "_iam_" not in address:
            continue
        text = str(body.get("for_each", "")) if body["role"] == "${each.value}" else body["role"]
        found += [(address, role, body["member"]) for role in re.findall(r"roles/[\w.]+", text)]
    return found


def test_terraform_files_are_formatted() -> None:
    """The files are as `terraform fmt` writes them."""
    terraform = shutil.which("terraform")
    if terraform is None:
        pytest.skip("no terraform here: its format is not checked")
    done = subprocess.run(
        [terraform, "fmt", "-check", "-diff", str(GCP)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_references_resolve() -> None:
    """Everything that an expression refers to is declared, and every variable and local is referred to."""
    used = {address for content in files().values() for address in references(content)}
    assert used - declared() == set()
    assert {name for name in declared() - used if name.startswith(("var.", "local."))} == set()


def test_a_reference_to_nothing_is_told() -> None:
    """References are found in expressions, in texts inside of these, and nowhere else."""
    value = {
        "a": ["${var.x}", 'is google_y.z, "${merge(local.m, { k = google_a.b })}"'],
        "b": "${data.t.n.id}",
    }
    assert set(references(value)) == {"var.x", "local.m", "google_a.b", "data.t.n"}
    assert set(references('${x == "" ? "" : "&p=${var.inner}"}')) == {"var.inner"}


def test_all_is_labelled_synthetic() -> None:
    """Everything that can carry labels carries synthetic=true, without which Termtide writes into nothing."""
    assert local("labels") == {"synthetic": "true", "made_by": "termtide"}
    found = {address: body.get("labels") for kind in LABELLED for address, body in of_kind(kind).items()}
    assert len(found) >= 11
    assert {address for address, labels in found.items() if labels != "${local.labels}"} == set()


def test_datasets_are_those_of_the_platform() -> None:
    """Datasets are the ones that Termtide delivers to, each by its name there behind the prefix."""
    wanted = {*schemas.DATASETS, *schemas.MART_DATASETS, schemas.META}
    assert set(local("datasets")) == wanted
    assert of_kind("google_bigquery_dataset")["google_bigquery_dataset.udp"]["dataset_id"] == (
        "${var.prefix}${each.value}"
    )


def test_roles_are_the_least() -> None:
    """Nobody gets a role that is not on the list of its kind of resource; none is given by whole policies."""
    assert len(roles()) >= 11
    assert [one for one in roles() if one[1] not in ROLES.get(one[0].split(".")[0], set())] == []
    assert [address for address in resources() if re.search(r"_iam_(policy|binding)\b", address)] == []


def test_nobody_is_everybody() -> None:
    """Members are our accounts, Pub/Sub's own, and the readers' group."""
    ours = r"\$\{google_service_account\.\w+\.member\}|\$\{local\.pubsub_agent\}|group:\$\{var\.readers\}"
    assert [member for _, _, member in roles() if not re.fullmatch(ours, member)] == []
    assert [address for address in resources() if address.startswith("google_service_account_key.")] == []


def test_readers_only_read() -> None:
    """The readers' group sees data and asks queries."""
    assert {role for _, role, member in roles() if "var.readers" in member} == {
        "roles/bigquery.dataViewer",
        "roles/bigquery.jobUser",
    }


def test_each_job_has_an_account_of_its_own() -> None:
    """Stream and loader act as different accounts, and none as the project's default one."""
    accounts = {name: job["account"] for name, job in local("jobs").items()}
    assert accounts == {
        "stream": "${google_service_account.stream.email}",
        "backfill": "${google_service_account.load.email}",
        "marts": "${google_service_account.load.email}",
    }
    (job,) = of_kind("google_cloud_run_v2_job").values()
    assert job["for_each"] == "${local.jobs}"
    assert job["template"][0]["template"][0]["service_account"] == "${each.value.account}"


def test_only_the_stream_keeps_a_state() -> None:
    """The bucket of the journal is mounted where the stream's job looks for it, and in no other job."""
    assert [name for name, job in local("jobs").items() if job["state"]] == ["stream"]
    args = str(local("jobs")["stream"]["args"])
    (job,) = of_kind("google_cloud_run_v2_job").values()
    mounts = str(job["template"][0]["template"][0]["containers"][0]["dynamic"])
    assert '"--keep", "/state"' in args.replace("'", '"')
    assert "each.value.state ? [" in mounts
    assert "/state" in mounts


def test_the_raw_table_has_what_pubsub_writes() -> None:
    """Messages come whole: data, attributes, and when Pub/Sub had them, with dead letters for what fails."""
    columns = {column["name"]: column["type"] for column in local("raw_columns")}
    assert columns == {
        "subscription_name": "STRING",
        "message_id": "STRING",
        "publish_time": "TIMESTAMP",
        "data": "STRING",
        "attributes": "STRING",
    }
    raw = of_kind("google_pubsub_subscription")["google_pubsub_subscription.raw"]
    assert raw["bigquery_config"][0]["write_metadata"] is True
    assert raw["dead_letter_policy"][0]["dead_letter_topic"] == "${google_pubsub_topic.dead.id}"


def test_state_is_private() -> None:
    """The bucket of the stream's state can't be made public."""
    bucket = of_kind("google_storage_bucket")["google_storage_bucket.state"]
    assert bucket["public_access_prevention"] == "enforced"
    assert bucket["uniform_bucket_level_access"] is True


def test_jobs_call_termtide_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every flag that a job gives is one that its command has."""
    import click
    from typer.main import get_command

    from sim.cli.main import app

    monkeypatch.setenv("COLUMNS", "200")
    group = get_command(app)
    for name, command in (("stream", "stream"), ("backfill", "backfill"), ("marts", "backfill")):
        text = str(local("jobs")[name]["args"]) + str(local("campus"))
        given = set(re.findall(r"(?<=[\"'])--[a-z-]+", text)) - {"--keep", "--every"}
        found = group.get_command(click.Context(group), command)  # type: ignore[attr-defined]
        known = {flag for one in found.params for flag in one.opts}
        assert given, name
        assert given - known == set(), name


def test_variables_are_described() -> None:
    """Each variable says what it is and has a type; a name that says production is refused."""
    assert [name for name, body in variables().items() if not {"description", "type"} <= set(body)] == []
    assert len(variables()["project"]["validation"]) == 2


def test_checkov_finds_nothing() -> None:
    """Checkov's policies hold, but for those that are left out with a reason."""
    root = GCP.parents[1]
    program = root / ".venv" / "checkov" / "bin" / "checkov"
    if not program.is_file():
        pytest.skip("no checkov here: `make check-cloud` installs it and runs the same")
    config = root / "deploy" / "checks" / "checkov.yaml"
    lines = config.read_text(encoding="utf-8").splitlines()
    left_out = [line for line in lines if re.match(r"\s+- CKV", line)]
    assert [line for line in left_out if not re.search(r" # \w.{10,}", line)] == []
    done = subprocess.run(
        [program, "--config-file", config], cwd=root, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-1000:]


def test_the_raw_table_and_its_view_are_the_schemas() -> None:
    """The raw table has the columns of the contract, and the view replaces what the shipped text has."""
    contract = schemas.table(schemas.RAW, "messages")
    columns = local("raw_columns")
    assert [(c["name"], c["type"]) for c in columns] == [(c.name, c.type) for c in contract.columns]
    text = (GCP / "bigquery.tf").read_text(encoding="utf-8")
    assert 'file("${path.module}/../../schemas/raw/expanded.sql")' in text
    for word in re.findall(r'^ +"(raw\.\w+|context_store_)", ', text, flags=re.MULTILINE):
        assert word in schemas.raw_expanded()
