"""Three terms against pack and published facts: who stays, leaves, changes and completes.

Bounds are those of ``tests/samples/gates.py``: five standard deviations of what is drawn (5.7e-7 two-sided,
for counts taken as normal), and where it says so an allowance on top for what is no chance.
"""

from __future__ import annotations

from functools import cache
from math import fsum, sqrt
from pathlib import Path

import duckdb
import pytest

from context.scenario.scenario import Scenario
from tests.samples.gates import CAMPUS, LARGE_FTE, asked, check_near, check_shares, write_parts
from tests.samples.session_folder import made_once
from tests.samples.tiny import default_pack

YEARS = Scenario(name="years", fte=3_000 if CAMPUS.fte >= LARGE_FTE else 1_500, seed=6, terms=3)
PLAYED, SPRING, FIRST = 1, 3, 4  # Fall 2026, Spring 2026, Fall 2025; 2 is No Term
RECORD = "(SELECT * FROM person__academic_term WHERE academic_term_id = {})"
MAJOR = "(SELECT * FROM person__academic_major__academic_term WHERE academic_term_id = {})"
STANDINGS = ("Freshman", "Sophomore", "Junior", "Senior")


TABLES = (
    "academic_degree", "academic_major", "academic_term", "course_offering", "course_section",
    "course_section_enrollment", "person__academic_degree", "person__academic_major__academic_term",
    "person__academic_term",
)  # fmt: skip


def _store(folder: Path) -> None:
    folder.mkdir()
    write_parts(folder, YEARS, TABLES)


@cache
def years() -> duckdb.DuckDBPyConnection:
    """The entities of people and courses as views, and ``seats`` of students in primary sections."""
    connection = asked(made_once("years-store", _store))
    connection.execute(
        "CREATE TEMP TABLE seats AS SELECT e.*, s.* EXCLUDE (course_section_id), academic_term_id, code "
        "FROM course_section_enrollment e JOIN sections s USING (course_section_id) "
        "JOIN course_offering USING (course_offering_id) WHERE role = 'Student'"
    )
    return connection


def numbers(text: str) -> list[float]:
    """The one row of a query."""
    (row,) = years().execute(text).fetchall()
    return [float(value) for value in row]


def counts(text: str) -> dict[object, int]:
    """Value -> rows, of a query that gives one column."""
    return dict(years().execute(f"SELECT x, COUNT(*) FROM ({text}) AS t(x) GROUP BY x").fetchall())


def check_share(text: str, share: float, allowance: float = 0.0) -> None:
    """A query gives how many there are and how many of them are so: the share is the wanted one."""
    total, so = numbers(text)
    assert total > 100
    check_near(so / total, share, sqrt(share * (1 - share) / total), allowance)


def test_first_year_retention() -> None:
    """Full-time freshmen in their first fall come back in the next one: .86 by the pack."""
    text = f"""SELECT COUNT(*), COUNT(p.person_id) FROM {RECORD.format(FIRST)} f
        LEFT JOIN {RECORD.format(PLAYED)} p USING (person_id) WHERE f.cen_academic_level = 'Freshman'
        AND f.cen_academic_load = 'FullTime' AND f.gpa_cumulative IS NULL"""
    check_share(text, default_pack().number("students.retention_first_year"))


@pytest.mark.parametrize("term", [PLAYED, SPRING, FIRST])
def test_standings(term: int) -> None:
    """Undergraduates' standings have the pack's shares in every term; .01 for what credits shift."""
    law = default_pack().categorical("person", "standing").shares("Undergraduate")
    text = f"SELECT cen_academic_level FROM {RECORD.format(term)} WHERE ps_student_level = 'Undergraduate'"
    check_shares(counts(text), {name: law[name] for name in STANDINGS}, allowance=0.01)


def test_standings_follow_from_credits() -> None:
    """Who goes on begins at the standing with which the last term ended; a class is thirty credits.

    Over the store's terms an undergraduate earns from one class's begin to another's what lies between.
    """
    text = f"""WITH t AS (SELECT *, list_position({list(STANDINGS)}, cen_academic_level) AS cen,
            list_position({list(STANDINGS)}, eot_academic_level) AS eot,
            CASE academic_term_id WHEN {FIRST} THEN 0 WHEN {SPRING} THEN 1 ELSE 2 END AS place
            FROM person__academic_term WHERE ps_student_level = 'Undergraduate'),
        s AS (SELECT *, lag(eot) OVER w AS before, sum(credits_earned) OVER w AS earned,
            first(cen) OVER w AS began FROM t WINDOW w AS (PARTITION BY person_id ORDER BY place))
        SELECT COUNT(*), COUNT(*) FILTER (before <> cen), COUNT(*) FILTER (eot < cen),
            COUNT(*) FILTER (eot < 4 AND earned >= 30 * (eot - began + 1)),
            COUNT(*) FILTER (earned <= 30 * (eot - began - 1)) FROM s"""
    total, *wrong = numbers(text)
    assert total > YEARS.fte * 5 // 3
    assert wrong == [0, 0, 0, 0]


