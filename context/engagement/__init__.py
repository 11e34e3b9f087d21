"""How students work in their courses from week to week, and when they stop."""
