"""``report.html``: one page that shows what a run holds, offline, without a clock and without scripts."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from importlib import resources
from pathlib import Path
from string import Template

from context.files import replacing
from context.packs.pack import Pack
from sim.folder.built import note_built
from sim.folder.manifest import Manifest
from sim.folder.names import REPORT
from sim.report.figures import Figures, gather


def write_report(run_dir: Path, pack: Pack) -> Path:
    """Write ``report.html`` of a run that has its warehouse; ``pack`` is the run's. Returns the path.

    Raises InputError without a warehouse, RunError when files can't be read or written.
    """
    text = report_page(gather(run_dir, pack), pack)
    path = run_dir / REPORT
    with replacing([path]) as (beside,):
        beside.write_text(text, encoding="utf-8")
    note_built(run_dir, REPORT)
    return path


def report_page(figures: Figures, pack: Pack) -> str:
    """The whole page."""
    from sim.report import charts  # a second to import
    from sim.report.queries import queries

    manifest = figures.manifest
    scenario = manifest.scenario
    template = Template(resources.files("sim.report").joinpath("template.html").read_text(encoding="utf-8"))
    return template.substitute(
        title=escape(scenario.institution),
        subtitle=escape(_subtitle(manifest)),
        numbers="".join(
            f"<div><b>{value}</b><span>{label}</span></div>" for value, label in _numbers(figures)
        ),
        days_note=escape(_days_note(figures)),
        days=charts.days(figures.days),
        tools=charts.compared(figures.tools, "tool"),
        families=charts.compared(figures.families, "CIP family", width=210),
        levels=charts.compared(figures.levels, "course level"),
        week=charts.week(figures.hours),
        letters=charts.counted(figures.letters, "Final grades"),
        sizes=charts.counted(figures.sizes, "Sections by number of students"),
        zone=escape(scenario.time_zone),
        queries="".join(_query(title, sql) for title, sql in queries(sorted(manifest.units))),
        pack=escape(f"{manifest.pack.name} {manifest.pack.version}"),
        sources_note=_sources_note(pack),
        sources=_sources(pack.sources()),
        versions=escape(_versions(manifest)),
    )


def _subtitle(manifest: Manifest) -> str:
    scenario, pack = manifest.scenario, manifest.pack
    size = f"{scenario.fte:,} student FTE"
    return f"{scenario.term} · {size} · seed {manifest.seed} · pack {pack.name} {pack.version}"


def _numbers(figures: Figures) -> list[tuple[str, str]]:
    totals = figures.manifest.totals
    return [
        (f"{totals.events:,}", "events"),
        (f"{figures.students:,}", "students"),
        (f"{figures.courses:,}", "courses"),
        (f"{figures.sections:,}", "sections"),
        (f"{figures.enrolments:,}", "student enrolments"),
        (f"{totals.store_rows:,}", "rows in the context store"),
        (f"{figures.drawn / (figures.students or 1):,.0f}", "clicks per student"),
        (f"{totals.event_bytes / 1e6:,.0f} MB", "of event files"),
    ]


def _days_note(figures: Figures) -> str:
    planned = figures.asked + figures.overshoot
    difference = figures.drawn / planned - 1 if planned else 0.0
    extra = figures.overshoot / figures.asked if figures.asked else 0.0
    return (
        f"Clicks of students, by the campus day in which their visit starts: {figures.drawn:,} drawn, "
        f"{planned:,.0f} asked ({difference:+.2%}). Of what is asked, {extra:.1%} come on top of the rates, "
        "where deadlines need more events than the rates give."
    )


def _query(title: str, sql: str) -> str:
    return f"<p>{escape(title[:1].upper() + title[1:])}</p><pre>{escape(sql)}</pre>"


def _sources_note(pack: Pack) -> str:
    entries = pack.sources()
    assumed = sum(1 for _, _, assumption in entries if assumption)
    return f"{len(entries)} blocks of numbers, {assumed} of them assumptions or shaped by one."


def _sources(entries: Iterable[tuple[str, str, bool]]) -> str:
    """Rows of a table: what stands on the same source together, measured ones first."""
    grouped: dict[tuple[bool, str], list[str]] = {}
    for block, source, assumption in entries:
        grouped.setdefault((assumption, source), []).append(block)
    rows = []
    for (assumption, source), blocks in sorted(grouped.items(), key=lambda item: item[0][0]):
        flag = '<span class="flag">assumption</span>' if assumption else ""
        text = source.removeprefix("assumption: ").removeprefix("assumption, ")
        rows.append(f"<tr><td>{escape(', '.join(blocks))}</td><td>{escape(text)}</td><td>{flag}</td></tr>")
    return "\n".join(rows)


def _versions(manifest: Manifest) -> str:
    libraries = ", ".join(f"{name} {version}" for name, version in manifest.versions.items())
    return f"Termtide {manifest.termtide}; {libraries}. Scenario {manifest.scenario_digest[:12]}."
