"""The folder of a run: whose it is, what is in it, what of that is whole, and how far it has come."""
