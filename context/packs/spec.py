"""What a pack must hold: its tables, their columns, types, ranges and sums. Data only; ``read`` and
``check`` hold packs to it.

Every table may also have the columns ``source``, ``assumption`` and ``note``, which say where a row's
figures come from when it's another place than the table's. A row without them has the table's source.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import schemas
from context.arrays import DAY_MS, HOUR_MS
from context.packs.people_codes import CAREERS, STANDINGS

TERM_TYPES = ("Fall", "Spring", "Summer")
DAY_KINDS = ("before", "class", "weekend", "holiday", "break", "reading", "finals", "after")
# The campus days that exist, day 0 being the term's first: the day-in-term curves cover just these.
FIRST_DAY = -14
LAST_DAYS = {"Fall": 123, "Spring": 123, "Summer": 95}
LAST_DAY = max(LAST_DAYS.values())
HOLIDAYS = ("labor_day", "thanksgiving", "mlk_day", "memorial_day", "juneteenth", "independence_day")
CALENDAR_DATES = ("start", "instruction_end", "finals_start", "end", "add_drop_end", "withdraw_deadline")
CALENDAR_ITEMS = (*CALENDAR_DATES, "no_class")
LTI_KIND = "context_external_tool"  # of a tool with a launch domain that tool_kind.csv has no row for
EVENT_KINDS = tuple(
    kind["name"] for kind in schemas.event_kinds() if "asset_type" in kind and kind.get("role") != "staff"
)
MOST_BUFFER_EVENTS, MOST_ENVELOPE_EVENTS = 100_000, 1_000  # of a sensor
MOST_FACTOR = 1_000  # of event rates: events of a student in a course on a day, at most
MOST_FLUSH_MS, MOST_DELAY_MS = HOUR_MS, DAY_MS
SUM_TOLERANCE = 1e-6

Kind = Literal["text", "whole", "number", "truth"]


@dataclass(frozen=True)
class Field:
    """A column. ``options`` or ``refers`` ("table.column") or a range of whole numbers closes its values."""

    name: str
    kind: Kind = "text"
    low: float | None = None
    high: float | None = None
    options: tuple[str, ...] = ()
    refers: str = ""
    blank: bool = False  # an empty cell is allowed: "" in text, None elsewhere
    ends: str = ""  # a text must end so
    places: tuple[str, ...] = ()  # {placeholders} that a text may have


@dataclass(frozen=True)
class TableSpec:
    """A table. ``sums``: (column, grouping columns) that sum to 1; ``row_sums``: columns that do in each row.

    ``complete``: every combination of the allowed values of these columns must have a row.
    ``steps``: (low, high) columns of intervals that follow each other without gap or overlap.
    ``ordered``: (low, high) columns of which the second is nowhere below the first.
    """

    fields: tuple[Field, ...]
    key: tuple[str, ...]
    sums: tuple[tuple[str, tuple[str, ...]], ...] = ()
    row_sums: tuple[tuple[str, ...], ...] = ()
    complete: tuple[str, ...] = ()
    steps: tuple[str, str] | None = None
    ordered: tuple[str, str] | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(field.name for field in self.fields)


NOTES = (Field("source", blank=True), Field("assumption", "truth", blank=True), Field("note", blank=True))
_BLOCK = (Field("source"), Field("assumption", "truth"))
DEFAULT_PACK = "us_public_r1"  # every pack has the fields and numbers that this one has


def _share(name: str = "share") -> Field:
    return Field(name, "number", 0, 1)


def _whole(name: str, low: float, high: float) -> Field:
    return Field(name, "whole", low, high)


def _number(name: str, low: float | None = None, high: float | None = None, blank: bool = False) -> Field:
    return Field(name, "number", low, high, blank=blank)


def _ref(name: str, refers: str) -> Field:
    return Field(name, refers=refers)


def _one_of(name: str, *options: str) -> Field:
    return Field(name, options=options)


def _law(*fields: Field) -> TableSpec:
    """One share per value of the leading column."""
    return TableSpec((*fields, _share()), (fields[0].name,), (("share", ()),))


_STANDING_MIX = ("freshman", "sophomore", "junior", "senior")
_SHARES = ("major_share_ug", "major_share_grad", "seat_share_service", "seat_share_grad")
_FRACTIONS = (_number("term_fraction_low", 0, 1), _number("term_fraction_high", 0, 1))

# Bearers of a name by group, as the Census has it; api: Asian and Pacific Islander, native: American Indian.
NAME_GROUPS = ("white", "black", "api", "native", "multiple", "hispanic")
_GROUPS = tuple(_number(name, 0, 100, blank=True) for name in NAME_GROUPS)
_TITLES = (
    "assignment", "quiz", "discussion", "exam", "page", "module", "announcement",
    "file", "file_slides", "file_data", "file_image", "file_media", "file_archive",
)  # fmt: skip

TABLES: dict[str, TableSpec] = {
    "cip": TableSpec(
        (
            Field("cip"),
            Field("title"),
            *map(_share, _SHARES),
            _number("gpa", 0, 4),
            *map(_share, _STANDING_MIX),
            _share("women"),
        ),
        ("cip",),
        sums=tuple((name, ()) for name in _SHARES),
        row_sums=(_STANDING_MIX,),
    ),
    "level": TableSpec(
        (
            Field("level"),
            _share("seat_share"),
            _share("section_share"),
            _number("ln_mu"),
            _number("ln_sigma", 0, 5),
            _number("mean_size", 1, 5000),
            _whole("max_size", 1, 5000),
        ),
        ("level",),
        sums=(("seat_share", ()), ("section_share", ())),
        ordered=("mean_size", "max_size"),
    ),
    "level_given_standing": TableSpec(
        (_one_of("standing", *STANDINGS), _ref("level", "level.level"), _share()),
        ("standing", "level"),
        sums=(("share", ("standing",)),),
        complete=("standing",),
    ),
    "sections_per_course": _law(_whole("sections", 1, 1000)),
    "course_load": TableSpec(
        (
            _one_of("career", *CAREERS),
            _one_of("load", "FullTime", "PartTime"),
            _whole("courses", 1, 20),
            _share(),
        ),
        ("career", "load", "courses"),
        sums=(("share", ("career", "load")),),
        complete=("career", "load"),
    ),
    "instructor_load": _law(_whole("sections", 1, 100)),
    "calendar": TableSpec(
        (
            _one_of("term_type", *TERM_TYPES),
            _one_of("item", *CALENDAR_ITEMS),
            _one_of("rule", "start", *HOLIDAYS),
            _whole("offset_days", -200, 200),
        ),
        ("term_type", "item", "rule", "offset_days"),
        complete=("term_type", "item"),
    ),
    "tool": TableSpec(
        (
            Field("tool"),
            _whole("rank", 0, 10_000),
            Field("lti_domain", blank=True, ends=".example"),
            Field("lti_name", blank=True),
        ),
        ("tool",),
    ),
    "tool_kind": TableSpec(
        (_ref("tool", "tool.tool"), _one_of("kind", *EVENT_KINDS), _share()),
        ("tool", "kind"),
        sums=(("share", ("tool",)),),
        complete=("tool",),
    ),
    "delivery": TableSpec(
        (
            _ref("tool", "tool.tool"),
            _whole("buffer_events", 1, MOST_BUFFER_EVENTS),
            _whole("flush_ms", 0, MOST_FLUSH_MS),
            _whole("envelope_events", 1, MOST_ENVELOPE_EVENTS),
            _whole("delay_median_ms", 0, MOST_DELAY_MS),
            _whole("delay_p99_ms", 0, MOST_DELAY_MS),
        ),
        ("tool",),
        ordered=("delay_median_ms", "delay_p99_ms"),
    ),
    "hour": TableSpec(
        (_whole("hour", 0, 23), _share(), _share("weekend_share")),
        ("hour",),
        (("share", ()), ("weekend_share", ())),
        complete=("hour",),
    ),
    "visits": _law(_whole("visits", 1, 100)),
    "visit_slots": _law(_whole("slots", 1, 1000)),
    "gap": _law(_whole("seconds", 1, 1800)),
    "device": TableSpec(
        (
            _one_of("device", "desktop", "mobile_web", "tablet", "mobile_app"),
            Field("browser"),
            Field("user_agent"),
            _share(),
        ),
        ("user_agent",),
        (("share", ()),),
    ),
    "submission_lead": TableSpec(
        (
            _whole("lead_low_minutes", -525_600, 525_600),
            _whole("lead_high_minutes", -525_600, 525_600),
            _share(),
        ),
        ("lead_low_minutes",),
        (("share", ()),),
        steps=("lead_low_minutes", "lead_high_minutes"),
    ),
    "missing": TableSpec(
        (*_FRACTIONS, _share("rate")),
        ("term_fraction_low",),
        steps=("term_fraction_low", "term_fraction_high"),
    ),
    "score": TableSpec(
        (
            _one_of("kind", "assignment", "quiz", "discussion", "exam"),
            _number("mean", 0, 100),
            _number("sd", 0, 50),
            _share("full_marks_share"),
        ),
        ("kind",),
        complete=("kind",),
    ),
    "letter": TableSpec(
        (Field("letter"), _number("grade_points", 0, 5), _share()), ("letter",), (("share", ()),)
    ),
    "withdraw_timing": TableSpec(
        (*_FRACTIONS, _share()),
        ("term_fraction_low",),
        (("share", ()),),
        steps=("term_fraction_low", "term_fraction_high"),
    ),
    "surname": TableSpec((Field("name"), _number("weight", 1e-9), *_GROUPS), ("name",)),
    "first_name": TableSpec(
        (_one_of("sex", "F", "M"), Field("name"), _number("weight", 1e-9), *_GROUPS),
        ("sex", "name"),
        complete=("sex",),
    ),
    "title": TableSpec(
        (
            _one_of("kind", *_TITLES),
            Field("template", places=("n", "w", "topic")),
        ),
        ("kind", "template"),
        complete=("kind",),
    ),
    "topic": TableSpec((_ref("cip", "cip.cip"), Field("topic")), ("cip", "topic"), complete=("cip",)),
    "phrase": TableSpec((Field("kind"), Field("phrase", places=("topic",))), ("kind", "phrase")),
    "categorical": TableSpec(
        (
            Field("entity"),
            Field("field"),
            *(Field(name, blank=True) for name in ("given_1", "given_1_value", "given_2", "given_2_value")),
            Field("value", blank=True),
            Field("is_null", "truth"),
            _share(),
            *_BLOCK,
        ),
        ("entity", "field", "given_1_value", "given_2_value", "value", "is_null"),
        (("share", ("entity", "field", "given_1_value", "given_2_value")),),
    ),
    "continuous": TableSpec(
        (
            Field("entity"),
            Field("field"),
            *(_number(name) for name in ("avg", "sd", "min", "max")),
            _number("median", blank=True),
            _one_of("family", "lognormal", "maxent", "normal"),
            _number("step", 0),
            *_BLOCK,
        ),
        ("entity", "field"),
    ),
    "numbers": TableSpec((Field("key"), _number("value"), Field("unit", blank=True), *_BLOCK), ("key",)),
}

# The axes of event rates. Any table named rate_<something> with some of these columns and ``factor`` is one
# factor of the product; rate_base (no axis, one row) must be there.
AXES: dict[str, Field] = {
    "term_type": _one_of("term_type", *TERM_TYPES),
    "day": _whole("day", FIRST_DAY, LAST_DAY),
    "kind": _one_of("kind", *DAY_KINDS),
    "role": Field("role"),
    "cip": _ref("cip", "cip.cip"),
    "level": _ref("level", "level.level"),
    "tool": _ref("tool", "tool.tool"),
}
SPARSE_AXES = ("kind",)  # a kind of day without a row has factor 1


def rate_spec(columns: tuple[str, ...]) -> TableSpec:
    """The specification of a rate table that has these axis columns."""
    axes = tuple(name for name in AXES if name in columns)
    return TableSpec(
        (*(AXES[name] for name in axes), _number("factor", 0, MOST_FACTOR)),
        axes,
        complete=tuple(name for name in axes if name not in SPARSE_AXES),
    )
