"""Documents, and where in each its extensions stand: columns copy from there what they have as well."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.arrays import I64, U8
from sim.caliper.shapes import Shape, Text, tokens_of
from sim.render.fragments import Fragment

_INLINE = 12  # of a view: shorter texts would have to stand in it


@dataclass(frozen=True)
class Rendered:
    """``texts``: a document per event. ``starts``: the byte in all of them at which its extensions begin, -1
    for none; None where that is not known.
    """

    texts: pa.StringArray
    starts: I64 | None

    def extensions(self) -> pa.StringArray | None:
        """The extensions of each document as JSON text, NULL for none; None where they must be made."""
        if self.starts is None:
            return None
        n, there = len(self.starts), self.starts >= 0
        ends = np.frombuffer(self.texts.buffers()[1], np.int32)[1 : n + 1] - 1  # the document's own bracket
        size = np.where(there, ends - self.starts, 0)
        if n and size[there].min(initial=_INLINE + 1) <= _INLINE:
            return None
        views = np.empty((n, 2), dtype=np.int64)
        views[:, 0], views[:, 1] = size, np.where(there, self.starts, 0) << 32
        valid = None if there.all() else pa.py_buffer(np.packbits(there, bitorder="little"))
        buffers = [valid, pa.py_buffer(views), self.texts.buffers()[2]]
        return pa.Array.from_buffers(pa.string_view(), n, buffers).cast(pa.string())


class ExtensionPlaces:
    """Where the extensions of each kind's documents begin: a fragment's end, and so many bytes before it.

    That is so where they are a document's last member and begin in a constant that ends its fragment.
    """

    def __init__(self, shapes: Sequence[Shape], fragments: Sequence[Sequence[Fragment]]) -> None:
        found = [_place(shape, own) for shape, own in zip(shapes, fragments, strict=True)]
        self.known = np.array([place is not None for place in found])
        self._fragment = np.array([-1 if place is None else place[0] for place in found])
        self._before = np.array([0 if place is None else place[1] for place in found])

    def starts(self, kinds: U8, ends: npt.NDArray[np.int32], first: I64) -> I64 | None:
        """The first byte of each document's extensions, -1 for none; None where a kind's are not known.

        ``ends``: where each fragment of all documents ends; ``first``: the first fragment of each document.
        """
        if not self.known[kinds].all():
            return None
        fragment = self._fragment[kinds]
        at = ends[first + np.maximum(fragment, 0)] - self._before[kinds]
        return np.where(fragment < 0, -1, at)


def _place(shape: Shape, fragments: Sequence[Fragment]) -> tuple[int, int] | None:
    """(fragment, bytes before its end); fragment -1 for a shape without extensions; None if not so placed."""
    if "extensions" not in shape:
        return -1, 0
    if list(shape)[-1] != "extensions":
        return None
    inner = tokens_of(shape["extensions"])
    after = len(inner) - 1  # tokens of the document behind the one that the extensions begin in
    for number in range(len(fragments) - 1, -1, -1):
        tokens = fragments[number].tokens
        if len(tokens) <= after:
            after -= len(tokens)
            continue
        head = inner[0]
        if after or not (isinstance(head, Text) and isinstance(tokens[-1], Text)):
            return None
        begun = head.text if len(inner) > 1 else head.text + "}"
        return (number, len(begun.encode())) if tokens[-1].text.endswith(begun) else None
    return None
