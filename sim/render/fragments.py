"""A shape as fragments in a row: runs of its text that depend on one thing, so that each is made once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim.caliper.fields import Field
from sim.caliper.shapes import Hole, Text, Token, tokens_of
from sim.caliper.texts import Texts, join
from sim.world.world import World

SHARED = ("person", "enrolment", "course", "agent", "address")


@dataclass(frozen=True, eq=False)
class Fragment:
    """A run of pieces that depend on rows of one scope; "" for a constant. Told apart by identity."""

    scope: str
    tokens: tuple[Token, ...]

    @cached_property
    def text(self) -> str:
        """The text of a constant."""
        return "".join(token.text for token in self.tokens if isinstance(token, Text))

    @cached_property
    def field(self) -> str:
        """The field of a fragment that is nothing else, else ""."""
        token = self.tokens[0]
        return token.field if len(self.tokens) == 1 and isinstance(token, Hole) else ""


def fragments_of(shape: Any, fields: Mapping[str, Field]) -> list[Fragment]:
    """A shape's fragments, equal ones the same. Constants beside one of its own object join it."""
    return _fragments(tokens_of(shape), fields)


def _fragments(tokens: Iterable[Token], fields: Mapping[str, Field]) -> list[Fragment]:
    runs: list[tuple[str, list[Token]]] = []
    for token in tokens:
        scope = _scope(token, fields)
        last = runs[-1][0] if runs else None
        before = runs[-2][0] if len(runs) > 1 else None
        if runs and (scope == last != "event"):
            runs[-1][1].append(token)
        elif scope not in ("", "event") and last == "" and before == scope:
            _, constant = runs.pop()
            runs[-1][1].extend([*constant, token])
        else:
            runs.append((scope, [token]))
    joined: list[tuple[str, list[Token]]] = []
    for scope, run in runs:
        if scope == "" and joined and (_is_own(joined[-1][0]) or joined[-1][0] == "enrolment"):
            joined[-1][1].extend(run)
        elif _is_own(scope) and joined and joined[-1][0] == "":
            _, constant = joined.pop()
            joined.append((scope, [*constant, *run]))
        else:
            joined.append((scope, run))
    return [_fragment(scope, tuple(run)) for scope, run in joined]


@cache
def _fragment(scope: str, tokens: tuple[Token, ...]) -> Fragment:
    return Fragment(scope, tokens)


def _is_own(scope: str) -> bool:
    """Whether texts of a scope may differ by kind: those of objects, and those that are few."""
    return scope not in ("", "event", "person", "enrolment")


def _scope(token: Token, fields: Mapping[str, Field]) -> str:
    if isinstance(token, Text):
        return ""
    if isinstance(token, Hole):
        return fields[token.field].scope
    scopes = {_scope(each, fields) for each in token.tokens} - {""}
    if len(scopes) != 1:
        raise ValueError(f"{token}: depends on {sorted(scopes)}, allowed: one thing")
    return scopes.pop()


def raw_fragments_of(text: str, fields: Mapping[str, Field]) -> list[Fragment]:
    """The fragments of a text of a shape, as it is outside of JSON: nothing around it."""
    tokens = tokens_of(text)
    first, last = tokens[0], tokens[-1]
    if not (isinstance(first, Text) and isinstance(last, Text)):
        raise TypeError(f"{text}: not a text of a shape")
    tokens[0] = Text(first.text[1:])
    if len(tokens) == 1:
        return [_fragment("", (Text(first.text[1:-1]),))]
    tokens[-1] = Text(last.text[:-1])
    return _fragments([token for token in tokens if token != Text("")], fields)


def texts_of(
    tokens: tuple[Token, ...], fields: Mapping[str, Field], world: World, place: Any, rows: int,
    *, raw: bool = False,
) -> Texts:  # fmt: skip
    """A fragment's texts, a row each. ``place`` is what its fields are read by; ``raw``: not escaped."""
    made: dict[str, Texts] = {}

    def text(field: str) -> Texts:
        if field not in made:
            made[field] = fields[field].texts(world, place, raw=raw)
        return made[field]

    return joined_texts(tokens, text, rows)


def joined_texts(tokens: tuple[Token, ...], text: Callable[[str], Texts], rows: int) -> Texts:
    """A fragment's texts, a row each, of those of its fields."""
    pieces: list[Any] = []
    for token in tokens:
        if isinstance(token, Text):
            pieces.append(token.text)
        elif isinstance(token, Hole):
            pieces.append(text(token.field))
        else:
            inside = [each.text if isinstance(each, Text) else text(each.field) for each in token.tokens]
            pieces.append(pc.coalesce(join(*inside), pa.scalar("")))
    if all(isinstance(piece, str) for piece in pieces):
        return pa.array(["".join(pieces)] * rows, pa.string())
    return join(*pieces)
