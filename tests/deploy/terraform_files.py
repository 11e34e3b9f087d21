"""The Terraform files as data: what is declared, and what is referred to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import hcl2

GCP = Path(__file__).resolve().parents[2] / "deploy" / "gcp"
# What an address may begin with that isn't a resource's type.
_NOT_RESOURCES = {"var", "local", "data", "each", "count", "path", "self", "terraform"}
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"')
_ADDRESS = re.compile(r"(?<![\w.\"-])([a-z][a-z0-9_]*)\.([a-z_][a-z0-9_]*)(?:\.([a-z_][a-z0-9_]*))?")


def plain(value: Any) -> Any:
    """The parser's values without its marks: quotes round texts, ``__is_block__``, comments."""
    if isinstance(value, dict):
        kept = {key: one for key, one in value.items() if not key.startswith("__")}
        return {plain(key): plain(one) for key, one in kept.items()}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str) and len(value) > 1 and value[0] == value[-1] == '"':
        return value[1:-1]
    return value


@cache
def files() -> dict[str, dict[str, Any]]:
    """Every file, parsed, by its name."""
    return {
        path.name: plain(hcl2.loads(path.read_text(encoding="utf-8"))) for path in sorted(GCP.glob("*.tf"))
    }


@cache
def resources() -> dict[str, dict[str, Any]]:
    """Every resource's arguments, by its address: google_pubsub_topic.events."""
    return {
        f"{kind}.{name}": body
        for content in files().values()
        for block in content.get("resource", [])
        for kind, named in block.items()
        for name, body in named.items()
    }


def of_kind(kind: str) -> dict[str, dict[str, Any]]:
    """The resources of a kind."""
    return {address: body for address, body in resources().items() if address.split(".")[0] == kind}


def declared() -> set[str]:
    """Every address that may be referred to."""
    found = set(resources())
    for content in files().values():
        for block in content.get("variable", []):
            found |= {f"var.{name}" for name in block}
        for block in content.get("locals", []):
            found |= {f"local.{name}" for name in block}
        for block in content.get("data", []):
            found |= {f"data.{kind}.{name}" for kind, named in block.items() for name in named}
    return found


def references(value: Any) -> Iterator[str]:
    """Addresses in the expressions of a value: ``${...}``, the texts inside of them too."""
    if isinstance(value, dict):
        for key, one in value.items():
            yield from references(key)
            yield from references(one)
    elif isinstance(value, list):
        for one in value:
            yield from references(one)
    elif isinstance(value, str):
        for expression in _expressions(value):
            yield from _addresses(expression)


def _expressions(text: str) -> Iterator[str]:
    """What stands in ``${}``, braces inside of it included."""
    at = text.find("${")
    while at >= 0:
        depth, end = 1, at + 2
        while depth and end < len(text):
            depth += {"{": 1, "}": -1}.get(text[end], 0)
            end += 1
        yield text[at + 2 : end - 1]
        at = text.find("${", end)


def _addresses(expression: str) -> Iterator[str]:
    for inner in _TEXT.findall(expression):
        yield from references(inner[1:-1])
    for first, second, third in _ADDRESS.findall(_TEXT.sub('""', expression)):
        if first == "data":
            yield f"data.{second}.{third}"
        elif first in ("var", "local") or (first not in _NOT_RESOURCES and first.startswith("google_")):
            yield f"{first}.{second}"


def variables() -> dict[str, dict[str, Any]]:
    """Every variable's block."""
    return {name: body for block in files()["variables.tf"]["variable"] for name, body in block.items()}


def local(name: str) -> Any:
    """A local value, as it is written."""
    return next(
        block[name] for content in files().values() for block in content.get("locals", []) if name in block
    )
