"""Whether what was written is still what stands there: runs, deliveries, the store alone, DuckDB files."""
