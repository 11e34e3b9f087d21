"""Names: which column, field or row a name means, by BigQuery's rules of what hides what."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches

from sqlglot import exp

from sim.sql.grammar.catalog import Partition
from sim.sql.grammar.coercion import name_sql_text
from sim.sql.grammar.places import refused
from sim.sql.grammar.types import JSON, Type, struct_of
from sim.sql.grammar.values import Value, name_sql, text_sql


@dataclass(frozen=True)
class Column:
    """A column that a query can name: the name as shown ("" for none) and its value."""

    name: str
    value: Value


@dataclass
class FromSource:
    """What one item of FROM gives: its alias, its columns, and of an UNNEST the element itself."""

    alias: str | None
    columns: list[Column]
    whole: Value | None = None
    partition: Partition | None = None
    handle: str = ""  # its alias in DuckDB
    full_name: str = ""
    origin: str = ""  # the table in DuckDB whose partitions it hands on

    def row(self) -> Value:
        """The row as a STRUCT, or the element of an UNNEST."""
        if self.whole is not None:
            return self.whole
        kind = struct_of((column.name, column.value.type) for column in self.columns)
        parts = [
            f"{name_sql(key)} := {column.value.sql}"
            for key, column in zip(kind.keys, self.columns, strict=True)
        ]
        return Value(f"struct_pack({', '.join(parts)})", kind)


@dataclass
class Scope:
    """The names that an expression sees: those of FROM, then of the queries round it.

    ``aliases`` are of the SELECT list, where they are seen. ``loose`` collects the columns that are used
    outside of aggregates, for the rule that they be grouped.
    """

    sources: list[FromSource] = field(default_factory=list)
    parent: Scope | None = None
    merged: dict[str, Column] = field(default_factory=dict)  # of JOIN ... USING
    aliases: dict[str, list[Value]] = field(default_factory=dict)
    aggregated: frozenset[str] = frozenset()  # aliases that are of aggregates
    loose: list[tuple[str, exp.Expr]] = field(default_factory=list)
    used: set[tuple[str, str]] = field(default_factory=set)  # (table, column) that are read

    def chain(self) -> Iterator[Scope]:
        """This scope and those round it."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def names(self) -> list[str]:
        """All names that are seen, for near matches."""
        found = []
        for scope in self.chain():
            for source in scope.sources:
                found += [source.alias] if source.alias else []
                found += [column.name for column in source.columns if column.name]
            found += scope.aliases
        return list(dict.fromkeys(found))

    def with_aliases(self, aliases: dict[str, list[Value]], aggregated: frozenset[str]) -> Scope:
        """The scope of HAVING, QUALIFY and ORDER BY: aliases come first; loose columns are shared."""
        return replace(self, aliases=aliases, aggregated=aggregated)


def resolve(
    scope: Scope, parts: Sequence[exp.Identifier], node: exp.Expr, *, in_aggregate: bool = False
) -> Value:
    """The value of a dotted name. Raises InputError for one that is not there, or that may mean several."""
    first = parts[0]
    for level in scope.chain():
        found = _at_level(level, parts, node, in_aggregate=in_aggregate)
        if found is not None:
            value, rest = found
            for part in rest:
                value = field_of(value, part)
            return replace(value, node=node)
    near = get_close_matches(first.name.lower(), {name.lower() for name in scope.names()}, n=3, cutoff=0.6)
    hint = f"; did you mean {' or '.join(near)}?" if near else ""
    raise refused(node, f"Unrecognized name: {first.name}{hint}")


def _at_level(
    scope: Scope, parts: Sequence[exp.Identifier], node: exp.Expr, *, in_aggregate: bool
) -> tuple[Value, Sequence[exp.Identifier]] | None:
    first = parts[0].name.lower()
    aliased = scope.aliases.get(first)
    if aliased is not None and first in scope.aggregated and in_aggregate:
        raise refused(node, "Aggregations of aggregations are not allowed")
    if aliased is not None and not (in_aggregate and _in_from(scope, first)):
        if len(aliased) > 1:
            raise refused(node, f"Column name {parts[0].name} is ambiguous")
        return aliased[0], parts[1:]
    return _in_sources(scope, parts, node)


