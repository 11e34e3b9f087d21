"""Pub/Sub: an event a message, in batched requests of the public client, acknowledged one by one.

The client library's own batcher costs some 90 us a message (futures, objects); here whole requests are
encoded at once and go out over the client's channel as they are: ``PublisherClient.publish`` would parse
them and write them again, 3 us a message. Retries are the caller's.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import grpc
import pyarrow as pa
from google import pubsub_v1
from google.api_core import exceptions as api
from google.api_core import gapic_v1 as untyped
from google.api_core.client_options import ClientOptions
from google.auth import exceptions as auth
from google.pubsub_v1.services.publisher.transports import PublisherGrpcTransport
from google.pubsub_v1.services.subscriber.transports import SubscriberGrpcTransport

from context.errors import InputError, RunError, first_line
from sim.sinks.cloud import LABEL, PROJECT, account, default_credentials
from sim.sinks.messages import AwayError, Messages, StreamOptions
from sim.sinks.pubsub_wire import Encoder, request_bytes

_TOPIC = re.compile(r"(?!goog)[A-Za-z][A-Za-z0-9._~%+-]{2,254}")
_CALL_S = 60.0  # a publish request may take so long
_ATTEMPTS = 5  # to deliver a message before it is a dead letter; Pub/Sub's least
_OPEN_S = 10.0  # a call that checks the destination
_CHANNEL = [("grpc.max_send_message_length", -1), ("grpc.max_receive_message_length", -1)]
_AWAY = (
    api.ServiceUnavailable, api.DeadlineExceeded, api.GatewayTimeout, api.Aborted, api.Cancelled,
    api.TooManyRequests, api.InternalServerError, api.Unknown, api.RetryError, api.BadGateway,
)  # fmt: skip
_gapic: Any = untyped
_PUBLISH = "/google.pubsub.v1.Publisher/Publish"
_Publisher = pubsub_v1.PublisherClient
_T = TypeVar("_T")


class PubsubSink:
    """``target`` is ``//PROJECT/TOPIC``; an empty project takes GOOGLE_CLOUD_PROJECT."""

    lanes = 4
    most_messages = 1_000  # the service's limit; source: Pub/Sub quotas and limits
    most_bytes = 4_000_000

    def __init__(self, target: str, options: StreamOptions) -> None:
        project, topic = _parts(target)
        _check_subscription(options, topic)
        self._options = options
        self._topic_id, self._given_project = topic, project
        self._topic = ""
        self._host = os.environ.get("PUBSUB_EMULATOR_HOST", "")
        self._account = "no credentials needed"
        self._quota_project = ""
        self._encoder = Encoder(options.ordering_key)
        self._publisher: Any = None
        self._publish: Any = None  # takes an encoded request
        self._subscriber: Any = None

    @property
    def mark(self) -> Any:
        """A topic can't be gone back in."""
        return None

    def open(self, mark: Any) -> str:
        """Check topic and label, make what is missing if that was asked for. See the protocol."""
        del mark
        project = self._connect()
        self._topic = f"projects/{project}/topics/{self._topic_id}"
        if self._options.allow_unlabelled is not None:
            if self._options.allow_unlabelled not in (self._topic_id, self._topic):
                raise InputError(
                    f"--allow-unlabelled {self._options.allow_unlabelled}: names another topic, "
                    f"allowed: {self._topic_id}, the one of --to"
                )
        else:
            self._check_label()
        if self._options.create:
            self._make_subscription()
        where = f"emulator at {self._host}" if self._host else "Google Cloud"
        quota = f", quota project {self._quota_project}" if self._quota_project else ""
        return f"pubsub://{project}/{self._topic_id} ({where}, {self._account}{quota})"

    def encode(self, messages: Messages) -> pa.Array:
        """See the protocol."""
        return self._encoder.encode(messages)

    def deliver(self, bodies: Sequence[memoryview], count: int) -> Any:
        """Publish one request; returns when every message has its id. See the protocol."""
        request = request_bytes(self._topic, list(bodies))
        route = _gapic.routing_header.to_grpc_metadata((("topic", self._topic),))
        try:
            reply = self._call(lambda: self._publish(request, timeout=_CALL_S, metadata=(route,)))
        except api.NotFound as error:
            if not self._options.create:
                raise RunError(
                    f"topic {self._topic}: gone; make it again, the same command continues"
                ) from error
            self._make_topic()
            self._make_subscription()
            raise AwayError(f"topic {self._topic}: gone, made again") from error
        except api.PermissionDenied as error:
            raise InputError(
                f"{self._topic}: {self._account}: the permission pubsub.topics.publish is missing "
                f"(role roles/pubsub.publisher has it): {first_line(error)}"
            ) from error
        if len(reply.message_ids) != count:
            raise RunError(f"{self._topic}: {count} messages sent, {len(reply.message_ids)} acknowledged")
        return None

    def close(self) -> None:
        """Close the connections."""
        for client in (self._publisher, self._subscriber):
            if client is not None:
                client.transport.close()
        self._publisher = self._publish = self._subscriber = None

    def _connect(self) -> str:
        """Make the clients; returns the project."""
        project = self._given_project or os.environ.get("GOOGLE_CLOUD_PROJECT", "")
        if self._host:
            channel = grpc.insecure_channel(self._host, options=_CHANNEL)
            self._publisher = _Publisher(transport=PublisherGrpcTransport(channel=channel))
            self._subscriber = pubsub_v1.SubscriberClient(transport=SubscriberGrpcTransport(channel=channel))
        else:
            credentials, found = default_credentials("https://www.googleapis.com/auth/pubsub")
            project = project or found
            self._account = account(credentials)
            self._quota_project = getattr(credentials, "quota_project_id", None) or ""
            options = ClientOptions(quota_project_id=self._quota_project or None)
            self._publisher = _Publisher(credentials=credentials, client_options=options)
            self._subscriber = pubsub_v1.SubscriberClient(credentials=credentials, client_options=options)
        call = self._publisher.transport.grpc_channel.unary_unary(
            _PUBLISH, response_deserializer=pubsub_v1.PublishResponse.deserialize
        )
        self._publish = _gapic.method.wrap_method(call)
        if not project:
            raise InputError(
                f"--to pubsub://{project}/{self._topic_id}: no project given, "
                "allowed: pubsub://PROJECT/TOPIC, or the variable GOOGLE_CLOUD_PROJECT"
            )
        if not (self._host or PROJECT.fullmatch(project)):
            raise InputError(f"project {project!r} given, allowed: a project id of Google Cloud")
        return project

    def _check_label(self) -> None:
        """Refuse a topic that exists and isn't labelled ours."""
        try:
            topic = self._call(
                lambda: self._publisher.get_topic(topic=self._topic, retry=None, timeout=_OPEN_S)
            )
        except api.NotFound as error:
            if not self._options.create:
                raise InputError(
                    f"topic {self._topic}: not found; --create makes it, labelled {LABEL}=true"
                ) from error
            self._make_topic()
            return
        except api.PermissionDenied as error:
            raise InputError(
                f"topic {self._topic}: its labels can't be read: the permission pubsub.topics.get is missing "
                f"(role roles/pubsub.viewer has it); or say --allow-unlabelled {self._topic_id} and publish "
                "without looking"
            ) from error
        except AwayError as error:
            raise RunError(f"{self._host or 'pubsub.googleapis.com'}: out of reach: {error}") from error
        if topic.labels.get(LABEL) != "true":
            raise InputError(
                f"topic {self._topic}: exists without the label {LABEL}=true, so others may rely on it; "
                f"label it, or say --allow-unlabelled {self._topic_id}"
            )

    def _make_topic(self, topic_id: str = "") -> None:
        name = f"projects/{self._topic.split('/')[1]}/topics/{topic_id or self._topic_id}"
        topic = {"name": name, "labels": dict(self._options.labels) | {LABEL: "true"}}
        self._make(lambda: self._publisher.create_topic(request=topic, retry=None, timeout=_OPEN_S), "topics")

    def _make_subscription(self) -> None:
        project, options = self._topic.split("/")[1], self._options
        subscription: dict[str, Any] = {
            "name": f"projects/{project}/subscriptions/{self._topic_id}-sub",
            "topic": self._topic,
            "labels": dict(options.labels) | {LABEL: "true"},
            "enable_message_ordering": bool(options.ordering_key),
        }
        if options.ack_deadline_s is not None:
            subscription["ack_deadline_seconds"] = int(options.ack_deadline_s)
        if options.retention_s is not None:
            subscription["message_retention_duration"] = timedelta(seconds=options.retention_s)
        if options.dead_letter is not None:
            self._make_topic(options.dead_letter)
            subscription["dead_letter_policy"] = {
                "dead_letter_topic": f"projects/{project}/topics/{options.dead_letter}",
                "max_delivery_attempts": _ATTEMPTS,
            }
        self._make(
            lambda: self._subscriber.create_subscription(request=subscription, retry=None, timeout=_OPEN_S),
            "subscriptions",
        )

    def _make(self, make: Callable[[], object], what: str) -> None:
        try:
            self._call(make)
        except api.AlreadyExists:
            return
        except api.PermissionDenied as error:
            raise InputError(
                f"{self._topic}: the permission pubsub.{what}.create is missing, so --create can't"
            ) from error

    def _call(self, call: Callable[[], _T]) -> _T:
        """A call with its errors told apart: AwayError for what passes, clear lines for what doesn't."""
        try:
            return call()
        except (api.NotFound, api.AlreadyExists, api.PermissionDenied):
            raise
        except _AWAY as error:
            raise AwayError(first_line(error)) from error
        except (auth.TransportError, auth.TimeoutError) as error:
            raise AwayError(f"credentials can't be renewed: {first_line(error)}") from error
        except (auth.GoogleAuthError, api.Unauthenticated) as error:
            raise InputError(f"{self._account}: not accepted by Google Cloud: {first_line(error)}") from error
        except api.GoogleAPICallError as error:
            raise RunError(f"{self._topic}: {first_line(error)}") from error


