"""What is asked for, and the time it happens in: the TOML file, time zones, the term's dates, its calendar
and its incidents.
"""
