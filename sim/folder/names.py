"""What the files of a run are called, and where they stand."""

from __future__ import annotations

import re
from datetime import date

FOLDER = "event_store/expanded"
_DATED = re.compile(rf"{FOLDER}/event_date=(\d{{4}}-\d\d-\d\d)/[^/]+")


def file_path(event_date: date, campus_day: date) -> str:
    """Where a unit's events of one UTC date stand, relative to the run folder."""
    return f"{FOLDER}/event_date={event_date}/unit-{campus_day}.parquet"


def date_of(path: str) -> date | None:
    """The UTC date of a unit's file, by its path relative to the run folder; None for any other file."""
    found = _DATED.fullmatch(path)
    return date.fromisoformat(found[1]) if found else None


COUNTS = "counts"  # a folder of what units have, counted


def counts_path(campus_day: date) -> str:
    """Where the record of a unit's counts stands, relative to the run folder."""
    return f"{COUNTS}/unit-{campus_day}.parquet"


# What of a run is missing is made by the command that makes runs, whatever began this one.
COMPLETED_BY = "`termtide run`, or `termtide demo` with the same --fte and --term, completes it"
MANIFEST = "manifest.json"
PLAN = "plan.parquet"
WAREHOUSE = "warehouse.duckdb"
REPORT = "report.html"
BUILT = "built.json"  # what of a run depends on where it stands
SUSPECTS = "suspects.json"  # files that were found to differ
DICTIONARY = "dictionary"  # a folder of pages
COOKBOOK = "cookbook.html"
MARTS = "marts.json"
RECORDS = "records"  # a folder of what many machines say of the units they made
