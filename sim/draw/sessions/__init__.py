"""Events that come in sessions: a launch from Canvas, then what somebody does in the tool until they stop."""
