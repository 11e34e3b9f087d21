"""The report: figures from counts and store, one page without network or a clock."""

from __future__ import annotations

import json
import os
import re
from collections import Counter
from dataclasses import replace
from datetime import date
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree
from xml.etree import ElementTree as ET

import altair as alt
import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from jsonschema import Draft7Validator

from context.errors import DamagedError, InputError
from sim.folder.manifest import load_manifest
from sim.report.campus.drawings import drawings
from sim.report.campus.figures import Figures, gather
from sim.report.campus.frame import Chart
from sim.report.campus.page import run_page, write_report
from sim.report.campus.stored import LEADS
from sim.sql.warehouse import build_warehouse
from tests.samples.tiny import default_pack, finished_run
from tests.samples.toy_run import write_run

PNG = b"\x89PNG\r\n\x1a\n"


@cache
def figures() -> Figures:
    """Of the small campus's finished run."""
    return gather(finished_run(), default_pack())


@cache
def charts() -> dict[str, Chart]:
    """Its charts."""
    return drawings(figures())


def test_charts_are_valid_vega_lite() -> None:
    """What Altair does not look at while a report is drawn holds of every chart: it is Vega-Lite."""
    schema = Draft7Validator(alt.load_schema())
    for name, chart in charts().items():
        spec = json.loads(chart.spec)
        assert not [error.message for error in schema.iter_errors(spec)], name
    assert any(schema.iter_errors({**spec, "mark": "no mark of theirs", "width": {}})), "nothing is looked at"


def page_of(found: Figures, links: tuple[tuple[str, str], ...] = ()) -> _Page:
    """The page of figures, read."""
    return _Page(run_page(found, charts(), default_pack(), links))


class _Page(HTMLParser):
    """Tags and their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text, self.source = "", text
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


def test_chart_and_numbers_agree() -> None:
    """Each chart's figures sum to the number that the page states; nothing falls between."""
    found, events = figures(), figures().events
    margins = [sum(margin.drawn for margin in events.margins[by]) for by in ("tool", "cip", "level")]
    assert [sum(row["drawn"] for row in events.days), *margins] == [events.drawn] * 4
    wanted = events.asked + events.overshoot
    asked = [sum(margin.asked for margin in events.margins[by]) for by in ("tool", "cip", "level")]
    assert [sum(row["asked"] for row in events.days), *asked] == pytest.approx([wanted] * 4)
    total = found.manifest.totals.events
    for rows in (events.days, events.hours, events.kinds, found.calendar):
        assert sum(row["events"] for row in rows) == total == events.events
    for rows in (events.tool_weekdays, events.tool_cips, events.tool_levels):
        assert sum(row["clicks"] for row in rows) == events.drawn
    stated = page_of(found).text
    for number in (total, events.drawn, found.store.sections, found.store.enrolments):
        assert re.search(rf"(?<![\d,]){number:,} ", stated)


def test_what_was_asked_is_added_up_exactly() -> None:
    """Sums of what the plan asks are those of its millionths, whoever adds them up."""
    cells = pq.read_table(finished_run() / "plan.parquet").column("cells").to_pylist()
    asked: Counter[int] = Counter()
    for cell in (cell for day in cells for cell in day or ()):
        asked[cell["tool"]] += cell["asked_micro"] + cell["overshoot_micro"]
    names = list(default_pack().rates.tools)
    found = {margin.name: margin.asked for margin in figures().events.margins["tool"] if margin.asked}
    assert found == {names[code]: micro / 1e6 for code, micro in asked.items() if micro}


def test_leads_are_those_of_the_store() -> None:
    """Every submission to work with a due date stands in the bin of its lead; late ones below zero."""
    store = finished_run() / "context_store_entity"
    results = pq.read_table(store / "learner_activity_result.parquet")
    works = pq.read_table(store / "learner_activity.parquet")
    place = pc.index_in(results["learner_activity_id"], works["learner_activity_id"].combine_chunks())
    due = works["due_date"].take(place)
    leads = pc.seconds_between(results["response_date"], due).drop_null().to_numpy()
    bounds = [bound for _, bound in LEADS if bound is not None]
    expected = np.bincount(np.searchsorted(bounds, leads, side="right"), minlength=len(LEADS))
    found = {row["name"]: row["number"] for row in figures().store.leads}
    assert [found[name] for name, _ in LEADS] == expected.tolist()
    assert found["last hour"] > 0


