"""The campus of 5,000 FTE against pack and published facts: work, scores, grades. Bounds: tests/gates.py."""

from __future__ import annotations

from math import log, sqrt
from pathlib import Path

import numpy as np
import pytest

from context.store_write import write_store
from sim.anchors import make_anchors
from sim.campus import LONGEST_MS
from sim.plan import MICRO, make_effects
from sim.world_load import campus_facts, load_world, standard_scores
from tests.gates import CAMPUS, campus, check_near, check_shares, counts, numbers, rows
from tests.test_store import THOUSAND
from tests.tiny import calendar_of, default_pack, store_of

KIND = """CASE WHEN g.name IN ('Exams', 'Final Exam') THEN 'exam'
    WHEN a.allowable_submission_types = 'discussion_topic' THEN 'discussion'
    WHEN a.allowable_submission_types = 'online_quiz' THEN 'quiz' ELSE 'assignment' END"""
# Work that was scored, in percent; its kind; the student's and the activity's ids.
SCORED = f"""
    SELECT {KIND} AS kind, r.person_id, learner_activity_id, a.course_offering_id,
           CAST(100 * published_score / a.points_possible AS DOUBLE) AS percent
    FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
    JOIN learner_activity_group g USING (learner_activity_group_id)
    WHERE a.points_possible > 0 AND published_score IS NOT NULL"""
# Work of students who were still there at the due date and is handed in through Canvas.
ONLINE = """
    SELECT r.*, a.due_date,
           (a.due_date::DATE - t.term_begin_date) / (t.term_end_date - t.term_begin_date) AS progress
    FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
    JOIN course_offering o USING (course_offering_id) JOIN academic_term t USING (academic_term_id)
    JOIN (SELECT DISTINCT s.le_current_course_offering_id AS course_offering_id, person_id FROM
          course_section_enrollment JOIN course_section s USING (course_section_id)
          WHERE role = 'Student' AND exit_date IS NULL) USING (course_offering_id, person_id)
    WHERE a.allowable_submission_types IN ('online_upload', 'online_text_entry', 'online_quiz')
    AND a.points_possible > 0"""
GRADED = """
    SELECT g.*, left(o.cip_code2k, 2) AS cip, t.ps_student_level, t.cen_academic_level
    FROM course_grade g JOIN course_section s USING (course_section_id)
    JOIN course_offering o ON o.course_offering_id = s.course_offering_id
    JOIN person__academic_term t ON t.person_id = g.person_id AND t.academic_term_id = o.academic_term_id
    WHERE grade_points IS NOT NULL"""
LOCAL = f"(due_date::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE '{CAMPUS.time_zone}'"


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """The queries above as tables."""
    for name, text in (("scored", SCORED), ("online", ONLINE), ("graded", GRADED)):
        campus().execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")


def test_scores_by_kind() -> None:
    """Means and spreads of scores by kind of activity are the pack's.

    An activity has its own difficulty (sd 7.7), so the mean's sd is 7.7 by the root of the activities; 2.5
    points for late work, for the answers of quizzes and for the end of the scale, which also takes up to a
    fifth of the spread.
    """
    law = default_pack().table("score")
    for kind, mean, sd, full in zip(
        law["kind"], law["mean"], law["sd"], law["full_marks_share"], strict=True
    ):
        n, found, spread, top = numbers(
            "SELECT COUNT(DISTINCT learner_activity_id), AVG(percent), STDDEV(percent), "
            f"AVG((percent >= 100)::INT) FROM scored WHERE kind = '{kind}'"
        )
        check_near(found, float(mean), 7.7 / sqrt(n), allowance=2.5)
        assert 0.8 * float(sd) <= spread <= 1.1 * float(sd), kind
        assert abs(top - float(full)) < 0.07, kind


