"""One clear line out of pydantic's report: where it stands, what was given, what is allowed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from difflib import get_close_matches
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails


def one_line(error: ValidationError, model: type[BaseModel], where: str, places: Mapping[str, str]) -> str:
    """The first fault, and how many more there are.

    ``where`` is the file; ``places`` says for a top-level key which flag or variable gave it instead.
    """
    faults = error.errors(include_url=False)
    # An unknown key is often the reason for a missing one: it is named first.
    faults.sort(key=lambda fault: fault["type"] != "extra_forbidden")
    line = _line(faults[0], model, where, places)
    return line if len(faults) == 1 else f"{line} (and {len(faults) - 1} more)"


def _line(fault: ErrorDetails, model: type[BaseModel], where: str, places: Mapping[str, str]) -> str:
    keys = [part for part in fault["loc"] if isinstance(part, str)]
    owner, allowed = _look_up(model, keys)
    place = places.get(str(keys[0])) or f"{where}: {_path(fault['loc'])}"
    if fault["type"] == "extra_forbidden":
        near = get_close_matches(keys[-1], owner.model_fields, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        return f"{place}: unknown key{hint}, allowed: {', '.join(owner.model_fields)}"
    if fault["type"] == "missing":
        return f"{place}: nothing given, allowed: {allowed}"
    if fault["type"] == "value_error":
        allowed = str(fault["ctx"]["error"])
    return f"{place}: {_shown(fault['input'])} given, allowed: {allowed}"


def _look_up(model: type[BaseModel], keys: list[str]) -> tuple[type[BaseModel], str]:
    """The model that holds the last key, and what that key's description allows."""
    allowed = ""
    for depth, key in enumerate(keys):
        field = model.model_fields.get(key)
        if field is None:
            break
        allowed = field.description or ""
        inner = _inner_model(field.annotation)
        if inner is None or depth == len(keys) - 1:
            break
        model = inner
    return model, allowed


def _inner_model(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _inner_model(part))), None)


def _path(loc: tuple[int | str, ...]) -> str:
    """("incident", 0, "end") -> "incident 1: end"; ("output", "event_json") -> "output.event_json"."""
    text = ""
    for part in loc:
        if isinstance(part, int):
            text += f" {part + 1}"
        elif not text:
            text = part
        else:
            text += f"{':' if text[-1].isdigit() else '.'}{' ' if text[-1].isdigit() else ''}{part}"
    return text


def _shown(value: object) -> str:
    """A value as TOML writes it, cut at 80 characters."""
    if isinstance(value, date | datetime):
        text = value.isoformat()
    elif isinstance(value, bool | str):
        text = json.dumps(value, ensure_ascii=False)
    elif isinstance(value, list | tuple):
        text = f"[{', '.join(_shown(item) for item in value)}]"
    elif isinstance(value, dict):
        text = "a table"
    else:
        text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
