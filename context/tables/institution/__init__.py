"""Tables of the institution: its structure, calendar and places, its people, its courses and who is in
them.
"""
