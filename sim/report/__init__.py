"""Pages for people: the run's report, the dictionary of tables, the list of events."""
