"""A world as figures: what a pack says, or what a fit of a warehouse counted, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import schemas
from context.arrays import F64
from context.documents import read_json
from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.packs.spec import TABLES
from context.packs.write import rows_of
from sim.compare.means import MeanLaw, law_of
from sim.fit.events import Clicks
from sim.fit.fitted import FIT_FORMAT, FIT_NOTE, Fitted
from sim.fit.guard import LEAST_THRESHOLD

EXACT = 0  # units behind a figure that nobody counted: a pack's own word
_TOGETHER = "several laws together make it"
_MADE = (
    "course_load", "level_given_standing", "sections_per_course", "letter", "submission_lead", "visits",
    "visit_slots",
)  # fmt: skip
# Tables, and why a term of Termtide's own does not have their shares as they are.
_LAWS = {**dict.fromkeys(_MADE, _TOGETHER), "device": ""}
COURSE_VARIATION = 0.35  # squared, of courses' clicks per student: lognormal with sigma .55


@dataclass(frozen=True)
class FigureLine:
    """Shares that sum to 1, and the units (people, or things) that they were counted in."""

    block: str
    given: str
    shares: dict[str, float]
    units: int
    unjudged: str = ""  # why a term of Termtide's own does not have them


@dataclass(frozen=True)
class Moment:
    """Average of a field, the law that has it, and the units behind it."""

    block: str
    avg: float
    law: MeanLaw
    units: int
    cut: float = 0.0  # share of the units on either side whose values are cut
    unjudged: str = ""


@dataclass
class FigureSet:
    """All of one world. ``clicks``: what was counted, where the world is a warehouse."""

    name: str
    pack: Pack
    lines: dict[tuple[str, str], FigureLine] = field(default_factory=dict)
    moments: dict[str, Moment] = field(default_factory=dict)
    clicks: Clicks | None = None
    errors: dict[str, dict[str, float]] = field(default_factory=dict)  # axis: label: relative standard error


def of_pack(name: str, folder: str | Path) -> FigureSet:
    """What a pack says; of a fitted one, how certain it is. Raises InputError."""
    pack = load_pack(folder)
    note = _note(pack)
    figures = FigureSet(name, pack, errors=note.get("rates", {}).get("errors", {}))
    units = note.get("units", {})
    for entry in schemas.fit_fields():
        for block in _fields_of(pack, entry.entity, entry.field, entry.kind):
            if entry.kind == "categorical":
                _add_categorical(figures, block, units.get(f"categorical {block}", {}), entry.instead)
            else:
                law = pack.continuous(*block.split(".", 1))
                known = int(units.get("continuous", {}).get(block, EXACT))
                least = note.get("threshold", LEAST_THRESHOLD) / known if known else 0.0
                figures.moments[block] = Moment(block, law.avg, law_of(law), known, least, entry.instead)
    for table, unjudged in _LAWS.items():
        _add_law(figures, table, units.get(f"table {table}", {}), unjudged)
    return figures


def of_fit(name: str, fitted: Fitted, folder: Path) -> FigureSet:
    """What a fit counted; ``folder``: its pack, saved."""
    figures = of_pack(name, folder)
    figures.clicks = fitted.clicks
    return figures


def _note(pack: Pack) -> dict[str, Any]:
    path = pack.path / FIT_NOTE
    if not path.is_file():
        return {}
    note: dict[str, Any] = read_json(path)
    if note.get("format") != FIT_FORMAT:
        raise InputError(f"{path}: format {note.get('format')} given, allowed: {FIT_FORMAT}")
    return note


def _fields_of(pack: Pack, entity: str, name: str, kind: str) -> Iterator[str]:
    for row in dict.fromkeys((row["entity"], row["field"]) for row in rows_of(pack, kind)):
        if row[0] == entity and name in ("*", row[1]):
            yield ".".join(row)


def _add_categorical(figures: FigureSet, block: str, units: dict[str, int], unjudged: str) -> None:
    law = figures.pack.categorical(*block.split(".", 1))
    for condition in law.conditions():
        given = ", ".join(condition)
        shares = {value or "NULL": share for value, share in law.shares(*condition).items()}
        known = int(units.get(given, -1 if units else EXACT))
        if known >= 0:  # what was borrowed says nothing
            figures.lines[f"categorical {block}", given] = FigureLine(
                f"categorical {block}", given, shares, known, unjudged
            )


def _add_law(figures: FigureSet, table: str, units: dict[str, int], unjudged: str) -> None:
    spec = TABLES[table]
    per = spec.sums[0][1] if spec.sums else ()
    keys = [name for name in spec.key if name not in per]
    lines: dict[str, dict[str, float]] = {}
    for row in rows_of(figures.pack, table):
        given = ", ".join(str(row[name]) for name in per)
        lines.setdefault(given, {})[" ".join(str(row[name]) for name in keys)] = float(row["share"])
    for given, shares in lines.items():
        known = int(units.get(given or "all", -1 if units else EXACT))
        if known >= 0:  # as above
            line = FigureLine(f"table {table}", given, shares, known, unjudged)
            figures.lines[f"table {table}", given] = line


def cell_errors(clicks: Clicks) -> F64:
    """[cip, level, tool] Relative standard errors of counts, courses being what chance picks.

    At least what courses of one cell commonly differ by: from few courses nobody learns that.
    """
    count = clicks.counted
    if count is None:
        raise InputError("no clicks")
    courses = np.maximum(count.courses, 1)[:, :, None]
    events = np.maximum(np.nan_to_num(count.cell), 1.0)
    variation = np.maximum(courses * np.nan_to_num(count.cell_squares) / np.square(events) - 1, 0.0)
    return np.asarray(np.sqrt(np.maximum(variation, COURSE_VARIATION) / courses))


def by_axis(table: F64, axis: int) -> F64:
    """Sums along one axis of an array, what is held back counting nothing."""
    others = tuple(i for i in range(table.ndim) if i != axis)
    return np.asarray(np.nan_to_num(table).sum(axis=others))
