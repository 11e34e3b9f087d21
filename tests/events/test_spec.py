"""Every kind of event is allowed by Caliper 1.1, or does otherwise as its vendor is known to do.

The official fixtures and the vendors' examples are read from beside the repository, and skipped where absent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

import schemas
from sim.caliper.kinds import KINDS, Kind
from sim.caliper.spec import breaches, deviations, is_a
from tests.events.test_render_shape import CALIPER, other_example, rendered

DEVIATIONS = schemas.caliper_spec()["deviation"]
EXTENSIONS = (
    "Feedback",
    "Questionnaire",
    "ResourceManagement",
    "Search",
    "Survey",
    "ToolLaunch",
)  # later profiles


def official() -> Iterator[tuple[str, dict[str, Any]]]:
    """(file, event) of the official fixtures of 1.1."""
    folder = CALIPER / "official" / "v1p1"
    if not folder.is_dir():
        pytest.skip("the official fixtures are not here")
    for path in sorted(folder.glob("*.json")):
        found = json.loads(path.read_text(encoding="utf-8"))
        for event in found["data"] if "sensor" in found else [found]:
            if "action" in event and not event["type"].startswith(EXTENSIONS):
                yield path.name, event


def test_official_events_are_allowed() -> None:
    """The tables allow all of the specification's own examples but those of later profiles."""
    seen = 0
    for name, event in official():
        later = {
            "Thesis",
            "QuestionnaireItem",
            "AggregateMeasureCollection",
        }  # of other contexts and profiles
        assert [breach for breach in breaches(event) if breach[2] not in later] == [], name
        seen += 1
    assert seen > 30


def test_terms_are_official() -> None:
    """Events, actions and entities of the tables are those of the official schemas."""
    folder = CALIPER / "official" / "schema" / "schema_1_1"
    if not folder.is_dir():
        pytest.skip("the official schemas are not here")
    known = {path.stem for path in folder.glob("*.json")} | {"AssessmentItem"}
    actions = json.loads((folder / "Event.json").read_text(encoding="utf-8"))["properties"]["action"]["enum"]
    spec = schemas.caliper_spec()
    assert set(spec["event"]) <= known
    assert {"Entity", *spec["entity"]} <= known
    assert {action for rules in spec["event"].values() for action in rules["actions"]} - {"*"} <= set(actions)
    assert {kind.action for kind in KINDS} <= set(actions)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_kinds_are_allowed_or_known(kind: Kind) -> None:
    """Rendered events breach the specification only where the kind's page says so."""
    known = {
        (each["type"], each["member"], each["sends"]): each["why"]
        for each in DEVIATIONS
        if each["sensor"] == kind.sensor
    }
    found = {breach for event in rendered()[kind.name] for breach in breaches(event)}
    assert found <= set(known)
    assert {known[breach] for breach in found} == set(deviations(kind))


@pytest.mark.parametrize("each", DEVIATIONS, ids=lambda each: f"{each['type']} {each['member']}")
def test_deviations_are_the_vendors(each: dict[str, str]) -> None:
    """Some kind has each known deviation, and a published event of the vendor shows it."""
    assert any(each["why"] in deviations(kind) for kind in KINDS)
    event = other_example(each["example"])
    event = event["data"][0] if "data" in event else event
    assert (each["type"], each["member"], each["sends"]) in set(breaches(event))


def test_breaches_are_seen() -> None:
    """A wrong event type, action or entity is told."""
    event = {"type": "ViewEvent", "action": "Viewed", "actor": {"type": "Person"}, "object": {"type": "Page"}}
    assert list(breaches(event)) == []
    assert list(breaches(event | {"object": "https://an.example/id"})) == []
    assert list(breaches(event | {"type": "Seen"})) == [("Seen", "type", "Seen")]
    wrong = event | {"action": "Read", "actor": {"type": "Group"}, "target": {"type": "Page"}}
    assert list(breaches(wrong)) == [
        ("ViewEvent", "action", "Read"), ("ViewEvent", "actor", "Group"), ("ViewEvent", "target", "Page")
    ]  # fmt: skip
    assert is_a("VideoObject", "DigitalResource")
    assert not is_a("DigitalResource", "VideoObject")
    assert not is_a("Video", "Entity")
