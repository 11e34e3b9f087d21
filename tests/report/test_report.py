"""The report: figures counted from the files, one page without network or a clock."""

from __future__ import annotations

import os
import re
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from html.parser import HTMLParser
from pathlib import Path
from shutil import copytree
from typing import Any
from xml.etree import ElementTree as ET

import pyarrow.parquet as pq
import pytest

from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.scenario.scenario import Scenario
from sim.report.figures import Figures, gather
from sim.report.run_page import run_page, write_report
from sim.sql.warehouse import build_warehouse
from tests.samples.tiny import finished_run
from tests.samples.toy_run import FIRST_DAY, SCENARIO, ZONE, event, plan_table, submission, write_run


@pytest.fixture(scope="module")
def pack() -> Pack:
    """The default pack: names of families, levels and tools."""
    return load_pack("us_public_r1", None)


def make(
    folder: Path, pack: Pack, scenario: Scenario = SCENARIO, more: Sequence[dict[str, Any]] = ()
) -> Path:
    """A run of 13 clicks, one of them a submission that names no course, and 3 logins."""
    noon = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 12, 30, tzinfo=ZONE)
    write_run(folder, scenario, more=[submission(99, noon), *more])
    cips = list(pack.table("cip")["cip"])
    pq.write_table(plan_table((cips.index("27"), cips.index("23"))), folder / "plan.parquet")
    build_warehouse(folder)
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, pack: Pack) -> Path:
    """The run, with its report."""
    folder = make(tmp_path_factory.mktemp("runs") / "toy-7", pack)
    write_report(folder, pack)
    return folder


@pytest.fixture(scope="module")
def figures(run: Path, pack: Pack) -> Figures:
    """Its figures."""
    return gather(run, pack)


def test_days_compare_asked_and_drawn(figures: Figures) -> None:
    """Students' clicks by campus day beside what the plan asks; logins are not among them."""
    assert figures.days == [
        {"date": "2026-08-31", "asked": 4.75, "drawn": 5, "events": 6},
        {"date": "2026-09-01", "asked": 4.75, "drawn": 4, "events": 5},
        {"date": "2026-09-02", "asked": 4.75, "drawn": 4, "events": 5},
    ]
    assert (figures.drawn, figures.asked, figures.overshoot) == (13, 13.5, 0.75)
    assert (figures.students, figures.courses, figures.sections, figures.enrolments) == (2, 2, 2, 3)


def test_axes_compare_asked_and_drawn(figures: Figures) -> None:
    """By tool, family and level; a submission counts in the course that its keymap leads to."""
    wanted = {"asked": 14.25, "drawn": 13}
    assert figures.tools == [{"name": "assignments", **wanted}]
    assert figures.levels == [
        {"name": "100", "asked": 6.0, "drawn": 6},
        {"name": "200", "asked": 8.25, "drawn": 7},
    ]
    assert [(row["name"], row["drawn"]) for row in figures.families] == [
        ("23 English Language and Literature/Letters", 7),
        ("27 Mathematics and Statistics", 6),
    ]


def test_hours_are_local(figures: Figures) -> None:
    """Events from 9 to 21 o'clock in the campus's zone stand there, on their weekday."""
    monday = {row["hour"]: row["events"] for row in figures.hours if row["weekday"] == 0}
    assert monday == {9: 1, 12: 2, 15: 1, 18: 1, 21: 1}
    assert {row["weekday"] for row in figures.hours} == {0, 1, 2}


def test_grades_and_sizes(figures: Figures) -> None:
    """Letters in the pack's order, withdrawals after them; sections by their students."""
    assert [(row["name"], row["number"]) for row in figures.letters] == [("A", 1), ("B+", 1), ("W", 1)]
    assert [(row["name"], row["number"]) for row in figures.sizes][:2] == [("1-4", 2), ("5-9", 0)]


class _Page(HTMLParser):
    """Tags and their attributes, and the text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag."""
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        """Note the text."""
        self.text += data


