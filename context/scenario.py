"""The scenario: one TOML file, read and checked once, at the edge.

Precedence: flag, then TERMTIDE_* variable, then file, then default. Whatever is wrong is one line: where it
stands, what was given, what is allowed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import tomllib
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from context.errors import InputError
from context.scenario_errors import one_line
from context.zones import zone_names

FILE_NAME = "termtide.toml"
FTE_MAX = 500_000
SEED_MAX = 2**63 - 1
INCIDENT_DAYS_MAX = 14
_TEXT = (
    r"^[^\x00-\x1f\x7f]*[^\x00-\x20\x7f][^\x00-\x1f\x7f]*$"  # something visible, nothing that breaks a line
)
_DATE = "a date without quotes, such as 2026-08-31"
_TIME = "a local date and time without quotes and offset, such as 2026-10-14T19:30:00"


class _Part(BaseModel):
    """Frozen, strict (a quoted number is no number) and closed to unknown keys.

    Each field's description says what is allowed; error messages quote it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class CalendarOverrides(_Part):
    """Term dates that differ from the pack's rules; None leaves the rule."""

    start: date | None = Field(None, description=_DATE)
    instruction_end: date | None = Field(None, description=_DATE)
    finals_start: date | None = Field(None, description=_DATE)
    end: date | None = Field(None, description=_DATE)
    no_class: Annotated[tuple[date, ...], Field(strict=False)] | None = Field(
        None, description="a list of dates without quotes, such as [2026-09-07, 2026-11-26]"
    )

    @field_validator("no_class", mode="before")
    @classmethod
    def _dates_only(cls, value: object) -> object:
        if value is not None and not (
            isinstance(value, list | tuple) and all(type(item) is date for item in value)
        ):
            raise ValueError("a list of dates without quotes, such as [2026-09-07, 2026-11-26]")
        return value


class Incident(_Part):
    """Nobody can click on ``tools`` from ``start`` (included) to ``end`` (excluded), local wall time."""

    name: str = Field(description="a text of 1 to 80 characters", pattern=_TEXT, max_length=80)
    start: datetime = Field(description=_TIME)
    end: datetime = Field(description=_TIME)
    tools: Literal["all"] | tuple[str, ...] = Field("all", description='"all" or a list of names of tools')

    @field_validator("start", "end")
    @classmethod
    def _local(cls, value: datetime) -> datetime:
        if value.tzinfo is not None:
            raise ValueError(_TIME)
        return value

    @field_validator("end")
    @classmethod
    def _after_start(cls, value: datetime, info: ValidationInfo) -> datetime:
        start = info.data.get("start")
        if start is not None and not 0 < (value - start).total_seconds() <= INCIDENT_DAYS_MAX * 86_400:
            raise ValueError(f"after its start {start.isoformat()}, by {INCIDENT_DAYS_MAX} days at most")
        return value

    @field_validator("tools", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if value == "all":
            return value
        if (
            isinstance(value, list | tuple)
            and value
            and all(isinstance(item, str) and re.fullmatch(r"[a-z0-9_]+", item) for item in value)
        ):
            return tuple(value)
        raise ValueError('"all" or a list of names of tools, such as ["canvas", "kaltura"]')


class Output(_Part):
    """What is written, besides what always is."""

    event_json: bool = Field(default=True, description="true or false")
    row_group_rows: int = Field(
        65_536, ge=1_024, le=1_048_576, description="a whole number from 1024 to 1048576"
    )


def _known_zone(value: object) -> object:
    if not isinstance(value, str) or value not in zone_names():
        near = get_close_matches(str(value), zone_names(), n=1, cutoff=0.5)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"an IANA name of a time zone, such as America/Detroit{hint}")
    return value


