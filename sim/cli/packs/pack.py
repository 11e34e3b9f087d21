"""``termtide pack``: what packs there are, what they say and where from, and whether they hold together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.errors import FindingsError, InputError, number_of
from context.files import typed_path
from context.packs.pack import check_pack, describe, list_packs, load_pack, summary
from sim.cli.options import AsJson
from sim.cli.terminal import err, out, out_json, print_rows

pack_app = typer.Typer(help="Distribution packs: list, show, check, merge.", rich_markup_mode=None)
_Name = Annotated[str, typer.Argument(help="Name of a built-in pack or path of a folder.")]


@pack_app.command("list")
def pack_list_command(as_json: AsJson = False) -> None:
    """The built-in packs."""
    rows = list_packs()
    if as_json:
        out_json(rows)
    else:
        print_rows(rows, tuple(rows[0]) if rows else ())


@pack_app.command("show")
def pack_show_command(name: _Name, as_json: AsJson = False) -> None:
    """Every block of a pack's numbers with its source.

    Assumptions are marked.
    """
    pack = load_pack(name, Path.cwd())
    rows = describe(pack)
    if as_json:
        out_json({**summary(pack), "blocks": rows})
        return
    for key, value in summary(pack).items():
        out(f"{key}: {value}")
    for row in rows:
        row["assumption"] = "assumption" if row["assumption"] else ""
    print_rows(rows, ("block", "file", "rows", "assumption", "source"))


@pack_app.command("check")
def pack_check_command(name: _Name, as_json: AsJson = False) -> None:
    """Check sums, ranges, units, columns and sources.

    Exit code 1 when something is wrong.
    """
    findings = check_pack(name, Path.cwd())
    if as_json:
        out_json(findings)
    else:
        for finding in findings:
            row = f" row {finding['row']}" if finding["row"] else ""
            out(f"{finding['file']}{row}: {finding['problem']}")
    if findings:
        raise FindingsError(f"pack {name}: {number_of(len(findings), 'finding')}")
    err.print(f"pack {name}: sound")


@pack_app.command("merge")
def pack_merge_command(
    names: Annotated[
        list[str], typer.Argument(metavar="PACK...", help="Names or folders of two packs or more.")
    ],
    folder: Annotated[
        Path, typer.Option("--out", parser=typed_path, metavar="DIR", help="Folder of the new pack.")
    ],
    weights: Annotated[
        str | None,
        typer.Option("--weights", metavar="N,N...", help="One a pack, such as students; default: all alike."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Make one pack of several, by weighted means of their figures.

    None of the data that these were counted from is needed.
    """
    from context.packs.merge import merged

    packs = [load_pack(name, Path.cwd()) for name in names]
    draft = merged(packs, _weights(weights, len(packs)), folder.name)
    draft.save(folder)
    if as_json:
        out_json(summary(load_pack(folder.absolute())))
    else:
        err.print(f"{folder}: merged of {', '.join(pack.name for pack in packs)}")


def _weights(text: str | None, count: int) -> list[float]:
    if text is None:
        return [1.0] * count
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise InputError(
            f"--weights: {text} given, allowed: numbers with commas between, such as 3,2,1"
        ) from None
