"""One page of all tables, as Markdown or HTML: what each holds, column by column, and what is known of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from html import escape

import schemas
from schemas._model import Column, Table

_TITLE = "Tables of Termtide"
_INTRO = (
    "Every dataset, table and column that Termtide writes. A documented column appears in the public "
    "material of the Unizin Data Platform; an inferred one follows its naming rules from the Canvas data it "
    "comes from. All data are synthetic."
)
_COLUMNS = ("column", "type", "mode", "provenance", "description")
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;max-width:70rem;margin:2rem auto;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}th,td{text-align:left;vertical-align:top;padding:.25rem .6rem;"
    "border-bottom:1px solid #ccc}code{font-size:.9em}.inferred{color:#666}"
)


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
            "uniform": column.uniform or "",
            "description": column.description,
        }


def counts(table: Table) -> tuple[int, int]:
    """(documented, inferred) columns and fields of a table."""
    kinds = [column.provenance for _, _, column in schemas.field_paths(table)]
    return kinds.count("documented"), kinds.count("inferred")


def facts(table: Table) -> list[str]:
    """What there is to say of a table beside its columns, a sentence each."""
    documented, inferred = counts(table)
    found = [
        f"Loaded from {table.loaded_from}.",
        f"Key: {', '.join(table.key)}.",
        f"{documented} columns documented, {inferred} inferred.",
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


def markdown(tables: Sequence[Table]) -> str:
    """The page as Markdown."""
    lines = [f"# {_TITLE}", "", _INTRO]
    for dataset, members in _by_dataset(tables):
        lines += ["", f"## {dataset}"]
        for table in members:
            lines += [
                "",
                f"### {dataset}.{table.name}",
                "",
                f"{table.description} {' '.join(facts(table))}",
                "",
            ]
            lines += [_markdown_row(_COLUMNS), _markdown_row("---" for _ in _COLUMNS)]
            for _, path, column in schemas.field_paths(table):
                lines.append(_markdown_row(_cells(table, path, column, _markdown_link)))
    return "\n".join([*lines, ""])


def html(tables: Sequence[Table]) -> str:
    """The page as HTML, whole in itself."""
    parts = [
        f"<!doctype html><html lang=en><meta charset=utf-8><title>{_TITLE}</title><style>{_STYLE}</style>",
        f"<h1>{_TITLE}</h1><p>{escape(_INTRO)}</p>",
    ]
    for dataset, members in _by_dataset(tables):
        links = ", ".join(_html_link(f"{dataset}.{table.name}", table.name) for table in members)
        parts.append(f"<h2>{dataset}</h2><p>{links}</p>")
        for table in members:
            name = f"{dataset}.{table.name}"
            parts.append(f"<h3 id={_quoted(name)}>{name}</h3>")
            parts.append(f"<p>{escape(table.description)} {escape(' '.join(facts(table)))}</p><table>")
            parts.append(f"<tr>{''.join(f'<th>{head}</th>' for head in _COLUMNS)}</tr>")
            for _, path, column in schemas.field_paths(table):
                cells = "".join(
                    f"<td>{cell}</td>" for cell in _cells(table, path, column, _html_link, escape)
                )
                parts.append(f"<tr class={column.provenance}>{cells}</tr>")
            parts.append("</table>")
    return "\n".join([*parts, "</html>", ""])


PAGES: dict[str, Callable[[Sequence[Table]], str]] = {"markdown": markdown, "html": html}


def _by_dataset(tables: Sequence[Table]) -> Iterator[tuple[str, list[Table]]]:
    for dataset in schemas.DATASETS:
        if members := [table for table in tables if table.dataset == dataset]:
            yield dataset, members


def _cells(
    table: Table,
    path: str,
    column: Column,
    link: Callable[[str, str], str],
    plain: Callable[[str], str] = str,
) -> tuple[str, ...]:
    """The cells of one column's row; what it refers to becomes a link."""
    text = plain(column.description)
    if column.options:
        members = schemas.option_set(column.options)
        text += plain(f" Allowed ({column.options}): {', '.join(members)}.")
    if column.references:
        target = f"context_store_entity.{column.references.split('.')[0]}"
        text += f" References {link(target, column.references)}."
    if column.uniform:
        text += plain(f" All rows alike: {column.uniform}")
    mode = "KEY" if path in table.key else column.mode
    return path, column.type, mode, column.provenance, text


def _markdown_row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _markdown_link(target: str, text: str) -> str:
    return f"[{text}](#{target.replace('.', '')})"


def _html_link(target: str, text: str) -> str:
    return f"<a href={_quoted('#' + target)}>{text}</a>"


def _quoted(text: str) -> str:
    return f'"{text}"'
