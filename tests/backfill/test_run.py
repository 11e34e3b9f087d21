"""Whole runs on a tiny campus: same bytes whoever makes them, nothing lost, killed and continued."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import pyarrow.parquet as pq
import pytest

from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.backfill.job import Job, Task
from sim.backfill.worker import Worker
from sim.caliper.kinds import KINDS, tool_sql
from sim.draw.day import draw_day
from sim.draw.engine import load_engine
from sim.draw.sessions.sessions import session_sizes
from sim.folder.manifest import Manifest, load_manifest
from sim.plan.effects import MICRO
from sim.run import run
from sim.sinks.memory import MemorySink
from sim.sinks.units import Needs, Unit
from sim.sql.query import run_sql
from sim.world.objects import lti_tools
from tests.samples.in_one_call import read_plan
from tests.samples.no_charts import LEAVE_OUT
from tests.samples.tiny import BRIEF, SMALL, brief_run, calendar_of, default_pack, finished_run

PROJECT = "unizin-shared"


@pytest.fixture
def finished() -> Path:
    """A finished run of the small campus, by one worker and never killed."""
    return finished_run()


def facts(folder: Path) -> dict[str, object]:
    """What must be equal between runs: digests of the store, the plan and each unit."""
    manifest = load_manifest(folder)
    return {
        "store": {name: table.digest for name, table in manifest.store.items()},
        "plan": manifest.plan.digest if manifest.plan else None,
        "units": {day: (unit.rows, unit.digest) for day, unit in manifest.units.items()},
    }


def bytes_of(folder: Path) -> dict[str, str]:
    """SHA-256 of every data file of a run."""
    files = sorted(folder.rglob("*.parquet"))
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def number(folder: Path, query: str) -> int:
    """The one number that a BigQuery query gives."""
    return int(run_sql(folder, PROJECT, query).column(0)[0].as_py())


@pytest.mark.usefixtures("bare_report")
def test_two_workers_make_the_same_bytes(tmp_path: Path) -> None:
    """Law 1: two workers, in whatever order units finish, give every file byte for byte."""
    run(premises(BRIEF, default_pack()), tmp_path / "other", workers=2)
    assert bytes_of(tmp_path / "other") == bytes_of(brief_run())
    assert (tmp_path / "other" / "manifest.json").read_bytes() == (brief_run() / "manifest.json").read_bytes()


_ELSEWHERE = f"""
{LEAVE_OUT}
from pathlib import Path
from context.packs.pack import load_pack
from context.terms.premises import premises
from sim.run import run
from tests.samples.no_charts import LEAVE_OUT
from tests.samples.tiny import BRIEF
run(premises(BRIEF, load_pack("us_public_r1", None)), Path(sys.argv[1]))
"""


@pytest.mark.parametrize(
    ("seed", "zone", "locale"),
    [
        pytest.param("1", "Asia/Kolkata", "C", marks=pytest.mark.gates),
        ("77", "Pacific/Auckland", "C.UTF-8"),
    ],
)
def test_a_fresh_process_makes_the_same(tmp_path: Path, seed: str, zone: str, locale: str) -> None:
    """Law 1: another hash seed, time zone and locale of the machine change nothing."""
    root = Path(__file__).resolve().parents[2]
    settings = {
        "PYTHONHASHSEED": seed,
        "TZ": zone,
        "LC_ALL": locale,
        "PYTHONPATH": str(root),
        "OMP_NUM_THREADS": "1",
    }
    path = os.environ["PATH"]
    subprocess.run(
        [sys.executable, "-c", _ELSEWHERE, str(tmp_path / "run")],
        env={**settings, "PATH": path},
        cwd=root,
        check=True,
    )
    assert facts(tmp_path / "run") == facts(brief_run())


def test_units_in_any_order(finished: Path) -> None:
    """Law 2: given the plan, a worker that draws days backwards gets the digests of the run."""
    worker = Worker(Job(SMALL, default_pack().path, finished), sinks=[MemorySink()])
    manifest = load_manifest(finished)
    for name in sorted(manifest.units, reverse=True)[20:40:4]:
        day = calendar_of(SMALL, default_pack()).day_of_date(date.fromisoformat(name))
        assert worker.unit(Task(day, date.fromisoformat(name))).digest == manifest.units[name].digest


class Listening(MemorySink):
    """Keeps the parts that it is given."""

    def __init__(self, needs: Needs) -> None:
        super().__init__()
        self.needs, self.parts = needs, list[Unit]()

    @contextmanager
    def unit(self, campus_day: date) -> Iterator[Any]:
        """Take parts and write nothing."""
        del campus_day
        yield SimpleNamespace(add=self.parts.append, written=[])


@pytest.mark.parametrize("needs", ["lines", "columns", "documents"])
def test_nothing_is_made_that_no_sink_needs(finished: Path, needs: Needs) -> None:
    """A worker makes lines for sinks of lines, documents for those of documents, columns for all others."""
    output = SMALL.output.model_copy(update={"event_json": False})
    sink = Listening(needs)
    worker = Worker(
        Job(SMALL.model_copy(update={"output": output}), default_pack().path, finished), sinks=[sink]
    )
    made = worker.unit(Task(30, calendar_of(SMALL, default_pack()).date_of(30)))
    assert sum(part.table.num_rows for part in sink.parts) == made.rows > 0
    for part in sink.parts:
        assert (part.lines is not None) == (needs == "lines")
        assert (part.json is not None) == (needs == "documents")
        assert (part.table.column_names == ["event_time"]) == (needs == "lines")


def test_rows_drawn_are_rows_written(finished: Path) -> None:
    """Law 3: drawn = written = read back by SQL, day by day and in all."""
    manifest = load_manifest(finished)
    engine = load_engine(finished, SMALL, default_pack().path)
    for name in sorted(manifest.units)[30:34]:
        day = engine.calendar.day_of_date(date.fromisoformat(name))
        files = [finished / file.path for file in manifest.units[name].files]
        assert len(draw_day(engine, day)[0]) == sum(pq.read_metadata(path).num_rows for path in files)
    assert number(finished, "SELECT COUNT(*) FROM event_store.expanded") == manifest.totals.events
    assert number(finished, "SELECT COUNT(DISTINCT id) FROM event_store.expanded") == manifest.totals.events


def test_totals_by_sql_are_the_plans(finished: Path) -> None:
    """Law 3: student events per tool, counted by SQL from the files, are the plan's within 5 sd and 1 %."""
    tools = default_pack().rates.tools
    domains = {domain: tool for tool, domain, _ in lti_tools(default_pack())}
    plan = read_plan(finished / "plan.parquet").days.values()
    table = run_sql(
        finished,
        PROJECT,
        f"SELECT {tool_sql(domains)} AS tool, COUNT(*) AS n FROM event_store.expanded GROUP BY 1",
    )
    found = dict(zip(table.column(0).to_pylist(), table.column(1).to_pylist(), strict=True))
    sizes = session_sizes(default_pack(), tools)
    for code, tool in enumerate(tools):
        wanted = sum(int((day.asked_micro + day.overshoot_micro)[:, :, code].sum()) for day in plan) / MICRO
        # Clicks of one person cluster: a variance of about twice a Poisson count's; that of whole sessions is
        # three times their mean size.
        spread = 2.0 if sizes[code] == 1 else 3.0 * sizes[code]
        assert abs(found.get(tool, 0) - wanted) < 5 * (spread * wanted) ** 0.5 + 0.01 * wanted, tool
    assert set(found) == {*tools, "login", None}


