"""Functions of BigQuery's that DuckDB has no words for: over Arrow columns, called from its SQL by name."""
