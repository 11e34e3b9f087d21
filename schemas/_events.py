"""Kinds of events and what they are anchored to, as their data files say."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files("schemas").joinpath("caliper", name).read_text(encoding="utf-8"))


@cache
def event_kinds() -> tuple[dict[str, str], ...]:
    """The kinds of events in the order of their codes; a key that is left out has its default."""
    return tuple(_read("kinds.toml")["kind"])


@cache
def anchors() -> dict[str, dict[str, str]]:
    """By entity and column of the context store: kinds of events, or why a time is none."""
    return dict(_read("anchors.toml"))


@cache
def caliper_spec() -> dict[str, Any]:
    """What Caliper 1.1 allows: ``entity`` (type to supertype), ``event`` (tables), known ``deviation``s."""
    return _read("spec.toml")
