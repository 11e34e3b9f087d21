"""A topic as a sink: whom it refuses, what it makes, what it says."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import grpc
import pytest
from google import pubsub_v1
from google.auth.credentials import AnonymousCredentials

from context.errors import InputError, RunError
from sim.sinks.messages import AwayError, StreamOptions
from sim.sinks.open import open_stream_sink
from sim.sinks.pubsub import PubsubSink
from tests.servers.proxy import free_port
from tests.servers.pubsub_server import PROJECT, Emulator, make_topic, publisher, subscriber

BODY = b"\x12\x07\x0a\x05hello"  # one message: data "hello"


def opened(topic: str, **options: object) -> tuple[PubsubSink, str]:
    """A sink, and what it says when it is opened."""
    sink = PubsubSink(f"//{PROJECT}/{topic}", StreamOptions(**options))  # type: ignore[arg-type]
    return sink, sink.open(None)


@pytest.fixture
def host(pubsub: Emulator, monkeypatch: pytest.MonkeyPatch) -> str:
    """The emulator in the environment, as its users have it."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.host)
    return pubsub.host


def test_first_line_names_where_to(host: str) -> None:
    """Destination, account, emulator or not."""
    make_topic(host, "line-topic")
    sink, line = opened("line-topic")
    assert line == f"pubsub://{PROJECT}/line-topic (emulator at {host}, no credentials needed)"
    sink.deliver([memoryview(BODY)], 1)
    sink.close()


def test_a_missing_topic_is_made_when_asked_for(host: str) -> None:
    """Without --create a clear line; with it topic and subscription, labelled; then they are there."""
    with pytest.raises(InputError, match=r"topics/new-topic: not found; --create makes it"):
        opened("new-topic")
    for _ in range(2):
        opened("new-topic", create=True, labels=(("seed", "7"),))[0].close()
    topic = publisher(host).get_topic(topic=f"projects/{PROJECT}/topics/new-topic")
    assert dict(topic.labels) == {"synthetic": "true", "seed": "7"}
    name = f"projects/{PROJECT}/subscriptions/new-topic-sub"
    assert dict(subscriber(host).get_subscription(subscription=name).labels)["synthetic"] == "true"


def test_a_topic_without_the_label_is_refused(host: str) -> None:
    """Unless it is named; another name doesn't do."""
    make_topic(host, "others-topic", labelled=False)
    for create in (False, True):
        with pytest.raises(
            InputError, match=r"exists without the label synthetic=true.*--allow-unlabelled others"
        ):
            opened("others-topic", create=create)
    with pytest.raises(InputError, match="names another topic, allowed: others-topic"):
        opened("others-topic", allow_unlabelled="other-topic")
    sink, _ = opened("others-topic", allow_unlabelled="others-topic")
    sink.deliver([memoryview(BODY)], 1)
    sink.close()


def test_a_topic_that_goes_is_told(host: str) -> None:
    """Deleted while we publish: one line, or made again when --create was given."""
    make_topic(host, "going-topic")
    sink, _ = opened("going-topic")
    publisher(host).delete_topic(topic=f"projects/{PROJECT}/topics/going-topic")
    with pytest.raises(RunError, match="topics/going-topic: gone; make it again"):
        sink.deliver([memoryview(BODY)], 1)
    sink.close()
    sink, _ = opened("going-topic", create=True)
    publisher(host).delete_topic(topic=f"projects/{PROJECT}/topics/going-topic")
    with pytest.raises(AwayError, match="made again"):
        sink.deliver([memoryview(BODY)], 1)
    sink.deliver([memoryview(BODY)], 1)
    sink.close()


