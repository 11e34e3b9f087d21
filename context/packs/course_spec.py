"""What a pack must say of the design of courses: which tools they have, what work they ask for."""

from __future__ import annotations

from context.packs.table_spec import Field, TableSpec, number_field, option_field, ref_field, share_field

TEACHING_MODES = ("in_person", "hybrid", "online", "online_live")  # how a section is taught
COLLEGE_CODES = ("LSA", "ENGR", "BUS", "HLTH", "EDUC", "AGNR", "ARTS", "COMM", "PUBL")
FORMATS = ("lecture", "laboratory", "seminar", "project", "problem_sets", "studio")
WORKS = (  # kinds of work; titles go by them
    "assignment", "homework", "problem_set", "lab", "essay", "project", "studio", "reading", "participation",
    "quiz", "discussion", "exam", "final_exam",
)  # fmt: skip
# What a section's day can be: an examination within three days, work, a quiz or a discussion due today or
# tomorrow, a class, the day after one, office hours without a class, neither of these.
SECTION_STATES = ("meets", "exam_soon", "work_due", "quiz_due", "talk_due", "met", "office", "idle")
_FORMAT = option_field("format", *FORMATS)
_MOST_WEIGHT = 100

COURSE_TABLES: dict[str, TableSpec] = {
    "adoption": TableSpec(
        (ref_field("tool", "tool.tool"), option_field("mode", *TEACHING_MODES), share_field()),
        ("tool", "mode"),
    ),
    "section_state": TableSpec(
        (
            option_field("state", *SECTION_STATES),
            ref_field("tool", "tool.tool"),
            number_field("factor", 0, 20),
        ),
        ("state", "tool"),
    ),
    "format_given_cip": TableSpec(
        (ref_field("cip", "cip.cip"), _FORMAT, share_field()),
        ("cip", "format"),
        sums=(("share", ("cip",)),),
        complete=("cip",),
    ),
    "format_given_level": TableSpec(
        (ref_field("level", "level.level"), _FORMAT, number_field("factor", 0, 100)),
        ("level", "format"),
        complete=("level", "format"),
    ),
    "format": TableSpec(
        (
            _FORMAT,
            *map(share_field, ("exams", "final_exam", "final_apart", "quizzes", "discussions", "modules")),
        ),
        ("format",),
        complete=("format",),
    ),
    "work": TableSpec(
        (
            Field("group"),
            option_field("work", *WORKS),
            number_field("weight_low", 1, _MOST_WEIGHT),
            number_field("weight_high", 1, _MOST_WEIGHT),
            share_field("undated_share"),
        ),
        ("group",),
        complete=("work",),
        ordered=("weight_low", "weight_high"),
    ),
}
