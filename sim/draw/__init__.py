"""Which events happen on a campus day: pure, vectorised, keyed."""
