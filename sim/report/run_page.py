"""``report.html``: one page that shows what a run holds, offline and without a clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from context.files import replacing
from context.packs.pack import Pack
from sim.folder.manifest import Manifest
from sim.folder.names import REPORT
from sim.folder.whole import note_built
from sim.report.beside import write_beside
from sim.report.figures import Figures, gather
from sim.report.labels import NO_COURSE, family_label, level_label, tool_label
from sim.report.marts_section import MartFigures, mart_charts, mart_figures
from sim.report.pages import rendered


@dataclass(frozen=True)
class SourcedBlock:
    """Blocks of numbers of a pack that stand on the same source."""

    blocks: str
    text: str
    assumption: bool


def write_report(run_dir: Path, pack: Pack, marts: Mapping[str, int] | None = None) -> Path:
    """Write ``report.html`` of a run that has its warehouse, and the pages beside it that it links to.

    ``pack`` is the run's, ``marts`` the number of rows of each mart. Returns the path. Raises InputError
    without a warehouse, RunError when files can't be read or written.
    """
    figures = gather(run_dir, pack)
    text = run_page(
        figures, pack, write_beside(run_dir, figures.manifest, marts or {}), mart_figures(run_dir)
    )
    path = run_dir / REPORT
    with replacing([path]) as (beside,):
        beside.write_text(text, encoding="utf-8")
    note_built(run_dir, REPORT)
    return path


def run_page(
    figures: Figures,
    pack: Pack,
    links: Sequence[tuple[str, str]] = (),
    marts: MartFigures | None = None,
) -> str:
    """The whole page; ``links`` are (path relative to the run, name) of the pages beside it.

    Without ``marts`` it has no section on them.
    """
    from sim.report import charts  # a second to import
    from sim.report.queries import queries

    manifest = figures.manifest
    sources = pack.sources()
    return rendered(
        "report.html.jinja",
        title=str(manifest.scenario.institution),
        subtitle=_subtitle(manifest),
        links=links,
        numbers=_numbers(figures),
        figures=figures,
        planned=figures.asked + figures.overshoot,
        off=_off(figures.drawn, figures.asked + figures.overshoot),
        unnamed=sum(row["drawn"] for row in figures.families if row["name"] is None),
        no_course=NO_COURSE,
        days=charts.days(figures.days),
        tools=charts.compared(_named(figures.tools, tool_label), "tool"),
        families=charts.compared(_named(figures.families, family_label), "field of study", label=40),
        levels=charts.compared(_named(figures.levels, level_label), "course level"),
        week=charts.week(figures.hours),
        letters=charts.counted(figures.letters, "Final grades by letter", "letter"),
        sizes=charts.counted(figures.sizes, "Sections by number of students", "students"),
        marts=mart_charts(marts) if marts is not None else [],
        zone=str(manifest.scenario.time_zone),
        queries=queries(sorted(manifest.units)),
        pack=f"{manifest.pack.name} {manifest.pack.version}",
        blocks=len(sources),
        assumed=sum(1 for _, _, assumption in sources if assumption),
        sources=_grouped(sources),
        versions=_versions(manifest),
    )


def _named(rows: Sequence[dict[str, Any]], label: Any) -> list[dict[str, Any]]:
    return [{**row, "name": label(row["name"])} for row in rows]


def _subtitle(manifest: Manifest) -> str:
    scenario, pack = manifest.scenario, manifest.pack
    size = f"{scenario.fte:,} student FTE"
    return f"{scenario.term} · {size} · seed {manifest.seed} · pack {pack.name} {pack.version}"


def _numbers(figures: Figures) -> list[tuple[str, str]]:
    totals = figures.manifest.totals
    return [
        (f"{totals.events:,}", "events"),
        (f"{figures.drawn:,}", "clicks of students"),
        (f"{figures.students:,}", "students"),
        (f"{figures.courses:,}", "courses"),
        (f"{figures.sections:,}", "sections"),
        (f"{figures.enrolments:,}", "student enrolments"),
        (f"{totals.store_rows:,}", "rows in the context store"),
        (f"{totals.event_bytes / 1e6:,.0f} MB", "of event files"),
    ]


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
