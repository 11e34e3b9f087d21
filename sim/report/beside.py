"""Pages that stand beside a run's report and open without a network: the dictionary, the cookbook."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from context.files import replacing
from sim.folder.manifest import Manifest
from sim.folder.names import COOKBOOK, DICTIONARY
from sim.folder.whole import note_built
from sim.report.cookbook import cookbook_page
from sim.report.dictionary.site import INDEX, write_dictionary
from sim.report.documents import markdown_page
from sim.report.table_facts import every_table


def write_beside(run_dir: Path, manifest: Manifest, marts: Mapping[str, int]) -> list[tuple[str, str]]:
    """Write the pages; returns (path relative to the run, name) of each that the report links to.

    ``marts`` says how many rows each mart has that is there as files. Raises RunError when the disk fails.
    """
    rows = {name: table.rows for name, table in manifest.store.items()}
    rows |= dict.fromkeys(("event_store.expanded", "event_store.events"), manifest.totals.events)
    rows |= marts
    pages = write_dictionary(run_dir / DICTIONARY, every_table(), rows)
    links = [(f"{DICTIONARY}/{INDEX}", "Tables and columns")]
    text = markdown_page(cookbook_page(sorted(manifest.units), str(manifest.scenario.time_zone)))
    with replacing([run_dir / COOKBOOK]) as (beside,):
        beside.write_text(text, encoding="utf-8")
    note_built(run_dir, COOKBOOK, *(page.relative_to(run_dir).as_posix() for page in pages))
    return [*links, (COOKBOOK, "Cookbook of queries")]
