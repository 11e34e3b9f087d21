"""The live side: the term played against a clock, through sensors, into a stream."""
