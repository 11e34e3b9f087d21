"""Titles from the pack's templates and topics: plausible, invented, a pure function of the object's key."""

from __future__ import annotations

from math import gcd
from string import Formatter
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context import columns as frame
from context import rng
from context.arrays import I64, U64, repetition
from context.columns import Coded
from context.errors import InputError
from context.packs.course_spec import WORKS
from context.packs.pack import Pack

if TYPE_CHECKING:
    from context.terms.drawn import Drawn

MOST_SENTENCES = 8
_COURSE_FORMS = {
    "100": ("Introduction to {topic}", "{topic}", "Foundations of {topic}"),
    "200": ("{topic}", "Principles of {topic}", "Topics in {topic}"),
    "300": ("{topic}", "Intermediate {topic}", "Methods in {topic}"),
    "400": ("Advanced {topic}", "Seminar: {topic}", "{topic} in Practice"),
    "500": ("Graduate {topic}", "Advanced {topic}", "Theory of {topic}"),
    "700": ("Research Seminar: {topic}", "Directed Study: {topic}", "Special Topics: {topic}"),
}
# Purposes of randomness: what each number draws.
_COURSE_TOPIC, _COURSE_FORM, _TOPIC, _HABIT = 130, 131, 132, 133
_TEMPLATE, _SENTENCE_START, _SENTENCE_STRIDE, _PHRASE_TEMPLATE = 134, 140, 141, 142
_PHRASE_TOPIC = 143


def course_titles(d: Drawn) -> pa.Array:
    """A title per course offering."""
    c, topics = d.catalogue, d.topics
    levels = [str(level) for level in d.pack.table("level")["level"]]
    which = rng.bits(rng.extend(c.offering_key, _COURSE_TOPIC))
    form = rng.integer(rng.extend(c.offering_key, _COURSE_FORM), 3)
    titles = []
    subjects = d.structures.offering_subject
    for subject, level, pick, variant in zip(subjects, c.offering_level, which, form, strict=True):
        choices = topics[subject] or [d.structures.subject_titles[subject]]
        titles.append(_COURSE_FORMS[levels[level]][variant].format(topic=choices[int(pick) % len(choices)]))
    return pa.array(titles)


def object_titles(d: Drawn, kind: str, offering: I64, week: I64, key: U64) -> pa.Array:
    """Titles of course objects of a ``kind`` of the pack's title.csv."""
    table = d.pack.table("title")
    templates = [str(t) for k, t in zip(table["kind"], table["template"], strict=True) if k == kind]
    topic = rng.bits(rng.extend(key, _TOPIC))
    # A course keeps to three of the templates: its instructor's habit.
    habit = rng.integer(rng.extend(d.catalogue.offering_key, _HABIT), len(templates))[offering]
    pick = (habit + rng.integer(rng.extend(key, _TEMPLATE), 3)) % len(templates)
    # Numbers count the works of one kind in one course, and other titles by their form: after "Quiz 2" comes
    # "Quiz 3: Genetics".
    number = repetition(offering if kind in WORKS else offering * len(templates) + pick)
    choices, first, sizes = _choices(d)
    subject = d.structures.offering_subject[offering]
    said = first[subject] + (topic % sizes[subject].astype(np.uint64)).astype(np.int64)
    # Titles that come again are written once: most are, with a number or a week alone.
    values = {"n": number + 1, "w": np.maximum(week, 1), "topic": said}
    code = pick
    for name, value in values.items():
        uses = np.array([any(part[1] == name for part in Formatter().parse(text)) for text in templates])
        values[name] = np.where(uses[pick], value, 0)
        code = code * (int(values[name].max(initial=0)) + 1) + values[name]
    _, rows, again = np.unique(code, return_index=True, return_inverse=True)
    columns = (column[rows].tolist() for column in (pick, *values.values()))
    titles = [
        templates[t].format(n=n, w=w, topic=choices[about]) for t, n, w, about in zip(*columns, strict=True)
    ]
    return pa.array(titles, pa.string()).take(pa.array(again))


def _choices(d: Drawn) -> tuple[list[str], I64, I64]:
    """(topics of all subjects, where each subject's begin there, how many it has)."""
    by_subject = [topics or ["the Field"] for topics in d.topics]
    sizes = np.array([len(topics) for topics in by_subject])
    return [topic for topics in by_subject for topic in topics], np.cumsum(sizes) - sizes, sizes


def phrases(pack: Pack, kind: str) -> list[str]:
    """Phrases of a ``kind`` of the pack's phrase.csv. Raises InputError when it has none."""
    table = pack.table("phrase")
    texts = [str(text) for k, text in zip(table["kind"], table["phrase"], strict=True) if k == kind]
    if not texts:
        raise InputError(f"pack {pack.name}: phrase.csv: no row given of kind {kind!r}, allowed: one or more")
    return texts


def topic_phrases(d: Drawn, kind: str, subject: npt.NDArray[Any], key: U64, form: str = "{}") -> Coded:
    """One phrase of a ``kind`` for each key, about a topic of its ``subject``, put into ``form``."""
    templates, (topics, first, sizes) = phrases(d.pack, kind), _choices(d)
    around = [form.format(template.format(topic="\0")).split("\0") for template in templates]
    texts = [topic.join(parts) for parts in around for topic in topics]
    template = rng.integer(rng.extend(key, _PHRASE_TEMPLATE), len(templates))
    topic = rng.integer(rng.extend(key, _PHRASE_TOPIC), sizes[subject])
    return Coded(template * len(topics) + first[subject] + topic, texts)


def sentences(d: Drawn, kind: str, key: U64, count: I64) -> pa.Array:
    """Up to eight sentences of the pack's phrase.csv as an HTML paragraph; none comes twice in one."""
    return frame.join("<p>", *_sentences(d, kind, key, count), "</p>")


def plain_sentences(d: Drawn, kind: str, key: U64, count: I64) -> pa.Array:
    """The same as plain text. Raises InputError when the pack has no phrase of the kind."""
    return frame.join(*_sentences(d, kind, key, count))


def _sentences(d: Drawn, kind: str, key: U64, count: I64) -> list[pa.Array]:
    texts = phrases(d.pack, kind)
    first, later = pa.array([*texts, ""]), pa.array([*(f" {text}" for text in texts), ""])
    none = len(texts)
    parts: list[pa.Array] = []
    begin = rng.integer(rng.extend(key, _SENTENCE_START), none)
    # A stride that shares no factor with their number visits each sentence once.
    strides = np.array([step for step in range(1, none + 1) if gcd(step, none) == 1])
    stride = strides[rng.integer(rng.extend(key, _SENTENCE_STRIDE), len(strides))]
    for place in range(min(MOST_SENTENCES, none, int(count.max(initial=1)))):
        pick = (begin + place * stride) % none
        parts.append((later if place else first).take(pa.array(np.where(place < count, pick, none))))
    return parts
