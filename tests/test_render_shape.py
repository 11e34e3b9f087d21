"""Events against the vendor's published examples and the official schemas; skipped where those are absent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from sim.kinds import KIND, KINDS
from tests.test_render import fast, samples
from tests.tiny import tiny

CALIPER = Path(__file__).resolve().parent.parent.parent / "shared" / "caliper"


# Which of the vendor's published examples shows which of our kinds.
EXAMPLES = {
    "login": "logged_in",
    "assignment": "asset_accessed__assignment",
    "quiz": "asset_accessed__quizzes_quiz",
    "discussion_topic": "asset_accessed__discussion_topic",
    "attachment": "asset_accessed__attachment",
    "wiki_page": "asset_accessed__wiki_page",
    "content_tag": "asset_accessed__content_tag",
    "context_external_tool": "asset_accessed__context_external_tool",
    "submission_created": "submission_created",
    "quiz_submitted": "quiz_submitted",
    "discussion_entry_created": "discussion_entry_created",
    "grade_change": "grade_change",
    **{
        f"course_{name}": f"asset_accessed__course_{name}"
        for name in (
            "home",
            "syllabus",
            "modules",
            "pages",
            "files",
            "assignments",
            "quizzes",
            "topics",
            "grades",
            "roster",
        )
    },
}


# Where an example is of another case than ours: a call to the API, a view by nobody, a group's page, a text
# submission with an address, a local id. What ours has more or less there is written down here.
_MEMBERSHIP = {
    f"membership{part}"
    for part in ("", ".id", ".type", ".member", ".member.id", ".member.type", ".organization",
                 ".organization.id", ".organization.type", ".roles", ".roles[]")
}  # fmt: skip


_GROUP = {
    f"group{part}"
    for part in (
        "",
        ".id",
        ".type",
        ".extensions",
        ".extensions.K",
        ".extensions.K.context_type",
        ".extensions.K.entity_id",
    )
}


_ACTOR = {f"actor.extensions.K.{name}" for name in (
    "user_login", "user_sis_id", "root_account_id", "root_account_lti_guid", "root_account_uuid", "entity_id"
)} | {"actor.extensions", "actor.extensions.K"}  # fmt: skip


MAY_DIFFER = (
    _MEMBERSHIP
    | _GROUP
    | _ACTOR
    | {
        "referrer",
        "object.extensions.K.developer_key_id",
        "object.extensions.K.context_account_id",
        "object.extensions.K.url",
        "object.body",
    }
)


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


@pytest.mark.parametrize("kind", EXAMPLES)
def test_shape_is_the_vendors(kind: str) -> None:
    """Property paths, JSON types, type and action terms and id patterns are those of the vendor's example."""
    path = CALIPER / "vendor-examples" / "canvas" / f"{EXAMPLES[kind]}.json"
    if not path.is_file():
        pytest.skip(f"the vendor's example {path.name} is not here")
    example = json.loads(path.read_text(encoding="utf-8"))["data"][0]
    rows = np.flatnonzero(samples().kind == KIND[kind])
    ours = [json.loads(document) for document in fast(tiny().world, samples().take(rows))]
    theirs = paths(example)
    mine: dict[str, str] = {}
    for document in ours:
        mine |= paths(document)
    differ = {place for place in mine.keys() ^ theirs.keys() if place not in MAY_DIFFER}
    assert not differ
    assert {place: mine[place] for place in mine.keys() & theirs.keys()} == {
        place: theirs[place] for place in mine.keys() & theirs.keys()
    }
    assert [ours[0][key] for key in ("@context", "type", "action")] == [
        example[key] for key in ("@context", "type", "action")
    ]
    assert ours[0]["object"]["type"] == example["object"]["type"]
    assert ours[0]["object"].get("name") == example["object"].get("name")
    wanted = ids(example)
    for place, pattern in ids(ours[0]).items():
        assert _role_apart(pattern) == _role_apart(wanted.get(place, pattern)), place


def _role_apart(pattern: str) -> str:
    """An id pattern with its role blotted out: examples show learners, instructors and calls to the API."""
    return re.sub(r":(Learner|Instructor|user):(?=9$)", ":R:", pattern) if ":course:" in pattern else pattern


def test_official_schema() -> None:
    """The official 1.1 schemas accept every kind, but for the vendor's known deviation: type Entity."""
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
    batch = samples()
    checked = set()
    for code, document in zip(batch.kind, fast(tiny().world, batch), strict=True):
        event = json.loads(document)
        if event["object"]["type"] == "Entity":
            event["object"]["type"] = "DigitalResource"
        errors = list(Draft4Validator(files[event["type"]], registry=registry).iter_errors(event))
        assert not errors, (KINDS[code].name, errors[0].message)
        checked.add(int(code))
    assert len(checked) == len(KINDS)