def _in_from(scope: Scope, name: str) -> bool:
    return any(source.alias and source.alias.lower() == name for source in scope.sources) or any(
        column.name.lower() == name for source in scope.sources for column in source.columns
    )


def _in_sources(
    scope: Scope, parts: Sequence[exp.Identifier], node: exp.Expr
) -> tuple[Value, Sequence[exp.Identifier]] | None:
    first = parts[0].name.lower()
    sources = [source for source in scope.sources if source.alias and source.alias.lower() == first]
    if len(sources) == 1:
        source = sources[0]
        if len(parts) > 1 and (source.whole is None or source.whole.type.kind == "STRUCT"):
            return _column(scope, source, parts[1]), parts[2:]
        scope.loose.append((parts[0].name, node))
        scope.used.update((source.handle, column.name) for column in source.columns)
        return source.row(), parts[1:]
    if first in scope.merged:
        scope.loose.append((parts[0].name, node))
        return scope.merged[first].value, parts[1:]
    found = [
        (source, column)
        for source in scope.sources
        for column in source.columns
        if column.name.lower() == first
    ]
    if len(found) > 1:
        raise refused(node, f"Column name {parts[0].name} is ambiguous")
    if not found:
        return None
    source, column = found[0]
    scope.loose.append((column.name, node))
    scope.used.add((source.handle, column.name))
    return column.value, parts[1:]


def _column(scope: Scope, source: FromSource, part: exp.Identifier) -> Value:
    found = [column for column in source.columns if column.name.lower() == part.name.lower()]
    if len(found) > 1:
        raise refused(part, f"Column name {part.name} is ambiguous inside {source.alias}")
    if not found:
        names = {column.name.lower() for column in source.columns}
        near = get_close_matches(part.name.lower(), names, n=3, cutoff=0.6)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise refused(part, f"Name {part.name} not found inside {source.alias}{hint}")
    scope.loose.append((f"{source.alias}.{found[0].name}", part))
    scope.used.add((source.handle, found[0].name))
    return found[0].value


def field_of(value: Value, part: exp.Identifier) -> Value:
    """A field of a STRUCT or of a JSON. Raises InputError for one that there is not, or of something else."""
    if value.type == JSON:
        key = '$."' + part.name.replace("\\", "\\\\").replace('"', '\\"') + '"'
        return value.named(f"json_extract({value.sql}, {text_sql(key)})", JSON)
    if value.type.kind != "STRUCT":
        hint = "; use UNNEST, or a position in []" if value.type.element is not None else ""
        raise refused(part, f"Cannot access field {part.name} on a value with type {value.type}{hint}")
    found = [i for i, (name, _) in enumerate(value.type.fields) if name.lower() == part.name.lower()]
    if len(found) > 1:
        raise refused(part, f"Struct field name {part.name} is ambiguous")
    if not found:
        names = {name.lower() for name, _ in value.type.fields}
        near = get_close_matches(part.name.lower(), names, n=3, cutoff=0.5)
        hint = f"; did you mean {' or '.join(near)}?" if near else ""
        raise refused(part, f"Field name {part.name} does not exist in {_short(value.type)}{hint}")
    return field_at(value, found[0])


def field_at(value: Value, position: int) -> Value:
    """A field of a STRUCT by its position."""
    key = value.type.keys[position]
    return value.named(f"({value.sql})[{name_sql_text(key)}]", value.type.fields[position][1])


def struct_fields(value: Value) -> list[Column]:
    """All fields of a STRUCT as columns."""
    return [Column(name, field_at(value, i)) for i, (name, _) in enumerate(value.type.fields)]


def _short(kind: Type) -> str:
    text = str(kind)
    return text if len(text) <= 80 else f"{text[:77]}..."


def element_source(alias: str | None, whole: Value, handle: str) -> FromSource:
    """What the elements of an array give: of structs their fields."""
    if whole.type.kind == "STRUCT":
        return FromSource(alias, struct_fields(whole), whole, handle=handle)
    return FromSource(alias, [Column(alias or "", whole)], whole, handle=handle)
