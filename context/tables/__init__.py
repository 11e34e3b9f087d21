"""The tables of the UCDM: a function for each family of entities lays out what was drawn before, and draws
what nothing but its own column needs (titles, texts, ages).
"""
