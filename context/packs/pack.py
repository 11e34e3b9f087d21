"""A pack: a named, versioned folder of distributions, each with its source.

A folder holds ``pack.toml`` and CSV tables; ``context.packs.spec`` lists them. Packs that come with Termtide
are loaded by name, any other by its path; copying a folder and editing a CSV makes a pack of one's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from context.documents import read_bytes
from context.errors import InputError, nearest
from context.files import typed_path
from context.packs.check import build_categoricals, build_continuous, check_table
from context.packs.distribution import Categorical, Continuous
from context.packs.rates import Rates, build_rates
from context.packs.read import Block, Findings, Table, read_head, read_pack_table
from context.packs.spec import DEFAULT_PACK, LTI_KIND

_BUILT_IN = Path(__file__).parent
T = TypeVar("T", Categorical, Continuous)


@dataclass(frozen=True, eq=False)
class Pack:
    """A checked pack. ``digest``: SHA-256 of pack.toml and the tables it names, line ends normalised."""

    name: str
    version: str
    licence: str
    as_of: str
    path: Path
    digest: str
    rates: Rates
    tables: dict[str, Table]
    _categorical: dict[tuple[str, str], Categorical]
    _continuous: dict[tuple[str, str], Continuous]
    _numbers: dict[str, float]

    def categorical(self, entity: str, field: str) -> Categorical:
        """Shares of a field's values. Raises InputError for a field the pack hasn't got."""
        return self._named("categorical", (entity, field), self._categorical)

    def continuous(self, entity: str, field: str) -> Continuous:
        """The law of a field given by its moments. Raises InputError for a field the pack hasn't got."""
        return self._named("continuous", (entity, field), self._continuous)

    def number(self, key: str) -> float:
        """A scalar of numbers.csv. Raises InputError for a key the pack hasn't got."""
        if key not in self._numbers:
            raise self._unknown(f"number {key}", nearest(key, self._numbers))
        return self._numbers[key]

    def table(self, name: str) -> dict[str, list[Any]]:
        """A table's columns as typed lists: str, int, float or bool; None in an empty cell of a number.

        The lists are the pack's own: read only. Raises InputError for a table the pack hasn't got.
        """
        if name not in self.tables:
            raise self._unknown(f"table {name}", nearest(name, self.tables))
        return self.tables[name].columns

    def sources(self) -> list[tuple[str, str, bool]]:
        """(block, source, whether it's an assumption) of every block of numbers, in the pack's order."""
        return list(dict.fromkeys(entry for table in self.tables.values() for entry in _sources(table)))

    def _named(self, kind: str, name: tuple[str, str], known: dict[tuple[str, str], T]) -> T:
        if name not in known:
            text = ".".join(name)
            raise self._unknown(f"{kind} {text}", nearest(text, [".".join(entry) for entry in known]))
        return known[name]

    def _unknown(self, what: str, allowed: str) -> InputError:
        return InputError(f"pack {self.name}: {what}: not in the pack, {allowed}")


def _sources(table: Table) -> Iterator[tuple[str, str, bool]]:
    """A table is one block unless its rows say where they come from; then each named field is one."""
    columns = table.columns
    for i in range(len(table)):
        block = table.block.name
        if "entity" in columns:
            block = f"{block} {columns['entity'][i]}.{columns['field'][i]}"
        elif block == "numbers":
            block = f"{block} {columns['key'][i]}"
        source = columns["source"][i] if "source" in columns else ""
        assumed = columns["assumption"][i] if "assumption" in columns else None
        yield block, source or table.block.source, table.block.assumption if assumed is None else assumed


def find_pack(name_or_path: str | Path, base: Path | None = None) -> Path:
    """The folder of a built-in pack by name, or of any pack by path (relative to ``base`` or here)."""
    text = str(name_or_path)
    if text in built_in():
        return _BUILT_IN / text
    folder = (base or Path()) / typed_path(text)
    if not text or not (folder / "pack.toml").is_file():
        names = ", ".join(built_in())
        raise InputError(
            f"pack: {text or 'nothing'} given, allowed: {names}, a folder with a pack.toml; {folder} has none"
        )
    return folder


