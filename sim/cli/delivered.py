"""``termtide verify`` and ``termtide drop``: what stands somewhere is checked, or removed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from context.errors import FindingsError, InputError, number_of
from context.files import typed_path
from sim.cli.options import AsJson
from sim.cli.terminal import err, out, out_json
from sim.sinks.open import droppable, either, open_dropper

_Place = Annotated[
    Path | None,
    typer.Argument(
        parser=typed_path,
        metavar="[PLACE]",
        help="A run's, delivery's or stream's folder, or a file of --to duckdb:; default: the newest run.",
    ),
]


def verify_command(place: _Place = None, as_json: AsJson = False) -> None:
    """Tell whether a run, a delivery or a stream is as it was written.

    Every file is read whole; which differ, are missing or foreign is said, and ends with 1.
    """
    from sim.verify.places import verify

    found = verify(place)
    if as_json:
        out_json({**asdict(found), "where": str(found.where)})
    else:
        for line in found.lines():
            out(line)
    seen = f"{found.where}: {number_of(found.files, 'file')}, {found.bytes / 1e6:,.0f} MB"
    if found.findings:
        again = {
            "run": "`termtide run` with its scenario makes what differs or is missing again",
            "delivery": "the same `termtide backfill` delivers what differs or is missing again",
            "context": "the same `termtide context` writes it anew",
            "duckdb": "deliver into a new file",
            "stream": "`termtide stream` with --fresh and a new file plays it again",
        }[found.kind]
        raise FindingsError(f"{seen}: {len(found.findings):,} not as they should be; {again}")
    what = "stream" if found.kind == "stream" else "run"
    rest = "" if found.state == "done" else f"; the {what} is not complete ({found.state})"
    err.print(f"{seen}: all as they were written{rest}")


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
