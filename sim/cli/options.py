"""Options that several commands have."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Annotated

import typer

from context.errors import InputError
from context.files import typed_path

ScenarioFile = Annotated[
    Path | None,
    typer.Option(
        "--scenario",
        parser=typed_path,
        metavar="FILE",
        help="Scenario file; default: termtide.toml in this folder.",
    ),
]
Fte = Annotated[str | None, typer.Option("--fte", metavar="N", help="Size in student full-time equivalents.")]
TermName = Annotated[str | None, typer.Option("--term", metavar="TERM", help='Term, such as "Fall 2026".')]
Seed = Annotated[
    str | None, typer.Option("--seed", metavar="N", help="Seed: the same seed makes the same bytes.")
]
PackName = Annotated[
    str | None, typer.Option("--pack", metavar="PACK", help="Name of a built-in pack or path of a folder.")
]
Out = Annotated[
    Path | None,
    typer.Option(
        "--out", parser=typed_path, metavar="DIR", help="Output folder; default: runs/<scenario>-<seed>."
    ),
]
Workers = Annotated[
    int | None,
    typer.Option(
        "--workers", metavar="N", min=1, max=256, help="Worker processes; default: one per processor."
    ),
]
Shift = Annotated[
    str | None,
    typer.Option("--shift", metavar="WEEKS", help="Weeks by which the whole calendar moves, below 0: back."),
]
Terms = Annotated[
    str | None,
    typer.Option("--terms", metavar="N", help="Terms in the store: the played one and those before it."),
]
Force = Annotated[
    bool, typer.Option("--force", help="Replace the run of another scenario in the output folder.")
]
AllowUnlabelled = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-unlabelled",
        metavar="DATASET",
        help="Write into this BigQuery dataset although it isn't labelled synthetic; again for several.",
    ),
]
NoMarts = Annotated[bool, typer.Option("--no-marts", help="Leave the data marts out.")]
Verify = Annotated[
    bool, typer.Option("--verify", help="Read all that is there whole, and make again what differs.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Report as JSON on stdout, an error as JSON on stderr.")]
RunDir = Annotated[
    Path | None,
    typer.Option(
        "--run", parser=typed_path, metavar="DIR", help="Folder of a run; default: the newest below runs/."
    ),
]


def date_given(flag: str, text: str | None) -> date | None:
    """The date that a flag gives. Raises InputError for anything else."""
    try:
        return None if text is None else date.fromisoformat(text.strip())
    except ValueError:
        raise InputError(f"{flag}: {text!r} given, allowed: a date such as 2026-10-01") from None
