"""How people ask a run: one query from the command line, the interactive shell, other programs' clients."""
