"""What Canvas tells of things that are handed in, graded, posted, made and changed."""

from __future__ import annotations

from collections.abc import Callable

from sim.caliper.kinds import Kind
from sim.caliper.shapes import Maybe, Raw, Shape
from sim.world.world import Tenant

KEY = "com.instructure.canvas"


def changed_object(kind: Kind, tenant: Tenant) -> Shape:
    """The object of an event that is no page view."""
    return _MAKERS[kind.table if kind.name not in _SPECIAL else kind.name](kind, tenant)


def _head(kind: Kind) -> Shape:
    return {
        "id": f"urn:instructure:canvas:{kind.urn}:{{{kind.table}.lms_id}}",
        "type": kind.object_type,
    }


def _entity(kind: Kind) -> str:
    return f"{{{kind.table}.lms_id}}"


def _dated(kind: Kind) -> Shape:
    """DateCreated or dateModified, as the event says one of them."""
    name = "dateCreated" if kind.action == "Created" else "dateModified"
    column = {"Created": "created_ms", "Modified": "updated_ms", "Deleted": "deleted_ms"}[kind.action]
    return {name: f"{{{kind.table}.{column}}}"}


def _submission(kind: Kind, _tenant: Tenant) -> Shape:
    attempt = _head(kind)
    student: Shape = {"id": "urn:instructure:canvas:user:{submission.student}", "type": "Person"}
    assignment = {
        "id": "urn:instructure:canvas:assignment:{submission.assignment_lms}",
        "type": "AssignableDigitalResource",
    }
    if kind.name == "quiz_submitted":
        quiz = {"id": "urn:instructure:canvas:quiz:{submission.quiz_lms}", "type": "Assessment"}
        own = {"extensions": {KEY: {"entity_id": _entity(kind)}}}
        return {**attempt, **own, "assignee": student, "assignable": quiz}
    if kind.name == "grade_change":
        student["extensions"] = Maybe({KEY: {"sis_id": "{submission.student_sis}"}})
        grade = {"grade": "{submission.grade}", "entity_id": _entity(kind)}
        return {**attempt, "extensions": {KEY: grade}, "assignee": student, "assignable": assignment}
    made = kind.name == "submission_created"
    return {
        **attempt,
        "dateCreated" if made else "dateModified": f"{{submission.{'submitted' if made else 'updated'}_ms}}",
        "extensions": {
            KEY: {
                "submission_type": "{submission.type}",
                **({"url": Maybe("{submission.url}")} if made else {}),
                "entity_id": _entity(kind),
            }
        },
        "assignee": student,
        "assignable": assignment,
        "count": Raw("submission.attempt"),
        **({"body": Maybe("{submission.body}")} if made else {}),
    }


def _post(kind: Kind, _tenant: Tenant) -> Shape:
    return {
        "id": f"urn:instructure:canvas:{kind.urn}:{{post.local_id}}",
        "type": kind.object_type,
        "extensions": {KEY: {"entity_id": "{post.local_id}"}},
        "isPartOf": {"id": "urn:instructure:canvas:discussion:{post.discussion}", "type": "Thread"},
        "body": "{post.body}",
    }


def _assignment(kind: Kind, _tenant: Tenant) -> Shape:
    state = {} if kind.action == "Created" else {"workflow_state": "{assignment.status}"}
    return {
        **_head(kind),
        "name": "{assignment.title}",
        "description": Maybe("{assignment.description}"),
        **_dated(kind),
        "extensions": {
            KEY: {"lock_at": Maybe("{assignment.locked_ms}"), **state, "entity_id": _entity(kind)}
        },
        "dateToShow": Maybe("{assignment.unlocked_ms}"),
        "dateToSubmit": Maybe("{assignment.due_ms}"),
        "maxScore": Raw("assignment.points"),
    }


def _quiz(kind: Kind, _tenant: Tenant) -> Shape:
    return {
        **_head(kind),
        "name": "{quiz.title}",
        **_dated(kind),
        "extensions": {
            KEY: {
                "quiz_type": "{quiz.type}",
                "time_limit": Maybe(Raw("quiz.time_limit")),
                "access_code": False,
                "workflow_state": "created" if kind.action == "Created" else "available",
                "entity_id": _entity(kind),
            }
        },
        "dateToShow": Maybe("{quiz.unlocked_ms}"),
        "dateToSubmit": Maybe("{quiz.due_ms}"),
        "maxScore": Raw("quiz.points"),
    }


def _discussion(kind: Kind, _tenant: Tenant) -> Shape:
    facts = {"is_announcement": Raw("discussion.is_announcement"), "entity_id": _entity(kind)}
    return {**_head(kind), "name": "{discussion.title}", "extensions": {KEY: facts}}


def _file(kind: Kind, _tenant: Tenant) -> Shape:
    facts = {
        "context_id": "{file.course_lms}",
        "context_type": "Course",
        "filename": "{file.filename}",
        "folder_id": "{file.folder}",
        "entity_id": _entity(kind),
    }
    return {
        **_head(kind),
        "name": "{file.text}",
        **_dated(kind),
        "extensions": {KEY: facts},
        "mediaType": "{file.content_type}",
    }


