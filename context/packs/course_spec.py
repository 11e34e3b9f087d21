"""What a pack must say of the design of courses: which tools they have, what work they ask for."""

from __future__ import annotations

from context.packs.table_spec import TableSpec, option_field, ref_field, share_field

TEACHING_MODES = ("in_person", "hybrid", "online", "online_live")  # how a section is taught

COURSE_TABLES: dict[str, TableSpec] = {
    "adoption": TableSpec(
        (ref_field("tool", "tool.tool"), option_field("mode", *TEACHING_MODES), share_field()),
        ("tool", "mode"),
    ),
}