def test_stop_outs_come_back() -> None:
    """Three in a hundred of those who go back more than a term were away in the one before (assumption)."""
    text = f"""SELECT COUNT(*), COUNT(*) FILTER (s.person_id IS NULL) FROM {RECORD.format(PLAYED)} p
        JOIN {RECORD.format(FIRST)} f USING (person_id)
        LEFT JOIN {RECORD.format(SPRING)} s USING (person_id)"""
    check_share(text, 0.03)


@pytest.mark.parametrize(("before", "after"), [(FIRST, SPRING), (SPRING, PLAYED)])
def test_changed_majors(before: int, after: int) -> None:
    """One undergraduate in twenty draws another major, some the same one again: .27 over six terms."""
    law = [float(share) for share in default_pack().table("cip")["major_share_ug"]]
    other = 1 - fsum((share / fsum(law)) ** 2 for share in law)
    text = f"""SELECT COUNT(*), COUNT(*) FILTER (a.academic_major_id <> b.academic_major_id)
        FROM {MAJOR.format(after)} a JOIN {MAJOR.format(before)} b USING (person_id)
        JOIN {RECORD.format(after)} USING (person_id) WHERE ps_student_level = 'Undergraduate'"""
    check_share(text, 0.05 * other)


@pytest.mark.parametrize(("before", "after"), [(FIRST, SPRING), (SPRING, PLAYED), (FIRST, PLAYED)])
def test_repeated_courses(before: int, after: int) -> None:
    """Who withdraws takes a course again, three in ten in the next term, and nobody else does."""
    law = default_pack()
    again, others = numbers(
        "SELECT COUNT(*) FILTER (a.role_status = 'Withdrawn' AND b.role_status = 'Enrolled'), "
        "COUNT(*) FILTER (a.role_status <> 'Withdrawn') FROM seats a JOIN seats b USING (person_id, code) "
        f"WHERE a.academic_term_id = {before} AND b.academic_term_id = {after}"
    )
    assert others == 0
    if (before, after) == (FIRST, PLAYED):
        return
    (seats,) = numbers(f"SELECT COUNT(*) FROM seats WHERE academic_term_id = {before}")
    share = law.number("enrolment.repeat_share") * law.number("enrolment.withdrawn_share")
    check_near(again / seats, share, sqrt(share * (1 - share) / seats))


@pytest.mark.parametrize("term", [SPRING, FIRST])
def test_withdrawals_before_the_played_term(term: int) -> None:
    """A course that is taken again has another's withdrawal: role_status keeps the pack's shares."""
    law = default_pack().categorical("course_section_enrollment", "role_status")
    check_shares(
        counts(f"SELECT role_status FROM seats WHERE academic_term_id = {term}"), dict(law.shares("Student"))
    )


@cache
def conferred() -> str:
    """Name of a table of the degrees that the store's terms gave, with the term."""
    years().execute(
        """CREATE TEMP TABLE conferred AS SELECT d.*, educational_level, academic_term_id
        FROM person__academic_degree d JOIN academic_degree USING (academic_degree_id)
        JOIN academic_term ON conferral_date BETWEEN le_term_end_date AND le_term_end_date + 7
        JOIN person__academic_term USING (person_id, academic_term_id)"""
    )
    return "conferred"


def test_graduates_of_a_year() -> None:
    """Fall and spring give .22 of the undergraduates a bachelor's degree, three in four of the seniors.

    Both are assumptions: two thirds of freshmen complete, after three and a half years on average of all who
    came, and transfers, one in six, in half the time.
    """
    (bachelors,) = numbers(
        f"SELECT COUNT(*) FROM {conferred()} WHERE educational_level = 'Bachelors' "
        f"AND academic_term_id <> {PLAYED}"
    )
    undergraduates, seniors = numbers(
        f"SELECT COUNT(*), COUNT(*) FILTER (cen_academic_level = 'Senior') FROM {RECORD.format(FIRST)} "
        "WHERE ps_student_level = 'Undergraduate'"
    )
    check_near(bachelors / undergraduates, 0.22, sqrt(0.22 * 0.78 / undergraduates))
    check_near(bachelors / seniors, 0.75, sqrt(0.75 * 0.25 / seniors))