def test_nobody_there(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that doesn't answer is one line."""
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{free_port()}")
    with pytest.raises(RunError, match=r"127.0.0.1:\d+: out of reach: "):
        opened("some-topic")


@pytest.mark.parametrize(
    ("target", "said"),
    [
        ("pubsub:termtide-test/x", "allowed: pubsub://PROJECT/TOPIC"),
        ("pubsub://termtide-test/", "allowed: pubsub://PROJECT/TOPIC"),
        ("pubsub://termtide-test/ab", "topic 'ab' given, allowed: 3 to 255 letters"),
        ("pubsub://termtide-test/google-topic", "not beginning with goog"),
        ("pubsup://termtide-test/topic", "did you mean pubsub:"),
        ("topic", "allowed: pubsub://PROJECT/TOPIC, ndjson:FILE"),
    ],
)
def test_addresses_that_are_none(target: str, said: str) -> None:
    """One line each, before anything is made."""
    with pytest.raises(InputError, match=said):
        open_stream_sink(target, StreamOptions())


def test_projects(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty project takes GOOGLE_CLOUD_PROJECT; none is said."""
    make_topic(host, "project-topic")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    sink = PubsubSink("///project-topic", StreamOptions())
    assert sink.open(None).startswith(f"pubsub://{PROJECT}/project-topic")
    sink.close()
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    with pytest.raises(InputError, match="no project given"):
        PubsubSink("///project-topic", StreamOptions()).open(None)


def credentials(folder: Path, **facts: object) -> str:
    """A credentials file as Google's own tools write it; its keys open nothing."""
    user = {"type": "authorized_user", "client_id": "x", "client_secret": "y", "refresh_token": "z"}
    path = folder / "credentials.json"
    path.write_text(json.dumps(user | facts), encoding="utf-8")
    return str(path)


def test_default_credentials(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Application Default Credentials: none, a user with a quota project, an impersonated service account."""
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing.json"))
    with pytest.raises(
        InputError, match=r"no credentials for Google Cloud: File .*missing.json was not found"
    ):
        opened("real-topic", allow_unlabelled="real-topic")
    path = credentials(tmp_path, quota_project_id="quota-project")
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", path)
    sink, line = opened("real-topic", allow_unlabelled="real-topic")
    assert "(Google Cloud, credentials of kind credentials, quota project quota-project)" in line
    sink.close()
    source = json.loads(Path(path).read_text(encoding="utf-8"))
    host = "https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts"
    credentials(
        tmp_path,
        type="impersonated_service_account",
        source_credentials=source,
        service_account_impersonation_url=f"{host}/robot@{PROJECT}.iam.gserviceaccount.com:generateAccessToken",
        delegates=[],
    )
    sink, line = opened("real-topic", allow_unlabelled="real-topic")
    assert f"impersonating robot@{PROJECT}.iam.gserviceaccount.com" in line
    sink.close()


class Service(grpc.GenericRpcHandler):
    """A Pub/Sub that lets publish and nothing else."""

    def __init__(self) -> None:
        self.published = 0
        self.may_publish = True

    def service(self, details: grpc.HandlerCallDetails) -> grpc.RpcMethodHandler:
        """Handle a call by its name."""

        def answer(raw: bytes, context: grpc.ServicerContext) -> bytes:
            if details.method.endswith("/Publish") and self.may_publish:
                count = len(pubsub_v1.PublishRequest.deserialize(raw).messages)
                self.published += count
                reply = pubsub_v1.PublishResponse(message_ids=[str(n) for n in range(count)])
                return bytes(pubsub_v1.PublishResponse.serialize(reply))
            context.abort(grpc.StatusCode.PERMISSION_DENIED, "User not authorized to perform this action.")
            raise AssertionError

        return grpc.unary_unary_rpc_method_handler(answer)


@pytest.fixture
def strict(monkeypatch: pytest.MonkeyPatch) -> Iterator[Service]:
    """A service that only lets publish, in place of the emulator."""
    service, port = Service(), free_port()
    server = grpc.server(ThreadPoolExecutor(4), handlers=[service])
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{port}")
    yield service
    server.stop(None).wait()


def test_publishing_rights_alone(strict: Service) -> None:
    """Labels that can't be read name the permission; with the flag it is enough to may publish."""
    with pytest.raises(InputError, match=r"pubsub.topics.get is missing \(role roles/pubsub.viewer"):
        opened("closed-topic")
    with pytest.raises(InputError, match=r"pubsub.topics.get is missing"):
        opened("closed-topic", create=True)
    sink, _ = opened("closed-topic", allow_unlabelled="closed-topic")
    sink.deliver([memoryview(BODY), memoryview(BODY)], 2)
    assert strict.published == 2
    with pytest.raises(RunError, match="3 messages sent, 1 acknowledged"):
        sink.deliver([memoryview(BODY)], 3)
    strict.may_publish = False
    with pytest.raises(InputError, match=r"pubsub.topics.publish is missing"):
        sink.deliver([memoryview(BODY)], 1)
    sink.close()
    with pytest.raises(InputError, match=r"pubsub.subscriptions.create is missing"):
        opened("closed-topic", allow_unlabelled="closed-topic", create=True)


def test_an_emulator_takes_any_project(host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Project ids that Google would refuse are good enough for an emulator, and only for one."""
    sink = PubsubSink("//my_P/any-topic", StreamOptions(create=True))
    assert sink.open(None).startswith(f"pubsub://my_P/any-topic (emulator at {host}")
    sink.close()
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST")
    monkeypatch.setattr("sim.sinks.pubsub.default_credentials", lambda _: (AnonymousCredentials(), ""))
    with pytest.raises(InputError, match="project 'my_P' given, allowed: a project id of Google Cloud"):
        PubsubSink("//my_P/any-topic", StreamOptions()).open(None)
