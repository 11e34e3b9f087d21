"""``termtide verify``, ``audit`` and ``drop``: what stands somewhere is checked, measured, or removed."""

from __future__ import annotations

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from context.errors import FindingsError, InputError, number_of
from context.files import typed_path
from sim.cli.options import AsJson, RunDir
from sim.cli.terminal import err, out, out_json, print_rows
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


_RunFolder = Annotated[
    Path | None, typer.Argument(parser=typed_path, metavar="[RUN]", help="The same, without --run.")
]
_Courses = Annotated[
    int, typer.Option("--courses", metavar="N", min=1, help="Look at so many courses of the run.")
]

_Students = Annotated[
    int, typer.Option("--students", metavar="N", min=2, help="Of courses with so many students and more.")
]


def audit_command(
    run: _RunFolder = None,
    run_dir: RunDir = None,
    courses: _Courses = 60,
    students: _Students = 10,
    as_json: AsJson = False,
) -> None:
    """Hold a run's clicks against those of real courses.

    Medians over courses beside the band between the pack's real courses; ends with 1 where one lies outside.
    """
    from sim.audit.audit import audited
    from sim.audit.run_logs import course_logs
    from sim.folder.chosen import chosen_term
    from sim.folder.find import find_run

    if run and run_dir:
        raise InputError(f"audit: both given, RUN ({run}) and --run ({run_dir}); allowed: one of them")
    folder = find_run(run or run_dir)
    _, pack, _ = chosen_term(None, folder, {})
    found = audited(course_logs(folder, pack, courses, students), pack)
    if as_json:
        out_json({"where": str(folder), "figures": [{**asdict(one), "inside": one.inside} for one in found]})
    else:
        rows = [
            {
                "figure": one.figure,
                "run": f"{one.run:.3f}",
                "low": f"{one.low:.3f}",
                "high": f"{one.high:.3f}",
                "courses inside": f"{one.courses_inside:.0%}",
                "": "" if one.inside else "outside",
            }
            for one in found
        ]
        print_rows(rows, tuple(rows[0]))
    outside = [one.figure for one in found if not one.inside]
    if outside:
        raise FindingsError(
            f"{folder}: {len(outside)} of {len(found)} figures lie outside of the real courses' band"
        )
    err.print(f"{folder}: all {len(found)} figures lie between those of the real courses")
