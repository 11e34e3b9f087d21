"""Users' tables and views as INFORMATION_SCHEMA tells of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import duckdb

from schemas._model import Column, Table
from sim.sql.grammar.types import Type
from sim.sql.information_schema import OwnData
from sim.sql.session.cost import column_bytes
from sim.sql.tables.faults import explaining
from sim.sql.tables.places import Place
from sim.sql.tables.storage_types import kept_columns


def described(
    connection: duckdb.DuckDBPyConnection,
    places: Iterable[Place],
    columns_of_view: Callable[[Place], Mapping[str, Type]],
) -> list[OwnData]:
    """What the catalogue shows of tables and views that are not the run's."""
    found = []
    for place in places:
        if place.text is not None:
            table = _contract(place, columns_of_view(place))
            found.append(OwnData(table, text=place.text))
            continue
        source = place.duckdb
        with explaining():
            columns = kept_columns(connection.sql(f"SELECT * FROM {source}"))
            rows = connection.execute(f"SELECT count(*) FROM {source}").fetchall()[0][0]
        size = column_bytes(connection, source, [(name,) for name in columns])
        found.append(OwnData(_contract(place, columns), rows, size))
    return found


def _contract(place: Place, columns: Mapping[str, Type]) -> Table:
    return Table(
        dataset=place.dataset,
        name=place.name,
        description="A table of your own.",
        key=(),
        keymap=False,
        loaded_from="Termtide",
        columns=tuple(_column(name, kind) for name, kind in columns.items()),
    )


def _column(name: str, kind: Type) -> Column:
    repeated = kind.element is not None
    inner = kind.element or kind
    fields = tuple(_column(field, one) for field, one in inner.fields)
    mode = "REPEATED" if repeated else "NULLABLE"
    return Column(name, "RECORD" if fields else inner.kind, mode, "", "inferred", fields=fields)
