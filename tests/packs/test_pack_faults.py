"""What the loader of packs says of broken ones: always the file and the row."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from context.errors import InputError
from context.packs.pack import check_pack, load_pack
from tests.samples.pack_folder import Edit, edit, put


def told(finding: dict[str, Any]) -> str:
    """A finding as one line, made here from its parts."""
    row = "" if finding["row"] is None else f" row {finding['row']}"
    return f"pack {finding['pack']}: {finding['file']}{row}: {finding['problem']}"


FAULTS: list[tuple[str, Edit, int | None, str]] = [
    ("hour", put(5, "share", "0.5"), 2, "share (rows 2 to 25): sum 1.493"),
    ("hour", lambda rows: rows.pop(), 24, "no row for hour = 23 up to this last row, allowed: one"),
    ("hour", put(4, "hour", "1"), 4, "hour = 1: already in row 3, allowed: once"),
    ("hour", put(4, "hour", "24"), 4, "hour: 24 given, allowed: a whole number from 0 to 23"),
    ("hour", put(4, "hour", "2.5"), 4, "hour: 2.5 given, allowed: a whole number from 0 to 23"),
    ("hour", put(4, "share", "nan"), 4, "share: nan given, allowed: a number from 0 to 1"),
    ("hour", put(4, "share", "-0.1"), 4, "share: -0.1 given, allowed: a number from 0 to 1"),
    ("hour", put(4, "share", ""), 4, "share: nothing given, allowed: a number from 0 to 1"),
    ("hour", put(1, "share", "part"), 1, "column part: unknown, allowed: hour, share"),
    ("hour", put(1, "hour", "share"), 1, "column share: given 2 times, allowed: once"),
    ("hour", put(1, "hour", "note"), 1, "column hour: missing"),
    ("hour", lambda rows: rows[2].append("9"), 3, "4 cells given, allowed: 3, as in the header"),
    ("hour", lambda rows: rows.clear(), 1, "empty, allowed: a header and rows"),
    ("cip", put(3, "gpa", "4.1"), 3, "gpa: 4.1 given, allowed: a number from 0 to 4"),
    ("cip", put(3, "senior", "0.9"), 3, "freshman + sophomore + junior + senior: sum 1."),
    ("rate_tool", put(9, "tool", "quizes"), 9, "tool: quizes given, did you mean quizzes?"),
    ("rate_tool", lambda rows: rows.pop(7), 720, "no row for cip = 01, tool = assignments"),
    ("rate_tool", put(4, "factor", "-1"), 4, "factor: -1 given, allowed: a number from 0 to 1000"),
    ("rate_base", put(2, "factor", "1001"), 2, "factor: 1001 given, allowed: a number from 0 to 1000"),
    ("phrase", put(2, "kind", "descripton"), 2, "kind: descripton given, did you mean description?"),
    ("rate_day_kind", put(2, "kind", "fiesta"), 2, "kind: fiesta given, allowed: before, class"),
    ("rate_base", lambda rows: rows.append(["2", ""]), 3, "a second row: already in row 2, allowed: once"),
    ("tool_kind", put(2, "kind", "course_house"), 2, "kind: course_house given, did you mean course_home?"),
    ("tool", put(14, "lti_domain", "zoom.us"), 14, "lti_domain: zoom.us given, allowed: a text that ends"),
    ("title", put(2, "template", "{week}"), 2, "template: {week} given, allowed: the placeholders {n}, {w}"),
    ("title", put(2, "template", "Week {"), 2, "template: Week { given, "),
    ("level", put(2, "mean_size", "0.5"), 2, "mean_size: 0.5 given, allowed: a number from 1 to 5000"),
    ("level", put(2, "max_size", "68"), 2, "max_size: 68 given, allowed: mean_size (68.3) or more"),
    ("course_load", put(2, "career", "Alumni"), 2, "career: Alumni given, allowed: Undergraduate, "),
    ("missing", put(3, "term_fraction_low", "0.2"), 3, "term_fraction_low: 0.2 given, allowed: 0.1"),
    ("missing", put(3, "term_fraction_high", "0.05"), 3, "term_fraction_high: 0.05 given, allowed: above"),
    ("continuous", put(2, "sd", "40"), 2, "learner_activity_group.activities: sd: 40 given, allowed: from"),
    ("continuous", put(2, "median", "70"), 2, "learner_activity_group.activities: median: 70 given"),
    ("continuous", put(2, "family", "gumbel"), 2, "family: gumbel given, allowed: lognormal, maxent, normal"),
    ("numbers", put(2, "key", "fte.part"), None, "no row for fte.part_time_ug, every pack has it"),
    ("numbers", put(3, "source", ""), 3, "source: nothing given, allowed: a text"),
    ("numbers", put(3, "key", "fte.part_time_gard"), 3, "fte.part_time_gard: nothing reads it, did you mean"),
    (
        "numbers",
        put(9, "value", "1.5"),
        9,
        "demand.own_major_professional: 1.5 given, allowed: a share from 0",
    ),
    (
        "categorical",
        put(2, "value", "Studnt"),
        2,
        "course_section_enrollment.role: Studnt given, allowed: ",
    ),
    ("categorical", put(2, "share", "0.803"), 2, "share of course_section_enrollment, role (rows 2 to 8): "),
    ("categorical", put(3, "value", ""), 3, "course_section_enrollment.role: no value with is_null false"),
    (
        "categorical",
        put(3, "is_null", "true"),
        3,
        "course_section_enrollment.role: value Teacher with is_null",
    ),
    (
        "categorical",
        put(3, "given_1", "sex"),
        3,
        "course_section_enrollment.role: given sex, allowed: no field",
    ),
    ("categorical", put(9, "given_1_value", ""), 9, "course_section_enrollment.role_status: a given_ field"),
    ("categorical", put(9, "assumption", "maybe"), 9, "assumption: maybe given, allowed: true, false"),
    ("delivery", put(3, "tool", "announcment"), 3, "tool: announcment given, did you mean announcements?"),
    ("delivery", put(3, "tool", "home"), 3, "tool = home: already in row 2, allowed: once"),
    ("delivery", put(3, "buffer_events", "0"), 3, "buffer_events: 0 given, allowed: a whole number from 1"),
    ("delivery", put(3, "flush_ms", "1.5"), 3, "flush_ms: 1.5 given, allowed: a whole number from 0"),
    (
        "delivery",
        put(3, "envelope_events", "1001"),
        3,
        "envelope_events: 1001 given, allowed: a whole number",
    ),
    ("delivery", put(3, "delay_p99_ms", "1199"), 3, "delay_p99_ms: 1199 given, allowed: delay_median_ms (12"),
]


@pytest.mark.parametrize(("table", "change", "row", "problem"), FAULTS)
def test_faults_are_told_with_file_and_row(
    folder: Path, table: str, change: Edit, row: int | None, problem: str
) -> None:
    """Each fault of a table is found by check and refused by load, in one line with pack, file and row."""
    edit(folder, f"{table}.csv", change)
    findings = check_pack(folder)
    assert any(f["row"] == row and f["problem"].startswith(problem) for f in findings), findings
    assert {f["file"] for f in findings} >= {f"{table}.csv"}
    with pytest.raises(InputError) as caught:
        load_pack(folder)
    assert str(caught.value).startswith(told(findings[0]))
    assert str(caught.value).startswith("pack mine: ")
    assert "\n" not in str(caught.value)


def test_sums_say_by_how_much_they_miss(folder: Path) -> None:
    """A sum off by more than a millionth says by how much and to which side; one within is taken."""
    for share, told_as in (("0.602", "1.002, over by 0.002"), ("0.599998", "0.999998, under by 0.000002")):
        edit(folder, "tool_kind.csv", put(6, "share", share))
        (finding,) = check_pack(folder)
        assert (
            finding["problem"] == f"share of modules (rows 5 to 6): sum {told_as}, allowed: 1 within 0.000001"
        )
    edit(folder, "tool_kind.csv", put(6, "share", "0.6000009"))
    assert check_pack(folder) == []


def test_missing_conditional_rows(folder: Path) -> None:
    """A role that can be drawn but has no role_status is found, at the first row of role_status."""
    edit(
        folder,
        "categorical.csv",
        lambda rows: rows.__setitem__(slice(None), [r for r in rows if r[3] != "Observer"]),
    )
    problems = {(f["row"], f["problem"]) for f in check_pack(folder)}
    wanted = "no row given role = Observer, allowed: rows for every value that can be drawn"
    assert (9, f"course_section_enrollment.role_status: {wanted}") in problems


def test_missing_rows_under_two_conditions(folder: Path) -> None:
    """A status that a role can have but that has no enrollment_status given both is found."""

    def change(rows: list[list[str]]) -> None:
        rows[:] = [r for r in rows if r[1] != "enrollment_status" or (r[3], r[5]) != ("Dropped", "Student")]

    edit(folder, "categorical.csv", change)
    (finding,) = check_pack(folder)
    assert "enrollment_status: no row given role_status = Dropped, role = Student" in finding["problem"]


def test_rows_are_counted_as_in_an_editor(folder: Path) -> None:
    """Blank lines and line breaks inside quotes count as rows of the file."""
    path = folder / "topic.csv"
    lines = path.read_text().splitlines()
    path.write_text("\n".join([lines[0], "", '01,,"Soil\nScience"', "99,,Nothing", *lines[2:]]) + "\n")
    (finding,) = check_pack(folder)
    assert finding["row"] == 5
    assert path.read_text().splitlines()[4] == "99,,Nothing"


TOML_FAULTS = [
    ('name = "us_public_r1"', 'name = ""', "pack.toml row 4: name: missing, allowed: a text"),
    (
        'version = "1.0.0"',
        'version = "1.0.0"\ncolour = "red"',
        "pack.toml row 6: colour: unknown key, allowed: as_of",
    ),
    ("[tables.hour]", "[tables.hours]", "unknown table, did you mean hour?"),
    ("[tables.hour]", "[tables.rate_hour]", "[tables.hour]: missing, every pack has this table"),
    ('file = "hour.csv"', 'file = "our.csv"', "our.csv: not found, pack.toml names it for [tables.hour]"),
    ('file = "hour.csv"', 'file = "our.csv"', "hour.csv: not named in pack.toml"),
    (
        'file = "hour.csv"',
        'file = "../hour.csv"',
        "tables.hour.file: ../hour.csv given, allowed: a file in the folder",
    ),
    (
        'file = "hour.csv"',
        'file = "hour.csv"\nsauce = "x"',
        "tables.hour.sauce: unknown key, allowed: assumption",
    ),
    (
        'source = "invented for Termtide"',
        'source = " "',
        "tables.title.source: missing, allowed: a text, not empty",
    ),
    ("[tables.hour]", "[tables.hour", "pack.toml row"),
]


@pytest.mark.parametrize(("old", "new", "message"), TOML_FAULTS)
def test_faults_of_pack_toml(folder: Path, old: str, new: str, message: str) -> None:
    """Unknown and missing keys, tables and files of pack.toml are told with their row."""
    path = folder / "pack.toml"
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))
    lines = [told(finding) for finding in check_pack(folder)]
    assert any(message in line for line in lines), lines


def test_all_faults_are_gathered(folder: Path) -> None:
    """check_pack shows every fault at once; load_pack says how many there are beside the first."""
    edit(folder, "hour.csv", put(5, "share", "0.5"))
    edit(folder, "score.csv", put(2, "mean", "101"))
    assert len(check_pack(folder)) == 2
    with pytest.raises(InputError, match=r"\(and 1 more: termtide pack check\)"):
        load_pack(folder)
