"""Memory for marts: beyond a limit DuckDB spills, and where a step can't, the limit is doubled."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import duckdb

MARTS_MB = 1400  # what exceeds it is spilled; Python and what DuckDB does not count are 300 MB more
_DOUBLINGS = 4  # at most; 50,000 FTE need one or more, for the last activity of each course
_T = TypeVar("_T")


def first_limit(memory: str | None) -> str:
    """The limit to begin with, as DuckDB takes it: the one given, or ours."""
    return memory or f"{MARTS_MB}MB"


def with_room(
    connection: duckdb.DuckDBPyConnection,
    memory: str | None,
    make: Callable[[], _T],
    say: Callable[[str], None],
) -> _T:
    """What ``make`` returns. Where memory is not enough it begins anew with twice the limit, and again.

    Not all that DuckDB holds can be spilled, and that grows with a campus. ``memory``: a limit that was asked
    for, which stays. Raises duckdb.OutOfMemoryException where the last limit is not enough either.
    """
    if memory is not None:
        return make()
    *limits, last = (MARTS_MB << doubled for doubled in range(_DOUBLINGS + 1))
    for limit in limits:
        _set(connection, limit)
        try:
            return make()
        except duckdb.OutOfMemoryException:
            say(f"marts: {limit / 1000:g} GB are not enough, trying with {2 * limit / 1000:g} GB")
    _set(connection, last)
    return make()


def _set(connection: duckdb.DuckDBPyConnection, limit: int) -> None:
    connection.execute(f"SET memory_limit = '{limit}MB'")
