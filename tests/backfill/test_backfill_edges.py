"""Days' edges: in two ranges that meet, no event is lost or doubled, in any zone and at clock changes."""

from __future__ import annotations

import shutil
from collections import Counter
from datetime import date, timedelta
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from context.scenario.parts import CalendarOverrides
from context.terms.premises import premises
from sim.backfill.backfill import Wanted, wanted_tables
from sim.backfill.partitions import Partitions
from sim.folder.manifest import FileEntry, UnitEntry, load_manifest
from sim.run import Order, backfill
from tests.backfill.test_run import bytes_of
from tests.samples.tiny import TINY, default_pack

# (zone, term, the day of its clock change, workers of the pass in one): ahead of UTC and behind it, an hour
# less and an hour more.
CASES = (
    ("Pacific/Auckland", "Fall 2026", date(2026, 9, 27), 1),
    ("America/Detroit", "Fall 2026", date(2026, 11, 1), 2),
    ("America/Detroit", "Spring 2027", date(2027, 3, 14), 1),
)
ONE = timedelta(1)


def weeks_round(day: date) -> CalendarOverrides:
    """A term of four weeks with a day in its midst."""
    monday = day - timedelta(13 + day.weekday())
    return CalendarOverrides(
        start=monday,
        instruction_end=monday + timedelta(25),
        finals_start=monday + timedelta(28),
        end=monday + timedelta(29),
        no_class=(),
    )


EVENTS = wanted_tables(["event_store"], [])


@pytest.mark.parametrize(("zone", "term", "change", "workers"), CASES)
def test_two_ranges_are_one(zone: str, term: str, change: date, workers: int, tmp_path: Path) -> None:
    """``--until D`` and then ``--from D+1`` give the files and the rows of one range, whoever draws them."""
    scenario = TINY.model_copy(
        update={"fte": 15, "time_zone": zone, "term": term, "incident": (), "calendar": weeks_round(change)}
    )
    begin, until = change - ONE, change + 2 * ONE

    def deliver(name: str, begin: date, until: date, workers: int = 1) -> None:
        urls = f"parquet:{tmp_path / name / 'pq'}", f"duckdb:{tmp_path / name / 'd.duckdb'}"
        order = Order(urls, Wanted(begin, until, EVENTS))
        backfill(premises(scenario, default_pack()), tmp_path / name / "run", order, workers=workers)

    deliver("two", begin, change)
    (tmp_path / "one").mkdir()
    shutil.copytree(tmp_path / "two" / "run", tmp_path / "one" / "run")
    shutil.rmtree(tmp_path / "one" / "run" / "event_store")
    manifest = load_manifest(tmp_path / "one" / "run")
    manifest.units = {}
    manifest.save(tmp_path / "one" / "run")
    deliver("two", change + ONE, until)
    deliver("one", begin, until, workers)

    assert bytes_of(tmp_path / "two") == bytes_of(tmp_path / "one")
    units = load_manifest(tmp_path / "two" / "run").units
    # Campus days into a folder: every event of theirs, once, on whatever UTC date.
    folder = Counter(_ids(sorted((tmp_path / "two" / "pq" / "event_store").rglob("*.parquet"))))
    assert sum(folder.values()) == sum(units[str(begin + i * ONE)].rows for i in range(4))
    # UTC dates into a warehouse: every event of theirs, once, of whatever campus day.
    dates = [begin + i * ONE for i in range(4)]
    run_dir = tmp_path / "two" / "run" / "event_store"
    there = {day: _ids(sorted(run_dir.glob(f"*/event_date={day}/*.parquet"))) for day in dates}
    assert all(len(list(run_dir.glob(f"*/event_date={day}/*.parquet"))) > 1 for day in dates)
    for name in ("one", "two"):
        with duckdb.connect(str(tmp_path / name / "d.duckdb"), read_only=True) as here:
            rows = here.execute("SELECT event_time::DATE, id FROM event_store.expanded").fetchall()
        assert Counter(rows) == Counter((day, i) for day, ids in there.items() for i in ids)
        assert max(Counter(rows).values()) == 1
    assert max(folder.values()) == 1


def _ids(paths: list[Path]) -> list[str]:
    return [str(i) for path in paths for i in pq.ParquetFile(path).read(["id"])["id"].to_pylist()]


def _unit(*dates: str) -> UnitEntry:
    paths = [f"event_store/expanded/event_date={day}/unit.parquet" for day in dates]
    files = [FileEntry(path=path, rows=1, bytes=1, xxh3_128="0" * 32) for path in paths]
    return UnitEntry(rows=len(files), digest="0" * 64, files=files)


def test_a_date_is_complete_once_every_unit_that_can_touch_it_is_done() -> None:
    """Three campus days by hand, each of which may reach into the next UTC date; the middle one does not."""
    hour, day0 = 3_600_000, 20_000 * 86_400_000  # 2024-10-04
    first, second, third, fourth = (date(2024, 10, 4) + i * ONE for i in range(4))
    names = [str(day) for day in (first, second, third)]
    reach = {name: (day0 + (24 * i + 4) * hour, day0 + (24 * i + 34) * hour) for i, name in enumerate(names)}
    dates = Partitions({}, reach)
    assert dates.touched(names[0]) == {first, second}
    assert dates.touched(names[2]) == {third, fourth}
    assert dates.complete() == []
    assert dates.done(names[1], _unit("2024-10-05")) == []  # the first day may still add to it
    assert dates.touched(names[1]) == {second}
    assert dates.done(names[0], _unit("2024-10-04", "2024-10-05")) == [first, second]
    # The third date was waited for by the second unit, and has now events of the third one alone.
    assert dates.done(names[2], _unit("2024-10-06")) == [third]
    assert dates.complete() == [first, second, third]  # nobody came to the fourth: no such date


def test_dates_of_a_run_that_goes_on() -> None:
    """Units that are done count by their files, the open one by its reach; beyond its reach is an error."""
    from context.errors import RunError

    hour, day0 = 3_600_000, 20_000 * 86_400_000
    done = {"2024-10-04": _unit("2024-10-04", "2024-10-05"), "2024-10-06": _unit("2024-10-06")}
    reach = {"2024-10-04": (0, 1), "2024-10-05": (day0 + 28 * hour, day0 + 48 * hour - 1)}
    dates = Partitions(done, reach)
    assert dates.touched("2024-10-05") == {date(2024, 10, 5)}  # to the last millisecond of it, no further
    assert dates.complete() == [date(2024, 10, 4), date(2024, 10, 6)]
    with pytest.raises(RunError, match=r"2024-10-05: has events of 2024-10-07, .*out of its reach"):
        dates.done("2024-10-05", _unit("2024-10-05", "2024-10-07"))
