"""The plain truth about Caliper documents: one event, one dict, in the vendor's order of keys.

``sim.render`` must give the same bytes. Slow and simple on purpose: read this to know what an event looks
like. ``models`` (pydantic) hold the shape; ``plain_loop`` is what the benchmark races against.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import orjson

from context import rng
from sim.batch import Batch
from sim.clients import ADDRESSES, address_rows, devices
from sim.kinds import KINDS, Kind
from sim.models import Event
from sim.world import MEMBERSHIP_ROLES, SUBMISSION_TYPES, World

CONTEXT = "http://purl.imsglobal.org/ctx/caliper/v1p1"
KEY = "com.instructure.canvas"
Document = dict[str, Any]


def urn(kind: str, number: int) -> str:
    """A Canvas URN."""
    return f"urn:instructure:canvas:{kind}:{number}"


def score(hundredths: int) -> int | float:
    """87.5 for 8750; whole numbers without a fraction."""
    whole, rest = divmod(hundredths, 100)
    return whole if rest == 0 else hundredths / 100


def uuid_text(high: int, low: int) -> str:
    """8-4-4-4-12 hexadecimal digits."""
    text = f"{high:016x}{low:016x}"
    return f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def time_text(ms: int) -> str:
    """``2026-10-12T13:05:09.123Z``."""
    return f"{np.datetime64(ms, 'ms')}Z"


class Builder:
    """Documents of one world, an event at a time."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.tenant = world.tenant
        self.base = f"https://{self.tenant.host}"
        self.app = {"id": f"http://{self.tenant.host}/", "type": "SoftwareApplication"}
        self.logins, self.sis = world.persons.login.to_pylist(), world.persons.sis_id.to_pylist()
        self.titles = {name: table.title.to_pylist() for name, table in world.objects.items()}
        self.texts = {name: table.text.to_pylist() for name, table in world.objects.items()}
        self.course_titles = world.courses.title.to_pylist()
        self.bodies, self.urls = world.submissions.body.to_pylist(), world.submissions.url.to_pylist()
        self.posts, self.agents = world.posts.body.to_pylist(), world.devices.to_pylist()

    def documents(self, batch: Batch) -> Iterator[Document]:
        """One document per event, in the batch's order."""
        visit = batch.visit
        device = devices(self.world, batch.person, visit)
        address = address_rows(self.world, batch.person, visit)
        session = zip(rng.bits(visit, 0).tolist(), rng.bits(visit, 1).tolist(), strict=True)
        request = zip(*(half.tolist() for half in rng.uuid_bits(rng.extend(batch.uuid_low, 7))), strict=True)
        columns = (
            batch.time_ms, batch.kind, batch.person, batch.enrolment, batch.course,
            batch.object, batch.uuid_high, batch.uuid_low, device, address,
        )  # fmt: skip
        rows = zip(*(column.tolist() for column in columns), session, request, strict=True)
        for time, kind, person, enrolment, course, target, high, low, agent, place, ids, asked in rows:
            yield self._event(
                KINDS[kind], time, person, enrolment, course, target, uuid_text(high, low),
                "{:016x}{:016x}".format(*ids), uuid_text(*asked), self.agents[agent], ADDRESSES[place],
            )  # fmt: skip

    def _event(
        self, kind: Kind, time: int, person: int, enrolment: int, course: int, target: int,
        event_id: str, session: str, request: str, agent: str, ip: str,
    ) -> Document:  # fmt: skip
        places = self._places(kind, course, target)
        event: Document = {
            "@context": CONTEXT,
            "id": f"urn:uuid:{event_id}",
            "type": kind.type,
            "actor": self._actor(kind, person),
            "action": kind.action,
            "object": self._object(kind, course, target),
            "eventTime": time_text(time),
        }
        if kind.name == "grade_change":
            event["generated"] = self._score(target, person)
        referrer = self._referrer(kind, places)
        if referrer:
            event["referrer"] = referrer
        event["edApp"] = self.app
        if enrolment >= 0 and kind.name != "submission_created":
            event["group"], event["membership"] = self._membership(person, enrolment, course)
        event["session"] = {"id": f"urn:instructure:canvas:session:{session}", "type": "Session"}
        event["extensions"] = {
            KEY: {
                "hostname": self.tenant.host,
                "request_id": request,
                "user_agent": agent,
                "client_ip": ip,
                "request_url": self._url(kind, places),
                "version": "1.0.0",
            }
        }
        return event

    def _actor(self, kind: Kind, person: int) -> Document:
        lms_id = int(self.world.persons.lms_id[person])
        actor: Document = {"id": urn("user", lms_id), "type": "Person"}
        if kind.name == "grade_change":
            return actor
        who = {"user_login": self.logins[person], "user_sis_id": self.sis[person]}
        facts = {
            **({} if kind.name == "submission_created" else who),
            "root_account_id": str(self.tenant.root_account_lms_id),
            "root_account_lti_guid": self.tenant.root_account_lti_guid,
            "root_account_uuid": self.tenant.root_account_uuid,
            "entity_id": str(lms_id),
        }
        return {
            **actor,
            "extensions": {KEY: {name: value for name, value in facts.items() if value is not None}},
        }

    def _object(self, kind: Kind, course: int, target: int) -> Document:
        if kind.table == "none":
            return {**self.app, "extensions": {KEY: {"redirect_url": f"{self.base}/"}}}
        if kind.is_view:
            return self._asset(kind, course, target)
        if kind.table == "post":
            return self._post(target)
        return self._attempt(kind, target)

    def _asset(self, kind: Kind, course: int, target: int) -> Document:
        on_course = kind.table == "course"
        table = self.world.courses if on_course else self.world.objects[kind.table]
        lms_id = int(table.lms_id[target])
        facts = {"asset_name": self.course_titles[target] if on_course else self.titles[kind.table][target]}
        facts["asset_type"] = kind.asset_type
        if kind.asset_subtype:
            facts["asset_subtype"] = kind.asset_subtype
        facts["entity_id"] = str(lms_id)
        facts["context_account_id"] = str(int(self.world.courses.account_lms_id[course]))
        facts["http_method"] = "GET"
        text = "" if on_course else self.texts[kind.table][target]
        if kind.name == "attachment":
            facts["filename"] = facts["display_name"] = text
        if kind.name == "context_external_tool":
            facts["url"], facts["domain"] = f"https://{text}/lti/launch", text
        asset: Document = {"id": urn(kind.urn, lms_id), "type": kind.object_type}
        if kind.object_type == "Entity":
            asset["name"] = kind.asset_subtype or kind.asset_type
        return {**asset, "extensions": {KEY: facts}}

    def _post(self, target: int) -> Document:
        posts, topics = self.world.posts, self.world.objects["discussion"]
        local = int(posts.local_id[target])
        return {
            "id": urn("discussionEntry", local),
            "type": "Message",
            "extensions": {KEY: {"entity_id": str(local)}},
            "isPartOf": {
                "id": urn("discussion", int(topics.local_id[posts.discussion[target]])),
                "type": "Thread",
            },
            "body": self.posts[target],
        }

    def _attempt(self, kind: Kind, target: int) -> Document:
        s, objects = self.world.submissions, self.world.objects
        lms_id = int(s.lms_id[target])
        student = self.world.enrolments.person[s.enrolment[target]]
        assignee: Document = {"id": urn("user", int(self.world.persons.lms_id[student])), "type": "Person"}
        assignment = {
            "id": urn("assignment", int(objects["assignment"].lms_id[s.assignment[target]])),
            "type": "AssignableDigitalResource",
        }
        attempt: Document = {"id": urn("submission", lms_id), "type": "Attempt"}
        if kind.name == "quiz_submitted":
            quiz = {"id": urn("quiz", int(objects["quiz"].lms_id[s.quiz[target]])), "type": "Assessment"}
            return {
                **attempt,
                "extensions": {KEY: {"entity_id": str(lms_id)}},
                "assignee": assignee,
                "assignable": quiz,
            }
        if kind.name == "grade_change":
            grade = {"grade": self._grade(target), "entity_id": str(lms_id)}
            if self.sis[student] is not None:
                assignee["extensions"] = {KEY: {"sis_id": self.sis[student]}}
            return {**attempt, "extensions": {KEY: grade}, "assignee": assignee, "assignable": assignment}
        facts = {"submission_type": SUBMISSION_TYPES[s.submission_type[target]]}
        if self.urls[target]:
            facts["url"] = self.urls[target]
        facts["entity_id"] = str(lms_id)
        attempt["dateCreated"] = time_text(int(s.submitted_ms[target]))
        attempt |= {"extensions": {KEY: facts}, "assignee": assignee, "assignable": assignment}
        attempt["count"] = int(s.attempt[target])
        if self.bodies[target]:
            attempt["body"] = self.bodies[target]
        return attempt

    def _grade(self, target: int) -> str:
        return str(score(int(self.world.submissions.score_hundredths[target])))

    def _score(self, target: int, grader: int) -> Document:
        kind = KINDS[-1]
        attempt = self._attempt(kind, target)
        bare = {**attempt, "extensions": {KEY: {"grade": self._grade(target)}}}
        return {
            "id": attempt["id"],
            "type": "Score",
            "extensions": attempt["extensions"],
            "attempt": bare,
            "maxScore": score(int(self.world.submissions.points_hundredths[target])),
            "scoreGiven": score(int(self.world.submissions.score_hundredths[target])),
            "scoredBy": urn("user", int(self.world.persons.lms_id[grader])),
        }

    def _membership(self, person: int, enrolment: int, course: int) -> tuple[Document, Document]:
        lms_id, user = (
            int(self.world.courses.lms_id[course]),
            urn("user", int(self.world.persons.lms_id[person])),
        )
        role = MEMBERSHIP_ROLES[self.world.enrolments.membership_role[enrolment]]
        group = {"id": urn("course", lms_id), "type": "CourseOffering"}
        return {**group, "extensions": {KEY: {"context_type": "Course", "entity_id": str(lms_id)}}}, {
            "id": f"{group['id']}:{role}:{user.rsplit(':', 1)[1]}",
            "type": "Membership",
            "member": {"id": user, "type": "Person"},
            "organization": group,
            "roles": [role],
        }

    def _places(self, kind: Kind, course: int, target: int) -> dict[str, str]:
        """What the addresses of a kind are made of: short ids and texts."""
        places = {"course": "" if course < 0 else str(int(self.world.courses.local_id[course]))}
        objects, s = self.world.objects, self.world.submissions
        if kind.table in objects:
            places |= {
                "id": str(int(objects[kind.table].local_id[target])),
                "text": self.texts[kind.table][target],
            }
        elif kind.table == "post":
            places["discussion"] = str(
                int(objects["discussion"].local_id[self.world.posts.discussion[target]])
            )
        elif kind.table == "submission":
            student = self.world.enrolments.person[s.enrolment[target]]
            places["user"] = str(int(self.world.persons.local_id[student]))
            places["assignment"] = str(int(objects["assignment"].local_id[s.assignment[target]]))
            if s.quiz[target] >= 0:
                places["quiz"] = str(int(objects["quiz"].local_id[s.quiz[target]]))
        return places

    def _url(self, kind: Kind, places: dict[str, str]) -> str:
        return kind.url(self.base).format(**places)

    def _referrer(self, kind: Kind, places: dict[str, str]) -> str:
        return kind.referrer_url(self.base).format(**places)


def models(world: World, batch: Batch) -> list[Event]:
    """The documents as checked pydantic models."""
    return [Event.model_validate(document) for document in Builder(world).documents(batch)]


def render_slow(world: World, batch: Batch) -> list[bytes]:
    """The reference bytes: pydantic models to orjson."""
    return [
        orjson.dumps(model.model_dump(by_alias=True, exclude_none=True)) for model in models(world, batch)
    ]


def plain_loop(builder: Builder, batch: Batch) -> list[bytes]:
    """Dicts and ``orjson.dumps``, an event at a time: how one would write it without thinking of speed."""
    return [orjson.dumps(document) for document in builder.documents(batch)]
