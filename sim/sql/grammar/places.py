"""Where in the user's own text something stands, and errors that say it."""

from __future__ import annotations

from sqlglot import exp

from context.errors import InputError


def refused(node: exp.Expr | None, message: str) -> InputError:
    """An error about a part of the query, with its line and column where they are known."""
    place = text_place(node) if node is not None else None
    message = " ".join(message.splitlines())
    return InputError(f"{message} at line {place[0]}, column {place[1]}" if place else message)


def text_place(node: exp.Expr) -> tuple[int, int] | None:
    """(line, column) of the first word of a node; both count from 1."""
    places = [
        (part.meta["line"], part.meta["col"] - (part.meta["end"] - part.meta["start"]))
        for part in node.find_all(exp.Identifier, exp.Anonymous, exp.Star, exp.Column, exp.Var, exp.Literal)
        if part.meta.get("line") is not None and part.meta.get("start") is not None and part.meta.get("col")
    ]
    return min(places, default=None)
