"""A batch as the nested columns of ``event_store.expanded``: what the platform makes of Caliper documents.

Repeated texts are dictionary arrays as leaves: codes in event order into the texts of the unit, so that
neither memory nor the Parquet writer sees them twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

import schemas
from context import rng
from sim.batch import Batch
from sim.clients import addresses, devices
from sim.fragments import Fragments, join, number
from sim.kinds import KIND, KINDS
from sim.reference import KEY
from sim.render import fixed, hex_texts, uuids
from sim.world import MEMBERSHIP_ROLES, World

I64 = npt.NDArray[np.int64]
BOOL = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class _Leaf:
    """Texts (or numbers) and the row of each event in them; -1 is NULL."""

    values: pa.Array
    rows: I64

    def array(self) -> pa.Array:
        missing = self.rows < 0
        mask = missing if missing.any() else None
        rows = pa.array(np.maximum(self.rows, 0).astype(np.int32), mask=mask)
        if not pa.types.is_string(self.values.type):
            return self.values.take(rows)
        if not len(self.values):  # every part of a unit has the same types
            return pa.DictionaryArray.from_arrays(pa.nulls(len(rows), pa.int32()), pa.array([], pa.string()))
        # A dictionary that holds a text twice makes the Parquet writer give up on it, and then its bytes
        # differ from run to run: each text once.
        once = self.values.dictionary_encode()
        return pa.DictionaryArray.from_arrays(once.indices.take(rows), once.dictionary)


def _struct(
    kind: pa.StructType, fields: dict[str, pa.Array], length: int, missing: BOOL | None = None
) -> pa.Array:
    """A record column; fields not given are NULL, records of ``missing`` rows too."""
    arrays = [fields.get(field.name, pa.nulls(length, field.type)) for field in kind]
    mask = None if missing is None or not missing.any() else pa.array(missing)
    return pa.StructArray.from_arrays(arrays, names=[field.name for field in kind], mask=mask)


class Expander:
    """Makes tables of one world's batches."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.fragments = Fragments(world)
        self.schema = schemas.arrow_schema(schemas.table("event_store", "expanded"))

    def table(self, batch: Batch, documents: pa.ChunkedArray | None = None) -> pa.Table:
        """The batch's rows with the schema of ``expanded``, ``event`` NULL without ``documents``.

        Leaves may be dictionary-encoded; the order is the batch's.
        """
        n = len(batch)
        graded = batch.kind == KIND["grade_change"]
        columns: dict[str, Any] = {
            "id": join("urn:uuid:", uuids(batch.uuid_high, batch.uuid_low))
            if n
            else pa.array([], pa.string()),
            "type": self._of_kind(batch, "type"),
            "action": self._of_kind(batch, "action"),
            "event_time": self.times(batch),
            "event": documents if documents is not None else pa.nulls(n, pa.string()),
            "actor": self._actor(batch, graded),
            **self._objects(batch, graded),
            **self._course(batch),
            "person": self._person(batch),
            "session": self._session(batch),
            "ed_app": self._app(n),
            "extensions_json": self._extensions(batch),
        }
        arrays = [columns.get(field.name, pa.nulls(n, field.type)) for field in self.schema]
        return pa.table(arrays, names=self.schema.names)

    @staticmethod
    def times(batch: Batch) -> pa.Array:
        """Event times as DATETIME in UTC."""
        return pa.array(batch.time_ms * 1000).cast(pa.timestamp("us"))

    def _type(self, name: str) -> pa.StructType:
        return self.schema.field(name).type

    def _of_kind(self, batch: Batch, field: str) -> pa.Array:
        return _Leaf(pa.array([getattr(kind, field) for kind in KINDS]), batch.kind.astype(np.int64)).array()

    def _actor(self, batch: Batch, graded: BOOL) -> pa.Array:
        people, rows = np.unique(batch.person, return_inverse=True)
        rows = rows.astype(np.int64)
        ids = join("urn:instructure:canvas:user:", number(self.world.persons.lms_id[people]))
        full, short = self.fragments.actor_extensions(people), self.fragments.submitter_extensions(people)
        extensions = pa.concat_arrays([full, short])
        submitted = batch.kind == KIND["submission_created"]
        fields = {
            "id": _Leaf(ids, rows).array(),
            "type": _Leaf(pa.array(["Person"]), np.zeros(len(batch), np.int64)).array(),
            "extensions": _Leaf(extensions, np.where(graded, -1, rows + len(people) * submitted)).array(),
        }
        return _struct(self._type("actor"), fields, len(batch))

    def _objects(self, batch: Batch, graded: BOOL) -> dict[str, pa.Array]:
        """Columns object, generated and referrer."""
        n, span = len(batch), np.int64(1) << 40
        used, rows = np.unique(batch.kind.astype(np.int64) * span + batch.object + 1, return_inverse=True)
        rows = rows.astype(np.int64)
        ids, extensions, leads = [], [], []
        for code, kind in enumerate(KINDS):
            mine = used[(used >= code * span) & (used < (code + 1) * span)] - code * span - 1
            if len(mine):
                ids.append(self.fragments.object_ids(kind, mine))
                extensions.append(self.fragments.object_extensions(kind, mine))
                leads.append(self.fragments.referrers(kind, mine))
        if not n:
            return {}
        id_texts, extension_texts, lead_texts = (
            pa.concat_arrays(parts) for parts in (ids, extensions, leads)
        )
        named = [
            kind.asset_subtype or kind.asset_type if kind.object_type == "Entity" else None for kind in KINDS
        ]
        named_rows = np.array([code if name else -1 for code, name in enumerate(named)], dtype=np.int64)
        submission = np.where(graded, rows, -1)
        constant = np.where(graded, 0, -1)
        no_lead = np.array([not kind.referrer_url(self.fragments.base) for kind in KINDS])[batch.kind]
        return {
            "object": _struct(
                self._type("object"),
                {
                    "id": _Leaf(id_texts, rows).array(),
                    "type": self._of_kind(batch, "object_type"),
                    "name": _Leaf(pa.array([name or "" for name in named]), named_rows[batch.kind]).array(),
                    "extensions": _Leaf(extension_texts, rows).array(),
                },
                n,
            ),
            "generated": _struct(
                self._type("generated"),
                {
                    "id": _Leaf(id_texts, submission).array(),
                    "type": _Leaf(pa.array(["Score"]), constant).array(),
                    "extensions": _Leaf(extension_texts, submission).array(),
                },
                n,
                ~graded,
            ),
            "referrer": _struct(
                self._type("referrer"),
                {"id": _Leaf(lead_texts, np.where(no_lead, -1, rows)).array()},
                n,
                no_lead,
            ),
        }

    def _course(self, batch: Batch) -> dict[str, pa.Array]:
        """Columns group, membership and course_offering."""
        n, courses, e = len(batch), self.world.courses, self.world.enrolments
        outside = batch.course < 0
        # Canvas leaves the course out of submissions; the platform does not know it either.
        bare = outside | (batch.kind == KIND["submission_created"])
        used, rows = np.unique(batch.course, return_inverse=True)
        used, rows = np.maximum(used, 0), rows.astype(np.int64)
        course = number(courses.lms_id[used])
        in_group = np.where(bare, -1, rows)
        extension = join(f'{{"{KEY}":{{"context_type":"Course","entity_id":"', course, '"}}')
        group = {
            "id": _Leaf(join("urn:instructure:canvas:course:", course), in_group).array(),
            "type": _Leaf(pa.array(["CourseOffering"]), np.where(bare, -1, 0)).array(),
            "extensions": _Leaf(extension, in_group).array(),
        }
        enrolments, member = np.unique(np.where(bare, 0, batch.enrolment), return_inverse=True)
        member = np.where(bare, -1, member)
        role = pa.array(MEMBERSHIP_ROLES).take(pa.array(e.membership_role[enrolments]))
        ids = join(
            "urn:instructure:canvas:course:", number(courses.lms_id[e.course[enrolments]]), ":", role, ":",
            number(self.world.persons.lms_id[e.person[enrolments]]),
        )  # fmt: skip
        roles = _Leaf(
            pa.array(MEMBERSHIP_ROLES), e.membership_role[batch.enrolment[~bare]].astype(np.int64)
        ).array()
        offsets = np.concatenate([[0], np.cumsum(~bare)]).astype(np.int32)
        membership = {
            "id": _Leaf(ids, member).array(),
            "type": _Leaf(pa.array(["Membership"]), np.where(bare, -1, 0)).array(),
            "roles": pa.ListArray.from_arrays(pa.array(offsets), roles, mask=pa.array(bare) if n else None),
        }
        known = np.where(bare, -1, rows)
        offering = {
            "udp_id": _Leaf(pa.array(courses.udp_id[used]), known).array(),
            "canvas_id": _Leaf(course, known).array(),
            "sis_id": _Leaf(courses.sis_id.take(pa.array(used)), known).array(),
        }
        return {
            "group": _struct(self._type("group"), group, n, bare),
            "membership": _struct(self._type("membership"), membership, n, bare),
            "course_offering": _struct(self._type("course_offering"), offering, n, bare),
        }

    def _person(self, batch: Batch) -> pa.Array:
        people, rows = np.unique(batch.person, return_inverse=True)
        rows, persons = rows.astype(np.int64), self.world.persons
        sis = persons.sis_id.take(pa.array(people))
        has_sis = ~sis.is_null().to_numpy(zero_copy_only=False)
        fields = {
            "udp_id": _Leaf(pa.array(persons.udp_id[people]), rows).array(),
            "canvas_id": _Leaf(number(persons.lms_id[people]), rows).array(),
            "sis_id": _Leaf(
                sis.fill_null(""), np.where(has_sis[rows], rows, -1) if len(rows) else rows
            ).array(),
        }
        return _struct(self._type("person"), fields, len(batch))

    def _session(self, batch: Batch) -> pa.Array:
        visits, rows = np.unique(batch.visit, return_inverse=True)
        texts = fixed(hex_texts(rng.bits(visits, 0), rng.bits(visits, 1)))
        fields = {
            "id": _Leaf(join("urn:instructure:canvas:session:", texts), rows.astype(np.int64)).array(),
            "type": _Leaf(pa.array(["Session"]), np.zeros(len(batch), np.int64)).array(),
        }
        return _struct(self._type("session"), fields, len(batch))

    def _app(self, n: int) -> pa.Array:
        host = f"http://{self.world.tenant.host}/"
        zeros = np.zeros(n, np.int64)
        fields = {
            "id": _Leaf(pa.array([host]), zeros).array(),
            "json": _Leaf(pa.array([self.fragments.app]), zeros).array(),
        }
        return _struct(self._type("ed_app"), fields, n)

    def _extensions(self, batch: Batch) -> pa.Array:
        """The event's own extensions: the request behind it."""
        if not len(batch):
            return pa.array([], pa.string())
        span = np.int64(1) << 40
        used, rows = np.unique(batch.kind.astype(np.int64) * span + batch.object + 1, return_inverse=True)
        urls = []
        for code, kind in enumerate(KINDS):
            mine = used[(used >= code * span) & (used < (code + 1) * span)] - code * span - 1
            if len(mine):
                urls.append(self.fragments.urls(kind, mine))
        device = devices(self.world, batch.person, batch.visit)
        agents = pa.array([_quoted(agent) for agent in self.world.devices.to_pylist()])
        return join(
            f'{{"{KEY}":{{"hostname":"{self.world.tenant.host}","request_id":"',
            uuids(*rng.uuid_bits(rng.extend(batch.uuid_low, 7))),
            '","user_agent":"', agents.take(pa.array(device)),
            '","client_ip":"', addresses(self.world, batch.person, batch.visit), '","request_url":"',
            pa.concat_arrays(urls).take(pa.array(rows)), '","version":"1.0.0"}}',
        )  # fmt: skip


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
