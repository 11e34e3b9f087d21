"""``make speed``: what runs of growing size take, per event: CPU-seconds and memory, flat or falling."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from sim.backfill.kept_pages import keep_free_pages
from sim.folder.manifest import load_manifest
from tests.bench_page import PAGES, load, machine, replace_section

SIZES = "1000,5000,20000,50000"
_HEADS = (
    "FTE",
    "store rows",
    "events",
    "CPU s",
    "CPU s a million events",
    "PSS at most, MB",
    "bytes an event",
)
_SECONDS_BETWEEN = 0.5


@dataclass(frozen=True)
class Grown:
    """A run of one size."""

    fte: int
    store_rows: int
    events: int
    cpu_seconds: float
    pss_bytes: int  # at most, of all its processes together
    event_bytes: int

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        a_million = self.cpu_seconds / self.events * 1e6
        return (
            f"{self.fte:,}", f"{self.store_rows:,}", f"{self.events:,}", f"{self.cpu_seconds:,.0f}",
            f"{a_million:.2f}", f"{self.pss_bytes / 1e6:,.0f}", f"{self.event_bytes / self.events:.0f}",
        )  # fmt: skip


def grown(fte: int, workers: int, more: list[str]) -> Grown:
    """Make a run of that size in a folder of its own, which is gone afterwards. Raises CalledProcessError."""
    with TemporaryDirectory(prefix="termtide-growth-") as folder:
        out = Path(folder) / "run"
        command = [sys.executable, "-m", "sim", "demo", "--fte", str(fte), "--workers", str(workers)]
        command += ["--out", str(out), "-y", *more]
        before = os.times()
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
            most = 0
            while run.poll() is None:
                most = max(most, sum(map(_pss, _family(run.pid))))
                time.sleep(_SECONDS_BETWEEN)
        if run.returncode:
            raise subprocess.CalledProcessError(run.returncode, command)
        after = os.times()
        seconds = after.children_user + after.children_system
        seconds -= before.children_user + before.children_system
        totals = load_manifest(out).totals
        return Grown(fte, totals.store_rows, totals.events, seconds, most, totals.event_bytes)


def _family(process: int) -> Iterator[int]:
    """A process and all that descend from it, on Linux."""
    yield process
    try:
        tasks = list(Path(f"/proc/{process}/task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except OSError:
        return
    for child in children:
        yield from _family(int(child))


def _pss(process: int) -> int:
    """Bytes of a process, pages of several counted by their share; 0 for one that is gone, or elsewhere."""
    try:
        lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:")), 0)


def main() -> None:
    """Print the table, and write it into the page where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_growth", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help=f"student FTE, comma separated (default {SIZES})")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw (default 2)")
    parser.add_argument("--page", action="store_true", help=f"write the table into {PAGES}")
    given, more = parser.parse_known_args()
    keep_free_pages()
    show = Console(soft_wrap=True, highlight=False).print
    lines = ["| " + " | ".join(_HEADS) + " |", "|" + " ---: |" * len(_HEADS)]
    show(*lines, sep="\n")
    for fte in map(int, given.sizes.split(",")):
        lines.append("| " + " | ".join(grown(fte, given.workers, more).cells()) + " |")
        show(lines[-1])
    if given.page:
        what = f"Whole runs, `termtide demo`, {given.workers} workers. Measured on {machine()}; {load()}."
        replace_section("growth", "\n".join([what, "", *lines]))


if __name__ == "__main__":
    main()
