"""What a contract is made of: columns, tables, and the errors of asking for one that is not there."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches

TYPES = ("INT64", "STRING", "BOOL", "DATE", "DATETIME", "TIMESTAMP", "NUMERIC", "FLOAT64", "RECORD", "JSON")
MODES = ("NULLABLE", "REQUIRED", "REPEATED")
PROVENANCES = ("documented", "inferred")
LOADED_FROM = ("SIS", "LMS", "SIS+LMS", "Caliper", "BigQuery", "Termtide", "Mart")
STORED = ("table", "days", "view")
FAMILIES = (
    "Institution and calendar",
    "People",
    "Programs and degrees",
    "Courses and groups",
    "Assignments",
    "Quizzes",
    "Modules, files and pages",
    "Talk",
    "Grades",
    "Learning outcomes",
)
SYSTEMS = ("sis", "lms")  # that give native ids
DATE_KINDS = ("created", "actual", "planned", "changed")


class SchemaError(ValueError):
    """A contract file is wrong; the message says which file and what is allowed."""


class UnknownName(ValueError):  # noqa: N818 - UnknownTable says it well enough
    """Something was asked for by a name that no contract has; the message names near matches."""

    def __init__(self, what: str, given: str, known: Iterable[str]) -> None:
        names = sorted(known)
        near = _near(given, names)
        more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
        named = f"known: {', '.join(names[:_MOST_NAMED])}{more}"
        super().__init__(f"no {what} named {given!r}; {f'did you mean {_either(near)}?' if near else named}")


_MOST_NAMED = 12  # names in a message


def _near(given: str, names: list[str]) -> list[str]:
    """Names much like the one given, else those that share about a word with it, else those a bit like it."""
    if whole := get_close_matches(given.lower(), names, n=3, cutoff=0.75):
        return whole
    words = [word for word in given.lower().split("_") if word]
    parts = [name for name in names if any(get_close_matches(w, name.split("_"), 1, 0.8) for w in words)]
    return sorted(parts, key=len)[:5] or get_close_matches(given.lower(), names, n=3, cutoff=0.6)


def _either(names: list[str]) -> str:
    return ", ".join(names[:-1]) + (" or " if names[1:] else "") + names[-1]


class UnknownDataset(UnknownName):
    """There is no such dataset."""


class UnknownTable(UnknownName):
    """The dataset has no such table."""


class UnknownColumn(UnknownName):
    """The table has no such column."""


class UnknownOptionSet(UnknownName):
    """There is no such option set."""


class UnknownDerivation(UnknownName):
    """There is no such derivation."""


@dataclass(frozen=True)
class Column:
    """One column, or one field of a RECORD column."""

    name: str
    type: str  # one of TYPES, in BigQuery's words
    mode: str  # one of MODES; REQUIRED for the key only
    description: str
    provenance: str  # "documented": in Unizin's public material; "inferred": ours
    references: str | None = None  # "person.person_id", always in context_store_entity
    options: str | None = None  # name of an option set; a STRING may list several members with commas
    drawn_from: tuple[str, ...] = ()  # blocks of a pack: "categorical person.sex", "numbers x.y", "table z"
    follows_from: str | None = None  # what decides on it, where no law of its own does
    uniform: str | None = None  # why all rows have one value
    always_null: str | None = None  # why no row has a value
    unrepeated: bool = False  # hardly two rows have the same value
    reason: str | None = None  # why a mart's column is what it is, where Unizin's material does not say
    fields: tuple[Column, ...] = ()  # of a RECORD


@dataclass(frozen=True)
class Rows:
    """How many rows an entity has for 1,000 full-time equivalents and one Fall term, and how exactly."""

    expected: int
    within: float  # part of ``expected`` by which the number may be off


@dataclass(frozen=True)
class Since:
    """A value that came about at a date, and what was there before."""

    path: tuple[str, ...]
    value: object = None  # None at the top: the value stored
    before: Since | object = None
    only: tuple[object, ...] = ()


@dataclass(frozen=True)
class Rule:
    """What a column showed on an earlier morning."""

    kind: str  # one of DATE_KINDS, or "since", "grows", "last", "computed"
    since: tuple[Since, ...] = ()  # each for its own values
    path: tuple[str, ...] = ()  # of "grows": until when; of "last": table and column


@dataclass(frozen=True)
class AsOf:
    """The section of one table."""

    # Path to the date from which a row is there; empty: ever since. ("first", table, column): the earliest of
    # the rows that refer to it.
    born: tuple[str, ...] = ()
    rules: Mapping[str, Rule] = field(default_factory=dict)

    def rule(self, column: str) -> Rule | None:
        """The rule of a column, None where it holds one value."""
        return self.rules.get(column)


@dataclass(frozen=True)
class Table:
    """One table: what it holds, its key, and its columns in order."""

    dataset: str
    name: str
    description: str
    key: tuple[str, ...]
    keymap: bool  # has a table of native ids of the same name in context_store_keymap
    loaded_from: str  # one of LOADED_FROM
    columns: tuple[Column, ...]
    partition_by: str | None = None  # column by whose date the table is partitioned
    cluster_by: tuple[str, ...] = ()
    require_partition_filter: bool = False
    rows: Rows | None = None  # of a context-store entity
    family: str | None = None  # of a context-store entity, one of FAMILIES
    native_ids: tuple[str, ...] = ()  # which of SYSTEMS give its rows ids
    scope: str | None = None  # "term": rows belong to a term, which no reference says
    as_of: AsOf = AsOf()  # how rows and columns of a context-store entity come about in time
    stored: str = (
        "table"  # of a mart, one of STORED: built whole, built by day, or a view where one can be kept
    )

    on_wish: bool = False  # a mart that is built where it is asked for by name, as it costs too much

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    @property
    def unrepeated(self) -> frozenset[str]:
        """Names of the columns of which hardly two rows have the same value."""
        return frozenset(column.name for column in self.columns if column.unrepeated)

    def column(self, name: str) -> Column:
        """The column of that name. Raises UnknownColumn."""
        for column in self.columns:
            if column.name == name:
                return column
        raise UnknownColumn(f"column of {self.dataset}.{self.name}", name, self.names)
