"""Emoji at the end of posts: some people write them, and those people not always."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import rng
from context.arrays import I64, U64
from context.tables.titles import phrases
from context.terms.drawn import Drawn

_END = "</p>"
# Purposes of a person's key: whether they write any; of a post's: whether it has one, and which.
_WRITES, _HAS, _WHICH = 1462, 1463, 1464


def with_emoji(d: Drawn, body: pa.Array, key: U64, person: I64) -> pa.Array:
    """Posts of ``person``, paragraphs in HTML, some with an emoji of the pack as their last word."""
    choices = phrases(d.pack, "emoji")
    writes = d.coin(d.identity.key, _WRITES, d.pack.number("post.emoji_writers_share"))[person]
    has = writes & d.coin(key, _HAS, d.pack.number("post.emoji_share"))
    which = rng.integer(rng.extend(key, _WHICH), len(choices))
    ends = pa.array([_END, *(f" {emoji}{_END}" for emoji in choices)])
    cut = pc.binary_slice(body.cast(pa.binary()), 0, -len(_END)).cast(pa.string())
    bare = pc.if_else(pc.ends_with(body, _END), cut, body)
    return frame.join(bare, ends.take(pa.array(np.where(has, which + 1, 0))))
