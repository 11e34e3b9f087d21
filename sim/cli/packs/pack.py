"""``termtide pack``: what packs there are, what they say and where from, and whether they hold together."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.errors import FindingsError, number_of
from context.packs.pack import check_pack, describe, list_packs, load_pack, summary
from sim.cli.options import AsJson
from sim.cli.terminal import err, out, out_json, print_rows

pack_app = typer.Typer(help="Distribution packs: list, show, check.", rich_markup_mode=None)
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
