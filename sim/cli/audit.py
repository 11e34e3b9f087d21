"""``termtide audit``: how far a run's courses are from real ones."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from context.errors import FindingsError
from context.files import typed_path
from sim.cli.options import AsJson
from sim.cli.terminal import err, out_json, print_rows

_Run = Annotated[
    Path | None,
    typer.Argument(parser=typed_path, metavar="[RUN]", help="A run's folder; default: the newest run."),
]
_Courses = Annotated[
    int, typer.Option("--courses", metavar="N", min=1, help="Look at so many courses of the run.")
]

_Students = Annotated[
    int, typer.Option("--students", metavar="N", min=2, help="Of courses with so many students and more.")
]


def audit_command(
    run: _Run = None, courses: _Courses = 60, students: _Students = 10, as_json: AsJson = False
) -> None:
    """Hold a run's clicks against those of real courses.

    Medians over courses beside the band between the pack's real courses; ends with 1 where one lies outside.
    """
    from sim.audit.audit import audited
    from sim.audit.run_logs import course_logs
    from sim.folder.chosen import chosen_term
    from sim.folder.find import find_run

    folder = find_run(run)
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
