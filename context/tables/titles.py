"""Titles from the pack's templates and topics: plausible, invented, a pure function of the object's key."""

from __future__ import annotations

from math import gcd
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


def topics_of(d: Drawn) -> list[list[str]]:
    """Topic phrases by subject, into the subjects of the structures: its own, else those of its family."""
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    table, s = d.pack.table("topic"), d.structures
    own: dict[str, list[str]] = {}
    of_family: list[list[str]] = [[] for _ in families]
    shared: list[list[str]] = [[] for _ in families]
    for family, subject, topic in zip(table["cip"], table["subject"], table["topic"], strict=True):
        (own.setdefault(str(subject), []) if subject else shared[families.index(str(family))]).append(
            str(topic)
        )
        of_family[families.index(str(family))].append(str(topic))
    return [
        own.get(subject) or shared[family] or of_family[family]
        for subject, family in zip(s.subjects, s.subject_cip.tolist(), strict=True)
    ]


def course_titles(d: Drawn) -> pa.Array:
    """A title per course offering."""
    c, topics = d.catalogue, topics_of(d)
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
    topics = topics_of(d)
    topic = rng.bits(rng.extend(key, _TOPIC))
    # A course keeps to three of the templates: its instructor's habit.
    habit = rng.integer(rng.extend(d.catalogue.offering_key, _HABIT), len(templates))[offering]
    pick = (habit + rng.integer(rng.extend(key, _TEMPLATE), 3)) % len(templates)
    # Numbers count the works of one kind in one course, and other titles by their form: after "Quiz 2" comes
    # "Quiz 3: Genetics".
    number = repetition(offering if kind in WORKS else offering * len(templates) + pick)
    subject = d.structures.offering_subject[offering]
    titles = []
    columns = (pick.tolist(), subject.tolist(), topic.tolist(), number.tolist(), week.tolist())
    for template, field, which, n, w in zip(*columns, strict=True):
        choices = topics[field] or ["the Field"]
        titles.append(templates[template].format(n=n + 1, w=max(w, 1), topic=choices[which % len(choices)]))
    return pa.array(titles, pa.string())


def phrases(pack: Pack, kind: str) -> list[str]:
    """Phrases of a ``kind`` of the pack's phrase.csv. Raises InputError when it has none."""
    table = pack.table("phrase")
    texts = [str(text) for k, text in zip(table["kind"], table["phrase"], strict=True) if k == kind]
    if not texts:
        raise InputError(f"pack {pack.name}: phrase.csv: no row given of kind {kind!r}, allowed: one or more")
    return texts


def topic_phrases(d: Drawn, kind: str, subject: npt.NDArray[Any], key: U64, form: str = "{}") -> Coded:
    """One phrase of a ``kind`` for each key, about a topic of its ``subject``, put into ``form``."""
    templates, topics = phrases(d.pack, kind), topics_of(d)
    topics = [choices or ["the Field"] for choices in topics]
    sizes = np.array([len(choices) for choices in topics])
    texts = [
        form.format(template.format(topic=topic))
        for template in templates
        for choices in topics
        for topic in choices
    ]
    first = np.cumsum(sizes) - sizes
    template = rng.integer(rng.extend(key, _PHRASE_TEMPLATE), len(templates))
    topic = rng.integer(rng.extend(key, _PHRASE_TOPIC), sizes[subject])
    return Coded(template * int(sizes.sum()) + first[subject] + topic, texts)


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
