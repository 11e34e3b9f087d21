"""Integer columns to Caliper JSON: fragments rendered once a unit, then one pass in time order.

A document is fourteen pieces in a row: constants, fragments of its kind, person, object and enrolment, and
the texts of its own ids, time, session and address. Arrow's string kernels put them together, some
thousands of rows at a time. The bytes are those of ``sim.reference``, which says what a document is.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import orjson
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from sim.batch import Batch
from sim.clients import addresses, devices
from sim.fragments import Fragments
from sim.kinds import KIND, KINDS
from sim.reference import CONTEXT, KEY
from sim.world import World

I64 = npt.NDArray[np.int64]
U8 = npt.NDArray[np.uint8]
U64 = npt.NDArray[np.uint64]
CHUNK = 16_384  # rows joined at a time: some 30 MB, small enough for the cache of fragments to stay warm
_HEX = np.array([f"{byte:02x}".encode() for byte in range(256)], dtype="S2").view(np.uint16)
_DASHES = (8, 13, 18, 23)
_ACTOR_FORM = {"submission_created": 1, "grade_change": 2}
_UUID_PLACES = np.array([place for place in range(36) if place not in _DASHES])


def hex_texts(high: U64, low: U64) -> U8:
    """[n, 32] bytes: the hexadecimal digits of 128-bit numbers."""
    both = np.empty((len(high), 2), dtype=">u8")
    both[:, 0], both[:, 1] = high, low
    digits: U8 = _HEX[both.view(np.uint8)].view(np.uint8).reshape(len(high), 32)
    return digits


def fixed(texts: U8) -> pa.StringArray:
    """[n, width] bytes as a string array, without a copy."""
    n, width = texts.shape
    offsets = np.arange(n + 1, dtype=np.int32) * width
    return pa.StringArray.from_buffers(n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(texts)))


def uuids(high: U64, low: U64) -> pa.StringArray:
    """8-4-4-4-12 texts."""
    texts = np.full((len(high), 36), ord("-"), dtype=np.uint8)
    texts[:, _UUID_PLACES] = hex_texts(high, low)
    return fixed(texts)


def times(ms: I64) -> pa.StringArray:
    """``2026-10-12T13:05:09.123Z``: the text of each minute once, the rest by arithmetic."""
    if not len(ms):
        return pa.array([], pa.string())
    minute, within = np.divmod(ms, 60_000)
    turns = np.diff(minute, prepend=minute[0] - 1) != 0  # events come in order: few minutes, in runs
    row = np.cumsum(turns) - 1
    table = pc.strftime(pa.array(minute[turns] * 60_000).cast(pa.timestamp("ms")), format="%Y-%m-%dT%H:%M:")
    heads = np.frombuffer(b"".join(text.encode()[:17] for text in table.to_pylist()), dtype=np.uint8)
    texts = np.empty((len(ms), 24), dtype=np.uint8)
    texts[:, :17] = heads.reshape(-1, 17)[row]
    for place, divisor in ((17, 10_000), (18, 1_000), (20, 100), (21, 10), (22, 1)):
        texts[:, place] = within // divisor % 10 + ord("0")
    texts[:, 19], texts[:, 23] = ord("."), ord("Z")
    return fixed(texts)


@dataclass(frozen=True)
class Pieces:
    """Fragments of a unit and the rows of each event in them."""

    kinds: pa.StringArray
    actors: pa.StringArray
    actor: I64
    heads: pa.StringArray
    tails: pa.StringArray
    urls: pa.StringArray
    object: I64
    memberships: pa.StringArray
    membership: I64


class Renderer:
    """Renders batches of one world."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fragments = Fragments(world)
        head = orjson.dumps({"@context": CONTEXT, "id": "urn:uuid:"}).decode()[:-2]
        self._head = head
        self._kinds = pa.array([f'","type":"{kind.type}","actor":' for kind in KINDS])
        self._session = ',"session":{"id":"urn:instructure:canvas:session:'
        self._request = (
            f'","type":"Session"}},"extensions":{{"{KEY}":{{"hostname":"{world.tenant.host}","request_id":"'
        )
        agents = [orjson.dumps(agent).decode() for agent in world.devices.to_pylist()]
        self._agents = pa.array([f'","user_agent":{agent},"client_ip":"' for agent in agents])

    def render(self, batch: Batch) -> pa.ChunkedArray:
        """One JSON document (string) per event, in the batch's order."""
        chunks = [array for _, array in self.chunks(batch)]
        return pa.chunked_array(chunks, pa.string())

    def chunks(self, batch: Batch, size: int = CHUNK) -> Iterator[tuple[int, pa.StringArray]]:
        """(first row, documents) of runs of ``size`` events."""
        pieces = self._pieces(batch)
        for start in range(0, len(batch), size):
            yield (
                start,
                self._join(batch.take(slice(start, start + size)), pieces, slice(start, start + size)),
            )

    def _pieces(self, batch: Batch) -> Pieces:
        people, person = np.unique(batch.person, return_inverse=True)
        # Canvas tells less of the actor of a submission, and nothing of a grader.
        actor = person + len(people) * np.array([_ACTOR_FORM.get(kind.name, 0) for kind in KINDS])[batch.kind]
        outside = (batch.enrolment < 0) | (batch.kind == KIND["submission_created"])
        enrolments, enrolment = np.unique(batch.enrolment[~outside], return_inverse=True)
        membership = np.zeros(len(batch), dtype=np.int64)  # row 0 is nothing at all
        membership[~outside] = enrolment + 1
        heads, tails, urls, rows = self._objects(batch)
        return Pieces(
            kinds=self._kinds,
            actors=pa.concat_arrays(
                [
                    self.fragments.actors(people),
                    self.fragments.submitters(people),
                    self.fragments.graders(people),
                ]
            ),
            actor=actor,
            heads=heads,
            tails=tails,
            urls=urls,
            object=rows,
            memberships=pa.concat_arrays([pa.array([""]), self.fragments.memberships(enrolments)]),
            membership=membership,
        )

    def _objects(self, batch: Batch) -> tuple[pa.StringArray, pa.StringArray, pa.StringArray, I64]:
        """Fragments of every (kind, object) in the batch, and the row of each event among them."""
        span = np.int64(1) << 40
        code = batch.kind.astype(np.int64) * span + batch.object + 1
        used, rows = np.unique(code, return_inverse=True)
        parts = []
        for kind in range(len(KINDS)):
            mine = used[(used >= kind * span) & (used < (kind + 1) * span)]
            if len(mine):
                parts.append(self.fragments.objects(KINDS[kind], mine - kind * span - 1))
        if not parts:
            empty = pa.array([], pa.string())
            return empty, empty, empty, rows
        heads, tails, urls = (pa.concat_arrays(list(column)) for column in zip(*parts, strict=True))
        return heads, tails, urls, rows.astype(np.int64)

    def _join(self, batch: Batch, pieces: Pieces, rows: slice) -> pa.StringArray:
        actor, target, membership = (
            pa.array(a[rows]) for a in (pieces.actor, pieces.object, pieces.membership)
        )
        request = rng.uuid_bits(rng.extend(batch.uuid_low, 7))
        device = devices(self.world, batch.person, batch.visit)
        return pc.binary_join_element_wise(
            self._head,
            uuids(batch.uuid_high, batch.uuid_low),
            pieces.kinds.take(pa.array(batch.kind)),
            pieces.actors.take(actor),
            pieces.heads.take(target),
            times(batch.time_ms),
            pieces.tails.take(target),
            pieces.memberships.take(membership),
            self._session,
            fixed(hex_texts(rng.bits(batch.visit, 0), rng.bits(batch.visit, 1))),
            self._request,
            uuids(*request),
            self._agents.take(pa.array(device)),
            addresses(self.world, batch.person, batch.visit),
            pieces.urls.take(target),
            "",
        )
