"""The campus as the simulation sees it, as arrays by position: the store, and what the store has no rows
for (devices, addresses, pages that only Canvas has).
"""
