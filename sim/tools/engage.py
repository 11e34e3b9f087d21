"""Engage: the eText reader of Unizin. Pages are turned (NavigatedTo) and read (Viewed, from ten seconds on).

Its documents have their keys in the order of the alphabet, ids of its own, and no session but the one that
Canvas launched it with. Unizin's printed example names no application; the platform's tables of tools count
events by it, so the reader names itself.
"""

from __future__ import annotations

from typing import Any

from sim.caliper.batch import Batch
from sim.caliper.fields import Field, take
from sim.caliper.kinds import Kind
from sim.caliper.shapes import Maybe, Shape
from sim.tools.every_tool import detail
from sim.world.world import Tenant, World

TERM = 1  # the term's number in the reader
APP = "https://engage.unizin.example/"  # the reader, and its sensor


def shape(kind: Kind, tenant: Tenant) -> Shape:
    """A page that is turned to or read."""
    root = f"urn:unizin:engage:{tenant.host.split('.')[-2]}:prod"
    user = f"{root}:user:{{person.udp_id}}"
    course = f"{root}:term:{TERM}:course:{{course.udp_id}}"
    section = f"{course}:section:{{enrolment.section}}"
    material = f"{section}:class_material:{{book.local_id}}"
    return {
        "@context": "http://purl.imsglobal.org/ctx/caliper/v1p1",
        "id": "urn:uuid:{event.uuid}",
        "action": kind.action,
        "actor": {"id": user, "type": "Person"},
        "edApp": {"id": APP, "type": "SoftwareApplication"},
        "eventTime": "{event.time}",
        "federatedSession": {
            "id": "urn:session-id-localized:None",
            "messageParameters": {
                "custom_canvas_course_id": "{course.local_id}",
                "custom_canvas_user_id": "{person.local_id}",
                "lis_course_offering_sourcedid": "{course.sis_id}",
                "lis_person_sourcedid": Maybe("{person.sis_id}"),
                "resource_link_id": "{book.link}",
            },
            "type": "LtiSession",
            "user": {"id": user, "type": "Person"},
        },
        "group": {
            "academicSession": "{course.subject}",
            "courseNumber": "{course.number}",
            "id": section,
            "subOrganizationOf": {
                "courseNumber": "{course.subject} {course.number}",
                "id": course,
                "type": "CourseOffering",
            },
            "type": "CourseSection",
        },
        "object": {
            "dateCreated": "{book.created_ms}",
            "id": f"{material}:page:{{event.page}}",
            "isPartOf": {"id": material, "name": "{book.title}", "type": "Document"},
            "name": "Page {event.page}",
            "type": kind.object_type,
        },
        "type": kind.type,
    }


def _book(name: str) -> Any:
    return lambda world, rows: take(getattr(world.objects["book"], name), rows)


def _page(_world: World, batch: Batch) -> Any:
    return batch.detail


def _section(world: World, rows: Any) -> Any:
    return world.enrolments.section[rows].astype("int64") + 1


FIELDS: dict[str, Field] = {
    "book.local_id": Field("book", "whole", _book("local_id")),
    "book.title": Field("book", "text", _book("title")),
    "book.link": Field("book", "text", _book("text")),
    "book.created_ms": Field("book", "time", _book("release_ms")),
    "course.subject": Field("course", "text", detail("course", "subject")),
    "course.number": Field("course", "text", detail("course", "number")),
    "enrolment.section": Field("enrolment", "whole", _section),
    "event.page": Field("event", "whole", _page),
}
