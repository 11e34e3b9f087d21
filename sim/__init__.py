"""A term that happens: the store as a world, plan, draw, documents, and the ways out, in this order."""
