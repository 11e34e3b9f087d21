"""``termtide fit``: a pack out of a warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.errors import InputError
from context.files import typed_path
from sim.cli.options import AsJson
from sim.cli.terminal import err, out_json

_Source = Annotated[
    str,
    typer.Option(
        "--from",
        metavar="WAREHOUSE",
        help="Folder of a run, duckdb:FILE, parquet:DIR or bigquery://PROJECT.",
    ),
]
_Folder = Annotated[
    Path, typer.Option("--out", parser=typed_path, metavar="DIR", help="Folder of the new pack.")
]
_Base = Annotated[
    str,
    typer.Option(
        "--pack", metavar="PACK", help="The pack to begin with, whose values stay where there are none."
    ),
]
_Threshold = Annotated[
    int, typer.Option("--threshold", metavar="N", help="Least people behind any figure: 10 or more.")
]
_NewName = Annotated[str | None, typer.Option("--name", help="Name of the new pack; default: its folder's.")]
_TermType = Annotated[
    str | None,
    typer.Option("--term-type", help="Fall, Spring or Summer; default: that of most students."),
]
_Zone = Annotated[
    str | None,
    typer.Option("--time-zone", help="Of the campus; default: the one that most people chose."),
]
_Publish = Annotated[
    Path | None,
    typer.Option(
        "--publish",
        parser=typed_path,
        metavar="DIR",
        help="Write the tables of udp_distributions into this folder too.",
    ),
]
_Epsilon = Annotated[
    float | None,
    typer.Option(
        "--epsilon", metavar="E", help="Privacy budget: noise on counts, what has no bound left out."
    ),
]
_Threads = Annotated[int | None, typer.Option("--threads", min=1, help="Default: one per processor.")]


def fit_command(
    source: _Source,
    folder: _Folder,
    pack: _Base = "us_public_r1",
    threshold: _Threshold = 10,
    name: _NewName = None,
    term_type: _TermType = None,
    time_zone: _Zone = None,
    publish: _Publish = None,
    epsilon: _Epsilon = None,
    threads: _Threads = None,
    as_json: AsJson = False,
) -> None:
    """Fit a pack to a warehouse: only aggregates leave it.

    No figure of fewer than ten people is told.
    """
    from context.packs.pack import load_pack
    from context.packs.write import check_new_folder
    from sim.fit.fit import fit
    from sim.fit.fitted import FitWish
    from sim.fit.noise import DiscreteLaplace, NoNoise
    from sim.fit.published import save_distributions
    from sim.fit.warehouses.open import open_warehouse

    check_new_folder(folder)  # a fit takes minutes
    if publish is not None and publish.exists() and not publish.is_dir():
        raise InputError(f"--publish {publish}: this is a file, allowed: a folder")
    noise = NoNoise() if epsilon is None else DiscreteLaplace(epsilon)
    wish = FitWish(threshold, pack, name or folder.name, term_type, time_zone, noise)
    with open_warehouse(source, threads=threads) as warehouse:
        found = fit(warehouse, wish, err.print)
    found.draft.save(folder)
    if publish is not None:
        save_distributions(found, load_pack(folder), publish)
    note = found.note()
    if as_json:
        out_json({"pack": str(folder), **note})
        return
    kept = len(note["as_before"])
    err.print(
        f"{folder}: {len(found.shares)} categorical and {len(found.moments)} continuous fields, "
        f"{len(found.laws)} tables fitted; {kept} as before, see {folder}/fit.json"
    )