def test_parts_of_variance() -> None:
    """Scores of assignments vary between students more than between activities, most for no reason (OULAD).

    OULAD has .35, .17 and .49 of the variance; students here are in several courses, and the scale ends.
    """
    total, within_student, within_activity = numbers(
        "SELECT VARIANCE(percent), "
        "(SELECT SUM(v * n) / SUM(n) FROM (SELECT VARIANCE(percent) AS v, COUNT(*) - 1 AS n FROM scored "
        "WHERE kind = 'assignment' GROUP BY person_id HAVING COUNT(*) > 1)), "
        "(SELECT SUM(v * n) / SUM(n) FROM (SELECT VARIANCE(percent) AS v, COUNT(*) - 1 AS n FROM scored "
        "WHERE kind = 'assignment' GROUP BY learner_activity_id HAVING COUNT(*) > 1)) "
        "FROM scored WHERE kind = 'assignment'"
    )
    student, activity = 1 - within_student / total, 1 - within_activity / total
    assert 0.25 < student < 0.45
    assert 0.10 < activity < 0.25
    assert 0.40 < 1 - student - activity < 0.60


def test_missing_work() -> None:
    """Of work due, .065 is missing over the term, more of it late in the term, from .04 to .09."""
    law = default_pack().table("missing")
    for low, high, rate in zip(law["term_fraction_low"], law["term_fraction_high"], law["rate"], strict=True):
        n, missing = numbers(
            f"SELECT COUNT(*), AVG((response_date IS NULL)::INT) FROM online "
            f"WHERE progress >= {low} AND progress < {high}"
        )
        assert n > 5_000
        # Who is careless is so all along: a student's rate has an sd of its own mean, over 4,000 students.
        check_near(missing, float(rate), float(rate) / sqrt(4_000), allowance=0.02)
    (overall,) = numbers("SELECT AVG((response_date IS NULL)::INT) FROM online")
    assert 0.05 < overall < 0.085


def test_lead_before_due() -> None:
    """Work comes in so long before it is due as the pack has it, and .05 after.

    .045 since people are awake when they hand in: work due at midnight comes in the evening, not at dawn.
    """
    law = default_pack().table("submission_lead")
    minutes = "datediff('second', response_date, due_date) / 60.0"
    for low, high, share in zip(law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True):
        inside = f"{minutes} > {low} AND {minutes} <= {high}"
        n, found = numbers(
            f"SELECT COUNT(*), AVG(({inside})::INT) FROM online WHERE response_date IS NOT NULL"
        )
        check_near(found, float(share), sqrt(float(share) / n), allowance=0.045)


def test_due_times_and_days() -> None:
    """Most is due at 23:59 and on Sundays, as the pack has it.

    A course keeps its habits: some 5 activities go together. .02 for those that would fall on breaks.
    """
    pack = default_pack()
    found = counts(f"SELECT dayname({LOCAL})[:3] FROM learner_activity WHERE due_date IS NOT NULL")
    check_shares(
        found, dict(pack.categorical("learner_activity", "due_dow").shares()), allowance=0.03, spread=2.2
    )
    n, late = numbers(
        f"SELECT COUNT(*), AVG((strftime({LOCAL}, '%H:%M') = '23:59')::INT) FROM learner_activity "
        "WHERE due_date IS NOT NULL"
    )
    wanted = pack.categorical("learner_activity", "due_time").shares()["23:59"]
    check_near(late, wanted, sqrt(wanted * (1 - wanted) / n) * 2.2)