def test_the_page_stands_alone(run: Path) -> None:
    """No address that a browser would fetch, and a policy against it; charts say what they show."""
    text = (run / "report.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert not {"link", "img", "iframe", "image"} & {tag for tag, _ in page.tags}
    assert not [name for _, attrs in page.tags for name in attrs if name in ("src", "xlink:href")]
    beside = [str(attrs["href"]) for _, attrs in page.tags if "href" in attrs]
    assert [name for name in beside if not (run / name).is_file()] == []
    assert "dictionary/index.html" in beside
    assert not re.search(r"url\(|@import|fetch\(|XMLHttp", text)
    assert "default-src 'none'" in text
    charts = re.findall(r"<svg .*?</svg>", text, re.DOTALL)
    assert len(charts) == 2 * 7
    for chart in charts:
        assert ET.fromstring(re.sub(r'\sxmlns:xlink="[^"]*"', "", chart)).get("aria-label")  # noqa: S314 - ours
        assert "var(--drawn)" in chart
        assert "#00000" not in chart
    assert "prefers-color-scheme: dark" in text


def test_the_page_says_what_it_is(run: Path, pack: Pack) -> None:
    """The label, sources folded with assumptions flagged, what asked and drawn mean, queries to copy."""
    text = (run / "report.html").read_text(encoding="utf-8")
    page = _Page(text)
    assert "Synthetic data" in page.text
    assert 'name="data-label" content="synthetic"' in text
    assert "Termtide State University" in page.text
    assert "8.77% fewer than asked" in page.text
    sources = {(source, assumption) for _, source, assumption in pack.sources()}
    assert text.count('<span class="badge">assumption') == sum(1 for _, assumption in sources if assumption)
    assert not [attrs for tag, attrs in page.tags if tag == "details" and "open" in attrs]
    ids = {attrs.get("id") for _, attrs in page.tags} - {None}
    copies = [attrs["data-copy"] for tag, attrs in page.tags if tag == "button"]
    assert len(copies) == 3
    assert set(copies) <= ids
    assert not re.search(r"\$[a-z_]+|\{\{|\{%", page.text)


def test_chart_and_numbers_agree(figures: Figures, pack: Pack) -> None:
    """Each chart's figures sum to the number that the page states; nothing falls between."""
    rows = [figures.days, figures.tools, figures.levels, figures.families]
    assert [sum(row["drawn"] for row in one) for one in rows] == [figures.drawn] * 4
    wanted = figures.asked + figures.overshoot
    assert [sum(row["asked"] for row in one) for one in rows] == pytest.approx([wanted] * 4)
    events = figures.manifest.totals.events
    assert sum(row["events"] for row in figures.days) == events
    assert sum(row["events"] for row in figures.hours) == events
    assert sum(row["number"] for row in figures.sizes) == figures.sections
    stated = _Page(run_page(figures, pack)).text
    for number in (events, figures.drawn, figures.sections, figures.enrolments):
        assert re.search(rf"(?<![\d,]){number:,} ", stated)


def test_clicks_without_a_course_are_shown(pack: Pack, tmp_path: Path) -> None:
    """A view of the calendar names no course: it is drawn, in a bar of its own, and the page says why."""
    noon = datetime(FIRST_DAY.year, FIRST_DAY.month, FIRST_DAY.day, 12, 30, tzinfo=ZONE)
    view = event(98, noon, course_offering=None, group=None, membership=None)
    figures = gather(make(tmp_path / "run", pack, more=[view]), pack)
    for rows in (figures.levels, figures.families):
        assert rows[-1] == {"name": None, "asked": 0.0, "drawn": 1}
        assert sum(row["drawn"] for row in rows) == figures.drawn == 14
    assert '"no course named": 1, on pages' in _Page(run_page(figures, pack)).text


def test_links_lead_to_pages_beside(figures: Figures, pack: Pack) -> None:
    """What is given as beside the report is linked by a path within the run."""
    page = _Page(run_page(figures, pack, [("dictionary/index.html", "Tables & columns")]))
    assert [attrs["href"] for tag, attrs in page.tags if tag == "a"] == ["dictionary/index.html"]
    assert "Tables & columns" in page.text


def test_the_same_run_makes_the_same_page(run: Path, pack: Pack, tmp_path: Path) -> None:
    """Made again elsewhere: the same bytes, so no clock, no path and no order of threads is in it."""
    again = make(tmp_path / "other place", pack)
    write_report(again, pack)
    assert (again / "report.html").read_bytes() == (run / "report.html").read_bytes()


def test_what_was_asked_is_added_up_exactly(pack: Pack, tmp_path: Path) -> None:
    """Sums of what the plan asks are those of its millionths, in whatever order threads meet them.

    As fractions they would differ in their last digits from one time to the next, and equals change places.
    """
    cells = pq.read_table(finished_run() / "plan.parquet").column("cells").to_pylist()
    asked: Counter[int] = Counter()
    for cell in (cell for day in cells for cell in day or ()):
        asked[cell["tool"]] += cell["asked_micro"] + cell["overshoot_micro"]
    run = Path(copytree(finished_run(), tmp_path / "run", copy_function=os.link))
    build_warehouse(run)
    found = {row["name"]: row["asked"] for row in gather(run, pack).tools if row["asked"]}
    names = list(pack.rates.tools)
    assert found == {names[code]: micro / 1e6 for code, micro in asked.items() if micro}


def test_names_are_escaped(pack: Pack, tmp_path: Path) -> None:
    """A name with markup in it is text on the page."""
    folder = make(tmp_path / "run", pack, SCENARIO.model_copy(update={"institution": "<b>$A&M</b>"}))
    write_report(folder, pack)
    assert "&lt;b&gt;$A&amp;M&lt;/b&gt;" in (folder / "report.html").read_text(encoding="utf-8")


def test_a_run_without_warehouse_has_no_report(pack: Pack, tmp_path: Path) -> None:
    """What is missing is said, and nothing is written."""
    write_run(tmp_path / "run")
    with pytest.raises(InputError, match=r"no warehouse\.duckdb"):
        write_report(tmp_path / "run", pack)
    assert not (tmp_path / "run/report.html").exists()
