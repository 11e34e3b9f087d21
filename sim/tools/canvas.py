"""Canvas: live events in Caliper 1.1 as Instructure sends them, with what the specification does not allow.

Quirks that pipelines must survive: objects of type Entity, submissions whose object is the Attempt, threads
that are Created, long texts cut at 8,192 characters, background jobs without request and session, feeds that
nobody has logged in for, and an extension key that is no IRI.
"""

from __future__ import annotations

import re
from typing import Any

from sim.caliper.kinds import Kind
from sim.caliper.shapes import Maybe, Raw, Shape
from sim.tools.canvas_fields import FIELDS
from sim.tools.canvas_objects import KEY, changed_object
from sim.world.world import Tenant

__all__ = ["FIELDS", "KEY", "shape"]

CONTEXT = "http://purl.imsglobal.org/ctx/caliper/v1p1"
JOB_HOST = (
    "http://www.canvaslms.example/"  # the application of background jobs, www.canvaslms.com with Canvas
)
_DEVELOPER_KEY = "170000000000056"  # of the mobile applications
_PERSON = "urn:instructure:canvas:user:{person.lms_id}"
_COURSE = "urn:instructure:canvas:course:{enrolment.course}"
_PLACE = re.compile(r"\{([a-z]+)\}")
_PLACES = {  # what the addresses of kinds.toml are filled with
    "id": "local_id",
    "text": "text",
    "course": "course",
    "user": "user",
    "assignment": "assignment",
    "quiz": "quiz",
    "discussion": "discussion",
    "feed": "feed",
    "category": "category",
    "group": "group_local",
}


def shape(kind: Kind, tenant: Tenant) -> Shape:
    """A Canvas event."""
    job = kind.actor == "job"
    app = {"id": JOB_HOST if job else f"http://{tenant.host}/", "type": "SoftwareApplication"}
    event: Shape = {
        "@context": CONTEXT,
        "id": "urn:uuid:{event.uuid}",
        "type": kind.type,
        "actor": app if job or kind.actor == "app" else _actor(kind, tenant),
        "action": kind.action,
        "object": _object(kind, tenant, app),
        "eventTime": "{event.time}",
    }
    if kind.name == "grade_change":
        event["generated"] = _score(event["object"])
    if kind.referrer:
        event["referrer"] = referrer(kind, tenant)
    event["edApp"] = app
    event |= _context(kind)
    if not job:
        event["session"] = {"id": "urn:instructure:canvas:session:{event.session}", "type": "Session"}
    event["extensions"] = {KEY: _job(kind) if job else _request(kind, tenant)}
    return event


def _request(kind: Kind, tenant: Tenant) -> Shape:
    """The request behind an event."""
    return {
        "hostname": tenant.host,
        "request_id": "{event.request}",
        "user_agent": "{agent.text}",
        "client_ip": "{address.text}",
        "request_url": address(kind, tenant),
        "version": "1.0.0",
    }


def _job(kind: Kind) -> Shape:
    """The background job behind an event: a batch from the student information system."""
    del kind
    return {"job_id": "{event.job}", "job_tag": "SIS::CSV::ImportRefactored#process", "version": "1.0.0"}


def address(kind: Kind, tenant: Tenant) -> str:
    """The request's address."""
    return _filled(kind, tenant, kind.path)


def referrer(kind: Kind, tenant: Tenant) -> str:
    """The page that leads there."""
    if kind.referrer == "idp":
        domain = tenant.host.split(".", 1)[-1]
        return f"https://idp.{domain}/idp/profile/SAML2/Redirect/SSO?execution=e2s1"
    return _filled(kind, tenant, kind.referrer if kind.referrer != "/" else "")


def _filled(kind: Kind, tenant: Tenant, path: str) -> str:
    whole = path[1:] if path.startswith("~") else "/courses/{course}" + path

    def place(match: re.Match[str]) -> str:
        table = "person" if kind.table == "user" else kind.table
        name = _PLACES[match[1]]
        if (table, name) in (("course", "course"), ("person", "user")):
            name = "local_id"
        return f"{{{table}.{name}}}"

    return f"https://{tenant.host}" + _PLACE.sub(place, whole)


