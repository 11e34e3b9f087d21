"""Which of the vendors' published examples show which of our kinds, and where ours may differ."""

from __future__ import annotations

# Which of the vendor's published examples shows which of our kinds.
EXAMPLES = {
    "login": "logged_in",
    "logout": "logged_out",
    "assignment": "asset_accessed__assignment",
    "quiz": "asset_accessed__quizzes_quiz",
    "discussion_topic": "asset_accessed__discussion_topic",
    "attachment": "asset_accessed__attachment",
    "wiki_page": "asset_accessed__wiki_page",
    "content_tag": "asset_accessed__content_tag",
    "context_external_tool": "asset_accessed__context_external_tool",
    "web_conference": "asset_accessed__web_conference",
    **{
        name: name
        for name in (
            "submission_created", "submission_updated", "quiz_submitted", "discussion_entry_created",
            "grade_change", "assignment_created", "attachment_created", "course_created",
            "discussion_topic_created", "enrollment_created", "enrollment_state_created", "quiz_created",
            "wiki_page_created",
        )
    },
    **{f"{name}_by_hand": name for name in ("enrollment_created", "enrollment_state_created")},
    **{
        f"course_{name}": f"asset_accessed__course_{name}"
        for name in (
            "home", "syllabus", "modules", "pages", "files", "assignments", "quizzes", "topics", "grades",
            "roster", "conferences", "speed_grader",
        )
    },
}  # fmt: skip
# Kinds whose example is not here, told by one that is: (example, members less, more, id, object's type).
_NAMED = "asset_accessed__web_conference"
_LISTED = "asset_accessed__course_conferences"
_OVERRIDE = (
    "assignment_created",
    {"object.name", "object.description", "object.dateCreated", "object.maxScore"},
    {
        "object.extensions.K.assignment_id",
        "object.extensions.K.all_day",
        "object.extensions.K.all_day_date",
        "object.extensions.K.type",
        "object.extensions.K.workflow_state",
    },
    "urn:instructure:canvas:assignment_override:9",
    "Entity",
)
LIKE = {
    "assignment_updated": (
        "assignment_created",
        {"object.dateCreated"},
        {"object.dateModified", "object.extensions.K.workflow_state"},
        "urn:instructure:canvas:assignment:9",
        "AssignableDigitalResource",
    ),
    "quiz_updated": (
        "quiz_created",
        {"object.dateCreated"},
        {"object.dateModified"},
        "urn:instructure:canvas:quiz:9",
        "Assessment",
    ),
    "attachment_updated": (
        "attachment_created",
        {"object.dateCreated"},
        {"object.dateModified"},
        "urn:instructure:canvas:attachment:9",
        "Document",
    ),
    "attachment_deleted": (
        "attachment_created",
        {"object.dateCreated"},
        {"object.dateModified"},
        "urn:instructure:canvas:attachment:9",
        "Document",
    ),
    "wiki_page_deleted": (
        "wiki_page_created",
        {"object.extensions.K.body"},
        set(),
        "urn:instructure:canvas:wikiPage:9",
        "Page",
    ),
    "group_category_created": (
        "wiki_page_created",
        {"object.extensions.K.body"},
        set(),
        "urn:instructure:canvas:groupCategory:9",
        "Entity",
    ),
    "group_created": (
        "wiki_page_created",
        {"object.extensions.K.body"},
        {"object.isPartOf", "object.isPartOf.id", "object.isPartOf.type", "object.isPartOf.name"},
        "urn:instructure:canvas:group:9",
        "Group",
    ),
    "group_membership_created": (
        "wiki_page_created",
        {
            "object.name",
            "object.extensions",
            "object.extensions.K",
            "object.extensions.K.body",
            "object.extensions.K.entity_id",
        },
        {
            "object.member",
            "object.member.id",
            "object.member.type",
            "object.organization",
            "object.organization.id",
            "object.organization.type",
            "object.organization.name",
            "object.organization.extensions",
            "object.organization.extensions.K",
            "object.organization.extensions.K.entity_id",
            "object.organization.isPartOf",
            "object.organization.isPartOf.id",
            "object.organization.isPartOf.type",
            "object.organization.isPartOf.name",
        },
        "urn:instructure:canvas:groupMembership:9",
        "Membership",
    ),
    "assignment_override_created": _OVERRIDE,
    "assignment_override_updated": _OVERRIDE,
    "wiki_page_updated": ("wiki_page_created", set(), set(), "urn:instructure:canvas:wikiPage:9", "Page"),
    "course_updated": (
        "course_created",
        set(),
        {"object.extensions.K.workflow_state"},
        "urn:instructure:canvas:course:9",
        "CourseOffering",
    ),
    "syllabus_updated": (
        "course_created",
        {"object.extensions", "object.extensions.K", "object.extensions.K.entity_id"},
        {"object.creators", "object.creators[]", "object.body"},
        "urn:instructure:canvas:course:9",
        "Document",
    ),
    "enrollment_updated": (
        "enrollment_created",
        set(),
        {"object.dateModified"},
        "urn:instructure:canvas:enrollment:9",
        "Entity",
    ),
    "enrollment_state_updated": (
        "enrollment_state_created",
        {"object.startedAtTime", "object.extensions.K.state_valid_until"},
        set(),
        "urn:instructure:canvas:enrollment:9",
        "Entity",
    ),
    "user_account_association_created": (
        "course_created",
        {"object.name", "object.extensions.K.entity_id"},
        {
            "object.dateCreated",
            "object.dateModified",
            "object.extensions.K.is_admin",
            "object.extensions.K.user_id",
        },
        "urn:instructure:canvas:account:9",
        "Entity",
    ),
    "course_announcements": (_LISTED, set(), set(), "urn:instructure:canvas:course:9", "Entity"),
    "course_collaborations": (_LISTED, set(), set(), "urn:instructure:canvas:course:9", "Entity"),
    "course_outcomes": (_LISTED, set(), set(), "urn:instructure:canvas:course:9", "Entity"),
    "course_calendar_feed": (
        _LISTED,
        {"object.extensions.K.context_account_id"},
        set(),
        "urn:instructure:canvas:course:9",
        "Entity",
    ),
    "user_calendar_feed": (
        _LISTED,
        {"object.extensions.K.context_account_id"},
        set(),
        "urn:instructure:canvas:user:9",
        "Entity",
    ),
    "user_files": (
        _LISTED,
        set(),
        {"object.extensions.K.developer_key_id"},
        "urn:instructure:canvas:user:9",
        "Entity",
    ),
    "calendar_event": (_NAMED, set(), set(), "urn:instructure:canvas:calendar_event:9", "Entity"),
    "collaboration": (_NAMED, set(), set(), "urn:instructure:canvas:collaboration:9", "Entity"),
    "learning_outcome": (_NAMED, set(), set(), "urn:instructure:canvas:learning_outcome:9", "Entity"),
    "tool_proxy": (_NAMED, set(), set(), "urn:instructure:canvas:lti/tool_proxy:9", "Entity"),
}


