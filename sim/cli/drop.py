"""``termtide drop``: remove a run from where it was delivered to."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from context.errors import InputError
from sim.cli.terminal import err, out_json

Where = Annotated[str, typer.Argument(metavar="SINK", help="bigquery://PROJECT, with ?prefix= and the like.")]
RunId = Annotated[str, typer.Option("--run", metavar="ID", help="Id of the run: the label run= there.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout.")]


def drop_command(sink: Where, run: RunId, yes: Yes = False, as_json: AsJson = False) -> None:
    """List what is labelled as this run's, ask, and remove it; nothing else is touched."""
    scheme, _, target = sink.partition(":")
    if scheme != "bigquery":
        raise InputError(f"{sink!r} given, allowed: bigquery://PROJECT; what is a file or folder, delete it")
    from sim.sinks.bigquery.drop import Dropper

    dropper = Dropper(target, run)
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
