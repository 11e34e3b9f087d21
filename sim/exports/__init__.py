"""The context store alone, in the shapes that others load."""
