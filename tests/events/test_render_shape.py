"""Events against the vendor's published examples and the official schemas; skipped where those are absent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from sim.caliper.kinds import KIND, KINDS, TWIN
from tests.events.test_render import fast, samples
from tests.samples.tiny import tiny
from tests.samples.vendor_examples import EXAMPLES, LIKE, MAY_DIFFER, OF_JOBS

CALIPER = Path(__file__).resolve().parents[3] / "shared" / "caliper"


def paths(node: Any, at: str = "") -> dict[str, str]:
    """Property path -> JSON type; ``K`` stands for the vendor's extension key."""
    found: dict[str, str] = {}
    if isinstance(node, dict):
        for key, value in node.items():
            name = "K" if key == "com.instructure.canvas" else key
            place = f"{at}.{name}" if at else name
            found[place] = "number" if isinstance(value, int | float) else type(value).__name__
            found |= paths(value, place)
    elif isinstance(node, list) and node:
        found[f"{at}[]"] = type(node[0]).__name__
    return found


def ids(node: Any) -> dict[str, str]:
    """Property path -> pattern of ids: digits as 9, hexadecimal runs as h."""
    texts = {place: value for place, value in _leaves(node) if place.endswith("id") or place == "id"}
    return {
        place: re.sub(
            r"\d+", "9", re.sub(r"[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "h", value)
        )
        for place, value in texts.items()
        if value.startswith("urn:")
    }


def _leaves(node: Any, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(node, dict):
        for key, value in node.items():
            yield from _leaves(value, f"{at}.{key}" if at else key)
    elif isinstance(node, str):
        yield at, node


def example_of(name: str) -> dict[str, Any]:
    """The event of one of the vendor's published examples; skips where it is absent."""
    path = CALIPER / "vendor-examples" / "canvas" / f"{name}.json"
    if not path.is_file():
        pytest.skip(f"the vendor's example {path.name} is not here")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))["data"][0]
    return found


@cache
def rendered() -> dict[str, list[dict[str, Any]]]:
    """The samples' documents by kind."""
    found: dict[str, list[dict[str, Any]]] = {kind.name: [] for kind in KINDS}
    for code, document in zip(samples().kind, fast(tiny().world, samples()), strict=True):
        found[KINDS[code].name].append(json.loads(document))
    return found


def ours_of(kind: str) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """(our events of a kind, all of their property paths with types)."""
    ours = rendered()[kind]
    mine: dict[str, str] = {}
    for document in ours:
        mine |= paths(document)
    return ours, mine


def check(kind: str, mine: dict[str, str], theirs: dict[str, str]) -> None:
    """Property paths and JSON types are the same, but for what is written down to differ."""
    may = MAY_DIFFER | (OF_JOBS if KINDS[KIND[kind]].actor == "job" else set())
    assert not {place for place in mine.keys() ^ theirs.keys() if place not in may}
    both = mine.keys() & theirs.keys()
    assert {place: mine[place] for place in both} == {place: theirs[place] for place in both}


@pytest.mark.parametrize("kind", EXAMPLES)
def test_shape_is_the_vendors(kind: str) -> None:
    """Property paths, JSON types, type and action terms and id patterns are those of the vendor's example."""
    example = example_of(EXAMPLES[kind])
    ours, mine = ours_of(kind)
    check(kind, mine, paths(example))
    assert [ours[0][key] for key in ("@context", "type", "action")] == [
        example[key] for key in ("@context", "type", "action")
    ]
    assert ours[0]["object"]["type"] == example["object"]["type"]
    named = KINDS[KIND[kind]].is_view
    assert not named or ours[0]["object"].get("name") == example["object"].get("name")
    assert order(ours[0], example) == order(example, ours[0])
    assert order(ours[0]["object"], example["object"]) == order(example["object"], ours[0]["object"])
    wanted = ids(example)
    for place, pattern in ids(ours[0]).items():
        assert _role_apart(pattern) == _role_apart(wanted.get(place, pattern)), place


@pytest.mark.parametrize("kind", LIKE)
def test_shape_is_like_the_vendors(kind: str) -> None:
    """Kinds whose example is not here differ from one that is by what their description says."""
    name, less, more, pattern, object_type = LIKE[kind]
    example = example_of(name)
    ours, mine = ours_of(kind)
    theirs = {place: what for place, what in paths(example).items() if place not in less}
    check(
        kind,
        mine,
        theirs | {place: mine[place] for place in more if place in mine or place not in MAY_DIFFER},
    )
    assert (ours[0]["object"]["type"], ids(ours[0])["object.id"]) == (object_type, pattern)


