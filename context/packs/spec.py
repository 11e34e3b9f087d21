"""What a pack must hold: its tables, their columns, types, ranges and sums. Data only; ``read`` and
``check`` hold packs to it.

Every table may also have the columns ``source``, ``assumption`` and ``note``, which say where a row's
figures come from when it's another place than the table's. A row without them has the table's source.
"""

from __future__ import annotations

import schemas
from context.arrays import DAY_MS
from context.packs.course_spec import COLLEGE_CODES, COURSE_TABLES, WORKS
from context.packs.people_codes import CAREERS, STANDINGS
from context.packs.table_spec import (
    Field,
    TableSpec,
    law_table,
    number_field,
    option_field,
    ref_field,
    share_field,
    whole_field,
)

TERM_TYPES = ("Fall", "Spring", "Summer")
DAY_KINDS = ("before", "class", "weekend", "holiday", "break", "reading", "finals", "after")
# The campus days that exist, day 0 being the term's first: the day-in-term curves cover just these.
FIRST_DAY = -14
LAST_DAYS = {"Fall": 123, "Spring": 123, "Summer": 95}
AFTER_DAYS = {"Fall": 8, "Spring": 8, "Summer": 14}  # of them, after a term's end
LAST_DAY = max(LAST_DAYS.values())
FIRST_WEEK, LAST_WEEK = FIRST_DAY // 7, LAST_DAY // 7  # of the axis of weeks: Fall's and Spring's
SHORT_TERM = {"Summer": (116, 82)}  # days to stretch its weeks by: so many of its days are so many of Fall's
HOLIDAYS = ("labor_day", "thanksgiving", "mlk_day", "memorial_day", "juneteenth", "independence_day")
CALENDAR_DATES = ("start", "instruction_end", "finals_start", "end", "add_drop_end", "withdraw_deadline")
CALENDAR_ITEMS = (*CALENDAR_DATES, "no_class")
LTI_KIND = "context_external_tool"  # of a tool with a launch domain that tool_kind.csv has no row for
EVENT_KINDS = tuple(
    kind["name"] for kind in schemas.event_kinds() if "asset_type" in kind and kind.get("role") != "staff"
)
MOST_BUFFER_EVENTS, MOST_ENVELOPE_EVENTS = 100_000, 1_000  # of a sensor
MOST_FACTOR = 1_000  # of event rates: events of a student in a course on a day, at most
MOST_FLUSH_MS, MOST_DELAY_MS = DAY_MS, DAY_MS
SUM_TOLERANCE = 1e-6

NOTES = (Field("source", blank=True), Field("assumption", "truth", blank=True), Field("note", blank=True))
_BLOCK = (Field("source"), Field("assumption", "truth"))
DEFAULT_PACK = "us_public_r1"  # every pack has the fields and numbers that this one has


_STANDING_MIX = ("freshman", "sophomore", "junior", "senior")
_SHARES = ("major_share_ug", "major_share_grad", "seat_share_service", "seat_share_grad")
_FRACTIONS = (number_field("term_fraction_low", 0, 1), number_field("term_fraction_high", 0, 1))

# Bearers of a name by group, as the Census has it; api: Asian and Pacific Islander, native: American Indian.
NAME_GROUPS = ("white", "black", "api", "native", "multiple", "hispanic")
_GROUPS = tuple(number_field(name, 0, 100, blank=True) for name in NAME_GROUPS)
_TITLES = (  # of what is no work
    "page", "module", "announcement",
    "file", "file_slides", "file_data", "file_image", "file_media", "file_archive",
)  # fmt: skip