def built_in() -> tuple[str, ...]:
    """Names of the packs that come with Termtide."""
    return tuple(sorted(path.parent.name for path in _BUILT_IN.glob("*/pack.toml")))


def load_pack(name_or_path: str | Path, base: Path | None = None) -> Pack:
    """Read and check a pack. Raises InputError with pack, file and row of the first thing wrong."""
    folder = find_pack(name_or_path, base)
    pack, faults = _load(folder)
    if pack is None:
        more = f" (and {len(faults.found) - 1} more: termtide pack check)" if len(faults.found) > 1 else ""
        raise InputError(faults.found[0].line() + more)
    return pack


def check_pack(name_or_path: str | Path, base: Path | None = None) -> list[dict[str, Any]]:
    """All that is wrong with a pack: dicts of pack, file, row (None: the whole file) and problem, or [].

    Raises InputError only when there is no such pack.
    """
    _, faults = _load(find_pack(name_or_path, base))
    return [vars(finding).copy() for finding in faults.found]


def list_packs() -> list[dict[str, Any]]:
    """One dict per built-in pack: name, version, licence, as_of, tables, assumptions, digest, path."""
    return [summary(load_pack(name)) for name in built_in()]


def summary(pack: Pack) -> dict[str, Any]:
    """A pack on one line."""
    sources = pack.sources()
    return {
        "name": pack.name,
        "version": pack.version,
        "licence": pack.licence,
        "as_of": pack.as_of,
        "tables": len(pack.tables),
        "blocks": len(sources),
        "assumptions": sum(assumed for _, _, assumed in sources),
        "digest": pack.digest,
        "path": str(pack.path),
    }


def describe(pack: Pack) -> list[dict[str, Any]]:
    """One dict per block of numbers: block, file, rows, assumption, source, description, unit."""
    entries: list[dict[str, Any]] = []
    for table in pack.tables.values():
        blocks: dict[tuple[str, str, bool], int] = {}
        for entry in _sources(table):
            blocks[entry] = blocks.get(entry, 0) + 1
        for (block, source, assumed), rows in blocks.items():
            entries.append(
                {
                    "block": block,
                    "file": table.block.file,
                    "rows": rows,
                    "assumption": assumed,
                    "source": source,
                    "description": table.block.description,
                    "unit": table.block.unit,
                }
            )
    return entries


def _load(folder: Path) -> tuple[Pack | None, Findings]:
    """A folder's pack, None if something is wrong with it; each of Termtide's own is read once a process."""
    whole = folder.resolve()
    return _read_once(whole) if whole.parent == _BUILT_IN.resolve() else _read(folder)


@cache
def _read_once(folder: Path) -> tuple[Pack | None, Findings]:
    return _read(folder)


def _read(folder: Path) -> tuple[Pack | None, Findings]:
    faults = Findings(folder.resolve().name)
    head, blocks = read_head(folder, faults)
    _stray_files(folder, blocks, faults)
    tables: dict[str, Table] = {}
    for name, block in blocks.items():
        table = read_pack_table(folder, block, faults)
        if table is not None:
            tables[name] = table
    _add_implied_kinds(tables)
    for table in tables.values():
        check_table(table, tables, faults)
    categorical = build_categoricals(tables["categorical"], faults) if "categorical" in tables else {}
    continuous = build_continuous(tables["continuous"], faults) if "continuous" in tables else {}
    _lacking(folder, tables, faults)
    if faults.found:
        return None, faults
    columns = {name: table.columns for name, table in tables.items()}
    numbers = dict(zip(columns["numbers"]["key"], columns["numbers"]["value"], strict=True))
    identity = head["name"], head["version"], head["licence"], head["as_of"], folder.resolve()
    digest = _digest(folder, blocks)
    return Pack(*identity, digest, build_rates(columns), tables, categorical, continuous, numbers), faults


