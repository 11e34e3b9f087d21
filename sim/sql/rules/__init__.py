"""What runs and how: every function, operator and cast of BigQuery that is known here, each with its rule."""
