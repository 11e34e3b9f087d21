"""The folder of a run: whose it is, what is in it, and what of that is whole."""
