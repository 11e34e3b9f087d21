"""BigQuery SQL on a laptop: the warehouse file, the translation to DuckDB, INFORMATION_SCHEMA."""
