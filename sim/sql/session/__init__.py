"""One user's session on a run: what its scripts can read, what they make, and what they would cost."""
