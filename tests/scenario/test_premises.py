"""What a command is made from: calendars are built once, and the manifest holds the scenario itself."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

import context.scenario.calendar
import context.terms.history
import context.terms.premises
import sim.draw.engine
import sim.stream.laps
from context.errors import InputError
from context.files import seal_of
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario
from context.terms.premises import premises, premises_of_file
from sim.cli.main import main
from sim.folder.claim import claim
from sim.folder.manifest import load_manifest
from tests.samples.tiny import calendar_of, default_pack

RICH = """
name = "rich"
fte = 30
seed = 5
shift = 2
calendar.no_class = [2026-10-12, 2026-10-13]
[[incident]]
name = "down"
tools = ["assignments"]
start = 2026-10-14T19:30:00
end = 2026-10-14T21:00:00
[[delivery]]
tool = "all"
flush_ms = 2000
[[delivery_outage]]
name = "jam"
start = 2026-10-20T10:00:00
end = 2026-10-20T11:00:00
"""


def test_premises_have_the_calendars_of_all_terms() -> None:
    """The played term's calendar comes first, those before it follow, none overlaps."""
    given = premises(Scenario(fte=30, terms=3), default_pack())
    assert [each.term.name for each in given.calendars] == ["Fall 2026", "Spring 2026", "Fall 2025"]
    assert given.calendar.term == calendar_of(given.scenario, default_pack()).term
    for later, earlier in zip(given.calendars, given.calendars[1:], strict=False):
        assert earlier.term.end + timedelta(1) <= later.term.start


@pytest.mark.parametrize("terms", [1, 3])
def test_calendars_are_built_once_a_command(
    terms: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """``termtide context`` and ``estimate`` build each term's calendar once, and hand it on."""
    built: list[str] = []

    def counted(scenario: Scenario, rows: object) -> Calendar:
        built.append(scenario.term)
        return build_calendar(scenario, rows)  # type: ignore[arg-type]

    real: Callable[..., Calendar] = build_calendar
    for module in (context.terms.history, context.terms.premises, sim.draw.engine, sim.stream.laps):
        assert module.build_calendar is real  # type: ignore[attr-defined]
        monkeypatch.setattr(module, "build_calendar", counted)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "termtide.toml").write_text(f'name = "once"\nfte = 20\nterms = {terms}\n')
    for command in (["context", "--to", "parquet:out"], ["estimate"]):
        built.clear()
        main(command)
        assert len(built) == len(set(built)) == terms
    capsys.readouterr()


def test_terms_that_overlap_are_refused(tmp_path: Path) -> None:
    """Where two terms overlap there are no premises, only one line that says so."""
    file = tmp_path / "termtide.toml"
    file.write_text("terms = 2\n[calendar]\nstart = 2026-03-02\n")
    with pytest.raises(InputError, match="terms overlap: "):
        premises_of_file(file, {})


def test_a_manifest_holds_the_scenario_itself(tmp_path: Path) -> None:
    """Written and read again, a manifest has an equal scenario with its digest, and the same bytes."""
    scenario = Scenario.model_validate(tomllib.loads(RICH))
    manifest = claim(tmp_path, scenario, default_pack())
    before = (tmp_path / "manifest.json").read_bytes()
    found = load_manifest(tmp_path)
    assert found == manifest
    assert found.scenario == scenario
    assert found.scenario.digest(default_pack().digest) == found.scenario_digest
    found.save(tmp_path)
    assert (tmp_path / "manifest.json").read_bytes() == before
    assert b'"start": "2026-10-14T19:30:00"' in before


def test_a_manifest_with_another_scenario_is_none(tmp_path: Path) -> None:
    """A scenario that could not have been asked for is told by its key, in one line."""
    claim(tmp_path, Scenario(fte=30), default_pack())
    path = tmp_path / "manifest.json"
    facts = json.loads(path.read_text())
    facts["scenario"]["fte"] = 0
    path.write_text(json.dumps(facts | {"seal": seal_of(facts)}))
    with pytest.raises(InputError, match=r"manifest.json: scenario.fte: ") as caught:
        load_manifest(tmp_path)
    assert "\n" not in str(caught.value)
