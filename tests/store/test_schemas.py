"""The contracts hold together, and say the same in Arrow, DuckDB and BigQuery."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

import schemas
from schemas._load import option_sets, parse_table
from schemas._model import Column, Table

ENTITIES = """
academic_career academic_major academic_organization academic_program academic_session academic_term
campus course_grade course_offering course_section course_section_enrollment discussion discussion_entry
file learner_activity learner_activity_group learner_activity_result learning_environment_organization
module module_item person person__academic_major__academic_term person__academic_term person_email quiz
quiz_item quiz_item_group quiz_item_response quiz_result
learning_outcome learning_outcome_group learning_outcome_item_response learning_outcome_result
learning_outcome_rubric_criteria
annotation grading_period_grade learner_activity_group_grade learner_activity_override
module_progression module_item_completion
wiki wiki_page
role grading_period_group grading_period facility room
academic_degree academic_major_specialization academic_minor admission_test_score
institutional_affiliation person_phone_number
person__academic_degree person__academic_major_specialization__academic_term
person__academic_minor__academic_term
learner_group learner_group_membership conversation conversation_message participant_session
participant_session_role
"""
KEYS = {
    "course_grade": ("course_section_id", "person_id"),
    "person__academic_term": ("person_id", "academic_term_id"),
    "person__academic_degree": ("person_id", "academic_degree_id"),
    "person__academic_major_specialization__academic_term": (
        "person_id",
        "academic_term_id",
        "academic_major_specialization_id",
    ),
    "person__academic_minor__academic_term": ("person_id", "academic_term_id", "academic_minor_id"),
    "person__academic_major__academic_term": ("person_id", "academic_term_id", "academic_major_id"),
}
CIP = """01 03 04 05 09 10 11 12 13 14 15 16 19 22 23 24 25 26 27 28 29
30 31 38 40 41 42 43 44 45 46 49 50 51 52 54"""
ALL = [table for dataset in schemas.DATASETS for table in schemas.tables(dataset)]
every_table = pytest.mark.parametrize("table", ALL, ids=[f"{table.dataset}.{table.name}" for table in ALL])


def flat(columns: tuple[Column, ...]) -> Iterator[Column]:
    for column in columns:
        yield column
        yield from flat(column.fields)


def test_entities_are_all_there() -> None:
    """The context store has exactly the entities that are generated."""
    assert [table.name for table in schemas.tables("context_store_entity")] == sorted(ENTITIES.split())


def test_keys() -> None:
    """An entity's key is its own id, except for bridges and grades, which are keyed by what they join."""
    for table in schemas.tables("context_store_entity"):
        assert table.key == KEYS.get(table.name, (f"{table.name}_id",)), table.name


def test_keymaps_belong_to_entities_with_native_ids() -> None:
    """Each entity with one surrogate id has a keymap."""
    names = {table.name for table in schemas.tables("context_store_keymap")}
    assert names == set(ENTITIES.split()) - set(KEYS)


def test_keymap_columns() -> None:
    """A keymap holds the UDP ID and four native ids as text."""
    keymap = schemas.table("context_store_keymap", "person")
    assert keymap.names == ("id", "sis_int_id", "sis_ext_id", "lms_int_id", "lms_ext_id")
    assert [column.type for column in keymap.columns] == ["INT64"] + ["STRING"] * 4
    assert keymap.column("id").references == "person.person_id"


@every_table
def test_names_are_unique_and_plain(table: Table) -> None:
    """Column names are lower-case words, each used once in its table or record."""
    for columns in [table.columns, *(column.fields for column in table.columns)]:
        names = [column.name for column in columns]
        assert len(set(names)) == len(names)
        assert all(re.fullmatch(r"[a-z][a-z0-9_]*", name) for name in names)


@every_table
def test_descriptions_are_one_sentence(table: Table) -> None:
    """Tables and columns are described by one sentence that fits BigQuery's limit of 1,024 characters."""
    for text in [table.description, *(column.description for column in flat(table.columns))]:
        assert re.fullmatch(r"[A-Z][^.]*((?<! )[.](?! )[^.]+)*[.]", text), text
        assert len(text) <= 1024, text


@every_table
def test_references_point_at_keys(table: Table) -> None:
    """A reference names a table of the context store and a part of its key, with the same type."""
    for column in flat(table.columns):
        if column.references:
            target, key = column.references.split(".")
            other = schemas.table("context_store_entity", target)
            assert key in other.key, column
            assert other.column(key).type == column.type, column