def test_events_join_to_the_store(finished: Path) -> None:
    """Law 4: every id in an event finds its row by the joins that users write."""
    last = "REGEXP_EXTRACT({0}, r'.*:(.*)')"
    kaf = "JSON_EXTRACT_SCALAR(object.extensions, \"$['kaf:course_id']\")"
    launched = "JSON_EXTRACT_SCALAR(federated_session_json, '$.messageParameters.custom_canvas_course_id')"
    sections = "`group`.id LIKE 'urn:instructure:canvas:%:section:%'"
    for text, table, native, where in (
        (last.format("`group`.id"), "course_offering", "lms_int_id", "`group`.type = 'CourseOffering'"),
        (last.format("`group`.id"), "course_section", "lms_int_id", sections),
        ("course_offering.canvas_id", "course_offering", "lms_int_id", "course_offering.udp_id IS NOT NULL"),
        (kaf, "course_offering", "lms_ext_id", "type = 'MediaEvent'"),
        (launched, "course_offering", "lms_ext_id", "federated_session_json IS NOT NULL"),
    ):
        assert number(finished, f"SELECT COUNT(*) FROM event_store.expanded WHERE {where}") > 0
        orphans = (
            f"SELECT COUNT(*) FROM event_store.expanded LEFT JOIN context_store_keymap.{table} k "
            f"ON k.{native} = {text} WHERE {where} AND k.id IS NULL"
        )
        assert number(finished, orphans) == 0, text
    for urn, table in (
        ("assignment", "learner_activity"),
        ("quizzes:quiz", "quiz"),
        ("wikiPage", "wiki_page"),
        ("attachment", "file"),
        ("content_tag", "module_item"),
        ("submission", "learner_activity_result"),
    ):
        where = f"object.id LIKE 'urn:instructure:canvas:{urn}:%'"
        assert number(finished, f"SELECT COUNT(*) FROM event_store.expanded WHERE {where}") > 0
        orphans = (
            f"SELECT COUNT(*) FROM event_store.expanded LEFT JOIN context_store_keymap.{table} k "
            f"ON k.lms_int_id = {last.format('object.id')} WHERE {where} AND k.id IS NULL"
        )
        assert number(finished, orphans) == 0, urn
    # People: the shard's prefix and the short id, as there is no other way into the keymap.
    orphans = (
        f"SELECT COUNT(*) FROM event_store.expanded LEFT JOIN context_store_keymap.person k "
        f"ON CAST(19770000000000000 + CAST(k.lms_ext_id AS INT64) AS STRING) = {last.format('actor.id')} "
        "WHERE actor.id LIKE 'urn:instructure:canvas:user:%' AND (k.id IS NULL OR k.id <> person.udp_id)"
    )
    assert number(finished, orphans) == 0


