"""DuckDB's errors about a query, in one line of our own words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches

import duckdb

from context.errors import InputError, RunError, TermtideError

_NOT_FOUND = (
    (re.compile(r'Referenced column "([^"]+)" (?:was )?not found'), "column named {}"),
    (re.compile(r'does not have a column named "([^"]+)"'), "column named {}"),
    (re.compile(r"Could not find key \"?([^\"\n]+?)\"? in struct", re.IGNORECASE), "field named {}"),
    (re.compile(r"Function with name \"?(\w+)\"? does not exist"), "function named {} here"),
)


@contextmanager
def explained() -> Iterator[None]:
    """Turns DuckDB's errors into InputError, where the query is wrong, and RunError, where the run is."""
    try:
        yield
    except duckdb.IOException as error:
        raise RunError(f"the run's files can't be read: {first_line(error)}") from error
    except duckdb.OutOfMemoryException as error:
        raise RunError(f"the query needs more memory than there is: {first_line(error)}") from error
    except duckdb.Error as error:
        raise _of_query(error) from error


def first_line(error: Exception) -> str:
    """The first line of an error, without the class that DuckDB puts before it."""
    line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    kinds = "Binder|Catalog|Parser|Conversion|Invalid Input|Invalid|Out of Range|IO|Permission|Constraint"
    return re.sub(rf"^({kinds}) Error: ", "", line)


def _of_query(error: duckdb.Error) -> TermtideError:
    text = str(error)
    for pattern, what in _NOT_FOUND:
        if found := pattern.search(text):
            near = get_close_matches(found[1].lower(), _candidates(text), n=3, cutoff=0.5)
            hint = f"; did you mean {' or '.join(near)}?" if near else ""
            return InputError(f"no {what.format(found[1])}{hint}")
    return InputError(first_line(error))


def _candidates(text: str) -> list[str]:
    """What DuckDB proposes: quoted names after its error's first sentence."""
    found = re.search(r"(?:Candidate[^:]*:|Did you mean)(.*)", text, re.DOTALL)
    tail = found[1].split("LINE ")[0] if found else ""
    return list(dict.fromkeys(name.split(".")[-1] for name in re.findall(r'"([^"]+)"', tail)))
