"""The command line: a thin skin, a module for each command."""
