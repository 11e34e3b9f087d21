"""Everything known before the first event: scenario, calendar, packs, randomness and the context store."""
