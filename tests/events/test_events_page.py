"""The page of events: every kind is on it, and it says what the code says.

``make docs`` writes it anew. The values of its examples may be of an earlier campus; their members may not.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path

from sim.caliper.kinds import KINDS
from sim.report.events_page import events_page
from tests.events.test_render_shape import ours_of, paths
from tests.samples.tiny import tiny
from tests.samples.vendor_examples import MAY_DIFFER

PAGE = Path(__file__).resolve().parents[2] / "docs" / "events.md"
BLOCK = re.compile(r"^```json\n(.*?)^```$", flags=re.DOTALL | re.MULTILINE)


@cache
def written() -> str:
    """The page in the repository."""
    return PAGE.read_text(encoding="utf-8")


def test_page_is_up_to_date() -> None:
    """All but the examples is what the code makes now."""
    assert BLOCK.sub("", written()) == BLOCK.sub("", events_page(tiny().engine)), "run make docs"


def test_every_kind_has_an_example() -> None:
    """Each kind's example has its type and action, all members that its events always have, and no others."""
    names = re.findall(r"^### (\w+)$", written(), flags=re.MULTILINE)
    examples = dict(zip(names, map(json.loads, BLOCK.findall(written())), strict=True))
    assert list(examples) == sorted((kind.name for kind in KINDS), key=names.index)
    for kind in KINDS:
        event, (ours, known) = examples[kind.name], ours_of(kind.name)
        assert (event["type"], event["action"]) == (kind.type, kind.action)
        always = set.intersection(*(set(paths(document)) for document in ours))
        assert always - MAY_DIFFER <= set(paths(event)) <= set(known), kind.name


def test_hosts_are_examples() -> None:
    """No address on the page is anybody's."""
    hosts = set(re.findall(r"https?://([^/\s\"<?]+)", written()))
    assert {host for host in hosts if not host.endswith(".example")} == {"purl.imsglobal.org"}


if __name__ == "__main__":
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(events_page(tiny().engine), encoding="utf-8")
