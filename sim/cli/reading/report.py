"""``termtide report``: what a run holds, as a page, and its charts as pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.errors import InputError
from context.files import typed_path
from sim.cli.options import AsJson, RunDir
from sim.cli.terminal import err, out, out_json
from sim.folder.find import find_run

_Pictures = Annotated[
    Path | None,
    typer.Option(
        "--png", parser=typed_path, metavar="DIR", help="Write each chart as a PNG into this folder too."
    ),
]


def report_command(run_dir: RunDir = None, pictures: _Pictures = None, as_json: AsJson = False) -> None:
    """Make the report of a run anew, with its charts as pictures.

    It shows what units' counts, the store and the marts say, and reads no events. A run from before units
    were counted is counted first, by drawing it again.
    """
    from sim.folder.progress import Progress
    from sim.run import report_again

    where = find_run(run_dir)
    if pictures is not None and pictures.exists() and not pictures.is_dir():
        raise InputError(f"--png {pictures}: this is a file, allowed: a folder")
    with Progress(err) as show:
        page = report_again(where, pictures, show)
    made = [] if pictures is None else sorted(path.name for path in pictures.glob("*.png"))
    if as_json:
        out_json({"run": str(where), "report": str(page), "bytes": page.stat().st_size, "pictures": made})
        return
    out(str(page))
    if pictures is not None:
        err.print(f"{pictures}: {len(made)} pictures")
