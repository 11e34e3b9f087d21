"""The scenario: one TOML file, read and checked once, at the edge.

Precedence: flag, then TERMTIDE_* variable, then file, then default. Whatever is wrong is one line: where it
stands, what was given, what is allowed.
"""

from __future__ import annotations

import hashlib
import json
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, SerializerFunctionWrapHandler, model_serializer

from context.ids import MOST_SHARD, SHARD
from context.scenario.parts import (
    TEXT,
    CalendarOverrides,
    DeliveryOutage,
    Incident,
    Output,
    ScenarioBlock,
    SensorDelivery,
    Stage,
)
from context.scenario.zones import zone_names

FTE_MAX = 500_000
SEED_MAX = 2**63 - 1
SHIFT_MAX = 5_200  # weeks
TERMS_MAX = 24


def _known_zone(value: object) -> object:
    if not isinstance(value, str) or value not in zone_names():
        near = get_close_matches(str(value), zone_names(), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"an IANA name of a time zone, such as America/Detroit{hint}")
    return value


class Scenario(ScenarioBlock):
    """Everything that decides what is generated. The models hold what the TOML holds, and nothing else."""

    name: str = Field(
        "campus",
        pattern=r"^[a-z0-9][a-z0-9-]*$",
        max_length=60,
        description="small letters, digits and hyphens, 60 at most",
    )
    fte: int = Field(20_000, ge=1, le=FTE_MAX, description=f"a whole number from 1 to {FTE_MAX}")
    seed: int = Field(0, ge=0, le=SEED_MAX, description=f"a whole number from 0 to {SEED_MAX}")
    term: str = Field(
        "Fall 2026",
        pattern=r"^(Fall|Spring|Summer) 20[0-9]{2}$",
        description='Fall, Spring or Summer and a year from 2000 to 2099, such as "Fall 2026"',
    )
    terms: int = Field(1, ge=1, le=TERMS_MAX, description=f"a whole number from 1 to {TERMS_MAX}")
    pack: str = Field(
        "us_public_r1", pattern=TEXT, description="the name of a built-in pack or the path of a folder"
    )
    time_zone: Annotated[str, BeforeValidator(_known_zone)] = "America/Detroit"
    project: str = Field(
        "unizin-shared",
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        description="a project id: 6 to 30 small letters, digits and hyphens, a letter first, no hyphen last",
    )
    institution: str = Field(
        "Termtide State University",
        pattern=TEXT,
        max_length=80,
        description="a text of 1 to 80 characters",
    )
    host: str = Field(
        "lms.termtide.example",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example$",
        max_length=200,
        description="a host name in small letters that ends with .example, such as lms.termtide.example",
    )
    shard: int = Field(
        SHARD,
        ge=1,
        le=MOST_SHARD,
        description=f"a whole number from 1 to {MOST_SHARD}",
    )
    dialect: Literal["vendor"] = Field("vendor", description='"vendor"')
    shift: int = Field(
        0,
        ge=-SHIFT_MAX,
        le=SHIFT_MAX,
        description=f"a whole number of weeks from -{SHIFT_MAX} to {SHIFT_MAX}",
    )
    calendar: CalendarOverrides = Field(CalendarOverrides(), description="a table [calendar]")
    incident: Annotated[tuple[Incident, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[incident]], in double brackets"
    )
    delivery: Annotated[tuple[SensorDelivery, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[delivery]], in double brackets"
    )
    delivery_outage: Annotated[tuple[DeliveryOutage, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[delivery_outage]], in double brackets"
    )
    stage: Annotated[tuple[Stage, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[stage]], in double brackets"
    )
    output: Output = Field(Output(), description="a table [output]")

    @model_serializer(mode="wrap")
    def _without_the_usual(self, dump: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """A shard that is the usual one is not told: digests stay what they were before there were others."""
        told: dict[str, Any] = dump(self)
        if self.shard == SHARD:
            told.pop("shard", None)
        return told

    def digest(self, pack_digest: str = "") -> str:
        """SHA-256 (hex) of everything that changes the bytes.

        The name is left out, which only names the output folder, and what is of streams alone. The
        digest of the pack's content stands for the pack, so that a pack may move but not change.
        """
        facts = self.model_dump(mode="json", exclude={"name", *_DELIVERY})
        if pack_digest:
            facts["pack"] = pack_digest
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def delivery_digest(self) -> str:
        """SHA-256 (hex) of what decides when events are sent, and what a stream can switch."""
        facts = self.model_dump(mode="json", include=set(_DELIVERY))
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_DELIVERY = ("delivery", "delivery_outage", "stage")
SCALARS = tuple(
    key for key in Scenario.model_fields if key not in ("calendar", "incident", "output", *_DELIVERY)
)
