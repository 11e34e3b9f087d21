"""The shape of a Canvas event in Caliper 1.1 as pydantic models; fields stand in the vendor's order."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, ConfigDict, Field


class _Node(BaseModel):
    """Closed: a key that the vendor does not send is an error."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    id: str = Field(max_length=2048)
    type: str = Field(max_length=256)


Extensions = dict[str, dict[str, str]]


class Entity(_Node):
    """An actor, object, assignee, assignable, score: whatever a node of an event is."""

    name: str | None = None
    date_created: str | None = Field(
        None, alias="dateCreated", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$"
    )
    extensions: Extensions | None = None
    assignee: Entity | None = None
    assignable: Entity | None = None
    is_part_of: Entity | None = Field(None, alias="isPartOf")
    count: int | None = Field(None, ge=1)
    body: str | None = Field(None, max_length=8192)  # Canvas cuts longer texts
    attempt: Entity | None = None
    max_score: int | float | None = Field(None, alias="maxScore", ge=0)
    score_given: int | float | None = Field(None, alias="scoreGiven", ge=0)
    scored_by: str | None = Field(None, alias="scoredBy")


class Membership(_Node):
    """Who somebody is in a course."""

    member: Entity
    organization: Entity
    roles: list[str] | None = None


class Event(BaseModel):
    """One event; ``generated`` and ``referrer`` only where the kind has them."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True, frozen=True)

    context: str = Field(alias="@context")
    id: str = Field(pattern=r"^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$")
    type: str
    actor: Entity
    action: str
    object: Entity
    event_time: str = Field(alias="eventTime", pattern=r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
    generated: Entity | None = None
    referrer: str | None = None
    ed_app: Entity = Field(alias="edApp")
    group: Entity | None = None
    membership: Membership | None = None
    session: Entity
    extensions: Extensions

    def model_post_init(self, _context: Any) -> None:
        """Canvas speaks Caliper 1.1."""
        if self.context != "http://purl.imsglobal.org/ctx/caliper/v1p1":
            raise ValueError("@context is not that of Caliper 1.1")