def test_steps_only_get_fewer() -> None:
    """Work is opened before it is handed in, and handed in before it is graded; most of it gets there."""
    numbers = [row["number"] for row in figures().store.steps]
    assert numbers == sorted(numbers, reverse=True)
    assert numbers[-1] > 0.3 * numbers[0] > 0


def test_grades_and_sizes() -> None:
    """Letters in the pack's order, then others, then none; scores and sections all have their bin."""
    store = finished_run() / "context_store_entity"
    grades = pq.read_table(store / "course_grade.parquet")
    letters = [row["name"] for row in figures().store.letters]
    order = [letter for letter in default_pack().table("letter")["letter"] if letter in letters]
    assert letters[: len(order)] == order
    assert sum(row["number"] for row in figures().store.letters) == len(grades)
    scored = len(grades) - grades["le_final_score"].null_count
    assert sum(row["number"] for row in figures().store.scores) == scored
    assert all(0 <= row["number"] <= 4.3 for row in figures().store.gpas)


def test_the_calendar_is_the_terms() -> None:
    """One square for each campus day, with its kind; midterms lie in the term and before finals."""
    rows = figures().calendar
    assert [row["date"] for row in rows] == sorted(load_manifest(finished_run()).units)
    assert {"class", "weekend", "holiday", "finals"} <= {row["kind"] for row in rows}
    exams = {row["kind"] for row in rows if row["exams"]}
    assert exams
    assert not exams & {"finals", "before", "after"}


