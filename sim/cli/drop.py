"""``termtide drop``: remove a run from where it was delivered to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from context.errors import InputError
from sim.cli.options import AsJson
from sim.cli.terminal import err, out_json
from sim.sinks.open import droppable, either, open_dropper

_Where = Annotated[
    str, typer.Argument(metavar="SINK", help=f"{either(droppable())}, with ?prefix= and the like.")
]
_RunId = Annotated[str, typer.Option("--run", metavar="ID", help="Id of the run: the label run= there.")]
_Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def drop_command(sink: _Where, run: _RunId, yes: _Yes = False, as_json: AsJson = False) -> None:
    """Remove a run from where it was delivered to.

    Lists what is labelled as this run's, asks, and removes it; nothing else is touched.
    """
    dropper = open_dropper(sink, run)
    err.print(dropper.line)
    found = dropper.find()
    for line in found.lines:
        err.print(line)
    if not yes:
        if not sys.stdin.isatty():
            raise InputError("Remove these? Nobody to ask here: give --yes to go on")
        if not typer.confirm("Remove these?", err=True):
            raise InputError("nothing removed")
    dropper.remove(found)
    if as_json:
        out_json({"datasets": found.datasets, "tables": found.tables, "kept": found.foreign})
    err.print("removed")
