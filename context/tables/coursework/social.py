"""Tables of what people do together: learner groups, conversations, web conferences."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import rng
from context.arrays import BOOL, DAY_MS, I64, MINUTE_MS, NEVER, NO_TIME
from context.columns import Coded, Maybe
from context.courses import learner_groups
from context.courses.conferences import GuestPart
from context.courses.structures import COLLEGES
from context.tables.every_table import Pair, canvas_table, coded
from context.tables.titles import plain_sentences
from context.terms.drawn import Drawn, Tables

_PARTS = tuple(part.name.lower() for part in GuestPart)
# Purposes of randomness: what each number draws.
_JOIN_LEVEL, _PUBLIC, _DEFAULT_VIEW, _GROUP_UPDATED = 440, 441, 442, 443
_MEMBER, _MEMBER_PERSON, _ATTACHED, _RECORDED = 444, 445, 450, 451
_NO_SUBJECT, _SENTENCES, _GREETS, _GENERATED = 452, 453, 454, 455
_TOOL = 460


def social_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of groups, conversations and conferences."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, make in (
        ("learner_group", _groups),
        ("learner_group_membership", _members),
        ("conversation", _conversations),
        ("conversation_message", _messages),
        ("participant_session", _conferences),
        ("participant_session_role", _guests),
    ):
        entity[name], keymap[name] = make(d)
    return entity, keymap


def _sets(d: Drawn) -> tuple[I64, Coded]:
    """(set of each learner group, its name)."""
    g = d.learner_groups
    names = (*learner_groups.GROUP_SETS, *learner_groups.STANDING_GROUPS)
    sets = np.where(g.offering >= 0, g.name, g.name + len(learner_groups.GROUP_SETS))
    return sets, Coded(sets, names)


def learner_group_names(d: Drawn) -> pa.Array:
    """Names of learner groups, such as Lab Team 3."""
    g, (_, category) = d.learner_groups, _sets(d)
    colleges = pa.array([title for _, title, _ in COLLEGES]).take(pa.array(np.maximum(g.college, 0)))
    numbered = frame.join(pc.replace_substring_regex(category.array().dictionary_decode(), "s$", ""), " ")
    return pc.if_else(
        pa.array(g.offering >= 0),
        frame.join(numbered, frame.texts(g.number)),
        frame.join(category, ", ", colleges),
    )


def _groups(d: Drawn) -> Pair:
    g = d.learner_groups
    rows, of_course = len(g), g.offering >= 0
    sets, category = _sets(d)
    name = learner_group_names(d)
    # A set of a course is one; each standing group has a set of its own.
    code = np.where(of_course, g.offering + 1, d.catalogue.offerings + 1 + sets * len(COLLEGES) + g.college)
    deleted = np.where(g.deleted, g.created_ms + 20 * MINUTE_MS, NO_TIME)
    touched = g.created_ms + rng.integer(rng.extend(g.key, _GROUP_UPDATED), DAY_MS)
    joins = d.pack.categorical("learner_group", "join_level")
    places = np.array([joins.given_code(0, name) for name in ("Course", "Account")])
    level = joins.draw(rng.extend(g.key, _JOIN_LEVEL), places[1 - of_course.astype(np.int64)])
    kept_mb = (d.pack.number(f"learner_group.{name}_storage_mb") for name in ("course", "account"))
    columns = {
        "course_offering_id": Maybe(g.offering + 1, of_course),
        "learning_environment_organization_id": Maybe(g.college + 2, ~of_course),
        "wiki_id": Maybe(d.catalogue.offerings + 1 + np.cumsum(d.group_has_wiki) - 1, d.group_has_wiki),
        "group_category_id": d.local("group category", int(code.max()) + 1)[code],
        "category": category,
        "name": name,
        "description": Maybe(frame.join("<p>", name, ": a group of the college.</p>"), ~of_course),
        "context_type": Coded(1 - of_course.astype(np.int64), ("Course", "Account")),
        "join_level": Coded(level, joins.values),
        "max_membership": Maybe(g.most, g.most > 0),
        "storage_quota": np.where(of_course, *(round(mb * 1024 * 1024) for mb in kept_mb)),
        "is_public": d.coin(g.key, _PUBLIC, "learner_group.public_share"),
        "is_default_view": Maybe(
            np.ones(rows, np.bool_), d.coin(g.key, _DEFAULT_VIEW, "learner_group.default_view_known_share")
        )
        if rows
        else None,
        "status": Coded(np.where(g.deleted, 1, 0), ("available", "deleted")),
        "created_date": g.created_ms,
        "updated_date": np.where(g.deleted, deleted, touched),
        "deleted_date": deleted,
    }
    return canvas_table(d, "learner_group", rows, columns, g.created_ms)


def _members(d: Drawn) -> Pair:
    g = d.learner_groups
    rows = len(g.member_group)
    key = rng.extend(g.key[g.member_group], _MEMBER) ^ rng.bits(
        d.identity.key[g.member_person], _MEMBER_PERSON
    )
    left = g.member_left_ms < NEVER
    standing = g.member_enrolment < 0
    # Who is in a group of a course was put there; standing groups invite people, and people ask.
    law = d.pack.categorical("learner_group_membership", "status")
    names = (*law.values, "deleted")
    drawn = np.where(standing, law.draw(key), law.values.index("accepted"))
    status = np.where(left, len(law.values), drawn)
    columns = {
        "learner_group_id": g.member_group + 1,
        "person_id": g.member_person + 1,
        "status": Coded(status, names),
        "is_moderator": np.diff(g.member_group, prepend=-1) > 0,
        "created_date": g.member_created_ms,
        "updated_date": np.where(left, g.member_left_ms, g.member_created_ms),
    }
    return canvas_table(d, "learner_group_membership", rows, columns, g.member_created_ms)


def _flags(d: Drawn) -> tuple[BOOL, BOOL]:
    """(messages with a file, messages with a recording)."""
    return d.coin(d.inbox.message_key, _ATTACHED, "conversation_message.attachment_share"), d.coin(
        d.inbox.message_key, _RECORDED, "conversation_message.recording_share"
    )


def _conversations(d: Drawn) -> Pair:
    b = d.inbox
    rows = len(b)
    parts = [np.bincount(b.message_conversation, flag, minlength=rows) > 0 for flag in _flags(d)]
    first = np.flatnonzero(np.diff(b.message_conversation, prepend=-1) > 0)
    among = b.group >= 0
    subject = plain_sentences(d, "subject", b.key, np.ones(rows, np.int64))
    general = b.offering < 0
    columns = {
        "course_offering_id": Maybe(b.offering + 1, ~general),
        "learner_group_id": Maybe(b.group + 1, among),
        "learning_environment_organization_id": Maybe(np.ones(rows, np.int64), general),
        "subject": Maybe(subject, ~d.coin(b.key, _NO_SUBJECT, 0.08)),
        "has_attachments": parts[0],
        "has_media_objects": parts[1],
    }
    return canvas_table(d, "conversation", rows, columns, b.message_ms[first])


def _messages(d: Drawn) -> Pair:
    b, rows = d.inbox, len(d.inbox.message_ms)
    first = pa.array([str(name) for name in d.pack.table("first_name")["name"]])
    names = [first.take(pa.array(d.identity.first_name[who])) for who in (b.message_to, b.message_author)]
    count = 1 + rng.integer(rng.extend(b.message_key, _SENTENCES), 3)
    asks = np.diff(b.message_conversation, prepend=-1) > 0
    text = pc.if_else(
        pa.array(asks),
        plain_sentences(d, "question", b.message_key, count),
        plain_sentences(d, "answer", b.message_key, count),
    )
    body = pc.if_else(
        pa.array(d.coin(b.message_key, _GREETS, 0.8)),
        frame.join("Hi ", names[0], ",\n\n", text, "\n\n", names[1]),
        text,
    )
    attached, recorded = _flags(d)
    columns = {
        "conversation_id": b.message_conversation + 1,
        "author_id": b.message_author + 1,
        "body": body,
        "is_generated": d.coin(b.message_key, _GENERATED, "conversation_message.generated_share"),
        "has_attachments": attached,
        "has_media_objects": recorded,
        "message_size_bytes": pc.binary_length(body),
        "message_character_count": pc.utf8_length(body),
        "message_word_count": frame.word_counts(body),
        "message_line_count": pc.add(pc.count_substring(body, "\n"), 1),
        "created_date": b.message_ms,
    }
    return canvas_table(d, "conversation_message", rows, columns, b.message_ms)


def _conferences(d: Drawn) -> Pair:
    c, rows = d.conferences, len(d.conferences)
    planned = c.planned_ms != NO_TIME
    end = np.where(planned, c.planned_ms + c.minutes * MINUTE_MS, NO_TIME)
    updated = np.where(c.ended_ms != NO_TIME, c.ended_ms, c.created_ms)
    columns = {
        "course_offering_id": Maybe(c.offering + 1, c.offering >= 0),
        "learner_group_id": Maybe(c.group + 1, c.group >= 0),
        "title": plain_sentences(d, "conference", c.key, np.ones(rows, np.int64)),
        "type": coded(d, "participant_session", "type", c.key, _TOOL),
        "start_date": c.planned_ms,
        "started_date": c.started_ms,
        "end_date": end,
        "ended_date": c.ended_ms,
        "duration": Maybe(c.minutes, c.minutes >= 0),
        "created_date": c.created_ms,
        "updated_date": updated,
    }
    return canvas_table(d, "participant_session", rows, columns, c.created_ms)


def _guests(d: Drawn) -> Pair:
    c, rows = d.conferences, len(d.conferences.guest_person)
    columns = {
        "participant_session_id": c.guest_conference + 1,
        "person_id": c.guest_person + 1,
        "type": Coded(c.guest_part, _PARTS),
        "created_date": c.guest_created_ms,
        "updated_date": c.guest_updated_ms,
    }
    return canvas_table(d, "participant_session_role", rows, columns, c.guest_created_ms)
