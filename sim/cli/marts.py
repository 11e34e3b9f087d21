"""``termtide marts``: the data marts, listed, shown and built."""

from __future__ import annotations

import re
from typing import Annotated, Any

import typer

import schemas
from context.errors import FindingsError, InputError, number_of
from sim.cli.options import AllowUnlabelled, AsJson, RunDir, date_given
from sim.cli.terminal import err, out, out_document, out_json, print_rows
from sim.sinks.open import either, forms

marts_app = typer.Typer(
    help="Data marts: list, show, build, lint.", no_args_is_help=True, rich_markup_mode=None
)
_MADE = "Made by Termtide from the store as of each morning."
_COUNTED = "Counted by Termtide with the queries of a fit: schemas/fit."
_Names = Annotated[
    list[str] | None,
    typer.Argument(metavar="[NAME]...", help="Marts, as dataset.table or table; default: all."),
]


@marts_app.command("list")
def marts_list(as_json: AsJson = False) -> None:
    """Every mart in the order in which it is built, with what it reads."""
    from sim.marts.graph import ordered, reads

    rows: list[dict[str, Any]] = [
        {
            "mart": mart.name,
            "columns": len(mart.table.columns),
            "stored": mart.table.stored,
            "built": "on wish" if mart.table.on_wish else "always",
            "reads": list(reads(mart)),
            "description": mart.table.description,
        }
        for mart in ordered(schemas.marts())
    ]
    if as_json:
        out_json(rows)
        return
    shown = [{**row, "reads": ", ".join(str(name) for name in row["reads"])} for row in rows]
    print_rows(shown, ("mart", "columns", "stored", "built", "reads"), needed=2)


@marts_app.command("show")
def marts_show(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A mart, as dataset.table or table.")],
    query: Annotated[bool, typer.Option("--query", help="Its query alone, as BigQuery runs it.")] = False,
    as_json: AsJson = False,
) -> None:
    """One mart: its columns, and the query that makes it."""
    from sim.marts.graph import reads
    from sim.report.table_facts import column_rows

    try:
        mart = schemas.mart(name)
    except schemas.UnknownName as error:
        raise InputError(str(error)) from None
    if query:
        if mart.sql is None:
            raise InputError(f"--query: {mart.name} has none: {_made(mart)}")
        out_document(mart.sql)
        return
    rows = list(column_rows(mart.table))
    reasons = {column.name: column.reason for column in mart.table.columns if column.reason}
    facts = {"mart": mart.name, "description": mart.table.description, "reads": list(reads(mart))}
    if as_json:
        out_json({**facts, "columns": rows, "inferred_because": reasons, "query": mart.sql})
        return
    out(f"{mart.name}: {mart.table.description}")
    print_rows(rows, ("column", "type", "mode", "provenance", "description"))
    out_document(f"\n{mart.sql or _made(mart)}\n")


def _made(mart: schemas.Mart) -> str:
    """Where the rows of a mart without a query come from."""
    return _COUNTED if mart.table.dataset == "udp_distributions" else _MADE


@marts_app.command("build")
def marts_build(
    names: _Names = None,
    run_dir: RunDir = None,
    begin: Annotated[str | None, typer.Option("--from", help="First UTC date of marts by day.")] = None,
    to: Annotated[
        list[str] | None,
        typer.Option("--to", help=f"Last UTC date of marts by day; or where to, {either(forms('tables'))}."),
    ] = None,
    run_date: Annotated[
        str | None, typer.Option("--run-date", help="As of when; default: the last day of the term.")
    ] = None,
    threads: Annotated[
        int | None, typer.Option("--threads", min=1, help="Default: one per processor.")
    ] = None,
    memory: Annotated[
        str | None,
        typer.Option(
            "--memory", help="At most; the rest is spilled. Default: 1400MB, more where that is too little."
        ),
    ] = None,
    allow_unlabelled: AllowUnlabelled = None,
    as_json: AsJson = False,
) -> None:
    """Build marts, and those that they read, from the stores of a run; what is there is left alone."""
    from sim.folder.claim import only_one
    from sim.folder.find import find_run
    from sim.marts.build import Wish, build_marts
    from sim.marts.deliver import deliver_marts
    from sim.sinks.tables import TableOptions

    urls = [text for text in to or [] if ":" in text]
    days = [text for text in to or [] if ":" not in text]
    if len(days) > 1 or len(urls) > 1:
        raise InputError("--to: given twice, allowed: one date and one place")
    wish = Wish(
        tuple(names or ()),
        date_given("--from", begin),
        date_given("--to", days[0] if days else None),
        date_given("--run-date", run_date),
        threads,
        _memory(memory),
    )
    if wish.begin and wish.end and wish.end < wish.begin:
        raise InputError(f"--to: {wish.end} given, which is before --from {wish.begin}")
    where = find_run(run_dir)
    facts: dict[str, Any] = {"run": str(where), "synthetic": True}
    with only_one(where):
        if urls:
            options = TableOptions(allow_unlabelled=tuple(allow_unlabelled or ()), say=_say)
            facts |= {"to": urls[0], "rows": deliver_marts(where, urls[0], wish, options, _say)}
            rows = number_of(sum(facts["rows"].values()), "row")
            told = f"{urls[0]}: {number_of(len(facts['rows']), 'mart')}, {rows}"
        else:
            built = build_marts(where, wish, _say)
            facts |= {"made": built.made, "found": built.found, "run_date": str(built.record.run_date)}
            facts["rows"] = built.record.rows
            made = number_of(built.made, "file or view", "files and views")
            told = f"{where}: {made} made, {built.found:,} there before"
    if as_json:
        out_json(facts)
    else:
        err.print(f"{told}; all synthetic")


@marts_app.command("lint")
def marts_lint(names: _Names = None) -> None:
    """Say what in the queries would mean something else in BigQuery than in DuckDB."""
    from sim.marts.lint import lint, lint_all

    try:
        found = [line for name in names or () for line in lint(schemas.mart(name))] if names else lint_all()
    except schemas.UnknownName as error:
        raise InputError(str(error)) from None
    for line in found:
        out(line)
    if found:
        raise FindingsError(f"marts: {number_of(len(found), 'finding')}")


def _memory(text: str | None) -> str | None:
    """A limit as DuckDB takes it. Raises InputError."""
    if text is not None and not re.fullmatch(r"[1-9][0-9]*(\.[0-9]+)?\s*[KMGT]i?B", text):
        raise InputError(f"--memory: {text!r} given, allowed: such as 2GB or 500MB")
    return text


def _say(line: str) -> None:
    err.print(line)