# Where an example is of another case than ours: a call to the API, a view by nobody, a group's page, a text
# submission with an address, a local id. What ours has more or less there is written down here.
_MEMBERSHIP = {
    f"membership{part}"
    for part in ("", ".id", ".type", ".member", ".member.id", ".member.type", ".organization",
                 ".organization.id", ".organization.type", ".roles", ".roles[]")
}  # fmt: skip


_GROUP = {
    f"group{part}"
    for part in (
        "",
        ".id",
        ".type",
        ".extensions",
        ".extensions.K",
        ".extensions.K.context_type",
        ".extensions.K.entity_id",
    )
}


_ACTOR = {f"actor.extensions.K.{name}" for name in (
    "user_login", "user_sis_id", "root_account_id", "root_account_lti_guid", "root_account_uuid", "entity_id"
)} | {"actor.extensions", "actor.extensions.K"}  # fmt: skip


MAY_DIFFER = (
    _MEMBERSHIP
    | _GROUP
    | _ACTOR
    | {
        "referrer",
        "object.extensions.K.developer_key_id",
        "object.extensions.K.context_account_id",
        "object.extensions.K.url",
        "object.body",
        # Only where they apply.
        *(
            f"object.extensions.K.{name}"
            for name in ("course_section_id", "group_id", "all_day_date", "lock_at")
        ),
        *(f"object.{name}" for name in ("description", "dateToShow", "dateToSubmit")),
    }
)
# A background job has no request and no session, but its own two facts; roles are those of who made a call.
OF_JOBS = {
    f"extensions.K.{name}"
    for name in ("hostname", "request_id", "user_agent", "client_ip", "request_url", "job_id", "job_tag")
} | {
    "session",
    "session.id",
    "session.type",
    "membership.organization.subOrganizationOf",
    "membership.organization.subOrganizationOf.id",
    "membership.organization.subOrganizationOf.type",
}
