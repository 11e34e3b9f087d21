"""What is read of a run: queries on it, what its tables hold, its report."""
