"""Pictures of tables and their joins: where boxes and lines stand. Templates make SVG of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from schemas._model import Table
from sim.report.dictionary.joins import Join, full_name, hubs
from sim.report.dictionary.layered import layered

_ROW, _GAP, _TITLE = 24, 26, 30  # pixels: a table in a group, between groups, a group's title
_BOX, _ACROSS = 290, 90  # width of a group, room for lines between two
_LETTER, _SMALL = 6.9, 5.9  # width of one at 13 and at 11 px, on the safe side


@dataclass(frozen=True)
class Box:
    """A table on a picture, and the marks of hubs that it refers to."""

    name: str  # "dataset.table"
    label: str
    x: float
    y: float
    width: float
    height: float
    below: str = ""  # a second, smaller line
    marks: tuple[str, ...] = ()
    is_self: bool = False

    @property
    def room(self) -> float:
        """Pixels that the label may take."""
        return self.width - 14 - 30 * len(self.marks)

    @property
    def is_small(self) -> bool:
        """Whether the label wants the smaller letters."""
        return len(self.label) * _LETTER > self.room

    @property
    def is_tight(self) -> bool:
        """Whether it is to be squeezed even so."""
        return len(self.label) * _SMALL > self.room


@dataclass(frozen=True)
class Line:
    """A join: from a table to what it refers to, as the path of an SVG."""

    table: str
    target: str
    path: str


@dataclass(frozen=True)
class Group:
    """A frame with a title around boxes."""

    title: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True)
class Picture:
    """Boxes, lines and frames, within a width and a height."""

    about: str
    width: float
    height: float
    boxes: Sequence[Box]
    lines: Sequence[Line]
    groups: Sequence[Group] = ()
    words: Sequence[tuple[float, float, str]] = ()  # x, y, text


@dataclass
class _Sheet:
    """A picture in the making: groups of tables in columns."""

    y_of: dict[int, float] = field(default_factory=dict)  # by column, where the next group begins
    boxes: dict[str, Box] = field(default_factory=dict)
    groups: list[Group] = field(default_factory=list)

    def add(
        self, column: int, title: str, names: Sequence[str], marks: Mapping[str, tuple[str, ...]]
    ) -> None:
        x, y = column * (_BOX + _ACROSS) + 1.0, self.y_of.get(column, 1.0)
        height = _TITLE + _ROW * len(names) + 6.0
        self.groups.append(Group(title, x, y, _BOX, height))
        for i, name in enumerate(names):
            top = y + _TITLE + _ROW * i
            label = name.split(".")[1]
            self.boxes[name] = Box(name, label, x + 6, top, _BOX - 12, _ROW - 2, marks=marks.get(name, ()))
        self.y_of[column] = y + height + _GAP


def whole_picture(
    tables: Sequence[Table], joins: Sequence[Join], columns: int = 4
) -> tuple[Picture, dict[str, str]]:
    """The tables by family, and the marks of the hubs: (picture, mark of each hub).

    Families that others rest on stand to the left. To hubs, which nearly all refer to, no lines are drawn; a
    mark beside a table says that it refers to one.
    """
    family = {full_name(table): table.family or table.dataset for table in tables}
    among = [join for join in joins if join.table in family and join.target in family]
    central = {name: _initials(name) for name in hubs(among)}
    marks = {
        name: tuple(central[join.target] for join in among if join.table == name and join.target in central)
        for name in family
    }
    drawn = [join for join in among if join.target not in central and join.table != join.target]
    sheet = _Sheet()
    for column, members in enumerate(_columns(family, drawn, columns)):
        for title in members:
            names = [name for name in family if family[name] == title]
            sheet.add(column, title, _settled(names, drawn), marks)
    return _finished("All tables of the context store and their joins", sheet, drawn), central


def reads_picture(joins: Sequence[Join], also: Sequence[str] = ()) -> tuple[Picture, dict[str, str]]:
    """What is made from other tables, in columns: each to the right of all of its kind that it reads.

    ``also`` are those of its kind that may read nothing, and be read by none: they have boxes too. Datasets
    of which no table reads anything, the stores, have none: a mark of theirs stands beside what reads them.
    Returns the picture and the mark of each of those datasets.
    """
    made = {join.table.split(".", 1)[0] for join in joins}
    names = list(
        dict.fromkeys(
            [name for j in joins for name in (j.target, j.table) if name.split(".", 1)[0] in made] + [*also]
        )
    )
    stores = sorted({join.target.split(".", 1)[0] for join in joins if join.target not in names})
    letters = {dataset: _initials(f".{dataset}") for dataset in stores}
    read: dict[str, set[str]] = {name: set() for name in names}
    for join in joins:
        if join.target not in read:
            read[join.table].add(letters[join.target.split(".", 1)[0]])
    drawn = [join for join in joins if join.target in read]
    sheet = _Sheet()
    for column, layer in enumerate(layered(names, [(join.table, join.target) for join in drawn])):
        for dataset in dict.fromkeys(name.split(".", 1)[0] for name in layer):
            members = [name for name in layer if name.startswith(f"{dataset}.")]
            sheet.add(column, dataset, members, {name: tuple(sorted(read[name])) for name in members})
    return _finished(
        "What marts are made from: each to the right of those that it reads", sheet, drawn
    ), letters


def neighbourhood(name: str, joins: Sequence[Join]) -> Picture | None:
    """A table between those that refer to it, left, and those that it refers to, right; None without any."""
    into, out = _around(name, joins)
    if not into and not out:
        return None
    row, side, middle, across = 44, 292, 250, 74
    tall = max(len(into), len(out), 1) * row
    center = Box(name, name.split(".")[1], side + across, tall / 2 - 20, middle, 40, is_self=True)
    boxes, lines = [center], []
    for found, x, is_out in ((into, 0.0, False), (out, float(side + across + middle + across), True)):
        top = (tall - row * len(found)) / 2
        for i, join in enumerate(found):
            other = join.target if is_out else join.table
            box = Box(
                other,
                _label(other, name),
                x,
                top + row * i + 3,
                side,
                row - 6,
                _by(join, side, is_out=is_out),
            )
            boxes.append(box)
            lines.append(_line(join, center, box) if is_out else _line(join, box, center))
    words = [(0.0, -8.0, _many(into, is_out=False))] if into else []
    if out:
        words.append((float(side + across + middle + across), -8.0, _many(out, is_out=True)))
    width = 2 * (side + across) + middle
    return Picture(f"{name} and the tables that it joins", width, tall, boxes, lines, words=words)


def tall_neighbourhood(name: str, joins: Sequence[Join]) -> Picture | None:
    """The same for a phone: one below another, lines along the left."""
    into, out = _around(name, joins)
    if not into and not out:
        return None
    row, width, rail = 46, 330, 26
    boxes: list[Box] = []
    lines: list[Line] = []
    words: list[tuple[float, float, str]] = []
    y = 0.0
    if out:
        words.append((rail, y + 12, _many(out, is_out=True)))
        y += 22
    own = y + row * len(out) + 4
    center = Box(name, name.split(".")[1], 0, own, width, 36, is_self=True)
    later = own + 36 + 28
    if into:
        words.append((rail, later - 10, _many(into, is_out=False)))
    for found, top, is_out in ((out, y, True), (into, later, False)):
        for i, join in enumerate(found):
            other = join.target if is_out else join.table
            below = _by(join, width, is_out=is_out)
            box = Box(other, _label(other, name), rail, top + row * i, width - rail, row - 6, below)
            boxes.append(box)
            middle, edge = box.y + box.height / 2, own if is_out else own + 36
            down = (
                f"M 10 {edge:g} V {middle:g} H {rail}" if is_out else f"M {rail} {middle:g} H 10 V {edge:g}"
            )
            lines.append(Line(join.table, join.target, down))
    height = (later + row * len(into)) if into else own + 40
    return Picture(
        f"{name} and the tables that it joins", width, height, [center, *boxes], lines, words=words
    )


def _around(name: str, joins: Sequence[Join]) -> tuple[list[Join], list[Join]]:
    """(joins that lead to it, joins that lead away), each sorted by the other table; not those to itself."""
    into = [join for join in joins if join.target == name != join.table]
    out = [join for join in joins if join.table == name != join.target]
    return sorted(into, key=lambda join: join.table), sorted(out, key=lambda join: join.target)


def _label(other: str, name: str) -> str:
    dataset, _, table = other.partition(".")
    return table if name.startswith(f"{dataset}.") else other


def _many(joins: Sequence[Join], *, is_out: bool) -> str:
    """How many there are on a side: marts read tables, all else refers to them."""
    verb = "refer" if any(join.columns for join in joins) else "read"
    to = " to" if verb == "refer" else ""
    return f"it {verb}s{to} {len(joins)}" if is_out else f"{len(joins)} {verb}{to} it"


def _by(join: Join, width: int, *, is_out: bool) -> str:
    """The columns of a join, as far as they fit."""
    text = ", ".join(join.columns) or ("is read" if is_out else "reads it")
    most = int(width / 6.0) - 4
    return text if len(text) <= most else f"{text[: most - 1]}…"


def _initials(name: str) -> str:
    return "".join(word[0] for word in name.split(".")[1].split("_")).upper()


def _columns(family: Mapping[str, str], joins: Sequence[Join], most: int) -> list[list[str]]:
    """Families in columns of like height, in the order of their layers."""
    titles = list(dict.fromkeys(family.values()))
    edges = [(family[join.table], family[join.target]) for join in joins]
    order = [title for layer in layered(titles, edges) for title in layer]
    heights = {title: _TITLE + _GAP + _ROW * sum(f == title for f in family.values()) for title in titles}
    wanted = sum(heights.values()) / most
    columns: list[list[str]] = [[]]
    for title in order:
        filled = sum(heights[other] for other in columns[-1])
        if columns[-1] and filled + heights[title] / 2 > wanted and len(columns) < most:
            columns.append([])
        columns[-1].append(title)
    return columns


def _settled(names: Sequence[str], joins: Sequence[Join]) -> list[str]:
    """Tables of a group, each after those of the group that it refers to, in the order of the alphabet."""
    edges = [(join.table, join.target) for join in joins if join.table in names and join.target in names]
    return [name for layer in layered(sorted(names), edges) for name in layer]


def _finished(about: str, sheet: _Sheet, joins: Sequence[Join]) -> Picture:
    boxes = sheet.boxes
    lines = [_line(join, boxes[join.table], boxes[join.target]) for join in joins]
    width = max((group.x + group.width for group in sheet.groups), default=0) + 40
    height = max((group.y + group.height for group in sheet.groups), default=0) + 2
    return Picture(about, width, height, list(boxes.values()), lines, sheet.groups)


def _line(join: Join, a: Box, b: Box) -> Line:
    """A curve from the side of a table's box to the nearer side of its target's."""
    ya, yb = a.y + a.height / 2, b.y + b.height / 2
    if abs(a.x - b.x) < 1:  # one above the other: out and back on the right
        x, out = a.x + a.width, 14 + min(abs(ya - yb) / 12, 26)
        return Line(
            join.table, join.target, f"M {x:g} {ya:g} C {x + out:g} {ya:g} {x + out:g} {yb:g} {x:g} {yb:g}"
        )
    start, end = (a.x, b.x + b.width) if a.x > b.x else (a.x + a.width, b.x)
    bend = (end - start) * 0.45
    path = f"M {start:g} {ya:g} C {start + bend:g} {ya:g} {end - bend:g} {yb:g} {end:g} {yb:g}"
    return Line(join.table, join.target, path)
