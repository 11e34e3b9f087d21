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
from difflib import get_close_matches
from importlib import resources
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BeforeValidator,
    Field,
    ValidationError,
)

from context.errors import InputError
from context.pack_read import nearest
from context.scenario_errors import one_line
from context.scenario_parts import TEXT, CalendarOverrides, Delivery, DeliveryOutage, Incident, Output, Part
from context.zones import zone_names

FILE_NAME = "termtide.toml"
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


class Scenario(Part):
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
        "canvas.termtide.example",
        pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+example$",
        max_length=200,
        description="a host name in small letters that ends with .example, such as canvas.termtide.example",
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
    delivery: Annotated[tuple[Delivery, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[delivery]], in double brackets"
    )
    delivery_outage: Annotated[tuple[DeliveryOutage, ...], Field(strict=False)] = Field(
        (), description="tables that start with [[delivery_outage]], in double brackets"
    )
    output: Output = Field(Output(), description="a table [output]")

    def digest(self, pack_digest: str = "") -> str:
        """SHA-256 (hex) of everything that changes the bytes.

        The name is left out, which only names the output folder, and what decides when events are sent. The
        digest of the pack's content stands for the pack, so that a pack may move but not change.
        """
        facts = self.model_dump(mode="json", exclude={"name", *_DELIVERY})
        if pack_digest:
            facts["pack"] = pack_digest
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()

    def delivery_digest(self) -> str:
        """SHA-256 (hex) of what decides when events are sent, which changes none of them."""
        facts = self.model_dump(mode="json", include=set(_DELIVERY))
        return hashlib.sha256(json.dumps(facts, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


_DELIVERY = ("delivery", "delivery_outage")
SCALARS = tuple(
    key for key in Scenario.model_fields if key not in ("calendar", "incident", "output", *_DELIVERY)
)
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
    if (
        key in ("fte", "seed", "shift", "terms")
        and isinstance(value, str)
        and re.fullmatch(r"[+-]?[0-9]{1,20}", value.strip())
    ):
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
    variables = [f"TERMTIDE_{key.upper()}" for key in SCALARS]
    for variable in sorted(os.environ):
        if variable.startswith("TERMTIDE_") and variable not in variables:
            raise InputError(f"{variable}: no such variable, {nearest(variable, variables)}")
    unknown = sorted(set(flags) - set(SCALARS))
    if unknown:
        raise ValueError(f"no such keys of a scenario: {', '.join(unknown)}")
    try:
        return Scenario.model_validate(given)
    except ValidationError as error:
        raise InputError(one_line(error, Scenario, where, places)) from None
