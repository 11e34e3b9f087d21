"""What is asked of Cloud Storage, as its server sees it; needs no emulator."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from pathlib import Path

import google_crc32c
import pytest

from context.errors import InputError, RunError
from context.files import file_digest
from sim.scale.places.open import open_storage
from sim.scale.places.storage import Storage
from tests.servers.bigquery_server import Answer, Recorder, Request, problem, recording

pytest.importorskip("google.cloud.storage")


def asked(
    monkeypatch: pytest.MonkeyPatch, answer: Callable[[Request], Answer], call: Callable[[Storage], object]
) -> Recorder:
    """The requests of a call, whatever becomes of it."""
    with recording(answer) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", f"http://{server.host}")
        monkeypatch.setattr("sim.scale.places.bucket._AGAIN_S", 0.5)
        call(open_storage("gs://bucket/place"))
    return server


def nothing_there(request: Request) -> Answer:
    """A bucket without objects that takes what it is sent."""
    if request.method == "GET" and "/o/" in request.path:
        return problem(404, "notFound", "No such object")
    return 200, {"name": "place/a", "bucket": "bucket", "generation": "7", "size": "6"}


def test_an_upload_says_checksum_and_generation(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A whole file goes in one request with its CRC-32C, on the condition that nothing is there."""
    path = tmp_path / "file"
    path.write_bytes(b"whole\n")
    crc32c = base64.b64encode(google_crc32c.Checksum(b"whole\n").digest()).decode()

    def answer(request: Request) -> Answer:
        status, body = nothing_there(request)
        return status, {**body, "crc32c": crc32c} if status == 200 else body

    digest = file_digest(path)
    server = asked(monkeypatch, answer, lambda place: place.put(path, "a", digest))
    (upload,) = server.asked("POST", "/upload/")
    assert "ifGenerationMatch=0" in upload.path
    assert upload.json["name"] == "place/a"
    assert upload.json["crc32c"] == crc32c
    assert upload.json["metadata"] == {"xxh3_128": digest}
    assert b"whole\n" in upload.body


def test_what_is_replaced_is_named_by_its_generation(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other bytes under the name are replaced on the condition that they are still those that were seen."""

    def answer(_: Request) -> Answer:
        crc32c = base64.b64encode(google_crc32c.Checksum(b"new").digest()).decode()
        return 200, {"name": "place/a", "bucket": "bucket", "generation": "41", "size": "9", "crc32c": crc32c}

    server = asked(monkeypatch, answer, lambda place: place.put_bytes(b"new", "a"))
    (upload,) = server.asked("POST", "/upload/")
    assert re.search(r"ifGenerationMatch=41\b", upload.path)


def test_an_answer_of_another_checksum_is_a_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    """When the service has received other bytes than were sent, the upload has failed."""

    def answer(request: Request) -> Answer:
        if request.method == "POST":
            return problem(400, "invalid", "Provided CRC32C does not match calculated CRC32C")
        return nothing_there(request)

    def put(place: Storage) -> None:
        with pytest.raises(RunError, match=r"CRC32C.*the same command continues"):
            place.put_bytes(b"new", "a")

    assert asked(monkeypatch, answer, put).requests


def test_a_bucket_that_is_forbidden(monkeypatch: pytest.MonkeyPatch) -> None:
    """No permission is one line that names the place, and is the user's to mend."""

    def read(place: Storage) -> None:
        with pytest.raises(InputError, match=r"gs://bucket/place/a: not allowed: .*storage\.objects\.get"):
            place.read("a")

    refused = problem(403, "forbidden", "caller does not have storage.objects.get access")
    assert asked(monkeypatch, lambda _: refused, read).requests


def test_the_emulator_is_asked_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """With STORAGE_EMULATOR_HOST no credentials are looked for and none are sent."""
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", "/nowhere.json")
    listed: Answer = (200, {"items": [{"name": "place/b", "size": "3"}, {"name": "place/c", "size": "4"}]})
    found: list[str] = []
    call = lambda place: found.extend(entry.name for entry in place.list(""))  # noqa: E731
    server = asked(monkeypatch, lambda _: listed, call)
    assert found == ["b", "c"]
    assert all("authorization" not in request.headers for request in server.requests)
    assert json.dumps(listed)
