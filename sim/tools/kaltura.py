"""Kaltura: what its Canvas gallery (KAF) tells of people who watch, as the Unizin Data Platform stores it.

The platform has Caliper 1.1's short terms; of Caliper 1.0 remain dates on every entity. The course is only
in an extension of the media object, with its short Canvas id, and people are known by their login.
"""

from __future__ import annotations

from typing import Any

from context import rng
from context.arrays import DAY_MS
from sim.caliper.batch import Batch
from sim.caliper.fields import Field, Positions, take
from sim.caliper.kinds import Kind
from sim.caliper.shapes import Shape
from sim.tools.every_tool import detail
from sim.world.world import Tenant, World

_SERVICE_SINCE = "2018-08-25T17:00:00.000Z"  # when the application was set up, and changed


def host(tenant: Tenant) -> str:
    """The address of the gallery."""
    return f"https://kaf.{tenant.host.split('.', 1)[-1]}"


def shape(kind: Kind, tenant: Tenant) -> Shape:
    """A media event."""
    info = f"{host(tenant)}/caliper/info"
    media = f"{info}/media/{{media.text}}"
    return {
        "@context": "http://purl.imsglobal.org/ctx/caliper/v1p1",
        "id": "urn:uuid:{event.uuid}",
        "type": kind.type,
        "actor": {
            "id": f"{info}/user/{{person.login}}",
            "type": "Person",
            "name": "{person.name}",
            "dateCreated": "{person.created_ms}",
            "dateModified": "{person.created_ms}",
        },
        "action": kind.action,
        "object": {
            "id": media,
            "type": kind.object_type,
            "name": "{media.title}",
            "dateCreated": "{media.created_ms}",
            "dateModified": "{media.created_ms}",
            "duration": "{media.duration}",
            "extensions": {"kaf:course_id": "{media.course}"},
        },
        "target": {
            "id": media,
            "type": "MediaLocation",
            "dateCreated": "{event.time}",
            "currentTime": "{event.position}",
        },
        "eventTime": "{event.time}",
        "edApp": {
            "id": f"{info}/app/KafEdApp",
            "type": "SoftwareApplication",
            "name": "KAF",
            "description": "Kaltura Application Framework - LMS Integration",
            "dateCreated": _SERVICE_SINCE,
            "dateModified": _SERVICE_SINCE,
        },
    }


def _media(name: str) -> Any:
    return lambda world, rows: take(getattr(world.objects["media"], name), rows)


def _created(world: World, rows: Positions) -> Any:
    """When a video was put up: up to three days before it could be watched."""
    media = world.objects["media"]
    return media.release_ms[rows] - rng.integer(rng.key(0, "media created", media.local_id[rows]), 3 * DAY_MS)


def _position(_world: World, batch: Batch) -> Any:
    return batch.detail


FIELDS: dict[str, Field] = {
    "media.text": Field("media", "text", _media("text")),
    "media.title": Field("media", "text", _media("title")),
    "media.duration": Field("media", "duration", _media("length")),
    "media.created_ms": Field("media", "time", _created),
    "media.course": Field(
        "media", "whole", lambda world, rows: world.courses.local_id[world.objects["media"].course[rows]]
    ),
    "person.created_ms": Field("person", "time", detail("person", "created_ms")),
    "event.position": Field("event", "duration", _position),
}
