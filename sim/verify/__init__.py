"""Whether what was written still stands there: runs, deliveries, the store alone, DuckDB files, streams."""
