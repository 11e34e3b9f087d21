"""``make bench``: rows of the context store per CPU-second, beside Mimesis making people in the same run.

The store is that of 20,000 FTE and one Fall term, every entity and keymap: rows that refer to each other and
add up. Mimesis makes a table of people with twelve independent columns, the way its documentation shows for
bulk: a field set, column by column. Cells are given too, since rows differ in width.
"""

from __future__ import annotations

import argparse
import resource
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa
from mimesis import Fieldset
from mimesis.locales import Locale
from rich.console import Console

from context.generate import generate
from context.packs.pack import load_pack
from context.scenario.calendar import build_calendar
from context.scenario.scenario import Scenario
from tests.bench_events import timed
from tests.bench_peers import FIELDS
from tests.samples.in_one_call import write_store

PEOPLE = 20_000


def people() -> pa.Table:
    """The table of Mimesis."""
    fields = Fieldset(locale=Locale.EN, seed=1, i=PEOPLE)
    return pa.table({name: fields(name) for name in FIELDS})


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_store", description=__doc__)
    parser.add_argument("--fte", type=int, default=20_000, help="size in student FTE (default 20,000)")
    show = Console(soft_wrap=True, highlight=False).print
    scenario = Scenario(name="bench", fte=parser.parse_args().fte, seed=1)
    pack = load_pack(scenario.pack, None)
    calendar = build_calendar(scenario, pack.table("calendar"))
    store, made = timed(lambda: generate(scenario, pack, calendar), 1)
    cells = sum(len(table) * table.num_columns for _, _, table in store.datasets())
    with TemporaryDirectory(prefix="termtide-bench-") as folder:
        _, written = timed(lambda: write_store(Path(folder), store), 1)
        size = sum(path.stat().st_size for path in Path(folder).rglob("*.parquet"))
    peer, raced = timed(people, 2)
    show(f"{scenario.fte:,} FTE, {scenario.term}: {len(store.entity)} entities, {len(store.keymap)} keymaps")
    for what, rows, values, seconds in (
        ("context store: generate", store.rows, cells, made),
        (f"context store: generate and write {size / 1e6:,.0f} MB", store.rows, cells, made + written),
        ("Mimesis: people, twelve columns", len(peer), len(peer) * len(FIELDS), raced),
    ):
        rates = f"{rows / seconds:>12,.0f} rows {values / seconds:>14,.0f} cells a CPU-second"
        show(f"{what:<44}{rows:>12,} rows{seconds:>8.2f} s{rates}")
    ratio = (cells / made) / (len(peer) * len(FIELDS) / raced)
    show(f"rows {(store.rows / made) / (len(peer) / raced):,.0f}x, cells {ratio:,.0f}x those of Mimesis")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    show(f"peak memory {peak / 1e6:,.0f} MB")


if __name__ == "__main__":
    main()
