"""What a query can read, under the names that it gives: tables of the run, of the scratch file, one's own."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from sqlglot import exp

from context.errors import InputError
from sim.sql.warehouse import quoted

SCRATCH = "scratch"  # the dataset of tables that are made without one
MADE = "rows."  # how names of tables begin that a session makes for itself; no name of a user's has a point


@dataclass(frozen=True)
class Relation:
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

    @property
    def node(self) -> exp.Table:
        """Its full name in DuckDB, in a query's tree."""
        return exp.table_(self.name, self.dataset, self.catalog, quoted=True)


def parts_of(node: exp.Table) -> list[str]:
    """A table's name part by part, wherever its backticks stand; a project may have a domain, a.com:name."""
    domain, colon, rest = ".".join(part.name for part in node.parts).rpartition(":")
    first, *others = rest.split(".")
    return [f"{domain}{colon}{first}", *others]


def is_local(node: exp.Table, name: str) -> bool:
    """True for the name of a WITH clause round the table."""
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Query) and name.lower() in (cte.alias.lower() for cte in above.ctes):
            return True
        above = above.parent
    return False


def is_path(node: exp.Table, first: str) -> bool:
    """True for an array of a table beside or above: its name begins with that table's alias."""
    above = node.parent
    while above is not None:
        if isinstance(above, exp.Select):
            sources = [above.args.get("from_"), *(above.args.get("joins") or [])]
            names = [part.this.alias_or_name.lower() for part in sources if part and part.this is not node]
            if first.lower() in names:
                return True
        above = above.parent
    return False


def without_project(parts: list[str], project: str) -> tuple[list[str], str | None]:
    """(a name's parts without its project, the project if it is another one than the run's).

    Raises InputError for too many parts.
    """
    if len(parts) > 3:
        raise InputError(f"table {'.'.join(parts)} given, allowed: dataset.table or {project}.dataset.table")
    if len(parts) < 3:
        return parts, None
    return parts[1:], None if parts[0] == project else parts[0]


def no_table(given: str, parts: list[str], known: Iterable[Relation], place: str = "") -> InputError:
    """No table has that name: the nearest ones, of the dataset that was given if there is one like it."""
    found = {(item.dataset, item.name) for item in known}
    datasets = sorted({dataset for dataset, _ in found})
    meant = get_close_matches(parts[-2].lower(), datasets, n=1, cutoff=0.7) if len(parts) > 1 else datasets
    names = sorted({name for dataset, name in found if dataset in meant})
    near = get_close_matches(parts[-1].lower(), names, n=1, cutoff=0.6)
    likely = [f"{dataset}.{name}" for dataset, name in sorted(found) if dataset in meant and name in near]
    hint = f"did you mean {' or '.join(likely)}?" if likely else f"datasets: {', '.join(datasets)}"
    return InputError(f"no table named {given}{place}; {hint}")


def place_of(node: exp.Table) -> str:
    """Where a table stands in the user's text: " in line 2, column 7", or nothing."""
    metas = [part.meta for part in node.parts if "line" in part.meta]
    if not metas:
        return ""
    first = min(metas, key=lambda meta: meta["start"])
    return f" in line {first['line']}, column {first['col'] - (first['end'] - first['start'])}"
