"""What queries read beside the run: scratch tables, tables of one's own, external queries."""