def _actor(kind: Kind, tenant: Tenant) -> Shape:
    """A person; Canvas tells less of who hands something in, and nothing of a grader."""
    bare = {"id": _PERSON, "type": "Person"}
    if kind.actor == "bare":
        return bare
    login = {"user_login": "{person.login}", "user_sis_id": Maybe("{person.sis_id}")}
    account = {
        "root_account_id": str(tenant.root_account_lms_id),
        "root_account_lti_guid": tenant.root_account_lti_guid,
        "root_account_uuid": tenant.root_account_uuid,
        "entity_id": "{person.lms_id}",
    }
    return {**bare, "extensions": {KEY: account if kind.actor == "account" else {**login, **account}}}


def _context(kind: Kind) -> Shape:
    """Group and membership."""
    if kind.context == "none":
        return {}
    if kind.context == "group":
        return {"group": _group("urn:instructure:canvas:course:{course.lms_id}", "{course.lms_id}")}
    if kind.context in ("section", "section_by"):
        return _in_section(by_somebody=kind.context == "section_by")
    course = {"id": _COURSE, "type": "CourseOffering"}
    roles = kind.context == "course"
    membership = {
        "id": _COURSE + (":{enrolment.role}:" if roles else ":user:") + "{enrolment.person}",
        "type": "Membership",
        "member": {"id": "urn:instructure:canvas:user:{enrolment.person}", "type": "Person"},
        "organization": course,
        **({"roles": ["{enrolment.role}"]} if roles else {}),
    }
    group = {} if kind.context == "user_only" else {"group": _group(_COURSE, "{enrolment.course}")}
    return {**group, "membership": membership}


def _in_section(*, by_somebody: bool) -> Shape:
    """A section as group, and the membership in it of whoever acts there; such a membership has no roles."""
    course = "urn:instructure:canvas:course:{course.lms_id}"
    section = course + ":section:{seat.section}"
    group = {"group": _group(section, "{course.lms_id}", "CourseSection")}
    if not by_somebody:
        return group
    parent = {"id": course, "type": "CourseOffering"}
    membership = {
        "id": section + ":user:{enrolment.person}",
        "type": "Membership",
        "member": {"id": "urn:instructure:canvas:user:{enrolment.person}", "type": "Person"},
        "organization": {"id": section, "type": "CourseSection", "subOrganizationOf": parent},
    }
    return {**group, "membership": membership}


def _group(name: str, entity: str, kind: str = "CourseOffering") -> Shape:
    return {"id": name, "type": kind, "extensions": {KEY: {"context_type": "Course", "entity_id": entity}}}


def _object(kind: Kind, tenant: Tenant, app: Shape) -> Shape:
    if kind.table == "none":
        if kind.action == "LoggedOut":
            return app
        return {**app, "extensions": {KEY: {"redirect_url": f"https://{tenant.host}/"}}}
    return _asset(kind) if kind.is_view else changed_object(kind, tenant)


def _asset(kind: Kind) -> Shape:
    """What a page view shows."""
    table = {"user": "person", "submission": "course"}.get(kind.table, kind.table)
    number, title = f"{{{table}.lms_id}}", f"{{{table}.{'name' if table == 'person' else 'title'}}}"
    facts: dict[str, Any] = {"asset_name": title, "asset_type": kind.asset_type}
    if kind.asset_subtype:
        facts["asset_subtype"] = kind.asset_subtype
    facts["entity_id"] = number
    if kind.actor != "app":
        facts["context_account_id"] = f"{{{'course' if table == 'person' else table}.account}}"
    facts["http_method"] = "GET"
    if "/api/v1/" in kind.path:
        facts["developer_key_id"] = _DEVELOPER_KEY
    if kind.name == "attachment":
        facts["filename"] = facts["display_name"] = "{file.filename}"
    if kind.name == "context_external_tool":
        facts["url"], facts["domain"] = "https://{tool.text}/lti/launch", "{tool.text}"
    named = {"name": kind.asset_subtype or kind.asset_type} if kind.object_type == "Entity" else {}
    return {
        "id": f"urn:instructure:canvas:{kind.urn}:{number}",
        "type": kind.object_type,
        **named,
        "extensions": {KEY: facts},
    }


def _score(attempt: Shape) -> Shape:
    """The score that a grade change generates; it has the attempt's id."""
    bare = {**attempt, "extensions": {KEY: {"grade": "{submission.grade}"}}}
    return {
        "id": attempt["id"],
        "type": "Score",
        "extensions": attempt["extensions"],
        "attempt": bare,
        "maxScore": Raw("submission.points"),
        "scoreGiven": Raw("submission.grade"),
        "scoredBy": _PERSON,
    }
