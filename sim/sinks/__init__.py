"""Where output goes: three small protocols (units of events, finished tables, messages), a module for each
place.
"""