def test_withdrawals_in_time() -> None:
    """Who withdraws does so early, or evenly until the deadline, as in OULAD; drops come before that."""
    law = default_pack().table("withdraw_timing")
    when = "(exit_date - t.term_begin_date) / (t.term_end_date - t.term_begin_date)"
    campus().execute(
        f"CREATE OR REPLACE TEMP TABLE leaving AS SELECT role_status, {when} AS progress FROM seats "
        "JOIN course_offering USING (course_offering_id) JOIN academic_term t USING (academic_term_id) "
        "WHERE role = 'Student' AND role_status IN ('Dropped', 'Withdrawn')"
    )
    n, by_quarter, by_half = numbers(
        "SELECT COUNT(*), AVG((progress < 0.25)::INT), AVG((progress < 0.5)::INT) FROM leaving "
        "WHERE role_status = 'Withdrawn'"
    )
    shares = [float(share) for share in law["share"]]
    check_near(by_quarter, sum(shares[:5]), sqrt(0.25 / n), allowance=0.02)
    check_near(by_half, sum(shares[:10]), sqrt(0.25 / n), allowance=0.06)
    last_drop, first_withdrawal = numbers(
        "SELECT MAX(progress) FILTER (role_status = 'Dropped'), "
        "MIN(progress) FILTER (role_status = 'Withdrawn') FROM leaving"
    )
    assert last_drop < first_withdrawal


def test_letters_and_gpa_by_discipline() -> None:
    """Undergraduate grade points of each larger CIP family are the pack's within .05: Mathematics 2.96."""
    law = default_pack().table("cip")
    wanted = {cip: float(gpa) for cip, gpa in zip(law["cip"], law["gpa"], strict=True)}
    found = rows(
        "SELECT cip, AVG(grade_points_per_credit) FROM graded WHERE ps_student_level = 'Undergraduate' "
        "GROUP BY cip HAVING COUNT(*) >= 300"
    )
    assert len(found) >= 12
    for cip, gpa in found:
        assert abs(float(str(gpa)) - wanted[str(cip)]) < 0.05, cip


def test_gpa_by_level_of_study() -> None:
    """Graduates have .25 more than undergraduates (pack: 3.65), seniors the most of undergraduates."""
    found = {
        str(level): float(str(gpa))
        for level, gpa in rows(
            "SELECT cen_academic_level, AVG(grade_points_per_credit) FROM graded GROUP BY ALL"
        )
    }
    assert abs(found["Graduate"] - default_pack().number("gpa.graduate")) < 0.05
    below = {
        level: gpa for level, gpa in found.items() if level in ("Freshman", "Sophomore", "Junior", "Senior")
    }
    assert max(below, key=lambda level: below[level]) == "Senior"
    assert found["Graduate"] - max(below.values()) > 0.15


def test_gpa_between_sections() -> None:
    """Mean grades of sections have the published spread, .322 at UIUC and .30 to .38 at UW-Madison.

    The sd of an sd over 280 sections is .014.
    """
    (spread,) = numbers(
        "SELECT STDDEV(m) FROM (SELECT AVG(grade_points_per_credit) AS m FROM graded "
        "GROUP BY course_section_id HAVING COUNT(*) >= 20)"
    )
    check_near(spread, default_pack().number("grade.section_gpa_sd"), 0.014)


def test_activity_goes_with_grades(tmp_path: Path) -> None:
    """Within a course, log activity and score correlate at .30, inside of what is published (.13 to .62).

    At 1,000 FTE some 4,500 enrolments: an sd of .015; .05 since ranks are tied and some never come.
    """
    write_store(tmp_path, store_of(THOUSAND))
    pack = default_pack()
    world = load_world(tmp_path, THOUSAND, pack, calendar_of(THOUSAND, pack))
    scores = standard_scores(tmp_path, world)
    anchors = make_anchors(world, calendar_of(THOUSAND, pack), len(pack.table("level")["level"]))
    # What belongs together ends as visits do, so that a unit's events lie in its day and the next one.
    assert (anchors.time_ms - anchors.bundle_ms <= LONGEST_MS).all()
    effects = make_effects(pack, world, scores, anchors, campus_facts(tmp_path)[3])
    seen = np.flatnonzero((scores != 0) & (effects.enrolment_micro > 1))
    activity = np.array([log(value / MICRO) for value in effects.enrolment_micro[seen]])
    r = float(np.corrcoef(activity, scores[seen])[0, 1])
    check_near(r, pack.number("engagement.ability_correlation"), 0.015, allowance=0.05)
    assert 0.13 < r < 0.62