def test_every_kind_has_an_example() -> None:
    """Each kind is held against something that its vendor published."""
    others = {kind.name for kind in KINDS if kind.sensor != "canvas" or kind.role == "twin"}
    assert {*EXAMPLES, *LIKE} == {kind.name for kind in KINDS} - others


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.api])
def test_a_twin_is_its_page_through_the_api(kind: str) -> None:
    """A twin has a developer key, a membership without roles and no referrer; all else is its page's."""
    page, (documents, twin) = ours_of(kind)[1], ours_of(kind + TWIN)
    assert set(twin) - set(page) == {"object.extensions.K.developer_key_id"}
    assert {place.removesuffix("[]") for place in set(page) - set(twin)} == {"membership.roles", "referrer"}
    for document in documents:
        assert "/api/v1/" in document["extensions"]["com.instructure.canvas"]["request_url"]
        assert ":user:" in document["membership"]["id"]


def order(node: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """The members of a node that another one has too, in order."""
    return [key for key in node if key in other]


def other_example(path: str) -> dict[str, Any]:
    """An example of another vendor."""
    file = CALIPER / "vendor-examples" / path
    if not file.is_file():
        pytest.skip(f"the vendor's example {file.name} is not here")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8").replace('"@id"', '"id"').replace(
        '"@type"', '"type"'
    ))  # fmt: skip
    return found


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.sensor == "kaltura"])
def test_media_events_are_kalturas(kind: str) -> None:
    """Short terms of Caliper 1.1, Kaltura's members and ids; the event's own id is the platform's."""
    example = other_example("kaltura/MediaEvent_Resumed_caliper11_proposed.json")
    ours, mine = ours_of(kind)
    theirs = paths(example) | {"id": "str"}
    assert mine == theirs
    media = ours[0]["object"]["id"]
    assert re.fullmatch(r"https://kaf\.[a-z.]+\.example/caliper/info/media/1_[0-9a-z]{8}", media)
    assert (media, ours[0]["target"]["type"]) == (ours[0]["target"]["id"], example["target"]["type"])
    assert re.fullmatch(
        r"https://kaf\.[a-z.]+\.example/caliper/info/user/[a-z0-9+._-]+", ours[0]["actor"]["id"]
    )
    assert re.fullmatch(r"https://kaf\.[a-z.]+\.example/caliper/info/app/KafEdApp", ours[0]["edApp"]["id"])
    assert re.fullmatch(r"\d{1,8}", ours[0]["object"]["extensions"]["kaf:course_id"])  # the short id


@pytest.mark.parametrize("kind", [kind.name for kind in KINDS if kind.sensor == "engage"])
def test_reading_events_are_engages(kind: str) -> None:
    """Engage's members in the order of the alphabet and ids in its pattern; launch parameters beside."""
    example = other_example("unizin-engage/NavigationEvent_NavigatedTo.json")
    ours, mine = ours_of(kind)
    launch = {place for place in mine if "messageParameters" in place}
    assert len(launch) == 6
    app = {place for place in mine if place.startswith("edApp")}  # which the printed example lacks
    assert ours[0]["edApp"] == {"id": "https://engage.unizin.example/", "type": "SoftwareApplication"}
    assert {place: what for place, what in mine.items() if place not in launch | app} == paths(example)
    wanted = {place: pattern.replace(":customer:", ":termtide:") for place, pattern in ids(example).items()}
    assert {place: p for place, p in ids(ours[0]).items() if place in wanted} == wanted
    assert [key for key in ours[0] if key != "edApp"] == list(example)
    assert list(ours[0]).index("edApp") == list(ours[0]).index("actor") + 1
    for node in (ours[0]["object"], ours[0]["group"], ours[0]["federatedSession"]):
        assert list(node) == sorted(node)


def _role_apart(pattern: str) -> str:
    """An id pattern with its role blotted out: examples show learners, instructors and calls to the API."""
    return re.sub(r":(Learner|Instructor|user):(?=9$)", ":R:", pattern) if ":course:" in pattern else pattern


def _mended(event: dict[str, Any]) -> dict[str, Any]:
    """An event without the vendors' known deviation that the official schema sees: objects of type Entity."""
    if event["object"]["type"] != "Entity":
        return event
    return {**event, "object": {**event["object"], "type": "DigitalResource"}}


def test_official_schema() -> None:
    """The official 1.1 schemas accept every kind, but for the vendors' known deviations."""
    folder = CALIPER / "official" / "schema" / "schema_1_1"
    if not folder.is_dir():
        pytest.skip("the official schemas are not here")
    from jsonschema import Draft4Validator
    from referencing import Registry, Resource
    from referencing.jsonschema import DRAFT4

    files = {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in folder.glob("*.json")}
    registry: Registry[Any] = Registry().with_resources(
        (name, Resource.from_contents(content, default_specification=DRAFT4))
        for name, content in files.items()
    )
    for kind, events in rendered().items():
        for event in events[:: max(len(events) // 3, 1)]:
            mended = _mended(event)
            errors = list(Draft4Validator(files[event["type"]], registry=registry).iter_errors(mended))
            assert not errors, (kind, errors[0].message)
