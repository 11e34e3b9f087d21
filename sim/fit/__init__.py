"""A pack out of a warehouse: counted by SQL where the data is, guarded, and written with its sources."""
