"""What the report shows of the context store: sizes, grades, deadlines, and what became of students' work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from context.packs.pack import Pack
from sim.folder.manifest import Manifest
from sim.sql.warehouse import literal

_Rows = list[dict[str, Any]]
_SIZES = (1, 5, 10, 20, 30, 50, 100, 200)  # lower bounds of the bins of section sizes
_SCORES = tuple(range(0, 100, 5))  # lower bounds of the bins of final scores
_MINUTE, _HOUR, _DAY = 60, 3_600, 86_400
# Lower bounds of the bins of how long before its due date work is handed in, in seconds; below 0: late.
LEADS = (
    ("over a week late", None),
    ("1-7 days late", -7 * _DAY),
    ("1-24 hours late", -_DAY),
    ("under 1 hour late", -_HOUR),
    ("last hour", 0),
    ("1-3 hours", _HOUR),
    ("3-6 hours", 3 * _HOUR),
    ("6-12 hours", 6 * _HOUR),
    ("12-24 hours", 12 * _HOUR),
    ("1-2 days", _DAY),
    ("2-4 days", 2 * _DAY),
    ("4-7 days", 4 * _DAY),
    ("over a week", 7 * _DAY),
)
_ONLINE = "('online_upload', 'online_text_entry', 'online_url', 'online_quiz', 'media_recording')"


@dataclass(frozen=True)
class Stored:
    """Numbers of the store. Rows have a name and a number unless said otherwise."""

    students: int
    courses: int
    sections: int
    enrolments: int
    sizes: _Rows  # graded sections
    scores: _Rows  # final scores, in per cent
    letters: _Rows
    gpas: _Rows  # by CIP family: name, number (mean points a grade), grades
    leads: _Rows  # submissions by how long before the due date
    exams: Mapping[str, int]  # midterms due, by local date
    steps: _Rows  # of the sampled students' online work: given out, opened, handed in, graded
    titles: Mapping[int, str]  # of the courses asked for
    person: str  # name of the person asked for


def store_facts(
    connection: duckdb.DuckDBPyConnection,
    manifest: Manifest,
    pack: Pack,
    term: tuple[date, date],
    followed: tuple[int, Sequence[int]],
) -> Stored:
    """Read the store and the records' list of work; ``followed``: a person's id and those of courses.

    ``term``: first day and last day before finals. Raises duckdb.Error.
    """

    def rows(sql: str) -> _Rows:
        return list(connection.sql(sql).to_arrow_table().to_pylist())

    def number(sql: str) -> int:
        found = connection.sql(sql).fetchall()
        return int(found[0][0] or 0)

    students = "context_store_entity.course_section_enrollment WHERE role = 'Student'"
    zone = literal(manifest.scenario.time_zone)
    person, courses = followed
    named = ", ".join(map(str, [*courses, -1]))
    return Stored(
        students=number(f"SELECT count(DISTINCT person_id) FROM {students}"),
        courses=number("SELECT count(*) FROM context_store_entity.course_offering"),
        sections=number("SELECT count(*) FROM context_store_entity.course_section"),
        enrolments=number(f"SELECT count(*) FROM {students}"),
        sizes=_sizes(rows(_SECTION_SIZES)),
        scores=_scores(rows(_FINAL_SCORES)),
        letters=_letters(rows(_LETTERS), pack),
        gpas=rows(_GPAS),
        leads=_leads(rows(_LEADS.format(bounds=_lead_case()))),
        exams={
            row["name"]: row["number"] for row in rows(_EXAMS.format(zone=zone, low=term[0], high=term[1]))
        },
        steps=_steps(rows(_STEPS)),
        titles={
            row["name"]: row["title"]
            for row in rows(
                "SELECT course_offering_id AS name,"
                " coalesce(nullif(trim(concat_ws(' ', subject, number)), ''), title) AS title"
                f" FROM context_store_entity.course_offering WHERE course_offering_id IN ({named})"
            )
        },
        person="".join(
            f"{row['first_name']} {row['last_name']}"
            for row in rows(
                f"SELECT first_name, last_name FROM context_store_entity.person WHERE person_id = {person}"
            )
        ),
    )


_SECTION_SIZES = """
    SELECT count(*) AS size FROM context_store_entity.course_section_enrollment
    JOIN context_store_entity.course_section USING (course_section_id)
    WHERE role = 'Student' AND coalesce(is_graded, true) GROUP BY course_section_id"""
_FINAL_SCORES = """
    SELECT least(floor(le_final_score / 5)::INT * 5, 100) AS low, count(*) AS number
    FROM context_store_entity.course_grade WHERE le_final_score IS NOT NULL GROUP BY 1"""
_LETTERS = """
    SELECT grade_on_official_transcript AS name, count(*) AS number
    FROM context_store_entity.course_grade GROUP BY 1"""
# Points are hundredths here, so that their sum is the same in any order.
_GPAS = """
    SELECT left(o.cip_code2k, 2) AS name, count(*) AS grades,
           sum(CAST(round(g.grade_points_per_credit * 100) AS BIGINT)) / count(*) / 100 AS number
    FROM context_store_entity.course_grade g
    JOIN context_store_entity.course_section s USING (course_section_id)
    JOIN context_store_entity.course_offering o ON o.course_offering_id = s.le_current_course_offering_id
    WHERE g.grade_points_per_credit IS NOT NULL AND o.cip_code2k IS NOT NULL
    GROUP BY 1 ORDER BY 3 DESC, 1"""
_LEADS = """
    SELECT {bounds} AS bin, count(*) AS number
    FROM (SELECT date_diff('second', r.response_date, a.due_date) AS lead
          FROM context_store_entity.learner_activity_result r
          JOIN context_store_entity.learner_activity a USING (learner_activity_id)
          WHERE r.response_date IS NOT NULL AND a.due_date IS NOT NULL)
    GROUP BY 1 ORDER BY 1"""
_EXAMS = """
    SELECT CAST(CAST(due_date AT TIME ZONE 'UTC' AT TIME ZONE {zone} AS DATE) AS VARCHAR) AS name,
           count(*) AS number
    FROM context_store_entity.learner_activity a
    JOIN context_store_entity.learner_activity_group g USING (learner_activity_group_id)
    WHERE regexp_matches(g.name, 'Exam|Midterm') AND a.status = 'published'
      AND CAST(due_date AT TIME ZONE 'UTC' AT TIME ZONE {zone} AS DATE) BETWEEN DATE '{low}' AND DATE '{high}'
    GROUP BY 1 ORDER BY 1"""
_STEPS = f"""
    WITH seen AS (
        SELECT w.person, w.assignment, bool_or(w.opened) AS opened, bool_or(w.submitted) AS submitted,
               bool_or(w.graded) AS graded
        FROM (SELECT unnest(work, recursive := true) FROM records) AS w GROUP BY 1, 2),
      given AS (
        SELECT r.person_id AS person, CAST(k.lms_int_id AS BIGINT) AS assignment
        FROM context_store_entity.learner_activity_result r
        JOIN context_store_entity.learner_activity a USING (learner_activity_id)
        JOIN context_store_keymap.learner_activity k ON k.id = r.learner_activity_id
        WHERE r.person_id IN (SELECT person FROM seen) AND a.status = 'published'
          AND a.allowable_submission_types IN {_ONLINE})
    SELECT count(*) AS given, count(*) FILTER (opened) AS opened,
           count(*) FILTER (opened AND submitted) AS submitted,
           count(*) FILTER (opened AND submitted AND graded) AS graded,
           count(DISTINCT person) AS students
    FROM given LEFT JOIN seen USING (person, assignment)"""


def _lead_case() -> str:
    """SQL for the bin of a lead."""
    above = [(i, bound) for i, (_, bound) in enumerate(LEADS) if bound is not None]
    return (
        "CASE " + " ".join(f"WHEN lead >= {bound} THEN {i}" for i, bound in reversed(above)) + " ELSE 0 END"
    )


def _leads(rows: _Rows) -> _Rows:
    found = {row["bin"]: row["number"] for row in rows}
    return [{"name": name, "number": found.get(i, 0)} for i, (name, _) in enumerate(LEADS)][::-1]


def _steps(rows: _Rows) -> _Rows:
    (row,) = rows
    names = (("given", "given out"), ("opened", "opened"), ("submitted", "handed in"), ("graded", "graded"))
    return [{"name": said, "number": row[name], "students": row["students"]} for name, said in names]


def _scores(rows: _Rows) -> _Rows:
    found = {row["low"]: row["number"] for row in rows}
    above = sum(number for low, number in found.items() if low >= 100)
    bins = [{"name": str(low), "number": found.get(low, 0)} for low in _SCORES]
    return [*bins, {"name": "100", "number": above}]


def _letters(rows: _Rows, pack: Pack) -> _Rows:
    """Letters in the pack's order, then all else, then no grade."""
    order = list(pack.table("letter")["letter"])
    place = {letter: i for i, letter in enumerate(order)}
    sized = sorted(
        rows, key=lambda row: (row["name"] is None, place.get(row["name"], len(order)), str(row["name"]))
    )
    return [{"name": row["name"] or "none", "number": row["number"]} for row in sized]


def _sizes(rows: _Rows) -> _Rows:
    """Sections by bins of size."""
    bins = []
    for i, low in enumerate(_SIZES):
        high = _SIZES[i + 1] - 1 if i + 1 < len(_SIZES) else None
        count = sum(1 for row in rows if row["size"] >= low and (high is None or row["size"] <= high))
        bins.append({"name": f"{low}-{high}" if high else f"{low}+", "number": count})
    return bins