def test_the_page_stands_alone() -> None:
    """No address that a browser would fetch, and a policy against it; charts say what they show."""
    run = finished_run()
    text = (run / "report.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert not {"link", "img", "iframe", "image"} & {tag for tag, _ in page.tags}
    assert not [name for _, attrs in page.tags for name in attrs if name in ("src", "xlink:href")]
    beside = [str(attrs["href"]) for _, attrs in page.tags if "href" in attrs]
    assert [name for name in beside if not (run / name).is_file()] == []
    assert "dictionary/index.html" in beside
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp", text)
    assert "default-src 'none'" in text
    found = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    assert len(found) == 2 * len(charts())
    for chart in found:
        assert ET.fromstring(re.sub(r'\sxmlns:xlink="[^"]*"', "", chart)).get("aria-label")  # noqa: S314 - ours
        assert "var(--drawn)" in chart
        assert "#00000" not in chart
    assert "prefers-color-scheme: dark" in text


def test_every_chart_has_its_table() -> None:
    """What a chart shows stands below it in texts, a cell for every column."""
    assert {"days", "calendar", "week", "tools", "families", "levels", "adoption", "student"} <= set(charts())
    assert {"tools-by-field", "tools-by-level", "tools-by-weekday", "leads", "steps"} <= set(charts())
    for name, chart in charts().items():
        assert chart.cells, name
        assert {len(cells) for cells in chart.cells} == {len(chart.columns)}, name


def test_a_chart_is_a_picture() -> None:
    """The wide chart as a PNG, in colours of the light scheme."""
    picture = charts()["calendar"].png()
    assert picture.startswith(PNG)
    assert 5_000 < len(picture) < 300_000


def test_the_page_says_what_it_is() -> None:
    """The label, sources folded with assumptions flagged, what asked and drawn mean, queries to copy."""
    page = page_of(figures())
    assert "Synthetic data" in page.text
    assert 'name="data-label" content="synthetic"' in page.source
    assert "Termtide State University" in page.text
    assert re.search(r"\d% (fewer|more) than asked|as many as asked", page.text)
    assert re.search(r"\d+ (of \d+ )?tools (came|differ)|All \d+ tools came", page.text)
    sources = {(source, assumption) for _, source, assumption in default_pack().sources()}
    flagged = page.source.count('<span class="badge">assumption')
    assert flagged == sum(1 for _, assumption in sources if assumption)
    assert not [attrs for tag, attrs in page.tags if tag == "details" and "open" in attrs]
    ids = [attrs["id"] for _, attrs in page.tags if "id" in attrs]
    copies = [attrs["data-copy"] for tag, attrs in page.tags if tag == "button"]
    assert len(copies) == 3
    assert set(copies) <= set(ids)
    assert not re.search(r"\$[a-z_]+|\{\{|\{%", page.text)


def test_rows_of_every_table_are_told() -> None:
    """Each dataset with its tables and their rows, and the sum of both."""
    page = page_of(figures())
    rows = sum(table.rows for name, table in figures().manifest.store.items() if "entity" in name)
    assert f"context_store_entity: 62 tables, {rows:,} rows" in page.text
    assert f"event_store: 1 table, {figures().manifest.totals.events:,} rows" in page.text


def test_every_event_has_its_kind_on_the_page() -> None:
    """The table of kinds has all events, each with who acted; three kinds of people and machines do."""
    page = page_of(figures())
    rows = re.findall(
        r"<tr><td>([^<]+)</td><td>(student|staff|system)</td><td>([\d,]+)</td></tr>", page.source
    )
    assert sum(int(number.replace(",", "")) for *_, number in rows) == figures().events.events
    assert {role for _, role, _ in rows} == {"student", "staff", "system"}


def test_links_lead_to_pages_beside() -> None:
    """What is given as beside the report is linked by a path within the run."""
    page = page_of(figures(), (("cookbook.html", "Tables & columns"),))
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == ["cookbook.html"]
    assert "Tables & columns" in page.text


def test_the_same_run_makes_the_same_page(tmp_path: Path) -> None:
    """Made again elsewhere: the same bytes, so no clock, no path and no order of threads is in it."""
    run = Path(copytree(finished_run(), tmp_path / "other place", copy_function=os.link))
    build_warehouse(run)
    first = (run / "report.html").read_bytes()
    (run / "report.html").unlink()
    write_report(run, default_pack())
    assert (run / "report.html").read_bytes() == first


def test_names_are_escaped() -> None:
    """A name with markup in it is text on the page."""
    scenario = figures().manifest.scenario.model_copy(update={"institution": "<b>$A&M</b>"})
    manifest = figures().manifest.model_copy(update={"scenario": scenario})
    page = page_of(replace(figures(), manifest=manifest))
    assert "&lt;b&gt;$A&amp;M&lt;/b&gt;" in page.source
    assert "<b>$A&M</b>" in page.text


def test_a_student_has_a_week() -> None:
    """Seven days from a Monday of classes; clicks lie within their visits, which hold all of them."""
    week = figures().week
    assert week is not None
    assert week.monday.weekday() == 0
    assert {date.fromisoformat(click["day"]).isocalendar().week for click in week.clicks} == {
        week.monday.isocalendar().week
    }
    assert sum(visit["clicks"] for visit in week.visits) == len(week.clicks)
    for click in week.clicks:
        assert any(
            visit["day"] == click["day"] and visit["begin"] <= click["hour"] <= visit["end"]
            for visit in week.visits
        )
    assert figures().store.person in page_of(figures()).text


def test_a_run_without_warehouse_has_no_report(tmp_path: Path) -> None:
    """What is missing is said, and nothing is written: the warehouse, or the counts."""
    run = Path(copytree(finished_run(), tmp_path / "run", copy_function=os.link))
    for name in ("warehouse.duckdb", "report.html"):
        (run / name).unlink()
    with pytest.raises(InputError, match=r"no warehouse\.duckdb"):
        write_report(run, default_pack())
    assert not (run / "report.html").exists()
    write_run(tmp_path / "toy")
    build_warehouse(tmp_path / "toy")
    with pytest.raises(DamagedError, match="no record of counts"):
        write_report(tmp_path / "toy", default_pack())
