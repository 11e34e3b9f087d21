"""Tables of coursework: what courses hold, what was handed in, said and graded."""
