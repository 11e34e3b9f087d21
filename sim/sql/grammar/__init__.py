"""BigQuery's language: how it is written, its types, and what turns into what without being asked."""
