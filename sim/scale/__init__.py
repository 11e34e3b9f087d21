"""A term by many machines: prepared once, made anywhere, merged into the run that one would make."""
