"""Shapes: what a kind's document looks like, written once as a dict whose texts have holes.

``{person.lms_id}`` in a text is a field of ``sim.caliper.fields``; ``Raw`` is a field as a JSON number or
truth value; ``Maybe`` is a member that is left out where one of its fields is missing. Two readers
understand a shape: ``sim.render.reference`` makes a function of it that builds plain dicts,
``sim.render.fragments`` takes it apart into texts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import orjson

Shape = dict[str, Any]
_HOLE = re.compile(r"\{([a-z_]+\.[a-z_0-9]+)\}")


@dataclass(frozen=True)
class Raw:
    """A field's value as it is in JSON, without quotes."""

    field: str


@dataclass(frozen=True)
class Maybe:
    """A member that is there only where all of its fields are; another of its dict always is."""

    value: Any


@dataclass(frozen=True)
class Text:
    """A piece of a document that is the same in all."""

    text: str


@dataclass(frozen=True)
class Hole:
    """The place of a field's text."""

    field: str


@dataclass(frozen=True)
class Option:
    """Pieces that are there only where all of their fields are."""

    tokens: tuple[Text | Hole, ...]


Token = Text | Hole | Option


def fields_of(node: Any) -> list[str]:
    """Names of the fields that a shape needs, each once, in order of appearance."""
    found: dict[str, None] = {}
    for token in tokens_of(node):
        for part in token.tokens if isinstance(token, Option) else (token,):
            if isinstance(part, Hole):
                found[part.field] = None
    return list(found)


def tokens_of(node: Any) -> list[Token]:
    """The JSON text of a shape as constant pieces and holes."""
    merged: list[Token] = []
    for token in _tokens(node):
        if isinstance(token, Text) and merged and isinstance(merged[-1], Text):
            merged[-1] = Text(merged[-1].text + token.text)
        else:
            merged.append(token)
    return merged


def _tokens(node: Any) -> Iterator[Token]:
    if isinstance(node, dict):
        yield Text("{")
        leading = True  # nothing is sure to stand before: a comma belongs to the member that may be missing
        for key, value in node.items():
            comma = () if leading else (Text(","),)
            if isinstance(value, Maybe):
                member = (
                    *comma,
                    Text(_json(key) + ":"),
                    *_tokens(value.value),
                    *((Text(","),) if leading else ()),
                )
                yield Option(_simple(member))
            else:
                yield from (*comma, Text(_json(key) + ":"))
                yield from _tokens(value)
                leading = False
        if leading and node:
            raise ValueError(f"{list(node)}: one of these must be there always")
        yield Text("}")
    elif isinstance(node, list):
        yield Text("[")
        for place, value in enumerate(node):
            yield from ((Text(","),) if place else ())
            yield from _tokens(value)
        yield Text("]")
    elif isinstance(node, Raw):
        yield Hole(node.field)
    elif isinstance(node, str):
        yield Text('"')
        for place, piece in enumerate(_HOLE.split(node)):
            yield Hole(piece) if place % 2 else Text(_json(piece)[1:-1])
        yield Text('"')
    else:
        yield Text(_json(node))


def _simple(tokens: tuple[Token, ...]) -> tuple[Text | Hole, ...]:
    found = tuple(token for token in tokens if not isinstance(token, Option))
    if len(found) < len(tokens):
        raise ValueError("a member that may be missing cannot have another inside")
    return found


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def builder(shape: Shape) -> Callable[[Any], Shape]:
    """A function that makes one document of the values of ``fields_of(shape)``, in that order.

    It is the dict literal that one would write by hand, compiled once.
    """
    place = {name: i for i, name in enumerate(fields_of(shape))}

    def source(node: Any) -> str:
        if isinstance(node, dict):
            members = (member(key, value) for key, value in node.items())
            return "{" + ", ".join(members) + "}"
        if isinstance(node, list):
            return "[" + ", ".join(map(source, node)) + "]"
        if isinstance(node, Raw):
            return f"v[{place[node.field]}]"
        if isinstance(node, str) and _HOLE.search(node):
            pieces = _HOLE.split(node)
            if len(pieces) == 3 and not pieces[0] and not pieces[2]:
                return f"str(v[{place[pieces[1]]}])"
            return "+".join(f"str(v[{place[p]}])" if i % 2 else repr(p) for i, p in enumerate(pieces) if p)
        return repr(node)

    def member(key: str, value: Any) -> str:
        if not isinstance(value, Maybe):
            return f"{key!r}: {source(value.value if isinstance(value, Maybe) else value)}"
        there = " or ".join(f"v[{place[name]}] is None" for name in fields_of(value.value))
        return f"**({{}} if {there} else {{{key!r}: {source(value.value)}}})"

    # The source is made of our own shapes alone.
    made: Callable[[Any], Shape] = eval(f"lambda v: {source(shape)}", {"str": str})  # noqa: S307
    return made