def _page(kind: Kind, _tenant: Tenant) -> Shape:
    text = {} if kind.action == "Deleted" else {"body": "{page.body}"}
    facts = {**text, "entity_id": _entity(kind)}
    return {**_head(kind), "name": "{page.title}", "extensions": {KEY: facts}}


def _course(kind: Kind, _tenant: Tenant) -> Shape:
    state = {"workflow_state": "{course.status}"} if kind.action == "Modified" else {}
    return {
        **_head(kind),
        "name": "{course.title}",
        "extensions": {KEY: {"entity_id": _entity(kind), **state}},
    }


def _syllabus(kind: Kind, _tenant: Tenant) -> Shape:
    author = {"id": "urn:instructure:canvas:user:{person.lms_id}", "type": "Person"}
    return {**_head(kind), "name": "Syllabus", "creators": [author], "body": "{course.syllabus}"}


def _seat(kind: Kind, _tenant: Tenant) -> Shape:
    if kind.name.startswith("enrollment_state"):
        # What is made holds until the course ends; what a changed one holds until is not told.
        until = {"state_valid_until": "{seat.until_ms}"} if kind.action == "Created" else {}
        facts: Shape = {
            "access_is_current": True,
            "restricted_access": False,
            "state": "pending_active" if kind.action == "Created" else "{seat.state}",
            "state_is_current": True,
            **until,
            "entity_id": _entity(kind),
        }
        began = {"startedAtTime": "{seat.created_ms}"} if kind.action == "Created" else {}
        return {**_head(kind), "extensions": {KEY: facts}, **began}
    course = "urn:instructure:canvas:course:{course.lms_id}"
    changed = {} if kind.action == "Created" else {"dateModified": "{seat.updated_ms}"}
    return {
        **_head(kind),
        "dateCreated": "{seat.created_ms}",
        **changed,
        "extensions": {
            KEY: {
                "course_id": course,
                "course_section_id": course + ":section:{seat.section}",
                "limit_privileges_to_course_section": False,
                "type": "{seat.type}",
                "user_id": "urn:instructure:canvas:user:{seat.user}",
                "user_name": "{seat.user_name}",
                "workflow_state": "active" if kind.action == "Created" else "{seat.state}",
                "entity_id": _entity(kind),
            }
        },
    }


def _account_user(kind: Kind, tenant: Tenant) -> Shape:
    facts = {"is_admin": False, "user_id": "urn:instructure:canvas:user:{account_user.lms_id}"}
    return {
        "id": f"urn:instructure:canvas:{kind.urn}:{tenant.root_account_lms_id}",
        "type": kind.object_type,
        "dateCreated": "{account_user.created_ms}",
        "dateModified": "{account_user.created_ms}",
        "extensions": {KEY: facts},
    }


def _category(kind: Kind, _tenant: Tenant) -> Shape:
    return {**_head(kind), "name": "{group_category.name}", "extensions": {KEY: {"entity_id": _entity(kind)}}}


def _part_of(table: str) -> Shape:
    """The category that a group is part of."""
    return {
        "id": f"urn:instructure:canvas:groupCategory:{{{table}.category_lms}}",
        "type": "Entity",
        "name": f"{{{table}.category_name}}",
    }


def _group(kind: Kind, _tenant: Tenant) -> Shape:
    facts = {"entity_id": _entity(kind)}
    return {**_head(kind), "name": "{group.name}", "extensions": {KEY: facts}, "isPartOf": _part_of("group")}


def _group_member(kind: Kind, _tenant: Tenant) -> Shape:
    return {
        **_head(kind),
        "member": {"id": "urn:instructure:canvas:user:{group_member.user}", "type": "Person"},
        "organization": {
            "id": "urn:instructure:canvas:group:{group_member.group_lms}",
            "type": "Group",
            "name": "{group_member.group_name}",
            "extensions": {KEY: {"entity_id": _entity(kind)}},  # the membership's, as Canvas has it
            "isPartOf": _part_of("group_member"),
        },
    }


def _override(kind: Kind, _tenant: Tenant) -> Shape:
    facts = {
        "lock_at": Maybe("{override.locked_ms}"),
        "entity_id": _entity(kind),
        "assignment_id": "{override.assignment}",
        "all_day": Raw("override.all_day"),
        "all_day_date": Maybe("{override.all_day_ms}"),
        "type": "{override.type}",
        "course_section_id": Maybe("{override.section}"),
        "group_id": Maybe("{override.group}"),
        "workflow_state": "{override.state}",
    }
    dates = {"dateToShow": Maybe("{override.unlocked_ms}"), "dateToSubmit": Maybe("{override.due_ms}")}
    return {**_head(kind), "extensions": {KEY: facts}, **dates}


_SPECIAL = ("syllabus_updated",)
_MAKERS: dict[str, Callable[[Kind, Tenant], Shape]] = {
    "submission": _submission,
    "post": _post,
    "assignment": _assignment,
    "quiz": _quiz,
    "discussion": _discussion,
    "file": _file,
    "page": _page,
    "course": _course,
    "syllabus_updated": _syllabus,
    "seat": _seat,
    "group_category": _category,
    "group": _group,
    "group_member": _group_member,
    "override": _override,
    "account_user": _account_user,
}