def test_ids_of_generated_entities_are_references() -> None:
    """A column named after an entity's id refers to that entity, unless it is the entity's own id."""
    for table in schemas.tables("context_store_entity"):
        for column in table.columns:
            target = column.name.removesuffix("_id")
            if column.name.endswith("_id") and target in ENTITIES.split() and target != table.name:
                assert column.references == f"{target}.{column.name}", (table.name, column.name)


def test_ids_of_later_entities_say_so() -> None:
    """An id column without a reference is a key of its table or says that its target is not in the store."""
    for table in schemas.tables("context_store_entity"):
        for column in table.columns:
            if column.type == "INT64" and column.name.endswith("_id") and not column.references:
                says_so = re.search("not in this store|no entity", column.description)
                assert column.name in table.key or says_so, column


@every_table
def test_options_exist_and_are_text(table: Table) -> None:
    """A column with options names an existing set and is a STRING."""
    for column in flat(table.columns):
        if column.options:
            assert schemas.option_set(column.options)
            assert column.type == "STRING", column


def test_option_sets_are_clean() -> None:
    """Every set is used, has distinct members, and none with a comma, since a column may list several."""
    used = {column.options for table in ALL for column in flat(table.columns)}
    for name, members in option_sets().items():
        assert name in used
        assert len(set(members)) == len(members) > 1
        assert not any("," in member or not member for member in members)
        assert ("NoData" in members) or not name.startswith("ref_")


def test_documented_option_set_keeps_its_order() -> None:
    """The members of a set come in the order of the file."""
    assert schemas.option_set("ref_ps_student_level") == (
        "Graduate",
        "NoData",
        "Professional",
        "Undergraduate",
    )


def test_event_store() -> None:
    """Expanded is partitioned by a DATETIME with a required filter; events has eleven legacy columns."""
    expanded = schemas.table("event_store", "expanded")
    assert (expanded.partition_by, expanded.require_partition_filter) == ("event_time", True)
    assert expanded.column("event_time").type == "DATETIME"
    assert [field.name for field in expanded.column("course_offering").fields] == [
        "udp_id",
        "canvas_id",
        "sis_id",
        "engage_id",
    ]
    events = schemas.table("event_store", "events")
    assert len(events.columns) == 11
    assert events.column("event_time").type == "TIMESTAMP"


def test_arrow_types() -> None:
    """Each type of the contracts has its Arrow type, and only keys refuse null."""
    person = schemas.arrow_schema(schemas.table("context_store_entity", "person"))
    assert person.field("person_id") == pa.field("person_id", pa.int64(), nullable=False)
    assert person.field("birth_date").type == pa.date32()
    assert person.field("hs_gpa").type == pa.decimal128(38, 9)
    assert person.field("is_asian").type == pa.bool_()
    assert person.field("le_created_date") == pa.field("le_created_date", pa.timestamp("us"))
    events = schemas.arrow_schema(schemas.table("event_store", "events"))
    assert events.field("event_time").type == pa.timestamp("us", "UTC")
    membership = schemas.arrow_schema(schemas.table("event_store", "expanded")).field("membership").type
    assert membership.field("roles").type == pa.list_(pa.string())


@every_table
def test_duckdb_agrees_with_arrow(table: Table) -> None:
    """A table made from the DuckDB statement has the columns, types and null rule of the Arrow schema."""
    with duckdb.connect() as connection:
        connection.execute(f"SET TimeZone = 'UTC'; CREATE SCHEMA \"{table.dataset}\"")
        connection.execute(schemas.duckdb_ddl(table))
        name = f'"{table.dataset}"."{table.name}"'
        made = connection.table(name).to_arrow_table().schema
        nullable = [row[2] == "YES" for row in connection.execute(f"DESCRIBE {name}").fetchall()]
    wanted = schemas.arrow_schema(table)
    assert made.names == wanted.names == list(table.names)
    assert made.types == wanted.types
    assert nullable == [field.nullable for field in wanted]


