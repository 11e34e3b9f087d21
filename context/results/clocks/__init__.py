"""When work comes in, and when it is graded."""
