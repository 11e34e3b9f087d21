"""The dictionary: a folder of pages on every table, with pictures of their joins and a search."""
