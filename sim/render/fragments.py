"""A shape as parts in a row: runs of its text that depend on one thing, so that each is made once a thing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from sim.caliper.fields import Column
from sim.caliper.shapes import Hole, Text, Token, tokens_of
from sim.caliper.texts import Texts, join
from sim.world.world import World

SHARED = ("person", "enrolment", "course", "agent", "address")


@dataclass(frozen=True, eq=False)
class Part:
    """A run of pieces that depend on rows of one scope; "" for a constant. Told apart by identity."""

    scope: str
    tokens: tuple[Token, ...]

    @property
    def text(self) -> str:
        """The text of a constant."""
        return "".join(token.text for token in self.tokens if isinstance(token, Text))

    @property
    def column(self) -> str:
        """The column of a part that is nothing else, else ""."""
        token = self.tokens[0]
        return token.column if len(self.tokens) == 1 and isinstance(token, Hole) else ""


def parts_of(shape: Any, columns: Mapping[str, Column]) -> list[Part]:
    """The parts of a shape, equal ones the same. Constants beside a part of its own object belong to it."""
    return _parts(tokens_of(shape), columns)


def _parts(tokens: Iterable[Token], columns: Mapping[str, Column]) -> list[Part]:
    runs: list[tuple[str, list[Token]]] = []
    for token in tokens:
        scope = _scope(token, columns)
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
    return [_part(scope, tuple(run)) for scope, run in joined]


@cache
def _part(scope: str, tokens: tuple[Token, ...]) -> Part:
    return Part(scope, tokens)


def _is_own(scope: str) -> bool:
    """Whether texts of a scope may differ by kind: those of objects, and those that are few."""
    return scope not in ("", "event", "person", "enrolment")


def _scope(token: Token, columns: Mapping[str, Column]) -> str:
    if isinstance(token, Text):
        return ""
    if isinstance(token, Hole):
        return columns[token.column].scope
    scopes = {_scope(part, columns) for part in token.tokens} - {""}
    if len(scopes) != 1:
        raise ValueError(f"{token}: depends on {sorted(scopes)}, allowed: one thing")
    return scopes.pop()


def raw_parts_of(text: str, columns: Mapping[str, Column]) -> list[Part]:
    """The parts of a text of a shape, as it is outside of JSON: nothing around it."""
    tokens = tokens_of(text)
    first, last = tokens[0], tokens[-1]
    if not (isinstance(first, Text) and isinstance(last, Text)):
        raise TypeError(f"{text}: not a text of a shape")
    tokens[0] = Text(first.text[1:])
    if len(tokens) == 1:
        return [_part("", (Text(first.text[1:-1]),))]
    tokens[-1] = Text(last.text[:-1])
    return _parts([token for token in tokens if token != Text("")], columns)


def texts_of(
    tokens: tuple[Token, ...], columns: Mapping[str, Column], world: World, place: Any, rows: int,
    *, raw: bool = False,
) -> Texts:  # fmt: skip
    """The texts of a part, a row each. ``place`` is what its columns are read by; ``raw``: not escaped."""
    made: dict[str, Texts] = {}

    def text(column: str) -> Texts:
        if column not in made:
            made[column] = columns[column].texts(world, place, raw=raw)
        return made[column]

    pieces: list[Any] = []
    for token in tokens:
        if isinstance(token, Text):
            pieces.append(token.text)
        elif isinstance(token, Hole):
            pieces.append(text(token.column))
        else:
            inside = [part.text if isinstance(part, Text) else text(part.column) for part in token.tokens]
            pieces.append(pc.coalesce(join(*inside), pa.scalar("")))
    if all(isinstance(piece, str) for piece in pieces):
        return pa.array(["".join(pieces)] * rows, pa.string())
    return join(*pieces)
