"""What a pack is fitted from: a run, a DuckDB file, a folder of Parquet, BigQuery; all asked in one SQL."""
