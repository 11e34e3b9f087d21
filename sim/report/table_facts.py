"""What there is to say of tables, column by column, and all of it on one page of Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import schemas
from context.errors import number_of
from schemas._model import Column, Table

_TITLE = "Tables of Termtide"
_INTRO = (
    "Every dataset, table and column that Termtide writes. A documented column appears in the public "
    "material of the Unizin Data Platform; an inferred one follows its naming rules from the Canvas data it "
    "comes from. All data are synthetic."
)
_COLUMNS = ("column", "type", "mode", "provenance", "description")


def column_rows(table: Table) -> Iterator[dict[str, str]]:
    """Each column and field by its path, all as texts."""
    for _, path, column in schemas.field_paths(table):
        yield {
            "column": path,
            "type": column.type,
            "mode": "KEY" if path in table.key else column.mode,
            "provenance": column.provenance,
            "references": column.references or "",
            "options": column.options or "",
            "drawn_from": _origin(column),
            "uniform": column.uniform or "",
            "always_null": column.always_null or "",
            "description": " ".join(filter(None, (column.description, schemas.remark(column)))),
        }


def _origin(column: Column) -> str:
    """The blocks of the pack from which a column is drawn, or what it is computed from."""
    return ", ".join(column.drawn_from) or (
        f"computed from {column.follows_from}" if column.follows_from else ""
    )


def column_counts(table: Table) -> tuple[int, int]:
    """(documented, inferred) columns and fields of a table."""
    kinds = [column.provenance for _, _, column in schemas.field_paths(table)]
    return kinds.count("documented"), kinds.count("inferred")


def table_facts(table: Table) -> list[str]:
    """What there is to say of a table beside its columns, a sentence each."""
    documented, inferred = column_counts(table)
    found = [
        f"Loaded from {table.loaded_from}.",
        f"Key: {', '.join(table.key)}." if table.key else "No key.",
        f"{number_of(documented, 'column')} documented, {inferred} inferred.",
    ]
    if table.rows:
        off = f", within {100 * table.rows.within:.0f} %" if table.rows.within else ""
        found.append(f"{table.rows.expected:,} rows per 1,000 FTE in a Fall term{off}.")
    if table.keymap:
        found.append(f"Native ids in context_store_keymap.{table.name}.")
    if table.partition_by:
        needed = ", and a query must filter by it" if table.require_partition_filter else ""
        found.append(f"Partitioned by the day of {table.partition_by}{needed}.")
    return found


def every_table() -> list[Table]:
    """All tables of all datasets of a run, in order: stores, then what marts there are."""
    datasets = (*schemas.DATASETS, *schemas.MART_DATASETS)
    return [table for dataset in datasets for table in schemas.tables(dataset)]


def by_dataset(tables: Iterable[Table]) -> Iterator[tuple[str, list[Table]]]:
    """Datasets in the order in which they come, each with its tables."""
    found: dict[str, list[Table]] = {}
    for table in tables:
        found.setdefault(table.dataset, []).append(table)
    yield from found.items()


def tables_markdown(tables: Sequence[Table]) -> str:
    """The page as Markdown."""
    lines = [f"# {_TITLE}", "", _INTRO]
    for dataset, members in by_dataset(tables):
        lines += ["", f"## {dataset}"]
        for table in members:
            lines += [
                "",
                f"### {dataset}.{table.name}",
                "",
                f"{table.description} {' '.join(table_facts(table))}",
                "",
            ]
            lines += [_markdown_row(_COLUMNS), _markdown_row("---" for _ in _COLUMNS)]
            for _, path, column in schemas.field_paths(table):
                lines.append(_markdown_row(_cells(table, path, column)))
    return "\n".join([*lines, ""])


def _cells(table: Table, path: str, column: Column) -> tuple[str, ...]:
    """The cells of one column's row; what it refers to becomes a link."""
    text = column.description
    if column.options:
        members = schemas.option_set(column.options)
        text += f" Allowed ({column.options}): {', '.join(members)}."
    if column.references:
        target = f"context_store_entity.{column.references.split('.')[0]}"
        text += f" References {_markdown_link(target, column.references)}."
    if schemas.remark(column):
        text += f" {schemas.remark(column)}"
    mode = "KEY" if path in table.key else column.mode
    return path, column.type, mode, column.provenance, text


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _markdown_link(target: str, text: str) -> str:
    return f"[{text}](#{target.replace('.', '')})"
