"""How a table of a pack is specified: columns, types, ranges, what must sum or be complete."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "whole", "number", "truth"]


@dataclass(frozen=True)
class Field:
    """A column. ``options`` or ``refers`` ("table.column") or a range of whole numbers closes its values."""

    name: str
    kind: Kind = "text"
    low: float | None = None
    high: float | None = None
    options: tuple[str, ...] = ()
    refers: str = ""
    blank: bool = False  # an empty cell is allowed: "" in text, None elsewhere
    ends: str = ""  # a text must end so
    places: tuple[str, ...] = ()  # {placeholders} that a text may have


@dataclass(frozen=True)
class TableSpec:
    """A table. ``sums``: (column, grouping columns) that sum to 1; ``row_sums``: columns that do in each row.

    ``complete``: every combination of the allowed values of these columns must have a row.
    ``steps``: (low, high) columns of intervals that follow each other without gap or overlap.
    ``ordered``: (low, high) columns of which the second is nowhere below the first.
    """

    fields: tuple[Field, ...]
    key: tuple[str, ...]
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    row_sums: tuple[tuple[str, ...], ...] = ()
    complete: tuple[str, ...] = ()
    steps: tuple[str, str] | None = None
    ordered: tuple[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(field.name for field in self.fields)


def share_field(name: str = "share") -> Field:
    """A share, 0 to 1."""
    return Field(name, "number", 0, 1)


def whole_field(name: str, low: float, high: float) -> Field:
    """A whole number within bounds."""
    return Field(name, "whole", low, high)


def number_field(
    name: str, low: float | None = None, high: float | None = None, blank: bool = False
) -> Field:
    """A number, within bounds where it has any."""
    return Field(name, "number", low, high, blank=blank)


def ref_field(name: str, refers: str) -> Field:
    """A value of another table: "table.column"."""
    return Field(name, refers=refers)


def option_field(name: str, *options: str) -> Field:
    """One of the options."""
    return Field(name, options=options)


def law_table(*fields: Field) -> TableSpec:
    """One share per value of the leading column."""
    return TableSpec((*fields, share_field()), (fields[0].name,), (("share", ()),))
