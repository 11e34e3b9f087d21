"""Golden digests of the tiny campus: bytes that must not change unless the change log says so.

`python -m tests.backfill.test_golden` writes them anew, after a change that is meant to move bytes.
"""

from __future__ import annotations

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import xxhash

from sim.draw.day import draw_day
from sim.folder.digest import table_digest
from sim.plan.plan_file import write_plan
from sim.render.renderer import Renderer
from sim.sinks.ndjson import lines
from tests.samples.tiny import tiny

GOLDEN = Path(__file__).with_name("golden.json")
DAYS = (-3, 0, 45, 51, 113)


def facts() -> dict[str, str]:
    """Digests of every table of the store, of the plan, and of the NDJSON of some days."""
    campus = tiny()
    found = {f"{dataset}.{name}": table_digest(table) for dataset, name, table in campus.store.datasets()}
    with TemporaryDirectory() as folder:
        found["plan"] = write_plan(Path(folder) / "plan.parquet", campus.plan, campus.calendar.term.start)
    for day in DAYS:
        documents = Renderer(campus.world).render(draw_day(campus.engine, day)[0])
        found[f"events of day {day}"] = xxhash.xxh3_128(b"".join(lines(documents))).hexdigest()
    return found


def test_bytes_are_golden() -> None:
    """Law 1 over versions and machines: the tiny campus has the digests that are written down."""
    assert facts() == json.loads(GOLDEN.read_text(encoding="utf-8"))


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps(facts(), indent=1) + "\n", encoding="utf-8")
