"""What a fit asks a warehouse: queries in BigQuery's SQL as files, and where each field of a pack is counted.

``fit/fields.toml`` lists the fields, ``fit/bases/*.sql`` the rows that they are counted in, ``fit/*.sql`` the
queries. ``{name}`` in a text is a place that ``sim.fit`` fills in, ``@name`` a parameter.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from schemas._model import SchemaError, UnknownName

_KEYS = {"entity", "field", "base", "unit", "value", "given", "cluster", "where", "instead"}


class UnknownFitQuery(UnknownName):
    """There is no such query of a fit."""


@dataclass(frozen=True, kw_only=True)
class FitField:
    """A field of a pack and how it is counted; ``field`` "*" stands for every field of the entity."""

    kind: str  # categorical or continuous
    entity: str
    field: str
    base: str  # of fit/bases
    unit: str  # column of the base: who or what is counted against the threshold
    value: str  # expression over the base
    given: tuple[str, ...]
    where: str
    cluster: str  # column of the base: what records lie in whose values go together; "" for the unit
    instead: str  # why a term of Termtide's own differs there, "" where it does not

    @property
    def name(self) -> str:
        """``entity.field``."""
        return f"{self.entity}.{self.field}"

    def stands_for(self, name: str) -> bool:
        """Whether ``entity.field`` is it, or one of those that it stands for."""
        entity, _, field_name = name.partition(".")
        return self.entity == entity and self.field in ("*", field_name)


@cache
def fit_fields() -> tuple[FitField, ...]:
    """Every field that a fit counts, in order. Raises SchemaError."""
    text = files("schemas").joinpath("fit", "fields.toml").read_text("utf-8")
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchemaError(f"fit/fields.toml: {error}") from None
    found = []
    for kind in ("categorical", "continuous"):
        for entry in data.get(kind, []):
            if odd := sorted(entry.keys() - _KEYS) or sorted(
                {"entity", "field", "base", "unit"} - entry.keys()
            ):
                raise SchemaError(f"fit/fields.toml: {odd[0]} of a {kind}: unknown, or missing")
            found.append(
                FitField(
                    kind=kind,
                    entity=entry["entity"],
                    field=entry["field"],
                    base=entry["base"],
                    unit=entry["unit"],
                    value=entry.get("value", f"`{entry['field']}`"),
                    given=tuple(entry.get("given", ())),
                    where=entry.get("where", "TRUE"),
                    cluster=entry.get("cluster", ""),
                    instead=entry.get("instead", ""),
                )
            )
    return tuple(found)


@cache
def fit_query(name: str) -> str:
    """The text of a query, such as ``categorical``, or ``bases/student``. Raises UnknownFitQuery."""
    path = files("schemas").joinpath("fit", f"{name}.sql")
    if not path.is_file():
        raise UnknownFitQuery("query of a fit", name, fit_queries())
    return path.read_text("utf-8")


@cache
def fit_queries() -> tuple[str, ...]:
    """Names of all queries, sorted."""
    root = files("schemas").joinpath("fit")
    here = [entry.name.removesuffix(".sql") for entry in root.iterdir() if entry.name.endswith(".sql")]
    bases = [f"bases/{entry.name.removesuffix('.sql')}" for entry in root.joinpath("bases").iterdir()]
    return tuple(sorted([*here, *bases]))