def test_nobody_is_unknown_in_a_course(finished: Path) -> None:
    """Law 4 and 5: whoever has a membership in an event has an enrolment in that course."""
    strangers = """
        SELECT COUNT(*) FROM (SELECT DISTINCT person.udp_id AS p, course_offering.udp_id AS c
          FROM event_store.expanded WHERE course_offering.udp_id IS NOT NULL
          AND person.udp_id IS NOT NULL) e  -- background jobs are nobody
        LEFT JOIN (SELECT cse.person_id AS p, cs.le_current_course_offering_id AS c
          FROM context_store_entity.course_section_enrollment cse
          JOIN context_store_entity.course_section cs USING (course_section_id)) s USING (p, c)
        WHERE s.p IS NULL"""
    assert number(finished, strangers) == 0


def test_every_kind_is_in_the_files(finished: Path) -> None:
    """All kinds of events of the dialect are written."""
    asset = "JSON_EXTRACT_SCALAR(object.extensions, \"$['com.instructure.canvas']['{}']\")"
    table = run_sql(
        finished,
        PROJECT,
        f"SELECT DISTINCT type, action, {asset.format('asset_type')}, {asset.format('asset_subtype')} "
        "FROM event_store.expanded",
    )
    found = set(zip(*(column.to_pylist() for column in table.columns), strict=True))
    wanted = {(kind.type, kind.action, kind.asset_type or None, kind.asset_subtype or None) for kind in KINDS}
    assert found == wanted


def test_json_is_the_columns(finished: Path) -> None:
    """The whole JSON of an event says what its columns say."""
    path = sorted(finished.glob("event_store/expanded/*/*.parquet"))[60]
    for row in pq.read_table(path, partitioning=None).slice(0, 400).to_pylist():
        event = json.loads(row["event"])
        assert row["id"] == event["id"]
        assert (row["type"], row["action"]) == (event["type"], event["action"])
        assert row["event_time"].isoformat(timespec="milliseconds") + "Z" == event["eventTime"]
        assert row["actor"]["id"] == event["actor"]["id"]
        for node in ("object", "generated", "actor", "group", "target"):
            if node in event and "extensions" in event[node]:
                assert json.loads(row[node]["extensions"]) == event[node]["extensions"]
            elif node not in event:
                assert row[node] is None
        assert row["object"]["id"] == event["object"]["id"]
        assert row["object"]["name"] == event["object"].get("name")
        assert (row["membership"] or {}).get("id") == event.get("membership", {}).get("id")
        assert (row["membership"] or {}).get("roles") == event.get("membership", {}).get("roles")
        assert (row["referrer"] or {}).get("id") == event.get("referrer")
        assert (row["session"] or {}).get("id") == event.get("session", {}).get("id")
        for column, node in (
            ("extensions_json", "extensions"),
            ("federated_session_json", "federatedSession"),
        ):
            assert json.loads(row[column] or "null") == event.get(node)
        assert json.loads((row["ed_app"] or {}).get("json", "null")) == event.get("edApp")
        assert (row["target"] or {}).get("id") == event.get("target", {}).get("id")


def test_events_end_before_they_begin_nowhere(finished: Path) -> None:
    """Files hold the UTC dates of their folders; a unit touches three dates at most."""
    manifest: Manifest = load_manifest(finished)
    for unit in manifest.units.values():
        assert len(unit.files) <= 3
        for file in unit.files:
            folder_date = file.path.split("event_date=")[1][:10]
            times = pq.read_table(finished / file.path, columns=["event_time"], partitioning=None)[
                "event_time"
            ]
            assert {str(t.as_py().date()) for t in (times[0], times[-1])} == {folder_date}


def test_the_plain_client_reads_it(finished: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The DuckDB client counts events from any directory, with a second reader open."""
    monkeypatch.chdir(tmp_path)
    with (
        duckdb.connect(str(finished / "warehouse.duckdb"), read_only=True) as first,
        duckdb.connect(str(finished / "warehouse.duckdb"), read_only=True) as second,
    ):
        counts = [db.execute("SELECT COUNT(*) FROM event_store.events").fetchall() for db in (first, second)]
    assert counts == [[(load_manifest(finished).totals.events,)]] * 2


@pytest.mark.usefixtures("bare_report")
def test_scenario_without_json(tmp_path: Path) -> None:
    """With event_json = false the column is NULL, everything else the same."""
    scenario = Scenario.model_validate({**BRIEF.model_dump(), "output": {"event_json": False}})
    run(premises(scenario, default_pack()), tmp_path / "run")
    assert number(tmp_path / "run", "SELECT COUNT(event) FROM event_store.expanded") == 0
    assert number(tmp_path / "run", "SELECT COUNT(extensions_json) FROM event_store.expanded") > 1000
