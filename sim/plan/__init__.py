"""What a term asks for: simpy walks the campus through it, and every cell gets its expected events."""
