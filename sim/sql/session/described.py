"""Users' tables and views as INFORMATION_SCHEMA tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import duckdb

from schemas._model import Column, Table
from sim.sql.information_schema import OwnData
from sim.sql.script.literals import ValueType
from sim.sql.session.cost import column_bytes
from sim.sql.tables.faults import explained
from sim.sql.tables.relations import Relation
from sim.sql.tables.storage_types import kept_columns


def described(
    connection: duckdb.DuckDBPyConnection,
    relations: Iterable[Relation],
    columns_of_view: Callable[[Relation], Mapping[str, ValueType]],
) -> list[OwnData]:
    """What the catalogue shows of tables and views that are not the run's."""
    found = []
    for relation in relations:
        if relation.text is not None:
            table = _contract(relation, columns_of_view(relation))
            found.append(OwnData(table, text=relation.text))
            continue
        source = relation.duckdb
        with explained():
            columns = kept_columns(connection.sql(f"SELECT * FROM {source}"))
            rows = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
        size = column_bytes(connection, source, [(name,) for name in columns])
        found.append(OwnData(_contract(relation, columns), rows, size))
    return found


def _contract(relation: Relation, columns: Mapping[str, ValueType]) -> Table:
    return Table(
        dataset=relation.dataset,
        name=relation.name,
        description="A table of your own.",
        key=(),
        keymap=False,
        loaded_from="Termtide",
        columns=tuple(_column(name, kind) for name, kind in columns.items()),
    )


def _column(name: str, kind: ValueType) -> Column:
    repeated = kind.element is not None
    inner = kind.element or kind
    fields = tuple(_column(field, one) for field, one in inner.fields)
    mode = "REPEATED" if repeated else "NULLABLE"
    return Column(name, "RECORD" if fields else inner.name, mode, "", "inferred", fields=fields)
