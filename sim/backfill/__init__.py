"""Store and events in bulk: what is missing somewhere is drawn by workers and put there, exactly once."""
