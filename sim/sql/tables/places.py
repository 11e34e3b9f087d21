"""What a query can read, under the names that it gives: tables of the run, of the scratch file, one's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp

from context.errors import InputError
from sim.sql.warehouse import quoted

SCRATCH = "scratch"  # the dataset of tables that are made without one
TEMPORARY = "main"  # where DuckDB has temporary tables, which have no dataset for a user
MADE = "_rows_"  # how names of tables begin that a session makes for itself; no name of a user's does


@dataclass(frozen=True)
class Place:
    """A table or view: its dataset and name, and the catalog of DuckDB in which it lies.

    ``text`` is the BigQuery SQL of a view that the user made, which is put in its place.
    """

    dataset: str
    name: str
    catalog: str
    text: str | None = None
    columns: tuple[str, ...] = ()  # names given to the columns of such a view

    @property
    def duckdb(self) -> str:
        """Its full name in DuckDB's SQL."""
        return ".".join(map(quoted, (self.catalog, self.dataset, self.name)))


def name_parts(node: exp.Table) -> list[str]:
    """A table's name part by part, wherever its backticks stand."""
    return with_domain([part for item in node.parts for part in item.name.split(".")])


def with_domain(parts: Sequence[str]) -> list[str]:
    """The parts of a name; a project may have a domain, which is no part of its own: a.com:name."""
    domain, colon, rest = ".".join(parts).rpartition(":")
    first, *others = rest.split(".")
    return [f"{domain}{colon}{first}", *others]


def without_project(parts: list[str], project: str) -> tuple[list[str], str | None]:
    """(a name's parts without its project, the project if it is another one than the run's).

    Raises InputError for too many parts.
    """
    if len(parts) > 3:
        raise InputError(f"table {'.'.join(parts)} given, allowed: dataset.table or {project}.dataset.table")
    if len(parts) < 3:
        return parts, None
    return parts[1:], None if parts[0] == project else parts[0]


def no_table(given: str, parts: list[str], known: Iterable[Place]) -> InputError:
    """No table has that name: the nearest ones, of the dataset that was given if there is one like it."""
    found = {(item.dataset, item.name) for item in known}
    datasets = sorted({dataset for dataset, _ in found})
    meant = get_close_matches(parts[-2].lower(), datasets, n=1, cutoff=0.7) if len(parts) > 1 else datasets
    names = sorted({name for dataset, name in found if dataset in meant})
    near = get_close_matches(parts[-1].lower(), names, n=1, cutoff=0.6)
    likely = [
        name if dataset == TEMPORARY else f"{dataset}.{name}"
        for dataset, name in sorted(found)
        if dataset in meant and name in near
    ]
    shown = ", ".join(dataset for dataset in datasets if dataset != TEMPORARY) or "none"
    hint = f"did you mean {' or '.join(likely)}?" if likely else f"datasets: {shown}"
    return InputError(f"no table named {given}; {hint}")
