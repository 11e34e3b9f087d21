"""``report.html``: one page that shows what a run holds, offline and without a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import schemas
from context.files import replacing
from context.packs.pack import Pack
from sim.folder.manifest import Manifest
from sim.folder.names import REPORT
from sim.folder.whole import note_built
from sim.report.beside import write_beside
from sim.report.campus.figures import Figures, gather
from sim.report.campus.labels import kind_label
from sim.report.campus.marts_section import MartFigures, mart_charts, mart_figures
from sim.report.campus.verdicts import SIGMAS, summed_up
from sim.report.pages import rendered
from sim.report.queries import queries

if TYPE_CHECKING:
    from sim.report.campus.frame import Chart


@dataclass(frozen=True)
class SourcedBlock:
    """Blocks of numbers of a pack that stand on the same source."""

    blocks: str
    text: str
    assumption: bool


def write_report(
    run_dir: Path, pack: Pack, marts: Mapping[str, int] | None = None, pictures: Path | None = None
) -> Path:
    """Write ``report.html`` of a run that has its warehouse and its counts, and the pages that it links to.

    ``pack`` is the run's, ``marts`` the number of rows of each mart; ``pictures``: a folder for each chart as
    a PNG. Returns the path. Raises InputError without a warehouse, RunError when files can't be read or
    written.
    """
    from sim.report.campus.drawings import drawings  # a second to import

    figures = gather(run_dir, pack)
    links = write_beside(run_dir, figures.manifest, marts or {})
    charts, of_marts = drawings(figures), mart_figures(run_dir)
    text = run_page(figures, charts, pack, links, of_marts, marts)
    path = run_dir / REPORT
    with replacing([path]) as (beside,):
        beside.write_text(text, encoding="utf-8")
    note_built(run_dir, REPORT)
    if pictures is not None:
        for name, chart in charts.items():
            with replacing([pictures / f"{name}.png"]) as (beside,):
                beside.write_bytes(chart.png())
    return path


def run_page(
    figures: Figures,
    charts: Mapping[str, Chart],
    pack: Pack,
    links: Sequence[tuple[str, str]] = (),
    marts: MartFigures | None = None,
    mart_rows: Mapping[str, int] | None = None,
) -> str:
    """The whole page; ``links`` are (path relative to the run, name) of the pages beside it.

    A chart that is not in ``charts`` has no section, nor have marts when they are None.
    """
    from sim.report.campus.drawings import verdicts

    manifest, events = figures.manifest, figures.events
    sources = pack.sources()
    planned = events.asked + events.overshoot
    return rendered(
        "report.html.jinja",
        title=str(manifest.scenario.institution),
        subtitle=_subtitle(manifest),
        links=links,
        numbers=_numbers(figures),
        figures=figures,
        charts=charts,
        planned=planned,
        off=_off(events.drawn, planned),
        verdicts=[summed_up(found, what) for what, found in verdicts(figures).items()],
        kinds=[(kind_label(row["kind"]), row["role"], row["events"]) for row in events.kinds],
        sigmas=f"{SIGMAS:.0f}",
        marts=mart_charts(marts) if marts is not None else [],
        zone=str(manifest.scenario.time_zone),
        rows=_row_counts(manifest, mart_rows or {}),
        queries=queries(sorted(manifest.units)),
        pack=f"{manifest.pack.name} {manifest.pack.version}",
        blocks=len(sources),
        assumed=sum(1 for _, _, assumption in sources if assumption),
        sources=_grouped(sources),
        versions=_versions(manifest),
    )


def _subtitle(manifest: Manifest) -> str:
    scenario, pack = manifest.scenario, manifest.pack
    size = f"{scenario.fte:,} student FTE"
    return f"{scenario.term} · {size} · seed {manifest.seed} · pack {pack.name} {pack.version}"


def _numbers(figures: Figures) -> list[tuple[str, str]]:
    totals, store = figures.manifest.totals, figures.store
    return [
        (f"{totals.events:,}", "events"),
        (f"{figures.events.drawn:,}", "clicks of students"),
        (f"{store.students:,}", "students"),
        (f"{store.courses:,}", "courses"),
        (f"{store.sections:,}", "sections"),
        (f"{store.enrolments:,}", "student enrolments"),
        (f"{totals.store_rows:,}", "rows in the context store"),
        (f"{totals.event_bytes / 1e6:,.0f} MB", "of event files"),
    ]


def _row_counts(manifest: Manifest, marts: Mapping[str, int]) -> list[tuple[str, list[tuple[str, int]]]]:
    """(dataset, (table, rows) of each of its tables) as the run has them."""
    rows = {name: table.rows for name, table in manifest.store.items()}
    rows["event_store.expanded"] = manifest.totals.events
    rows |= marts
    found: dict[str, list[tuple[str, int]]] = {}
    for dataset in (*schemas.DATASETS, *schemas.MART_DATASETS):
        tables = [
            (name.partition(".")[2], n) for name, n in sorted(rows.items()) if name.startswith(f"{dataset}.")
        ]
        if tables:
            found[dataset] = tables
    return list(found.items())


def _off(drawn: int, planned: float) -> str:
    """How far what was drawn is from what was asked, in words."""
    difference = drawn / planned - 1 if planned else 0.0
    if abs(difference) < 0.00005:
        return "as many as asked"
    return f"{abs(difference):.2%} {'more' if difference > 0 else 'fewer'} than asked"


def _grouped(entries: Sequence[tuple[str, str, bool]]) -> list[SourcedBlock]:
    """What stands on the same source together, measured ones first."""
    grouped: dict[tuple[bool, str], list[str]] = {}
    for block, source, assumption in entries:
        grouped.setdefault((assumption, source), []).append(block)
    return [
        SourcedBlock(
            ", ".join(blocks), source.removeprefix("assumption: ").removeprefix("assumption, "), assumption
        )
        for (assumption, source), blocks in sorted(grouped.items(), key=lambda item: item[0][0])
    ]


def _versions(manifest: Manifest) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return f"Termtide {manifest.termtide}; {libraries}. Scenario {manifest.scenario_digest[:12]}."
