"""The cookbook: questions that people ask of a run, with their SQL, as data and as ``docs/cookbook.md``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

_HEAD = """# Cookbook

Questions that are asked of a Unizin Data Platform, each with SQL for BigQuery and for `termtide sql`. Dates
are those of the demo's Fall term; times of events are in UTC. The page is made from
`sim/report/cookbook.sql` (`make docs`), and a test runs every query.

    termtide demo --fte 150
    termtide sql --file query.sql

"""


@dataclass(frozen=True)
class Recipe:
    """A question: the chapter it stands in, what to know, and the SQL with places for dates and a zone."""

    chapter: str
    question: str
    remark: str
    sql: str

    def on(self, run_days: Sequence[str], zone: str) -> str:
        """The SQL for a run with these campus days, in order: the fifth week, or the last one there is."""
        last = len(run_days) - 1
        begin, end = run_days[min(35, max(last - 7, 0))], run_days[min(42, last)]
        return self.sql.format(first=run_days[0], begin=begin, end=end, zone=zone)


def recipes() -> list[Recipe]:
    """All of them, in the order of the file."""
    text = resources.files("sim.report").joinpath("cookbook.sql").read_text(encoding="utf-8")
    found, chapter = [], ""
    for block in re.split(r"\n(?=-- #)", text):
        head, _, body = block.partition("\n")
        if head.startswith("-- # "):
            chapter = head.removeprefix("-- # ").strip()
            continue
        lines = body.strip().splitlines()
        remark = [line.removeprefix("-- ") for line in lines if line.startswith("-- ")]
        sql = "\n".join(line for line in lines if not line.startswith("-- ")).strip()
        found.append(Recipe(chapter, head.removeprefix("-- ## ").strip(), " ".join(remark), sql))
    return found


def cookbook_page(run_days: Sequence[str], zone: str) -> str:
    """The page, in Markdown."""
    parts, chapter = [_HEAD], ""
    for recipe in recipes():
        if recipe.chapter != chapter:
            chapter = recipe.chapter
            parts.append(f"## {chapter}\n\n")
        remark = f"{recipe.remark}\n\n" if recipe.remark else ""
        parts.append(f"### {recipe.question}\n\n{remark}```sql\n{recipe.on(run_days, zone)}\n```\n\n")
    return "".join(parts).rstrip() + "\n"
