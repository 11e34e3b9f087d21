"""Everything known before the first event; its rooms stand in the order in which the university comes
about.
"""
