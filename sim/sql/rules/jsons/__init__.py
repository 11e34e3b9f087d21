"""Rules for JSON: read by paths, made of values, changed at paths."""
