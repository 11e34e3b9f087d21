"""The run's own report: what counts, store and marts say of a campus, in charts and in words."""