@every_table
def test_bigquery_schema_says_the_same(table: Table) -> None:
    """The BigQuery schema has the columns in order, with fields for records only."""
    schema = schemas.bigquery_schema(table)
    assert [field["name"] for field in schema] == list(table.names)
    for field, column in zip(schema, table.columns, strict=True):
        assert (field["type"], field["mode"]) == (column.type, column.mode)
        assert ("fields" in field) == (column.type == "RECORD")


def test_subjects_cover_the_cip_families() -> None:
    """Every CIP family with students has one to five subjects, each with a code of its own."""
    rows = schemas.derivation("cip_of_subject").to_pylist()
    assert len({row["subject"] for row in rows}) == len({row["title"] for row in rows}) == len(rows)
    families = [row["cip"] for row in rows]
    assert sorted(set(families)) == CIP.split()
    assert all(1 <= families.count(cip) <= 5 for cip in families)
    assert {"subject": "MATH", "title": "Mathematics", "cip": "27"} in rows


def test_every_course_number_has_one_level() -> None:
    """The levels cover the numbers from 100 to 999 without gap or overlap."""
    rows = schemas.derivation("level_of_course_number").to_pylist()
    ranges = [range(int(row["low"]), int(row["high"]) + 1) for row in rows]
    assert [number for numbers in ranges for number in numbers] == list(range(100, 1000))
    assert [row["level"] for row in rows] == ["100", "200", "300", "400", "500", "700"]


def test_unknown_names_are_answered_with_near_ones() -> None:
    """Asking for what is not there raises a ValueError that names what was given and what is near."""
    with pytest.raises(schemas.UnknownTable, match="entity named 'persons'; did you mean person"):
        schemas.table("context_store_entity", "persons")
    with pytest.raises(schemas.UnknownTable, match="known: events, expanded"):
        schemas.table("event_store", "zzz")
    with pytest.raises(schemas.UnknownDataset, match="context_store_entity"):
        schemas.tables("context_store")
    with pytest.raises(schemas.UnknownOptionSet, match="did you mean ref_role"):
        schemas.option_set("ref_roles")
    with pytest.raises(schemas.UnknownColumn, match="did you mean last_name"):
        schemas.table("context_store_entity", "person").column("lastname")
    with pytest.raises(schemas.UnknownDerivation, match="cip_of_subject"):
        schemas.derivation("cip_of_subjects")
    assert issubclass(schemas.UnknownTable, ValueError)


GOOD = """
description = "A thing."
loaded_from = "SIS"
key = ["thing_id"]
keymap = true
[columns.thing_id]
type = "INT64"
mode = "REQUIRED"
provenance = "inferred"
description = "UDP ID of the thing."
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"INT64"', '"INT"', "x/thing.toml: thing_id: type: 'INT' given, allowed: INT64, STRING"),
        ("inferred", "guessed", "provenance: 'guessed' given, allowed: documented, inferred"),
        ('"SIS"', '"ERP"', "loaded_from: 'ERP' given"),
        ('mode = "REQUIRED"', "", "allowed: exactly the key"),
        ('mode = "REQUIRED"', 'mood = "REQUIRED"', "thing_id: entry: 'mood' given"),
        ('["thing_id"]', '["thingid"]', "column: 'thingid' given, allowed: thing_id"),
        ('["thing_id"]', '"thing_id"', "key: 'thing_id' given, allowed: a list"),
        ('provenance = "inferred"', 'provenance = "inferred"\noptions = "ref_rol"', "did you mean ref_role"),
        ('"INT64"', '"RECORD"', "RECORD needs fields"),
        ('description = "A thing."', "", "x/thing.toml: description missing"),
        ("[columns.thing_id]", "[columns.thing_id", "x/thing.toml: "),
        ("thing_id", "other_id", "allowed with a keymap: thing_id alone"),
    ],
)
def test_wrong_files_are_refused(old: str, new: str, message: str) -> None:
    """A contract file with a mistake is refused with the file, what was given and what is allowed."""
    assert parse_table("x", "thing", GOOD).key == ("thing_id",)
    with pytest.raises(schemas.SchemaError, match=re.escape(message)):
        parse_table("x", "thing", GOOD.replace(old, new))


def test_schemas_imports_nothing_of_ours() -> None:
    """The contracts stand alone: no file of the package imports context or sim."""
    for path in Path(schemas.__file__).parent.glob("*.py"):
        found = re.search(r"^\s*(from|import) (context|sim)\b", path.read_text("utf-8"), re.MULTILINE)
        assert not found, path
