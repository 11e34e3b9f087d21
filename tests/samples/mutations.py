"""Seeded ways to spoil texts, values and arguments, for tests of what must be refused in one line."""

from __future__ import annotations

import copy
import random
from typing import Any

# Every part that a scenario may have.
SCENARIO_FILE = """
name = "mine"
fte = 40
seed = 3
term = "Fall 2026"
terms = 2
pack = "us_public_r1"
time_zone = "America/Detroit"
project = "unizin-shared"
institution = "A College"
host = "canvas.a.example"
shift = 4

[calendar]
start = 2026-08-31
no_class = [2026-09-07, 2026-11-26]

[[incident]]
name = "outage"
start = 2026-10-14T19:30:00
end = 2026-10-14T22:00:00
tools = ["canvas", "kaltura"]

[[delivery]]
tool = "kaltura"
flush_ms = 1000

[[delivery_outage]]
name = "late"
start = 2026-10-20T19:30:00
end = 2026-10-21T22:00:00
catch_up = 2.5

[[stage]]
name = "exam_week"
tools = ["files", "login"]
clicks = 1.5
outage = true

[output]
event_json = true
row_group_rows = 2048
"""

# What people, editors, other programs and enemies put where something else belongs.
ODD_TEXTS = (
    "",
    " ",
    "-",
    "--",
    "~",
    "~nobody/x",
    "[/b]",
    "[red]x",
    ":smile:",
    "\x1b[2J",
    "\x07",
    "a\nb",
    "a\tb",
    "\u202ex",
    "\x9b31m",
    "'",
    '"',
    "`",
    "\\",
    "%s",
    "{0}",
    "{x",
    "$HOME",
    "nan",
    "inf",
    "-1",
    "1e999",
    "0x10",
    "9" * 400,
    "é",
    "\ud800",
    "../..",
    "/dev/null",
    "/dev/zero",
    "/",
    ".",
    "..",
    "x" * 5_000,
    "*",
    "?",
    "a[1]",
    "http://x",
    "bigquery:",
    "bigquery://",
    "pubsub://",
    "pubsub://p/t?x=1",
    "duckdb:",
    "ndjson:",
    "csv:",
    "parquet:",
    ":memory:",
    "2026-02-30",
    "2026-10-14",
    "9999-12-31",
    "0001-01-01",
    "2026-10-14T25:00",
    "2026-10-14T12:00+99:00",
    "Fall 2026",
    "true",
    "null",
    "None",
    "[]",
    "{}",
    "[[]]",
    "[" * 3_000,
    "(" * 3_000,
    "SELECT 1",
    ";",
    "a,b",
    "1.5",
    "٣",
    "१२",
)
ODD_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    float("nan"),
    float("inf"),
    2**31,
    2**63,
    2**64,
    10**300,
    "",
    "x",
    [],
    [[]],
    {},
    {"a": {}},
    [None],
    ["x"],
    [1, "x", None],
    {"x": 1},
    "2026-13-01",
    "../x",
    "/etc/passwd",
    "a\x00b",
    "\x1b[2J",
    "[/b]",
    "\ud800",
)
_DEEP = 5_000


def spoiled_text(text: str, seed: int) -> str:
    """One to three random cuts, doublings, exchanges and insertions, or a depth that nobody writes."""
    draw = random.Random(seed)  # noqa: S311 - no secrets are made
    for _ in range(draw.randint(1, 3)):
        lines = text.splitlines(keepends=True) or [""]
        line, place = draw.randrange(len(lines)), draw.randrange(len(text) + 1)
        kind = draw.randrange(8)
        if kind == 0:
            text = text[:place] + text[place + draw.randint(1, 40) :]
        elif kind == 1:
            text = text[:place] + draw.choice(ODD_TEXTS) + text[place:]
        elif kind == 2:
            del lines[line]
            text = "".join(lines)
        elif kind == 3:
            text = "".join([*lines[: line + 1], *lines[line:]])
        elif kind in (4, 5):
            head, equals, _ = lines[line].partition("=")
            odd = draw.choice(ODD_TEXTS)
            value = odd if draw.random() < 0.5 else f'"{odd}"'
            lines[line] = f"{head}{equals} {value}\n"
            text = "".join(lines)
        elif kind == 6:
            other = draw.randrange(len(lines))
            lines[line], lines[other] = lines[other], lines[line]
            text = "".join(lines)
        else:
            opening, closing = draw.choice(
                ("[]", "{}", "()", ('{"a":', "}"), ("(SELECT ", ")"), ("{a=", "}"))
            )
            text = text[:place] + opening * _DEEP + closing * _DEEP + text[place:]
    return text


def spoiled_value(value: Any, seed: int) -> Any:
    """A copy of a tree of dicts and lists with one node exchanged, left out, renamed or added."""
    draw = random.Random(seed)  # noqa: S311 - no secrets are made
    tree = copy.deepcopy(value)
    nodes = list(_nodes(tree))
    owner, key = draw.choice(nodes)
    kind = draw.randrange(6)
    if kind == 0:
        del owner[key]
    elif kind == 1 and isinstance(owner, dict):
        owner[draw.choice(ODD_TEXTS)] = owner.pop(key)
    elif kind == 2:
        other, there = draw.choice(nodes)
        owner[key] = copy.deepcopy(other[there])
    else:
        owner[key] = draw.choice(ODD_VALUES)
    return tree


def _nodes(tree: Any) -> Any:
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield tree, key
        yield from _nodes(value)


def spoiled_arguments(arguments: list[str], options: list[str], seed: int) -> list[str]:
    """A command line with odd texts for some values, and options put in, left out or doubled."""
    draw = random.Random(seed)  # noqa: S311 - no secrets are made
    given = list(arguments)
    for _ in range(draw.randint(1, 3)):
        place = draw.randrange(1, len(given) + 1)
        kind = draw.randrange(4)
        if kind == 0 and place < len(given):
            given[place] = draw.choice(ODD_TEXTS)
        elif kind == 1 and place < len(given):
            del given[place]
        elif kind == 2:
            given[place:place] = [draw.choice(options), draw.choice(ODD_TEXTS)]
        else:
            given.insert(place, draw.choice((*ODD_TEXTS, *options)))
    return given
