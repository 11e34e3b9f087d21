"""What modules ask for: requirements of their items, prerequisites, and whether order matters."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U64
from context.content.activities import OFFLINE, has_type
from context.content.content import ITEM_KINDS, Content, ItemKind
from context.packs.pack import Pack

# Purposes of randomness: what each number draws.
_GATED, _COMPLETION_TYPE, _USES_REQUIREMENTS, _MIN_SCORE = 186, 187, 220, 221
_IN_ORDER = 222


@dataclass(frozen=True)
class Requirements:
    """Of module items: ``type`` to ``activity``; of modules: the rest."""

    type: I32  # index into types, -1: the item asks for nothing
    types: tuple[str, ...]
    min_score_hundredths: I64  # 0 where no score is asked for
    activity: I64  # learner activity behind the item, -1 for none
    discussion: I64  # topic that the item links to, -1 for none
    gated: BOOL  # asks for the module before it, which is then neither gated itself nor asks for work
    in_order: BOOL

    def is_type(self, name: str) -> BOOL:
        """True for items with that requirement."""
        return np.asarray(self.type == (self.types.index(name) if name in self.types else -2))


def make_requirements(pack: Pack, content: Content, offering_key: U64) -> Requirements:
    """Requirements of all modules and their items."""
    items, modules = content.module_items, content.modules
    uses = rng.uniform(rng.extend(offering_key, _USES_REQUIREMENTS)) < pack.number(
        "content.requirements_share"
    )
    used = uses[modules.offering]
    law = pack.categorical("module_item", "completion_type")
    kinds = np.array(
        [law.given_values[0].index(kind) if kind in law.given_values[0] else -1 for kind in ITEM_KINDS]
    )[items.kind]
    drawn = np.full(len(items), -1, dtype=np.int64)
    rows = np.flatnonzero(used[items.module] & (kinds >= 0))
    drawn[rows] = law.draw(rng.extend(items.key[rows], _COMPLETION_TYPE), kinds[rows])
    types = tuple(str(value) for value in law.values if value)
    place = np.array([types.index(value) if value else -1 for value in law.values])
    type_ = np.where(drawn >= 0, place[drawn], -1)
    # The first, third ... modules may be asked for by the next one.
    asks = rng.uniform(rng.extend(modules.key, _GATED)) < pack.number("module.gated_share")
    gated = used & (modules.ordinal % 2 == 1) & asks
    asked_for = np.zeros(len(modules), dtype=np.bool_)
    asked_for[:-1] = gated[1:]
    gated[1:] &= np.isin(np.arange(len(modules) - 1), items.module[type_ >= 0])
    asked_for[:-1] = gated[1:]
    activity = np.full(len(items), -1, dtype=np.int64)
    discussion = np.full(len(items), -1, dtype=np.int64)
    at = np.flatnonzero(items.kind == ItemKind.ASSIGNMENT)
    activity[at] = items.target[at]
    at = np.flatnonzero(items.kind == ItemKind.QUIZ)
    activity[at] = content.quizzes.activity[items.target[at]]
    at = np.flatnonzero(items.kind == ItemKind.DISCUSSION_TOPIC)
    activity[at] = content.discussions.activity[items.target[at]]
    discussion[at] = items.target[at]
    online = ~has_type(pack, content.activities, *OFFLINE)
    can_submit = (activity >= 0) & np.append(online, [False])[activity]
    can_score = can_submit & np.append(content.activities.counts, [False])[activity]
    view = types.index("must_view")
    for name, possible in (
        ("must_submit", can_submit & ~asked_for[items.module]),
        ("min_score", can_score & ~asked_for[items.module]),
        ("must_contribute", (discussion >= 0) & ~asked_for[items.module]),
    ):
        if name in types:
            type_ = np.where((type_ == types.index(name)) & ~possible, view, type_)
    least = pack.categorical("module_item", "min_score")
    percent = np.array([int(str(value)) for value in least.values])[
        least.draw(rng.extend(items.key, _MIN_SCORE))
    ]
    points = np.append(content.activities.points_hundredths, 0)[activity]
    wants_score = type_ == (types.index("min_score") if "min_score" in types else -2)
    return Requirements(
        type=type_.astype(np.int32),
        types=types,
        min_score_hundredths=np.where(wants_score, points * percent // 100, 0),
        activity=activity,
        discussion=discussion,
        gated=gated,
        in_order=asked_for
        & (rng.uniform(rng.extend(modules.key, _IN_ORDER)) < pack.number("module.in_order_share")),
    )
