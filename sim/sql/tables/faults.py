"""DuckDB's errors about a query, in one line of our own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from context.errors import RunError
from sim.sql.translate import explained as in_bigquerys_words


@contextmanager
def explaining() -> Iterator[None]:
    """Turns DuckDB's errors into InputError, where the query is wrong, and RunError, where the run is."""
    try:
        yield
    except duckdb.IOException as error:
        raise RunError(f"the run's files can't be read: {plain_line(error)}") from error
    except duckdb.OutOfMemoryException as error:
        raise RunError(f"the query needs more memory than there is: {plain_line(error)}") from error
    except duckdb.Error as error:
        raise in_bigquerys_words(error) from error


def plain_line(error: Exception) -> str:
    """The first line of an error, without the class that DuckDB puts before it."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    kinds = "Binder|Catalog|Parser|Conversion|Invalid Input|Invalid|Out of Range|IO|Permission|Constraint"
    return re.sub(rf"^({kinds}) Error: ", "", line)
