"""Tables of what courses hold to read: wikis, pages, modules and their items."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import rng
from context.arrays import DAY_MS, NO_TIME, repetition
from context.columns import Coded, Maybe
from context.content.content import ITEM_KINDS, LINKED_ENTITIES, ItemKind
from context.tables.bodies import article
from context.tables.every_table import Columns, course_made_ms, touched
from context.terms.drawn import Drawn

# Purposes of randomness: what each number draws.
_FRONT_PAGE, _WIKI_UPDATED, _PAGE_VIEWS, _PAGE_LOCKABLE = 177, 178, 179, 181
_MODULE_PLANNED, _MODULE_DAYS_AHEAD, _PAGE_PROTECTED, _EDITING_ROLES = 187, 188, 188, 189
_WIKI_OPENED = 447


def wikis(d: Drawn, titles: pa.Array) -> Columns:
    """A wiki per course and one of some learner groups; a course's first page may be its front page."""
    courses, groups = d.catalogue.offerings, np.flatnonzero(d.group_has_wiki)
    rows = courses + len(groups)
    g = d.learner_groups
    opened = g.created_ms[groups] + rng.integer(rng.extend(g.key[groups], _WIKI_OPENED), 10 * DAY_MS)
    created = np.concatenate([course_made_ms(d), np.minimum(opened, d.close_ms)])
    p = d.content.pages
    first = np.searchsorted(p.offering, np.arange(courses))
    has_page = np.isin(np.arange(courses), p.offering)
    has_front = d.coin(d.catalogue.offering_key, _FRONT_PAGE, "wiki.front_page_share") & has_page
    first, has_front = (np.concatenate([a, np.zeros(len(groups), a.dtype)]) for a in (first, has_front))
    front = page_urls(d, titles).take(pa.array(np.where(has_front, first, 0), mask=~has_front))
    key = np.concatenate([d.catalogue.offering_key, g.key[groups]])
    return {
        "course_offering_id": Maybe(1 + np.arange(rows), np.arange(rows) < courses),
        "title": Coded((np.arange(rows) >= courses).astype(np.int64), ("Pages", "Group Pages")),
        "parent_type": Coded((np.arange(rows) >= courses).astype(np.int64), ("Course", "Group")),
        "front_page_url": front,
        "has_no_front_page": ~has_front,
        "created_date": created,
        "updated_date": created + rng.integer(rng.extend(key, _WIKI_UPDATED), 19 * DAY_MS),
    }, rows


def slugs(titles: pa.Array) -> pa.Array:
    """Page addresses as Canvas makes them: lower case, runs of other characters to one dash."""
    dashed = pc.replace_substring_regex(pc.utf8_lower(titles), "[^a-z0-9]+", "-")
    return pc.utf8_trim(dashed, "-")


def page_urls(d: Drawn, titles: pa.Array) -> pa.Array:
    """Slugs; where a course would have one twice, the later pages get -2, -3 and so on."""
    slug = slugs(titles).dictionary_encode()
    code = d.content.pages.offering * max(len(slug.dictionary), 1) + slug.indices.to_numpy()
    nth = repetition(code)
    again = pc.if_else(pa.array(nth > 0), frame.join("-", frame.texts(nth + 1)), "")
    return frame.join(slug, again)


def pages(d: Drawn, titles: pa.Array) -> Columns:
    """Wiki pages."""
    p = d.content.pages
    views = rng.poisson(rng.extend(p.key, _PAGE_VIEWS), np.minimum(d.offering_size[p.offering] * 1.0, 200.0))
    updated = touched(d, p.release_ms, p.key)
    roles = rng.categorical(rng.extend(p.key, _EDITING_ROLES), rng.thresholds([0.94, 0.055, 0.005]))
    return {
        "wiki_id": p.offering + 1,
        "body": article(d, "page", p.key, p.offering, 3, 0.6, 0.45),
        "comments_count": 0,
        "could_be_locked": d.coin(p.key, _PAGE_LOCKABLE, "wiki_page.lockable_share"),
        "created_date": p.release_ms,
        "editing_roles": Coded(roles, ("teachers", "teachers,students", "public")),
        "is_protected_editing": (roles == 0) & d.coin(p.key, _PAGE_PROTECTED, "wiki_page.protected_share"),
        "revised_date": updated,
        "status": "active",
        "title": titles,
        "updated_date": updated,
        "url": page_urls(d, titles),
        "view_count": views.astype(np.int64),
    }, len(p)


def modules(d: Drawn, titles: pa.Array) -> Columns:
    """Modules."""
    m, gated = d.content.modules, d.requirements.gated
    planned = d.coin(m.key, _MODULE_PLANNED, 0.15)
    return {
        "course_offering_id": m.offering + 1,
        "prerequisite_module_id": Maybe(np.arange(len(m)), gated),
        "name": titles,
        "position": m.ordinal + 1,
        "sequential": Coded(np.where(d.requirements.in_order, 0, 1), ("required", "not_required")),
        "status": "active",
        "unlocked_date": np.where(planned, m.release_ms, NO_TIME),
        "created_date": m.release_ms
        - planned * (1 + rng.integer(rng.extend(m.key, _MODULE_DAYS_AHEAD), 25)) * DAY_MS,
        "updated_date": touched(d, m.release_ms, m.key),
    }, len(m)


def module_items(d: Drawn, titles: dict[str, pa.Array]) -> Columns:
    """Items of modules, with the title of what they link to."""
    i = d.content.module_items
    title = pa.nulls(len(i), pa.string())
    for name, code in LINKED_ENTITIES.items():
        title = pc.coalesce(title, titles[name].take(pa.array(i.target, mask=i.kind != code)))
    title = pc.coalesce(
        title, titles["module"].take(pa.array(i.module, mask=i.kind != ItemKind.CONTEXT_MODULE_SUB_HEADER))
    )
    r = d.requirements
    columns: dict[str, object] = {
        f"{name}_id": Maybe(i.target + 1, i.kind == code) for name, code in LINKED_ENTITIES.items()
    }
    columns |= {
        "module_id": i.module + 1,
        "course_offering_id": d.content.modules.offering[i.module] + 1,
        "completion_type": Coded(r.type, r.types),
        "min_score": Maybe(r.min_score_hundredths, r.min_score_hundredths > 0),
        "position": i.position,
        "status": "active",
        "title": title,
        "type": Coded(i.kind, ITEM_KINDS),
        "created_date": i.release_ms,
        "updated_date": touched(d, i.release_ms, i.key),
    }
    return columns, len(i)