TABLES: dict[str, TableSpec] = {
    **COURSE_TABLES,
    "cip": TableSpec(
        (
            Field("cip"),
            Field("title"),
            *map(share_field, _SHARES),
            number_field("gpa", 0, 4),
            *map(share_field, _STANDING_MIX),
            share_field("women"),
            share_field("laboratory_share"),
        ),
        ("cip",),
        sums=tuple((name, ()) for name in _SHARES),
        row_sums=(_STANDING_MIX,),
    ),
    "level": TableSpec(
        (
            Field("level"),
            share_field("seat_share"),
            share_field("section_share"),
            number_field("ln_sigma", 0, 5),
            number_field("mean_size", 1, 5000),
            whole_field("max_size", 1, 5000),
        ),
        ("level",),
        sums=(("seat_share", ()), ("section_share", ())),
        ordered=("mean_size", "max_size"),
    ),
    "level_given_standing": TableSpec(
        (option_field("standing", *STANDINGS), ref_field("level", "level.level"), share_field()),
        ("standing", "level"),
        sums=(("share", ("standing",)),),
        complete=("standing",),
    ),
    "sections_per_course": law_table(whole_field("sections", 1, 1000)),
    "course_load": TableSpec(
        (
            option_field("career", *CAREERS),
            option_field("load", "FullTime", "PartTime"),
            whole_field("courses", 1, 20),
            share_field(),
        ),
        ("career", "load", "courses"),
        sums=(("share", ("career", "load")),),
        complete=("career", "load"),
    ),
    "instructor_load": law_table(whole_field("sections", 1, 100)),
    "calendar": TableSpec(
        (
            option_field("term_type", *TERM_TYPES),
            option_field("item", *CALENDAR_ITEMS),
            option_field("rule", "start", *HOLIDAYS),
            whole_field("offset_days", -200, 200),
        ),
        ("term_type", "item", "rule", "offset_days"),
        complete=("term_type", "item"),
    ),
    "tool": TableSpec(
        (
            Field("tool"),
            whole_field("rank", 0, 10_000),
            Field("lti_domain", blank=True, ends=".example"),
            Field("lti_name", blank=True),
        ),
        ("tool",),
    ),
    "tool_kind": TableSpec(
        (ref_field("tool", "tool.tool"), option_field("kind", *EVENT_KINDS), share_field()),
        ("tool", "kind"),
        sums=(("share", ("tool",)),),
        complete=("tool",),
    ),
    "delivery": TableSpec(
        (
            ref_field("tool", "tool.tool"),
            whole_field("buffer_events", 1, MOST_BUFFER_EVENTS),
            whole_field("flush_ms", 0, MOST_FLUSH_MS),
            whole_field("envelope_events", 1, MOST_ENVELOPE_EVENTS),
            whole_field("delay_median_ms", 0, MOST_DELAY_MS),
            whole_field("delay_p99_ms", 0, MOST_DELAY_MS),
        ),
        ("tool",),
        ordered=("delay_median_ms", "delay_p99_ms"),
    ),
    "hour": TableSpec(
        (whole_field("hour", 0, 23), share_field(), share_field("weekend_share")),
        ("hour",),
        (("share", ()), ("weekend_share", ())),
        complete=("hour",),
    ),
    "visits": law_table(whole_field("visits", 1, 100)),
    "visit_slots": law_table(whole_field("slots", 1, 1000)),
    "gap": law_table(whole_field("seconds", 1, 1800)),
    "device": TableSpec(
        (
            option_field("device", "desktop", "mobile_web", "tablet", "mobile_app"),
            Field("browser"),
            Field("user_agent"),
            share_field(),
        ),
        ("user_agent",),
        (("share", ()),),
    ),
    "submission_lead": TableSpec(
        (
            whole_field("lead_low_minutes", -525_600, 525_600),
            whole_field("lead_high_minutes", -525_600, 525_600),
            share_field(),
        ),
        ("lead_low_minutes",),
        (("share", ()),),
        steps=("lead_low_minutes", "lead_high_minutes"),
    ),
    "missing": TableSpec(
        (*_FRACTIONS, share_field("rate")),
        ("term_fraction_low",),
        steps=("term_fraction_low", "term_fraction_high"),
    ),
    "score": TableSpec(
        (
            option_field("kind", "assignment", "quiz", "discussion", "exam"),
            number_field("mean", 0, 100),
            number_field("sd", 0, 50),
            share_field("full_marks_share"),
        ),
        ("kind",),
        complete=("kind",),
    ),
    "letter": TableSpec(
        (Field("letter"), number_field("grade_points", 0, 5), share_field()), ("letter",), (("share", ()),)
    ),
    "withdraw_timing": TableSpec(
        (*_FRACTIONS, share_field()),
        ("term_fraction_low",),
        (("share", ()),),
        steps=("term_fraction_low", "term_fraction_high"),
    ),
    "surname": TableSpec((Field("name"), number_field("weight", 1e-9), *_GROUPS), ("name",)),
    "first_name": TableSpec(
        (option_field("sex", "F", "M"), Field("name"), number_field("weight", 1e-9), *_GROUPS),
        ("sex", "name"),
        complete=("sex",),
    ),
    "real_course": TableSpec(
        (Field("course"), Field("figure"), number_field("value", 0)), ("course", "figure")
    ),
    "spelling": TableSpec(
        (option_field("part", "first", "last"), Field("name"), Field("spelling"), share_field()),
        ("part", "name"),
        complete=("part",),
    ),
    "grading_period": TableSpec(
        (
            Field("college", options=COLLEGE_CODES, blank=True),
            Field("set", places=("term",)),
            Field("period"),
            whole_field("weight_percent", 0, 100),
            Field("deleted", "truth"),
        ),
        ("set", "period"),
    ),
    "outcome_scale": TableSpec(
        (
            Field("scale"),
            whole_field("mastery_points", 1, 1000),
            share_field(),
            share_field("institution_share"),
        ),
        ("scale",),
        sums=(("share", ()), ("institution_share", ())),
    ),
    "outcome_rating": TableSpec(
        (ref_field("scale", "outcome_scale.scale"), Field("rating"), whole_field("points", 0, 1000)),
        ("scale", "points"),
        complete=("scale",),
    ),
    "title": TableSpec(
        (
            option_field("kind", *WORKS, *_TITLES),
            Field("template", places=("n", "w", "topic")),
        ),
        ("kind", "template"),
        complete=("kind",),
    ),
    "topic": TableSpec(
        (ref_field("cip", "cip.cip"), Field("subject", blank=True), Field("topic")),
        ("cip", "subject", "topic"),
        complete=("cip",),
    ),
    "phrase": TableSpec((Field("kind"), Field("phrase", places=("topic",))), ("kind", "phrase")),
    "categorical": TableSpec(
        (
            Field("entity"),
            Field("field"),
            *(Field(name, blank=True) for name in ("given_1", "given_1_value", "given_2", "given_2_value")),
            Field("value", blank=True),
            Field("is_null", "truth"),
            share_field(),
            *_BLOCK,
        ),
        ("entity", "field", "given_1_value", "given_2_value", "value", "is_null"),
        (("share", ("entity", "field", "given_1_value", "given_2_value")),),
    ),
    "continuous": TableSpec(
        (
            Field("entity"),
            Field("field"),
            *(number_field(name) for name in ("avg", "sd", "min", "max")),
            number_field("median", blank=True),
            option_field("family", "lognormal", "maxent", "normal"),
            number_field("step", 0),
            *_BLOCK,
        ),
        ("entity", "field"),
    ),
    "numbers": TableSpec((Field("key"), number_field("value"), Field("unit", blank=True), *_BLOCK), ("key",)),
}

# The axes of event rates. Any table named rate_<something> with some of these columns and ``factor`` is one
# factor of the product; rate_base (no axis, one row) must be there.
AXES: dict[str, Field] = {
    "term_type": option_field("term_type", *TERM_TYPES),
    "day": whole_field("day", FIRST_DAY, LAST_DAY),
    "week": whole_field("week", FIRST_WEEK, LAST_WEEK),
    "kind": option_field("kind", *DAY_KINDS),
    "role": Field("role"),
    "cip": ref_field("cip", "cip.cip"),
    "level": ref_field("level", "level.level"),
    "tool": ref_field("tool", "tool.tool"),
}
SPARSE_AXES = ("kind", "week")  # where a table has one of these, what has no row in it has factor 1


def rate_spec(columns: tuple[str, ...]) -> TableSpec:
    """The specification of a rate table that has these axis columns."""
    axes = tuple(name for name in AXES if name in columns)
    return TableSpec(
        (*(AXES[name] for name in axes), number_field("factor", 0, MOST_FACTOR)),
        axes,
        complete=() if set(axes) & set(SPARSE_AXES) else axes,
    )
