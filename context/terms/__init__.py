"""A term drawn whole, in dependency order, and the terms before it."""
