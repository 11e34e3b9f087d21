"""``make speed``: what runs of growing size take, per event: CPU-seconds and memory, flat or falling."""

from __future__ import annotations

import argparse
import os
import re
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
_STAGE_HEADS = ("FTE", "stage", "CPU s", "CPU s a million events", "wall s", "PSS at most, MB", "by process")
# Of sizes of which a whole term takes hours: three weeks of classes, which is 45 days of a campus.
SHORT_TERM = """
name = "growth"
[calendar]
start = 2026-09-21
instruction_end = 2026-10-09
finals_start = 2026-10-12
end = 2026-10-13
"""
_SECONDS_BETWEEN = 0.5
_STAGE = re.compile(r"([a-z ]+?)(?: \.\.\.|: \d+ \w+ to do)")  # the line that a stage begins with
_TICK = os.sysconf("SC_CLK_TCK") if hasattr(os, "sysconf") else 100


@dataclass
class Stage:
    """What all processes of a run took in one of its stages."""

    name: str
    began: float  # seconds of the clock
    cpu_before: float  # seconds
    cpu_seconds: float = 0.0
    seconds: float = 0.0
    pss: tuple[int, ...] = ()  # bytes of each process, the parent first, when they were most

    def see(self, now: float, cpu_seconds: float, pss: tuple[int, ...]) -> None:
        """One more look at the processes."""
        self.seconds, self.cpu_seconds = now - self.began, cpu_seconds - self.cpu_before
        if sum(pss) > sum(self.pss):
            self.pss = pss

    def cells(self, fte: int, events: int) -> tuple[str, ...]:
        """A line of the table of stages."""
        each = " + ".join(f"{size / 1e6:,.0f}" for size in self.pss if size)
        return (
            f"{fte:,}", self.name, f"{self.cpu_seconds:,.1f}", f"{self.cpu_seconds / events * 1e6:.2f}",
            f"{self.seconds:,.0f}", f"{sum(self.pss) / 1e6:,.0f}", each,
        )  # fmt: skip


@dataclass(frozen=True)
class Grown:
    """A run of one size."""

    fte: int
    store_rows: int
    events: int
    cpu_seconds: float
    event_bytes: int
    stages: tuple[Stage, ...]

    def cells(self) -> tuple[str, ...]:
        """A line of the table."""
        a_million = self.cpu_seconds / self.events * 1e6
        most = max(sum(stage.pss) for stage in self.stages)  # at most, of all its processes together
        return (
            f"{self.fte:,}", f"{self.store_rows:,}", f"{self.events:,}", f"{self.cpu_seconds:,.0f}",
            f"{a_million:.2f}", f"{most / 1e6:,.0f}", f"{self.event_bytes / self.events:.0f}",
        )  # fmt: skip


def grown(fte: int, workers: int, more: list[str], *, is_short: bool = False) -> Grown:
    """Make a run of that size in a folder of its own, which is gone afterwards. Raises CalledProcessError."""
    with TemporaryDirectory(prefix="termtide-growth-") as folder:
        out, scenario = Path(folder) / "run", Path(folder) / "short.toml"
        scenario.write_text(SHORT_TERM, encoding="utf-8")
        command = [sys.executable, "-m", "sim"]
        command += ["run", "--scenario", str(scenario)] if is_short else ["demo"]
        command += ["--fte", str(fte), "--workers", str(workers), "--out", str(out), "-y", *more]
        before = os.times()
        said = Path(folder) / "said"
        with (
            said.open("wb") as told,
            subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=told) as run,
        ):
            stages = _watched(run, said)
        if run.returncode:
            sys.stderr.write(said.read_text())
            raise subprocess.CalledProcessError(run.returncode, command)
        after = os.times()
        seconds = after.children_user + after.children_system
        seconds -= before.children_user + before.children_system
        totals = load_manifest(out).totals
        return Grown(fte, totals.store_rows, totals.events, seconds, totals.event_bytes, tuple(stages))


def _watched(run: subprocess.Popen[bytes], said: Path) -> list[Stage]:
    """The stages of a run, seen from outside until it ends: by what it says, and by /proc."""
    stages = [Stage("start", time.monotonic(), 0.0)]
    cpu_seconds = 0.0
    while run.poll() is None:
        begun = _STAGE.findall(said.read_text())
        family = list(_family(run.pid))
        now, cpu_seconds = time.monotonic(), max(cpu_seconds, sum(map(_cpu_seconds, family)))
        stages[-1].see(now, cpu_seconds, stages[-1].pss)
        stages += [Stage(name, now, cpu_seconds) for name in begun[len(stages) - 1 :]]
        stages[-1].see(now, cpu_seconds, tuple(map(_pss, family)))
        time.sleep(_SECONDS_BETWEEN)
    return stages


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


def _cpu_seconds(process: int) -> float:
    """Of a process and of those of its children that have ended; 0 for one that is gone."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / _TICK


def main() -> None:
    """Print the table, and write it into the page where that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench_growth", description=__doc__)
    parser.add_argument("--sizes", default=SIZES, help=f"student FTE, comma separated (default {SIZES})")
    parser.add_argument("--workers", type=int, default=2, help="processes that draw (default 2)")
    parser.add_argument("--short", action="store_true", help="a term of three weeks")
    parser.add_argument("--page", action="store_true", help=f"write the table into {PAGES}")
    given, more = parser.parse_known_args()
    keep_free_pages()
    show = Console(soft_wrap=True, highlight=False).print
    lines = ["| " + " | ".join(_HEADS) + " |", "|" + " ---: |" * len(_HEADS)]
    show(*lines, sep="\n")
    parts = ["| " + " | ".join(_STAGE_HEADS) + " |", "| ---: | --- |" + " ---: |" * (len(_STAGE_HEADS) - 2)]
    for fte in map(int, given.sizes.split(",")):
        made = grown(fte, given.workers, more, is_short=given.short)
        lines.append("| " + " | ".join(made.cells()) + " |")
        show(lines[-1])
        parts += ["| " + " | ".join(stage.cells(fte, made.events)) + " |" for stage in made.stages]
    show(*parts, sep="\n")
    if given.page and not given.short:
        what = f"Whole runs, `termtide demo`, {given.workers} workers. Measured on {machine()}; {load()}."
        replace_section("growth", "\n".join([what, "", *lines, "", *parts]))


if __name__ == "__main__":
    main()
