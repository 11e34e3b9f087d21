"""The cookbook: every question finds rows on a small campus, and page and report show what the data file has."""

# ruff: noqa: E501 - one case a line
from __future__ import annotations

import html
from collections.abc import Iterator
from pathlib import Path

import pytest
from markupsafe import escape

from sim.folder.manifest import load_manifest
from sim.report.cookbook import cookbook_page, recipes
from sim.sql.client import Client
from tests.samples.tiny import TINY, calendar_of, default_pack, finished_run

PAGE = Path(__file__).parents[2] / "docs/cookbook.md"
RECIPES = {recipe.question: recipe for recipe in recipes()}


def days_and_zone(run_dir: Path) -> tuple[list[str], str]:
    """A run's campus days and the zone of its clock."""
    manifest = load_manifest(run_dir)
    return sorted(manifest.units), str(manifest.scenario.time_zone)


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    """A strict session on a small campus: the cookbook's queries pass in production."""
    with Client(finished_run(), strict=True, strict_project=True) as found:
        yield found


def test_there_are_enough() -> None:
    """At least 25 questions, in chapters, each asked once."""
    assert len(RECIPES) == len(recipes()) >= 25
    assert all(recipe.chapter and recipe.question.endswith("?") for recipe in recipes())


@pytest.mark.parametrize("question", RECIPES)
def test_each_question_finds_rows(client: Client, question: str) -> None:
    """A question's SQL runs as it is, with every partition filter that production asks for, and has an answer."""
    rows = client.query(RECIPES[question].on(*days_and_zone(client.run_dir)))
    assert rows.num_rows > 0
    assert all(column.null_count < rows.num_rows for column in rows.columns), "a column of nothing but NULL"


def test_the_page_is_up_to_date() -> None:
    """docs/cookbook.md is what the data file makes."""
    assert PAGE.read_text(encoding="utf-8") == page(), "run make docs"


def test_the_report_has_them() -> None:
    """The page beside a run's report shows every question with its SQL for that run."""
    report = (finished_run() / "cookbook.html").read_text(encoding="utf-8")
    assert '"cookbook.html"' in (finished_run() / "report.html").read_text(encoding="utf-8")
    days, zone = days_and_zone(finished_run())
    for recipe in recipes():
        assert f">{html.escape(recipe.question, quote=False)}</h3>" in report
        assert escape(recipe.on(days, zone)) in report


def page() -> str:
    """The page with the days of the demo's term."""
    calendar = calendar_of(TINY, default_pack())
    return cookbook_page([str(calendar.date_of(day)) for day in calendar.days.tolist()], TINY.time_zone)


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
