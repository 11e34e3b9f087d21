"""What the store's files can be, apart from what writes them: the command line's help tells it."""

from __future__ import annotations

FILE_FORMS = ("parquet", "csv", "ndjson")
