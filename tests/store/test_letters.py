"""Letters beyond ASCII: in names, titles and posts, in the shares of the pack, and emoji in posts."""

from __future__ import annotations

from math import sqrt

import numpy as np

from context.tables.coursework.emoji import with_emoji
from context.tables.institution.spelling import spelled
from tests.samples.tiny import TINY, default_pack, drawn_of, store_of

CAMPUS = TINY.model_copy(update={"fte": 300, "incident": ()})
SD = 5  # standard deviations: a false alarm in 1.7 million


def _share(found: int, wanted: float, variance: float) -> None:
    assert abs(found - wanted) <= SD * sqrt(variance) + 1, (found, wanted)


def test_names_are_written_as_their_bearers_do() -> None:
    """So many bearers of a name as the pack says write its other spelling; a person does so in all terms."""
    d, table = drawn_of(CAMPUS), default_pack().table("spelling")
    for part, names, column in (
        ("first", "first_name", d.identity.first_name),
        ("last", "surname", d.identity.last_name),
    ):
        share = {
            str(name): float(str(value))
            for own, name, value in zip(table["part"], table["name"], table["share"], strict=True)
            if own == part
        }
        each = np.array([share.get(str(name), 0.0) for name in default_pack().table(names)["name"]])[column]
        written = spelled(d.pack, part, d.identity.key, column).array().to_pylist()
        other = sum(not str(name).isascii() for name in written)
        assert other > 0
        _share(other, each.sum(), (each * (1 - each)).sum())
        again = spelled(d.pack, part, d.identity.key[::-1], column[::-1]).array().to_pylist()
        assert again[::-1] == written


def test_logins_and_addresses_stay_plain() -> None:
    """What machines read has ASCII letters alone: e-mail addresses, logins and addresses of pages."""
    entity = store_of(CAMPUS).entity
    assert all(str(text).isascii() for text in entity["person_email"]["email_address"].to_pylist())
    assert all(text is None or text.isascii() for text in entity["wiki_page"]["url"].to_pylist())


def test_posts_have_emoji() -> None:
    """One post in seventeen ends with an emoji, and three people in ten write any at all."""
    d = drawn_of(CAMPUS)
    entries = store_of(CAMPUS).entity["discussion_entry"]
    emoji = tuple(f"{mark}</p>" for mark in _emoji())
    ends = np.array([text.endswith(emoji) for text in entries["body"].to_pylist()])
    person = d.enrolments.person[d.posts.enrolment]
    writers, share = (d.pack.number(f"post.emoji_{name}") for name in ("writers_share", "share"))
    each = np.bincount(person)
    # Posts of one person go together: the variance is of people, then of their posts.
    variance = float((each**2).sum() * writers * (1 - writers) * share**2 + len(ends) * share * (1 - share))
    _share(int(ends.sum()), len(ends) * writers * share, variance)
    assert ends.sum() > 100
    people = len(np.unique(person))
    _share(len(np.unique(person[ends])), people * writers, 2 * people * writers)
    assert len(np.unique(person[ends])) <= people * writers + SD * sqrt(people * writers * (1 - writers))


def _emoji() -> list[str]:
    table = default_pack().table("phrase")
    return [str(text) for kind, text in zip(table["kind"], table["phrase"], strict=True) if kind == "emoji"]


def test_accents_in_posts_come_from_what_they_are_about() -> None:
    """Sentences of posts have no letters beyond ASCII, topics have: few posts have such letters.

    Of 300 FTE's posts .03; courses write about topics of theirs, .10 is far beyond that.
    """
    law = default_pack().table("phrase")
    sentences = [
        str(text) for kind, text in zip(law["kind"], law["phrase"], strict=True) if kind in ("post", "reply")
    ]
    assert len(sentences) > 70
    assert not any(_accented(text) for text in sentences)
    bodies = [str(text) for text in store_of(CAMPUS).entity["discussion_entry"]["body"].to_pylist()]
    assert 0 < np.mean([_accented(text) for text in bodies]) < 0.1


def _accented(text: str) -> bool:
    return any(letter.isalpha() and not letter.isascii() for letter in text)


def test_emoji_stand_inside_of_the_paragraph() -> None:
    """A post stays one paragraph, and keeps what was said."""
    d = drawn_of(CAMPUS)
    key, person = d.posts.key[:500], d.enrolments.person[d.posts.enrolment[:500]]
    body = store_of(CAMPUS).entity["discussion_entry"]["body"].slice(0, 500).combine_chunks()
    for text in with_emoji(d, body, key, person).to_pylist():
        assert text.startswith("<p>")
        assert text.count("</p>") == 1


def test_titles_have_other_letters() -> None:
    """Some titles of pages and work have dashes and names of other languages, far from all."""
    entity = store_of(CAMPUS).entity
    for table, name, least, most in (
        ("wiki_page", "title", 0.02, 0.5),
        ("learner_activity", "title", 0.002, 0.3),
    ):
        titles = entity[table][name].to_pylist()
        share = sum(not str(title).isascii() for title in titles) / len(titles)
        assert least < share < most, (table, share)
