"""The parts of a scenario: tables and blocks of the TOML file, each a frozen model."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta
from typing import Annotated, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationInfo, field_validator

from context.packs.spec import MOST_BUFFER_EVENTS, MOST_DELAY_MS, MOST_ENVELOPE_EVENTS, MOST_FLUSH_MS

INCIDENT_DAYS_MAX = 14
DELIVERY_OUTAGE_DAYS_MAX = 7
MOST_STAGE_CLICKS, MOST_STAGE_DELAY = 5.0, 1_000.0
TEXT = (
    r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"  # something visible, nothing that breaks a line
)
_DATE = "a date without quotes, such as 2026-08-31"
_STAGE = "small letters, digits and underscores, a letter first, 40 at most, not none"
_TIME = "a local date and time without quotes and offset, such as 2026-10-14T19:30:00"


_YEARS = range(1990, 2110)  # about those of terms; a shift comes on top, and no calendar reaches beyond 9999
_Dated = TypeVar("_Dated", date, datetime)


def _in_years(value: _Dated, allowed: str) -> _Dated:
    if value.year not in _YEARS:
        raise ValueError(f"{allowed}, of the years {_YEARS[0]} to {_YEARS[-1]}")
    return value


class ScenarioBlock(BaseModel):
    """Frozen, strict (a quoted number is no number) and closed to unknown keys.

    Each field's description says what is allowed; error messages quote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CalendarOverrides(ScenarioBlock):
    """Term dates that differ from the pack's rules; None leaves the rule."""

    start: date | None = Field(None, description=_DATE)
    instruction_end: date | None = Field(None, description=_DATE)
    finals_start: date | None = Field(None, description=_DATE)
    end: date | None = Field(None, description=_DATE)
    no_class: Annotated[tuple[date, ...], Field(strict=False)] | None = Field(
        None, description="a list of dates without quotes, such as [2026-09-07, 2026-11-26]"
    )

    @field_validator("start", "instruction_end", "finals_start", "end")
    @classmethod
    def _near(cls, value: date | None) -> date | None:
        return value if value is None else _in_years(value, _DATE)

    @field_validator("no_class", mode="before")
    @classmethod
    def _dates_only(cls, value: object, info: ValidationInfo) -> object:
        if value is None:
            return value
        if info.mode == "json" and isinstance(value, list):  # a manifest is JSON, which has no dates
            value = [date.fromisoformat(item) if isinstance(item, str) else item for item in value]
        if not (isinstance(value, list | tuple) and all(type(item) is date for item in value)):
            raise ValueError("a list of dates without quotes, such as [2026-09-07, 2026-11-26]")
        return value


def _tool_names(value: object) -> object:
    if value == "all":
        return value
    if (
        isinstance(value, list | tuple)
        and value
        and all(isinstance(item, str) and re.fullmatch(r"[a-z0-9_]+", item) for item in value)
    ):
        return tuple(value)
    raise ValueError('"all" or a list of names of tools, such as ["canvas", "kaltura"]')


class Spell(ScenarioBlock):
    """Something that ``tools`` suffer from ``start`` (included) to ``end`` (excluded), local wall time."""

    most_days: ClassVar[int] = INCIDENT_DAYS_MAX
    name: str = Field(description="a text of 1 to 80 characters", pattern=TEXT, max_length=80)
    start: datetime = Field(description=_TIME)
    end: datetime = Field(description=_TIME)
    tools: Literal["all"] | tuple[str, ...] = Field("all", description='"all" or a list of names of tools')

    @field_validator("start", "end")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        if value.tzinfo is not None:
            raise ValueError(_TIME)
        return _in_years(value, _TIME)

    @field_validator("end")
    @classmethod
    def _after_start(cls, value: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and not timedelta(0) < value - start <= timedelta(cls.most_days):
            raise ValueError(f"after its start {start.isoformat()}, by {cls.most_days} days at most")
        return value

    @field_validator("tools", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _tool_names(value)


class Incident(Spell):
    """Nobody can click on ``tools`` from ``start`` (included) to ``end`` (excluded), local wall time."""


class SensorDelivery(ScenarioBlock):
    """How a tool's sensor sends, or every tool's ("all"); None leaves the pack's number."""

    tool: str = Field("all", pattern=r"^[a-z0-9_]+$", description='"all" or the name of a tool')
    buffer_events: int | None = Field(
        None, ge=1, le=MOST_BUFFER_EVENTS, description=f"a whole number from 1 to {MOST_BUFFER_EVENTS}"
    )
    flush_ms: int | None = Field(
        None, ge=0, le=MOST_FLUSH_MS, description=f"a whole number from 0 to {MOST_FLUSH_MS}"
    )
    envelope_events: int | None = Field(
        None, ge=1, le=MOST_ENVELOPE_EVENTS, description=f"a whole number from 1 to {MOST_ENVELOPE_EVENTS}"
    )
    delay_median_ms: int | None = Field(
        None, ge=0, le=MOST_DELAY_MS, description=f"a whole number from 0 to {MOST_DELAY_MS}"
    )
    delay_p99_ms: int | None = Field(
        None, ge=0, le=MOST_DELAY_MS, description=f"a whole number from 0 to {MOST_DELAY_MS}"
    )


class DeliveryOutage(Spell):
    """The sensors of ``tools`` cannot send from ``start`` (included) to ``end`` (excluded), local wall time.

    Afterwards they send ``catch_up`` times as fast as usual until nothing is held back any more.
    """

    most_days: ClassVar[int] = DELIVERY_OUTAGE_DAYS_MAX
    catch_up: float = Field(3.0, ge=1.5, le=100.0, description="a number from 1.5 to 100")


class Stage(ScenarioBlock):
    """What ``termtide ctl stage NAME`` switches on while a term is streamed; a name may have several blocks.

    Nothing of it is in a run or its backfill: it changes what the sensors of ``tools`` do from then on.
    """

    name: str = Field(pattern=r"^[a-z][a-z0-9_]*$", max_length=40, description=_STAGE)
    tools: Literal["all"] | tuple[str, ...] = Field("all", description='"all" or a list of names of tools')
    clicks: float = Field(1.0, ge=0.0, le=MOST_STAGE_CLICKS, description="a number from 0 to 5")
    delay: float = Field(1.0, ge=0.0, le=MOST_STAGE_DELAY, description="a number from 0 to 1000")
    outage: bool = Field(default=False, description="true or false")

    @field_validator("name")
    @classmethod
    def _not_none(cls, value: str) -> str:
        if value == "none":
            raise ValueError(_STAGE)
        return value

    @field_validator("tools", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        return _tool_names(value)


class Output(ScenarioBlock):
    """What is written, besides what always is."""

    event_json: bool = Field(default=True, description="true or false")
    row_group_rows: int = Field(
        65_536, ge=1_024, le=1_048_576, description="a whole number from 1024 to 1048576"
    )