def test_fields_of_graduates() -> None:
    """Bachelor's degrees go to the CIP families as at 176 large public universities (IPEDS, 2023-24)."""
    law = default_pack().table("cip")
    wanted: dict[object, float] = dict(zip(law["cip"], map(float, law["major_share_ug"]), strict=True))
    found = counts(
        f"SELECT left(cip_code2k, 2) FROM {conferred()} "
        "JOIN person__academic_major__academic_term USING (person_id, academic_term_id) "
        "JOIN academic_major USING (academic_major_id) WHERE educational_level = 'Bachelors'"
    )
    check_shares(found, wanted, allowance=0.001)


def test_who_completes_is_done() -> None:
    """They are seniors, graduate or professional students, passed the term, and are there no more."""
    later = f"SELECT person_id FROM {RECORD.format(PLAYED)}"
    wrong = f"""SELECT COUNT(*) FILTER (eot_academic_level NOT IN ('Senior', 'Graduate', 'Professional')),
        COUNT(*) FILTER ((educational_level = 'Bachelors') <> (ps_student_level = 'Undergraduate')),
        COUNT(*) FILTER (credits_earned = 0 OR gpa_academic_term < 2), COUNT(*) - COUNT(DISTINCT person_id),
        COUNT(*) FILTER (academic_term_id = {SPRING} AND person_id IN ({later})),
        COUNT(*) FILTER (academic_term_id = {FIRST} AND person_id IN
            ({later} UNION SELECT person_id FROM {RECORD.format(SPRING)}))
        FROM {conferred()} JOIN person__academic_term USING (person_id, academic_term_id)"""
    assert numbers(wrong) == [0, 0, 0, 0, 0, 0]
    assert min(counts(f"SELECT academic_term_id FROM {conferred()}").values()) > 20


@pytest.mark.parametrize("term", [PLAYED, SPRING, FIRST])
def test_credit_load(term: int) -> None:
    """Full-time undergraduates take 14.2 credits on the census day.

    They register for 4.6 courses (course_load.csv) of 3.23 credits on average (assumption), 14.85, and drop
    .06 of them; nobody who studies full time drops below twelve, others drop instead (measured: .25 more).
    The allowance is for large courses: many have their credits at once.
    """
    total, mean, sd = numbers(
        f"SELECT COUNT(*), AVG(credits_attempted), STDDEV_POP(credits_attempted) FROM {RECORD.format(term)} "
        "WHERE ps_student_level = 'Undergraduate' AND cen_academic_load = 'FullTime'"
    )
    check_near(mean, 14.2, sd / sqrt(total), allowance=0.15)


def mix(term: int) -> dict[str, dict[object, float]]:
    """By the pack, CIP families' shares of the seats of each level, given the standings of a term's seats."""
    law = default_pack()
    cip, levels = law.table("cip"), law.table("level_given_standing")
    by_standing = counts(
        f"SELECT cen_academic_level FROM seats JOIN {RECORD.format(term)} USING (person_id, academic_term_id)"
    )
    found: dict[str, dict[object, float]] = {}
    for standing, level, share in zip(levels["standing"], levels["level"], levels["share"], strict=True):
        graduate = standing in ("Graduate", "Professional")
        tilt = [
            float(a) if graduate else float(a) * float(b)
            for a, b in zip(
                cip["seat_share_grad" if graduate else "seat_share_service"],
                cip["senior" if graduate else str(standing).lower()],
                strict=True,
            )
        ]
        major = [float(x) for x in cip["major_share_grad" if graduate else "major_share_ug"]]
        own = law.number(f"demand.own_major_{str(standing).lower()}")
        for family, a, b in zip(cip["cip"], tilt, major, strict=True):
            part = float(share) * by_standing[standing] * (own * b / fsum(major) + (1 - own) * a / fsum(tilt))
            shares = found.setdefault(str(level), {})
            shares[family] = shares.get(family, 0.0) + part
    return {
        level: {f: x / fsum(shares.values()) for f, x in shares.items()} for level, shares in found.items()
    }


@pytest.mark.parametrize("term", [PLAYED, SPRING, FIRST])
def test_disciplines_of_each_level(term: int) -> None:
    """In every term the seats of a level go to CIP families as the pack has it.

    A student's courses go together, hence twice the sd of single draws; .006 for who studies what when.
    """
    for level, wanted in mix(term).items():
        found = counts(f"SELECT cip FROM seats WHERE academic_term_id = {term} AND level = '{level}'")
        check_shares(found, wanted, allowance=0.006, spread=2)