def _stray_files(folder: Path, blocks: dict[str, Block], faults: Findings) -> None:
    """A CSV that pack.toml doesn't name would be edited in vain."""
    named = {block.file for block in blocks.values()}
    if not blocks:
        return
    for path in sorted(folder.glob("*.csv")):
        if path.name not in named and not path.name.startswith("."):
            faults.add(path.name, None, "not named in pack.toml, allowed: files that a [tables.<name>] names")


def _lacking(folder: Path, tables: dict[str, Table], faults: Findings) -> None:
    """Fields, numbers and phrases that the generator asks for: the default pack has them, as must any.

    It has no others: a row that nothing reads would be edited in vain.
    """
    default = _BUILT_IN / DEFAULT_PACK
    if folder.resolve() == default.resolve():
        return
    wanted = load_pack(DEFAULT_PACK).tables
    for name in ("categorical", "continuous", "numbers", "phrase"):
        if name in tables:
            there = _labels(tables[name])
            for label in _labels(wanted[name]):
                if label not in there:
                    faults.add(tables[name].block.file, None, f"no row for {label}, every pack has it")
            _unread(tables[name], _labels(wanted[name]), faults)
    if "phrase" in tables:  # a kind that nothing asks for is a slip of the pen
        known, phrase = set(wanted["phrase"].columns["kind"]), tables["phrase"]
        for row, kind in zip(phrase.rows, phrase.columns["kind"], strict=True):
            if kind and kind not in known:
                faults.add(phrase.block.file, row, f"kind: {kind} given, {nearest(kind, sorted(known))}")


def _unread(table: Table, known: dict[str, None], faults: Findings) -> None:
    """Rows of fields and numbers that nothing asks for, each told once."""
    if "kind" in table.columns:  # phrases, which say so themselves
        return
    first: dict[str, int] = {}
    for row, label in zip(table.rows, _row_labels(table), strict=True):
        if label not in known:
            first.setdefault(label, row)
    for label, row in first.items():
        faults.add(table.block.file, row, f"{label}: nothing reads it, {nearest(label, list(known))}")


def _row_labels(table: Table) -> list[str]:
    columns = table.columns
    if "key" in columns:
        return list(columns["key"])
    pairs = zip(columns["entity"], columns["field"], strict=True)
    return [f"{entity}.{field}" for entity, field in pairs]


def _labels(table: Table) -> dict[str, None]:
    """The names of a table's blocks: keys of numbers, kinds of phrases, entity.field elsewhere."""
    columns = table.columns
    if "kind" in columns:
        return dict.fromkeys(columns["kind"])
    return dict.fromkeys(_row_labels(table))


def _add_implied_kinds(tables: dict[str, Table]) -> None:
    """A tool with a launch domain and no row in tool_kind is opened by launching it."""
    if not {"tool", "tool_kind"} <= tables.keys():
        return
    tool, kind = tables["tool"].columns, tables["tool_kind"]
    for name, domain in zip(tool["tool"], tool["lti_domain"], strict=True):
        if domain and name not in kind.columns["tool"]:
            implied = {"tool": name, "kind": LTI_KIND, "share": 1.0}
            for column, values in kind.columns.items():
                values.append(implied.get(column, None if column == "assumption" else ""))
            kind.rows.append(kind.rows[-1] if kind.rows else 1)


def _digest(folder: Path, blocks: dict[str, Block]) -> str:
    total = hashlib.sha256()
    for name in sorted({"pack.toml", *(block.file for block in blocks.values())}):
        content = read_bytes(folder / name).removeprefix(b"\xef\xbb\xbf")
        content = content.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        total.update(f"{name}\x00{len(content)}\x00".encode() + content)
    return total.hexdigest()
