"""Figures that a classifier would use to tell a made campus from a real one, beside those of real courses."""
