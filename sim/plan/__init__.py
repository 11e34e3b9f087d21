"""What a term asks for: simpy walks the campus through it, every cell gets its expected events, rows of the
store the events that they prove, and a run its estimate.
"""
