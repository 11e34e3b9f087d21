"""A scenario from file, environment and flags: read and checked once, at the edge."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from context.documents import read_toml
from context.errors import InputError
from context.files import typed_path
from context.scenario.messages import one_line
from context.scenario.scenario import SCALARS, Scenario

FILE_NAME = "termtide.toml"
TEMPLATE = resources.files("context.scenario").joinpath("template.toml").read_text(encoding="utf-8")


def init_text() -> str:
    """The commented termtide.toml that ``termtide init`` writes: 20,000 FTE, an incident commented out."""
    return TEMPLATE


def find_scenario() -> Path | None:
    """The termtide.toml of the working directory, None without one."""
    path = Path(FILE_NAME)
    return path if path.is_file() else None


def demo_scenario(overrides: Mapping[str, object] | None = None) -> Scenario:
    """The university of ``termtide demo``: 1,000 FTE, seed 1. Raises InputError for bad overrides.

    What is asked for otherwise is in its name (``demo-500-spring-2027``), so that it gets its own folder.
    """
    plain = Scenario(name="demo", fte=1_000, seed=1)
    flags = {key: value for key, value in (overrides or {}).items() if value is not None}
    found = _checked({"name": "demo", "fte": 1_000, "seed": 1}, flags, FILE_NAME)
    if found.name != plain.name:
        return found
    told = {
        "fte": str(found.fte),
        "term": found.term,
        "terms": f"{found.terms}-terms",
        "pack": Path(found.pack).name,
    }
    parts = [text for key, text in told.items() if getattr(found, key) != getattr(plain, key)]
    name = re.sub(r"[^a-z0-9]+", "-", " ".join(["demo", *parts]).lower()).strip("-")
    return found.model_copy(update={"name": name[:60]})


def any_scenario(path: Path | str | None, overrides: Mapping[str, object] | None = None) -> Scenario:
    """The scenario of a file, if one is given or in this folder, else the demo. Raises InputError."""
    file = path or find_scenario()
    return demo_scenario(overrides) if file is None else load_scenario(file, overrides)


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
    return _checked(read_toml(typed_path(path)), flags, str(path))


def pack_base(path: Path | str | None = None) -> Path:
    """The folder that a scenario's relative ``pack`` starts from: that of its file."""
    return typed_path(path).resolve().parent if path is not None else Path.cwd()


def _as_given(key: str, value: object) -> object:
    """A flag's or variable's text in the key's type; what doesn't fit is left for the check to refuse.

    A path typed into a shell starts from the shell's folder, not from the file's.
    """
    if (
        key in ("fte", "seed", "shard", "shift", "terms")
        and isinstance(value, str)
        and re.fullmatch(r"[+-]?[0-9]{1,20}", value.strip())
    ):
        return int(value)
    if key == "pack" and isinstance(value, str) and re.search(r"[/~]|^\.", value):
        return str(Path.cwd() / typed_path(value))
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