def _check_subscription(options: StreamOptions, topic: str) -> None:
    """Raise InputError for what Pub/Sub takes for no subscription. Source: its reference of subscriptions."""
    given = {
        "--ack-deadline": options.ack_deadline_s,
        "--retention": options.retention_s,
        "--dead-letter": options.dead_letter,
    }
    for flag, value in given.items():
        if value is not None and not options.create:
            raise InputError(f"{flag}: is for the subscription that --create makes; give --create too")
    deadline, retention, other = options.ack_deadline_s, options.retention_s, options.dead_letter
    if deadline is not None and not (10 <= deadline <= 600 and float(deadline).is_integer()):
        raise InputError(f"--ack-deadline: {deadline:g} s given, allowed: whole seconds, 10s to 10m")
    if retention is not None and not 600 <= retention <= 31 * 86_400:
        raise InputError(f"--retention: {retention:g} s given, allowed: 10m to 31d")
    if other is not None and (not _TOPIC.fullmatch(other) or other == topic):
        raise InputError(f"--dead-letter: {other!r} given, allowed: the name of another topic of the project")


def _parts(target: str) -> tuple[str, str]:
    """(project, topic) of ``//PROJECT/TOPIC``."""
    found = re.fullmatch(r"//([^/]*)/([^/]+)", target)
    if found is None:
        raise InputError(f"--to pubsub:{target}: allowed: pubsub://PROJECT/TOPIC")
    if not _TOPIC.fullmatch(found[2]):
        raise InputError(
            f"topic {found[2]!r} given, allowed: 3 to 255 letters, digits and -._~%+, "
            "a letter first, not beginning with goog"
        )
    return found[1], found[2]
