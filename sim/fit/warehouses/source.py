"""What every warehouse can be asked.

``lacks`` says what of a query a warehouse does not have, ``rows`` runs it, ``keep`` makes its rows a table
that later queries read as ``fit.NAME``: in DuckDB a table in memory, in BigQuery an anonymous one, which only
the account that asked can read, for a day.
``days_at_once``: how many days of events a query is to read at most, so that what DuckDB groups stays small.
"""

from __future__ import annotations

import re
from typing import Any, Protocol

from context.errors import InputError

DATASETS = ("context_store_entity", "context_store_keymap", "event_store", "udp_distributions")
DISTRIBUTIONS = "udp_distributions.context_store_distributions"
KEPT = "fit"  # the dataset of tables that are kept
FitRow = dict[str, Any]


class FitSource(Protocol):
    """A warehouse that can be asked. ``label`` says in a pack what it was, without any path."""

    label: str
    days_at_once: int

    def tables(self) -> frozenset[str]:
        """Names of its tables, dataset.table."""
        ...

    def lacks(self, sql: str) -> str:
        """What a query reads that is not there, in a few words; "" when all of it is."""
        ...

    def rows(self, sql: str) -> list[FitRow]:
        """The rows of a query in BigQuery's SQL. Raises InputError, RunError."""
        ...

    def keep(self, name: str, *parts: str) -> None:
        """Keep the rows of queries, one after the other, as the table ``fit.NAME``."""
        ...


def readable_fault(error: InputError) -> str:
    """What a translation found wrong, without the place in a text that the user never saw."""
    return re.sub(
        r"(^line \d+(, column \d+)?: )|( at line \d+, column \d+)|( at \[\d+:\d+\])", "", str(error)
    )
