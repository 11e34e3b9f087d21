"""Texts of course content as Canvas keeps them: HTML of headings, paragraphs and lists about a topic.

They are put together from the pack's phrases: ``<kind>_topic`` opens a text with a topic of its discipline,
``<kind>`` goes on, ``heading`` stands above. All of it is invented.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import rng
from context.arrays import BOOL, I64, U64
from context.columns import Coded
from context.tables.titles import phrases, plain_sentences, topic_phrases
from context.terms.drawn import Drawn

MOST_LIST_ITEMS = 4  # of a list
# Purposes of randomness: what each number draws.
_SECTIONS, _SECTION, _HAS_HEADING, _SENTENCES = 145, 146, 147, 148
_HAS_LIST, _HEADING, _LIST_START, _LIST_LENGTH = 149, 163, 161, 162


def paragraph(d: Drawn, kind: str, key: U64, offering: I64, count: I64) -> pa.Array:
    """One paragraph: a sentence about a topic and ``count`` more."""
    lead = topic_phrases(d, f"{kind}_topic", d.structures.offering_subject[offering], key)
    return frame.join("<p>", lead, " ", plain_sentences(d, kind, key, count), "</p>")


def article(
    d: Drawn, kind: str, key: U64, offering: I64, sections: int, heading_share: float, list_share: float
) -> pa.Array:
    """One to ``sections`` sections: a heading at times, a paragraph, a list at times."""
    wanted = 1 + rng.integer(rng.extend(key, _SECTIONS), sections)
    parts: list[pa.Array] = []
    for place in range(sections):
        own = rng.extend(key, _SECTION + place) if place else key
        there = place < wanted
        head = _heading(d, own, there & (rng.uniform(rng.extend(own, _HAS_HEADING)) < heading_share))
        body = paragraph(d, kind, own, offering, 1 + rng.integer(rng.extend(own, _SENTENCES), 4))
        points = _list(d, kind, own, there & (rng.uniform(rng.extend(own, _HAS_LIST)) < list_share))
        section = frame.join("\n" if place else "", head, body, points)
        parts.append(section if not place else pc.if_else(pa.array(there), section, ""))
    return frame.join(*parts)


def _heading(d: Drawn, key: U64, there: BOOL) -> Coded:
    texts = ["", *(f"<h3>{text}</h3>\n" for text in phrases(d.pack, "heading"))]
    return Coded(np.where(there, 1 + rng.integer(rng.extend(key, _HEADING), len(texts) - 1), 0), texts)


def _list(d: Drawn, kind: str, key: U64, there: BOOL) -> pa.Array:
    """A list of two to four different phrases of the kind, or nothing."""
    texts = phrases(d.pack, kind)
    items = ["", *(f"<li>{text}</li>\n" for text in texts)]
    begin = rng.integer(rng.extend(key, _LIST_START), len(texts))
    length = 2 + rng.integer(rng.extend(key, _LIST_LENGTH), MOST_LIST_ITEMS - 1)
    parts = [
        Coded(np.where(there & (place < length), 1 + (begin + place) % len(texts), 0), items)
        for place in range(min(MOST_LIST_ITEMS, len(texts)))
    ]
    ends = [Coded(there.astype(np.int64), ["", text]) for text in ("\n<ul>\n", "</ul>")]
    return frame.join(ends[0], *parts, ends[1])
