"""The shapes of events in Caliper 1.1 as pydantic models; fields stand in each vendor's order of keys."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

Instant = Annotated[str, Field(pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")]
Duration = Annotated[str, Field(pattern=r"^PT(\d\dH)?[0-5]\dM[0-5]\dS$")]
EventId = Annotated[
    str, Field(pattern=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
]
Iri = Annotated[str, Field(max_length=2048)]
CaliperTerm = Annotated[str, Field(max_length=256)]
LongText = Annotated[str, Field(max_length=8192)]  # Canvas cuts longer ones
Extensions = dict[str, dict[str, str | bool | int]]


class _Closed(BaseModel):
    """Closed: a key that the vendor does not send is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)


class _Node(_Closed):
    id: Iri
    type: CaliperTerm


class Entity(_Node):
    """An actor, object, assignee, assignable, score: whatever a node of a Canvas event is."""

    name: str | None = None
    description: LongText | None = None
    date_created: Instant | None = Field(None, alias="dateCreated")
    date_modified: Instant | None = Field(None, alias="dateModified")
    extensions: Extensions | None = None
    started_at_time: Instant | None = Field(None, alias="startedAtTime")
    media_type: str | None = Field(None, alias="mediaType")
    creators: list[Entity] | None = None
    assignee: Entity | None = None
    assignable: Entity | None = None
    is_part_of: Entity | None = Field(None, alias="isPartOf")
    member: Entity | None = None
    organization: Entity | None = None
    count: int | None = Field(None, ge=1)
    body: LongText | None = None
    attempt: Entity | None = None
    date_to_show: Instant | None = Field(None, alias="dateToShow")
    date_to_submit: Instant | None = Field(None, alias="dateToSubmit")
    max_score: int | float | None = Field(None, alias="maxScore", ge=0)
    score_given: int | float | None = Field(None, alias="scoreGiven", ge=0)
    scored_by: str | None = Field(None, alias="scoredBy")


class MemberOf(Entity):
    """Where somebody is a member: a course, or a section and its course."""

    sub_organization_of: Entity | None = Field(None, alias="subOrganizationOf")


class Membership(_Node):
    """Who somebody is in a course."""

    member: Entity
    organization: MemberOf
    roles: list[str] | None = None


class Event(_Closed):
    """What every event has; tools differ in the rest."""

    context: str = Field(alias="@context")
    id: EventId

    def model_post_init(self, _context: Any) -> None:
        """All speak Caliper 1.1."""
        if self.context != "http://purl.imsglobal.org/ctx/caliper/v1p1":
            raise ValueError("@context is not that of Caliper 1.1")


class CanvasEvent(Event):
    """An event of Canvas; ``generated``, ``referrer`` and others only where the kind has them."""

    type: CaliperTerm
    actor: Entity
    action: CaliperTerm
    object: Entity
    event_time: Instant = Field(alias="eventTime")
    generated: Entity | None = None
    referrer: str | None = None
    ed_app: Entity = Field(alias="edApp")
    group: Entity | None = None
    membership: Membership | None = None
    session: Entity | None = None
    extensions: Extensions


class MediaEntity(_Node):
    """A node of a media event."""

    name: str | None = None
    description: str | None = None
    date_created: Instant = Field(alias="dateCreated")
    date_modified: Instant | None = Field(None, alias="dateModified")
    duration: Duration | None = None
    current_time: Duration | None = Field(None, alias="currentTime")
    extensions: dict[str, str] | None = None


class MediaEvent(Event):
    """An event of Kaltura."""

    type: CaliperTerm
    actor: MediaEntity
    action: CaliperTerm
    object: MediaEntity
    target: MediaEntity
    event_time: Instant = Field(alias="eventTime")
    ed_app: MediaEntity = Field(alias="edApp")


class Person(_Closed):
    """A reader, or what it is read with."""

    id: Iri
    type: CaliperTerm


class LtiSession(_Closed):
    """The launch that opened the reader."""

    id: str
    message_parameters: dict[str, str] = Field(alias="messageParameters")
    type: CaliperTerm
    user: Person


class Offering(_Closed):
    """A course of the reader."""

    course_number: str = Field(alias="courseNumber")
    id: Iri
    type: CaliperTerm


class Section(_Closed):
    """A section of the reader's course."""

    academic_session: str = Field(alias="academicSession")
    course_number: str = Field(alias="courseNumber")
    id: Iri
    sub_organization_of: Offering = Field(alias="subOrganizationOf")
    type: CaliperTerm


class Book(_Closed):
    """What pages are of."""

    id: Iri
    name: str
    type: CaliperTerm


class Page(_Closed):
    """A page of a book."""

    date_created: Instant = Field(alias="dateCreated")
    id: Iri
    is_part_of: Book = Field(alias="isPartOf")
    name: str
    type: CaliperTerm


class ReadingEvent(Event):
    """An event of the Engage reader: keys in the order of the alphabet."""

    action: CaliperTerm
    actor: Person
    ed_app: Person = Field(alias="edApp")
    event_time: Instant = Field(alias="eventTime")
    federated_session: LtiSession = Field(alias="federatedSession")
    group: Section
    object: Page
    type: CaliperTerm


EVENT_MODELS: dict[str, type[Event]] = {"canvas": CanvasEvent, "kaltura": MediaEvent, "engage": ReadingEvent}
