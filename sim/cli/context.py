"""``termtide context``: the context store alone, as files or into a warehouse."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from context.errors import number_of
from context.files import typed_path
from sim.cli.options import (
    AllowUnlabelled,
    AsJson,
    Fte,
    PackName,
    ScenarioFile,
    Seed,
    TermName,
    Terms,
    date_given,
)
from sim.cli.terminal import err, out_json
from sim.exports.forms import FILE_FORMS
from sim.exports.into_warehouse import look_into_warehouse, write_warehouse
from sim.exports.scratch import passing_folder
from sim.exports.source import Name, Source, chosen_names, every_name, on_morning, open_source, scenario_facts
from sim.folder.manifest import Manifest
from sim.folder.progress import Progress
from sim.sinks.open import check_flags, either, forms, is_offered, not_offered

_TARGETS = (*(f"{form}:DIR" for form in FILE_FORMS), *forms("tables"))

_To = Annotated[str, typer.Option("--to", metavar="URL", help=f"Where to: {either(_TARGETS)}.")]
_Tables = Annotated[
    list[str] | None,
    typer.Option("--table", metavar="NAME", help="Only this table, with its native ids; may be repeated."),
]
_AsOf = Annotated[
    str | None,
    typer.Option("--as-of", metavar="DATE", help="As a nightly batch would show it on that morning."),
]
_StoreRun = Annotated[
    Path | None,
    typer.Option(
        "--run",
        parser=typed_path,
        metavar="DIR",
        help="Store of this run; default: the scenario's, or the newest.",
    ),
]


def context_command(
    to: _To,
    tables: _Tables = None,
    morning: _AsOf = None,
    run_dir: _StoreRun = None,
    scenario: ScenarioFile = None,
    fte: Fte = None,
    term: TermName = None,
    terms: Terms = None,
    seed: Seed = None,
    pack: PackName = None,
    allow_unlabelled: AllowUnlabelled = None,
    as_json: AsJson = False,
) -> None:
    """Write the context store alone, without events.

    Of a run or a scenario; as files, or into a warehouse; whole, or as of a morning.
    """
    form, target = _target(to)
    wanted = chosen_names(tables or [], every_name())  # told before anything is drawn, as a wrong place is
    allowed = tuple(allow_unlabelled or ())

    def check(manifest: Manifest) -> None:
        if form not in FILE_FORMS:
            look_into_warehouse(to, manifest, wanted, allowed)

    check_flags([to], {"--allow-unlabelled": allow_unlabelled}, "units", "tables")
    day = date_given("--as-of", morning)
    flags = {"fte": fte, "term": term, "terms": terms, "seed": seed, "pack": pack}
    with passing_folder() as made:
        with Progress(err) as show:
            source = open_source(run_dir, scenario, flags, show, made, check)
        names = chosen_names(tables or [], source.names)
        facts = {"as_of": day.isoformat() if day else None, **scenario_facts(source.manifest)}
        if day is not None:
            source = on_morning(source, day)
        rows = (
            _into_folder(form, typed_path(target), source, names, facts)
            if form in FILE_FORMS
            else write_warehouse(to, source, names, allowed, err.print)
        )
    if as_json:
        out_json({"synthetic": True, "to": to, **facts, "rows": rows})
    else:
        err.print(f"{number_of(len(rows), 'table')}, {number_of(sum(rows.values()), 'row')}: {to}")


def _target(url: str) -> tuple[str, str]:
    """(scheme, what follows). Raises InputError."""
    scheme, _, target = url.partition(":")
    if not target or (scheme not in FILE_FORMS and not is_offered(url, "tables")):
        raise not_offered(url, _TARGETS)
    if scheme in FILE_FORMS:
        from sim.exports.files import check_folder

        check_folder(typed_path(target))
    return scheme, target


def _into_folder(
    form: str, root: Path, source: Source, names: list[Name], facts: dict[str, object]
) -> dict[str, int]:
    from sim.exports.files import write_folder

    written = write_folder(form, root, names, source, facts)
    return {file.path: file.rows for file in written}
