"""What a query means: names, clauses and expressions, checked as BigQuery checks them, written for DuckDB."""
