"""Activity scores of courses, sections and students, static and rolling, against plain Python."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from statistics import fmean, stdev
from typing import Any

import pytest

from tests.samples import marts_python as py
from tests.samples.marts_tiny import rows

Row = dict[str, Any]
STATIC, ROLLING = "mart_student_activity_score", "mart_student_activity_score_rolling"
COURSE, SECTION = "course_global_id", "course_section_global_id"
SCORE = "student_activity_score"


def test_metrics() -> None:
    """Assignments due and submissions of every student and week are those of the stores."""
    for m in rows(f"SELECT * FROM {STATIC}.student_course_metrics"):
        first, last = m["week_start_date"], m["week_end_date"]
        work = py.work()[m[COURSE], m["global_user_id"]]
        due = [w for w in work if w["counted"] and first <= w["due"].date() <= last]
        assert (m["assignments_due"], m["submissions"]) == (len(due), sum(bool(w["done"]) for w in due))


@pytest.mark.parametrize(
    ("dataset", "metrics", "final", "unit"),
    [
        (STATIC, "student_course_metrics", "course_final", COURSE),
        (STATIC, "student_course_section_metrics", "course_section_final", SECTION),
        (ROLLING, "student_course_metrics", "course_final", COURSE),
        (ROLLING, "student_course_section_metrics", "course_section_final", SECTION),
    ],
)
def test_scores(dataset: str, metrics: str, final: str, unit: str) -> None:
    """Scores from the metrics, z within course or section, octiles by percentiles of the program's scores."""
    given = rows(f"SELECT * FROM {dataset}.{metrics}")
    finals = rows(f"SELECT * FROM {dataset}.{final}")
    assert len(finals) == len(given) > 500
    for suffix in ("", "_cumulative"):
        score = py.activity_scores(given, unit, suffix)
        for f in finals:
            key = f[unit], f["global_user_id"], f["week_end_date"]
            assert f[f"{SCORE}{suffix}"] == pytest.approx(score[key], abs=1e-3)
        groups = grouped(finals, (unit, "week_end_date"))
        check_z(groups, f"{SCORE}{suffix}", f"{SCORE}_z{suffix}")
        cohorts = grouped(finals, ("academic_program", "term_name", "week_end_date"))
        check_octiles(cohorts, f"{SCORE}{suffix}", f"{SCORE}_octile{suffix}")
        for group in groups:
            assert {f["course_has_10_or_more_students"] for f in group} == {len(group) >= 10}


@pytest.mark.parametrize("dataset", [STATIC, ROLLING])
def test_students(dataset: str) -> None:
    """A student's score of a week is the mean over courses; z and octile are among the academic program."""
    courses = defaultdict(list)
    for f in rows(f"SELECT * FROM {dataset}.course_final"):
        courses[f["global_user_id"], f["term_name"], f["week_end_date"]].append(f)
    finals = rows(f"SELECT * FROM {dataset}.final")
    assert len(finals) == len(courses) > 500
    cohorts = grouped(finals, ("academic_program", "term_name", "week_end_date"))
    for suffix in ("", "_cumulative"):
        for f in finals:
            mine = courses[f["global_user_id"], f["term_name"], f["week_end_date"]]
            mean = fmean(one[f"{SCORE}{suffix}"] for one in mine)
            assert f[f"average_{SCORE}{suffix}"] == pytest.approx(mean, abs=1e-4)
            flags = [one["course_has_10_or_more_students"] for one in mine]
            assert f["course_has_10_or_more_students"] == any(flags)
        check_z(cohorts, f"average_{SCORE}{suffix}", f"average_{SCORE}_z{suffix}")
        check_octiles(cohorts, f"average_{SCORE}{suffix}", f"average_{SCORE}_octile{suffix}")


def test_rolling_level_2() -> None:
    """Z-scores of every measure in the seven days up to every day, of some courses."""
    where = "WHERE udp_course_offering_id % 9 = 1"
    order = "ORDER BY udp_course_offering_id, week_end_date, udp_person_id"
    ones = rows(f"SELECT * FROM mart_taskforce_rolling.level1_aggregated {where} {order}")
    twos = rows(f"SELECT * FROM mart_taskforce_rolling.level2_aggregated {where} {order}")
    assert len(ones) == len(twos) > 500
    measures = [name for name in ones[0] if name.startswith(("num_", "avg_", "total_"))]
    both = [{**one, **two} for one, two in zip(ones, twos, strict=True)]
    spread = 0
    for group in grouped(both, ("udp_course_offering_id", "week_end_date")):
        for name in measures:
            values = [row[name] for row in group if row[name] is not None]
            off = 1e-3 + 4 * fineness(name) / stdev(values) if len(set(values)) > 1 else 1e-3
            for row, z in zip(group, py.zs([row[name] for row in group]), strict=True):
                spread += z is not None
                if off < 0.1:  # else what it rounds off is as large as the spread
                    assert row[f"{name}_z"] == (z if z is None else pytest.approx(z, abs=off)), name
    assert spread > 1_000


def fineness(measure: str) -> float:
    """In what steps averages are summed, so that order does not matter: seconds, millionths, thousandths."""
    steps = {"hours": 1 / 3600, "score": 1e-6, "length": 1e-3}
    return max((step for word, step in steps.items() if word in measure), default=0)


def grouped(given: Sequence[Row], names: tuple[str, ...]) -> list[list[Row]]:
    """Rows that have the same values in some columns, together."""
    found: dict[Any, list[Row]] = defaultdict(list)
    for row in given:
        found[tuple(row[name] for name in names)].append(row)
    return list(found.values())


def check_z(groups: Sequence[list[Row]], value: str, z: str) -> None:
    """Z-scores of a column within each group; NULL where all are alike."""
    for group in groups:
        for row, wanted in zip(group, py.zs([row[value] for row in group]), strict=True):
            assert row[z] == (wanted if wanted is None else pytest.approx(wanted, rel=1e-4, abs=1e-4))


def check_octiles(groups: Sequence[list[Row]], value: str, octile: str) -> None:
    """Octiles of a column within each group."""
    for group in groups:
        cohort = sorted(row[value] for row in group)
        for row in group:
            assert row[octile] == py.octile(row[value], cohort)
