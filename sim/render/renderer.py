"""Integer columns to Caliper JSON, in time order. The bytes are those of ``sim.render.reference``, which says
what a document is; ``sim.render.layout`` puts them together.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pyarrow as pa

from sim.caliper.batch import Batch
from sim.caliper.kinds import KINDS
from sim.render.fragments import fragments_of
from sim.render.layout import Layout
from sim.render.rendered import ExtensionPlaces, Rendered
from sim.render.scopes import Scoped
from sim.tools.vendors import ALL_FIELDS, shape_of
from sim.world.world import World

CHUNK_ROWS = 65_536  # rows put together at a time: some 120 MB


class Renderer:
    """Renders batches of one world. Not for use by several threads at once.

    ``let_go``: what lets pages of the world go, which is called again and again while they are rendered.
    """

    def __init__(self, world: World, let_go: Callable[[], None] | None = None) -> None:
        self.world = world
        shapes = [shape_of(kind, world.tenant) for kind in KINDS]
        fragments = [fragments_of(shape, ALL_FIELDS) for shape in shapes]
        self._layout = Layout(world, fragments, let_go)
        self._extensions = ExtensionPlaces(shapes, fragments)

    def of(self, rows: Scoped) -> Rendered:
        """The documents of a batch that columns are made of as well."""
        bounds, data, ends, first = self._layout.laid_out(rows)
        texts = pa.StringArray.from_buffers(len(rows.batch), pa.py_buffer(bounds), data)
        return Rendered(texts, self._extensions.starts(rows.batch.kind, ends, first))

    def render(self, batch: Batch) -> pa.ChunkedArray:
        """One JSON document (string) per event, in the batch's order."""
        chunks = [array for _, array in self.chunks(batch)]
        return pa.chunked_array(chunks, pa.string())

    def chunks(self, batch: Batch, size: int = CHUNK_ROWS) -> Iterator[tuple[int, pa.StringArray]]:
        """(first row, documents) of runs of ``size`` events."""
        for start in range(0, len(batch), size):
            yield start, self._layout.texts(Scoped(self.world, batch.take(slice(start, start + size))))

    def lines(self, batch: Batch, size: int = CHUNK_ROWS) -> Iterator[tuple[int, memoryview]]:
        """The documents as lines, each ended by a newline: (how many, their bytes), some thousands a time."""
        for start in range(0, len(batch), size):
            rows = Scoped(self.world, batch.take(slice(start, start + size)))
            bounds, data, *_ = self._layout.laid_out(rows, lines=True)
            yield len(bounds) - 1, memoryview(data)[: int(bounds[-1])]