class Scenario(_Part):
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
    pack: str = Field(
        "us_public_r1", pattern=_TEXT, description="the name of a built-in pack or the path of a folder"
    )
    time_zone: Annotated[str, BeforeValidator(_known_zone)] = "America/Detroit"
    project: str = Field(
        "unizin-shared",
        pattern=r"^[a-z][a-z0-9-]{4,28}[a-z0-9]$",
        description="a project id: 6 to 30 small letters, digits and hyphens, a letter first, no hyphen last",
    )
    institution: str = Field(
        "Termtide State University",
        pattern=_TEXT,
        max_length=80,
        description="a text of 1 to 80 characters",
    )
    host: str = Field(
        "canvas.termtide.example",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example$",
        max_length=200,
        description="a host name in small letters that ends with .example, such as canvas.termtide.example",
    )
    dialect: Literal["vendor"] = Field("vendor", description='"vendor"')
    calendar: CalendarOverrides = Field(CalendarOverrides(), description="a table [calendar]")
    incident: Annotated[tuple[Incident, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[incident]], in double brackets"
    )
    output: Output = Field(Output(), description="a table [output]")

    def digest(self, pack_digest: str = "") -> str:
        """SHA-256 (hex) of everything that changes the bytes.

        The name is left out: it only names the output folder. With the digest of the pack's content, that
        stands for the pack, so that a pack may move but not change.
        """
        facts = self.model_dump(mode="json", exclude={"name"})
        if pack_digest:
            facts["pack"] = pack_digest
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


SCALARS = tuple(key for key in Scenario.model_fields if key not in ("calendar", "incident", "output"))
TEMPLATE = resources.files("context").joinpath("scenario_template.toml").read_text(encoding="utf-8")


def init_text() -> str:
    """The commented termtide.toml that ``termtide init`` writes: 20,000 FTE, an incident commented out."""
    return TEMPLATE


def find_scenario(folder: Path | None = None) -> Path | None:
    """The termtide.toml of ``folder`` (default: the working directory), None without one."""
    path = (folder or Path()) / FILE_NAME
    return path if path.is_file() else None


def demo_scenario(overrides: Mapping[str, object] | None = None) -> Scenario:
    """The university of ``termtide demo``: 1,000 FTE, seed 1. Raises InputError for bad overrides."""
    return _checked({"name": "demo", "fte": 1_000, "seed": 1}, overrides or {}, FILE_NAME)


def load_scenario(path: Path | str | None = None, overrides: Mapping[str, object] | None = None) -> Scenario:
    """Read a scenario; ``path`` None means termtide.toml in the working directory.

    ``overrides`` are the command's flags by key (None: not given); texts are accepted for numbers. Raises
    InputError when there is no file, and for whatever is wrong in file, environment or flags.
    """
    if path is None:
        path = find_scenario()
        if path is None:
            raise InputError(
                f"no {FILE_NAME} in this folder: `termtide init` writes one, `termtide demo` needs none"
            )
    flags = {key: value for key, value in (overrides or {}).items() if value is not None}
    return _checked(_read(Path(path)), flags, str(path))


def pack_base(path: Path | str | None = None) -> Path:
    """The folder that a scenario's relative ``pack`` starts from: that of its file."""
    return Path(path).resolve().parent if path is not None else Path.cwd()


def _read(path: Path) -> dict[str, Any]:
    """The file's tables. Raises InputError for a file that can't be read or is no TOML."""
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path}: can't be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not UTF-8 at byte {error.start + 1}, allowed: TOML in UTF-8") from error
    except tomllib.TOMLDecodeError as error:
        text = str(error).replace("(at ", "at ").removesuffix(")")  # "... at line 3, column 7"
        raise InputError(f"{path}: not valid TOML: {text}") from error


def _as_given(key: str, value: object) -> object:
    """A flag's or variable's text in the key's type; what doesn't fit is left for the check to refuse.

    A path typed into a shell starts from the shell's folder, not from the file's.
    """
    if key in ("fte", "seed") and isinstance(value, str) and re.fullmatch(r"[+-]?[0-9]{1,20}", value.strip()):
        return int(value)
    if key == "pack" and isinstance(value, str) and re.search(r"[/~]|^\.", value):
        return str(Path.cwd() / Path(value).expanduser())
    return value


def _checked(given: dict[str, Any], flags: Mapping[str, object], where: str) -> Scenario:
    """Merge file, environment and flags, each key with the place it comes from, and check."""
    places: dict[str, str] = {}
    for key in SCALARS:
        variable = f"TERMTIDE_{key.upper()}"
        text = os.environ.get(variable, "")
        if flags.get(key) is not None:
            given[key], places[key] = _as_given(key, flags[key]), f"--{key.replace('_', '-')}"
        elif text:
            given[key], places[key] = _as_given(key, text), variable
    unknown = sorted(set(flags) - set(SCALARS))
    if unknown:
        raise ValueError(f"no such keys of a scenario: {', '.join(unknown)}")
    try:
        return Scenario.model_validate(given)
    except ValidationError as error:
        raise InputError(one_line(error, Scenario, where, places)) from None
