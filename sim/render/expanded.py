"""A batch as the nested columns of ``event_store.expanded``: what the platform makes of Caliper documents.

Repeated texts are dictionary arrays as leaves: codes in event order into the texts of the unit, so that
neither memory nor the Parquet writer sees them twice.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa

import schemas
from context.arrays import BOOL, values_and_codes
from sim.caliper.batch import Batch
from sim.caliper.kinds import KINDS
from sim.caliper.texts import fixed, join, number
from sim.render.leaf_columns import LeafColumn, LeafColumns
from sim.render.rendered import Rendered
from sim.render.scopes import Scoped
from sim.world.world import MEMBERSHIP_ROLES, World

_FieldPaths = Mapping[str, tuple[tuple[str, ...], bool]]  # field -> (path below a node, whether as JSON)
# Nodes of documents that become records: (column, member of the document, fields).
_RECORDS = (
    ("actor", "actor", ("id", "type", "name", "extensions")),
    ("object", "object", ("id", "type", "name", "extensions")),
    ("group", "group", ("id", "type", "extensions")),
    ("target", "target", ("id", "type", "extensions")),
    ("generated", "generated", ("id", "type", "extensions")),
    ("federated_session", "federatedSession", ("id", "type", "extensions")),
)
_URN = b"urn:uuid:"
EVENT = schemas.table("event_store", "expanded").names.index("event")
_NO_COURSE = np.array([kind.sensor == "canvas" and kind.context == "none" for kind in KINDS])
_NO_PERSON = np.array([kind.actor in ("app", "job") for kind in KINDS])
_ENGAGE = np.array([kind.sensor == "engage" for kind in KINDS])


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
        self.leaves = LeafColumns(world)
        self.schema = schemas.arrow_schema(schemas.table("event_store", "expanded"))

    def table(
        self, batch: Batch, documents: pa.ChunkedArray | None = None, *, extensions: bool = True
    ) -> pa.Table:
        """The batch's rows with the schema of ``expanded``, ``event`` NULL without ``documents``.

        Leaves may be dictionary-encoded; the order is the batch's. Without ``extensions`` that column of
        texts is NULL too.
        """
        made = self.of(Scoped(self.world, batch), extensions=extensions)
        return made if documents is None else made.set_column(EVENT, "event", documents)

    def of(
        self,
        rows: Scoped,
        rendered: Rendered | None = None,
        *,
        event: bool = True,
        extensions: bool = True,
    ) -> pa.Table:
        """The same of a batch whose documents are made already; ``event``: whether that column has them."""
        self.leaves.forget()
        batch = rows.batch
        n = len(batch)
        columns: dict[str, Any] = {"event_time": self.times(batch)}
        if rendered is not None and event:
            columns["event"] = rendered.texts
        if n:
            columns |= {
                "id": self._ids(rows),
                "type": self.leaves.of(rows, ("type",)),
                "action": self.leaves.of(rows, ("action",)),
                **{column: self._record(rows, column, node, more) for column, node, more in _RECORDS},
                "membership": self._membership(rows),
                "referrer": self._node(rows, "referrer", "referrer", {"id": ((), False)}),
                "session": self._session(rows),
                "federated_session_json": self.leaves.of(rows, ("federatedSession",), as_json=True),
                "ed_app": self._node(rows, "ed_app", "edApp", {"id": (("id",), False), "json": ((), True)}),
                "course_offering": self._course(batch),
                "person": self._person(batch),
            }
        if n and extensions:
            there = None if rendered is None else rendered.extensions()
            columns["extensions_json"] = self.leaves.plain(rows, ("extensions",)) if there is None else there
        arrays = [columns.get(field.name, pa.nulls(n, field.type)) for field in self.schema]
        return pa.table(arrays, names=self.schema.names)

    @staticmethod
    def times(batch: Batch) -> pa.Array:
        """Event times as DATETIME in UTC."""
        return pa.array(batch.time_ms * 1000).cast(pa.timestamp("us"))

    @staticmethod
    def _ids(rows: Scoped) -> pa.Array:
        texts = np.empty((len(rows.batch), len(_URN) + 36), dtype=np.uint8)
        texts[:, : len(_URN)] = np.frombuffer(_URN, np.uint8)
        texts[:, len(_URN) :] = rows.fixed("event.uuid")
        return fixed(texts)

    def _record(self, rows: Scoped, column: str, node: str, fields: tuple[str, ...]) -> pa.Array:
        paths: _FieldPaths = {field: ((field,), field == "extensions") for field in fields}
        return self._node(rows, column, node, paths)

    def _node(self, rows: Scoped, column: str, node: str, fields: _FieldPaths) -> pa.Array:
        """A record of fields at paths below a node, or of the node itself as JSON."""
        there = self.leaves.has(rows, node)
        kind = self.schema.field(column).type
        arrays = {
            name: self.leaves.of(rows, (node, *path), as_json=as_json)
            for name, (path, as_json) in fields.items()
        }
        return _struct(kind, arrays, len(there), ~there)

    def _membership(self, rows: Scoped) -> pa.Array:
        there, has_roles = self.leaves.has(rows, "membership"), self.leaves.has(rows, "membership", "roles")
        role = self.world.enrolments.membership_role[rows.batch.enrolment[has_roles]].astype(np.int64)
        offsets = np.concatenate([[0], np.cumsum(has_roles)]).astype(np.int32)
        roles = pa.ListArray.from_arrays(
            pa.array(offsets), LeafColumn(pa.array(MEMBERSHIP_ROLES), role).array(), mask=pa.array(~has_roles)
        )
        fields = {
            "id": self.leaves.of(rows, ("membership", "id")),
            "type": self.leaves.of(rows, ("membership", "type")),
            "roles": roles,
        }
        return _struct(self.schema.field("membership").type, fields, len(there), ~there)

    def _session(self, rows: Scoped) -> pa.Array:
        """Sessions: the visit's, so each text is made once a visit."""
        there = self.leaves.has(rows, "session")
        texts = join("urn:instructure:canvas:session:", fixed(rows.sessions()))
        fields = {
            "id": LeafColumn(texts, np.where(there, rows.visits()[1], -1)).array(),
            "type": self.leaves.of(rows, ("session", "type")),
        }
        return _struct(self.schema.field("session").type, fields, len(there), ~there)

    def _course(self, batch: Batch) -> pa.Array:
        """The course that the platform finds in a document; Canvas leaves it out of some."""
        courses, bare = self.world.courses, _NO_COURSE[batch.kind] | (batch.course < 0)
        used, rows = values_and_codes(np.where(bare, 0, batch.course).astype(np.int64))
        known = np.where(bare, -1, rows)
        engage = np.where(_ENGAGE[batch.kind], known, -1)
        fields = {
            "udp_id": LeafColumn(pa.array(courses.udp_id[used]), known).array(),
            "canvas_id": LeafColumn(number(courses.lms_id[used]), known).array(),
            "sis_id": LeafColumn(courses.sis_id.take(pa.array(used)), known).array(),
            "engage_id": LeafColumn(number(courses.udp_id[used]), engage).array(),
        }
        return _struct(self.schema.field("course_offering").type, fields, len(batch), bare)

    def _person(self, batch: Batch) -> pa.Array:
        """The person that the platform finds in a document's actor."""
        persons, nobody = self.world.persons, _NO_PERSON[batch.kind] | (batch.person < 0)
        people, rows = values_and_codes(np.where(nobody, 0, batch.person).astype(np.int64))
        known = np.where(nobody, -1, rows)
        sis = persons.sis_id.take(pa.array(people))
        has_sis = ~sis.is_null().to_numpy(zero_copy_only=False)
        fields = {
            "udp_id": LeafColumn(pa.array(persons.udp_id[people]), known).array(),
            "canvas_id": LeafColumn(number(persons.lms_id[people]), known).array(),
            "sis_id": LeafColumn(sis.fill_null(""), np.where(has_sis[rows], known, -1)).array(),
            "engage_id": LeafColumn(
                number(persons.udp_id[people]), np.where(_ENGAGE[batch.kind], known, -1)
            ).array(),
        }
        return _struct(self.schema.field("person").type, fields, len(batch), nobody)
