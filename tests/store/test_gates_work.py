"""The gates' campus against pack and published facts: work, scores, grades. Bounds:
tests/samples/gates.py.
"""

from __future__ import annotations

from math import log, sqrt
from pathlib import Path
from statistics import NormalDist

import numpy as np
import numpy.typing as npt
import pytest

from context.content.activities import OFFLINE
from context.results.score_law import mark_cuts, moments
from sim.plan.anchors import make_anchors
from sim.plan.campus import LONGEST_MS
from sim.plan.effects import MICRO, make_effects
from sim.world.load import campus_facts, load_world, standard_scores
from tests.samples.gates import CAMPUS, campus, check_near, check_shares, counts, least, numbers, rows
from tests.samples.in_one_call import write_store
from tests.samples.tiny import calendar_of, default_pack, store_of
from tests.store.test_store import THOUSAND

KIND = """CASE WHEN g.name IN ('Exams', 'Final Exam') THEN 'exam'
    WHEN a.allowable_submission_types = 'discussion_topic' THEN 'discussion'
    WHEN a.allowable_submission_types = 'online_quiz' THEN 'quiz' ELSE 'assignment' END"""
# Work that was scored, in percent; its kind; the student's and the activity's ids.
SCORED = f"""
    SELECT {KIND} AS kind, r.person_id, learner_activity_id, a.course_offering_id,
           CAST(100 * published_score / a.points_possible AS DOUBLE) AS percent,
           q.quiz_item_count AS questions
    FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id)
    LEFT JOIN quiz q USING (learner_activity_id)
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
SCORE_LAW = (("mean", 100), ("sd", 100), ("full_marks_share", 1))  # of 100, but for shares
LOCAL = f"(due_date::TIMESTAMP AT TIME ZONE 'UTC') AT TIME ZONE '{CAMPUS.time_zone}'"


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """The queries above as tables."""
    for name, text in (("scored", SCORED), ("online", ONLINE), ("graded", GRADED)):
        campus().execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")


@pytest.mark.parametrize("kind", ["assignment", "quiz", "discussion", "exam"])
def test_scores_by_kind(kind: str) -> None:
    """Means, spreads and full marks of scores by kind of activity are the pack's.

    A mean's variance is that of difficulties (.165 of the law's, of them .3 by course), of students (.35) and
    of the rest, over as many as there are by weight; .25 for late work and for those who don't hand in. The
    relative sd of a spread is .25 by the root of the courses by weight, which have a spread of their own:
    over six campuses the four kinds had .22. Quizzes of one to three questions can't have that spread: they
    are 6 % and left out.
    """
    law = default_pack().table("score")
    row = list(law["kind"]).index(kind)
    mean, sd, full = (float(law[name][row]) for name in ("mean", "sd", "full_marks_share"))
    mine = f"(SELECT * FROM scored WHERE kind = '{kind}' AND (questions IS NULL OR questions > 3))"
    n, found, spread, top = numbers(
        f"SELECT COUNT(*), AVG(percent), STDDEV(percent), AVG((percent >= 100)::INT) FROM {mine}"
    )
    activities, courses, students = (
        numbers(
            f"SELECT SUM(n) * SUM(n) / SUM(n * n) FROM (SELECT COUNT(*) AS n FROM {mine} GROUP BY {column})"
        )[0]
        for column in ("learner_activity_id", "course_offering_id", "person_id")
    )
    variance = 0.165 * (0.7 / activities + 0.3 / courses) + 0.35 / students + 0.49 / n
    check_near(found, mean, sd * sqrt(variance), allowance=0.25)
    check_near(spread / sd, 1, 0.25 / sqrt(courses))
    check_near(top, full, sqrt(full * (1 - full) * variance), allowance=0.03)


@pytest.mark.parametrize("kind", ["assignment", "quiz", "discussion", "exam"])
def test_laws_of_scores(kind: str) -> None:
    """The law that is drawn from has the pack's mean and spread after rounding to steps; no chance."""
    law = default_pack().table("score")
    row = list(law["kind"]).index(kind)
    mean, sd, full = (float(law[name][row]) / scale for name, scale in SCORE_LAW)
    for steps in (4, 5, 8, 10, 20, 30, 40, 100, 200):
        cuts = list(mark_cuts(mean, sd, full, steps))
        assert cuts == sorted(cuts)
        found, spread = moments(cuts)
        assert found == pytest.approx(mean, abs=0.001), steps
        assert spread == pytest.approx(sd, rel=0.005 if steps > 4 else 0.03), steps
    assert NormalDist().cdf(-mark_cuts(mean, sd, full, 20)[-1]) == pytest.approx(full)


@pytest.mark.parametrize("kind", ["assignment", "quiz", "discussion", "exam"])
def test_parts_of_variance(kind: str) -> None:
    """Scores of a kind vary between students more than between activities, most for no reason (OULAD).

    OULAD has .35, .165 and .49 of the variance. Steps and full marks take a tenth of the first and a sixth of
    the second; students are in several courses. Both have an sd of .014 by the 240 activities or more by
    weight of a kind.
    """
    total, within_student, within_activity = numbers(
        "SELECT VARIANCE(percent), "
        "(SELECT SUM(v * n) / SUM(n) FROM (SELECT VARIANCE(percent) AS v, COUNT(*) - 1 AS n FROM scored "
        f"WHERE kind = '{kind}' GROUP BY person_id HAVING COUNT(*) > 1)), "
        "(SELECT SUM(v * n) / SUM(n) FROM (SELECT VARIANCE(percent) AS v, COUNT(*) - 1 AS n FROM scored "
        f"WHERE kind = '{kind}' GROUP BY learner_activity_id HAVING COUNT(*) > 1)) "
        f"FROM scored WHERE kind = '{kind}'"
    )
    check_near(1 - within_student / total, 0.35 * 0.9, 0.014)
    check_near(1 - within_activity / total, 0.165 * 5 / 6, 0.014)


def test_missing_work() -> None:
    """Of work due, .065 is missing over the term, more of it late in the term, from .04 to .09.

    Who is careless is so all along: a student's rate has a relative sd of .58, over 4,000 students; .006 for
    those who join late or leave before.
    """
    law = default_pack().table("missing")
    for low, high, rate in zip(law["term_fraction_low"], law["term_fraction_high"], law["rate"], strict=True):
        n, missing = numbers(
            f"SELECT COUNT(*), AVG((response_date IS NULL)::INT) FROM online "
            f"WHERE progress >= {low} AND progress < {high}"
        )
        assert n > least(5_000)
        check_near(missing, float(rate), float(rate) * 0.58 / sqrt(4_000) + sqrt(rate / n), allowance=0.006)
    (overall,) = numbers("SELECT AVG((response_date IS NULL)::INT) FROM online")
    check_near(overall, 0.065, 0.065 * 0.58 / sqrt(4_000), allowance=0.006)


def test_missing_work_by_kind() -> None:
    """Examinations and quizzes are missed as other work is: some who are there don't come."""
    for kind in ("assignment", "quiz", "exam"):
        n, missing = numbers(
            "SELECT COUNT(*), AVG((published_score IS NULL AND response_date IS NULL)::INT) FROM "
            "(SELECT r.published_score, r.response_date, " + KIND + " AS kind FROM online r "
            "JOIN learner_activity a USING (learner_activity_id) "
            f"JOIN learner_activity_group g USING (learner_activity_group_id)) WHERE kind = '{kind}'"
        )
        check_near(missing, 0.065, 0.065 * 0.58 / sqrt(4_000) + sqrt(0.065 / n), allowance=0.01)


def test_due_times_and_days() -> None:
    """Most is due at 23:59 and on Sundays, as the pack has it; examinations on paper are when the class is.

    Of days a course keeps its habits: some 5 activities go together. .03 for those that would fall on breaks.
    """
    pack = default_pack()
    found = counts(f"SELECT dayname({LOCAL})[:3] FROM learner_activity WHERE due_date IS NOT NULL")
    check_shares(
        found, dict(pack.categorical("learner_activity", "due_dow").shares()), allowance=0.03, spread=2.2
    )
    offline = ", ".join(f"'{name}'" for name in OFFLINE)
    n, late = numbers(
        f"SELECT COUNT(*), AVG((strftime({LOCAL}, '%H:%M') = '23:59')::INT) FROM learner_activity "
        f"WHERE due_date IS NOT NULL AND allowable_submission_types NOT IN ({offline})"
    )
    wanted = pack.categorical("learner_activity", "due_time").shares()["23:59"]
    check_near(late, wanted, sqrt(wanted * (1 - wanted) / n))


def test_withdrawals_in_time() -> None:
    """Who withdraws does so as in OULAD, given that it is between census and deadline, or just before that.

    In the deadline's rush each day has twice as many as the one before it. Who leaves several courses on one
    day counts once. The largest distance of the two distributions is below its bound but for once in a
    million campuses (Dvoretzky, Kiefer, Wolfowitz and Massart).
    """
    law = default_pack().table("withdraw_timing")
    campus().execute(
        "CREATE OR REPLACE TEMP TABLE leaving AS SELECT DISTINCT person_id, role_status, "
        "exit_date - term_begin_date AS day, "
        "term_end_date - term_begin_date AS length "
        "FROM seats JOIN course_offering USING (course_offering_id) "
        "JOIN academic_term USING (academic_term_id) "
        "WHERE role = 'Student' AND role_status IN ('Dropped', 'Withdrawn')"
    )
    (length,) = numbers("SELECT MAX(length) FROM leaving")
    edges = [0.0, *(float(high) for high in law["term_fraction_high"])]
    upto = np.cumsum([0.0, *(float(share) for share in law["share"])])
    term = calendar_of(CAMPUS, default_pack()).term
    census, deadline = ((day - term.start).days for day in (term.add_drop_end, term.withdraw_deadline))
    days = np.arange(census + 1, deadline + 1)
    cdf = np.interp((days + 1) / length, edges, upto) - np.interp((census + 1) / length, edges, upto)
    rush = default_pack().number("withdraw.deadline_share")
    late = np.cumsum(0.5 ** (deadline - days))
    check_days("Withdrawn", days, (1 - rush) * cdf / cdf[-1] + rush * late / late[-1])
    days = np.arange(census + 1)
    check_days("Dropped", days, (days + 1) / len(days))


def check_days(status: str, days: npt.NDArray[np.int64], cdf: npt.NDArray[np.float64]) -> None:
    """Those who left in this way did so on ``days``, distributed as ``cdf`` says."""
    found = counts(f"SELECT day::INT FROM leaving WHERE role_status = '{status}'")
    assert set(found) <= set(days.tolist())
    n = sum(found.values())
    assert n > least(500)
    seen = np.cumsum([found.get(day, 0) for day in days.tolist()]) / n
    assert np.abs(seen - cdf).max() < sqrt(log(2e6) / (2 * n)), status


def test_letters_and_gpa_by_discipline() -> None:
    """Undergraduate grade points of each larger CIP family are the pack's: Mathematics 2.96.

    Letters are given by rank, so chance is only in who takes a course for P or NP or gets an I (.055): the
    mean of the others has the sd of grade points, 1, by the root of .055 / n; .02 for equal scores.
    """
    law = default_pack().table("cip")
    wanted = {cip: float(gpa) for cip, gpa in zip(law["cip"], law["gpa"], strict=True)}
    found = rows(
        "SELECT cip, AVG(grade_points_per_credit), COUNT(*) FROM graded "
        f"WHERE ps_student_level = 'Undergraduate' GROUP BY cip HAVING COUNT(*) >= {least(300)}"
    )
    assert len(found) >= 12
    for cip, gpa, n in found:
        check_near(float(str(gpa)), wanted[str(cip)], sqrt(0.055 / int(str(n))), allowance=0.02)


def test_gpa_by_level_of_study() -> None:
    """Graduate and professional students have the pack's 3.65, .25 more than undergraduates at the least."""
    n, graduate, undergraduate = numbers(
        "SELECT COUNT(*) FILTER (l <> 'Undergraduate'), AVG(p) FILTER (l <> 'Undergraduate'), "
        "AVG(p) FILTER (l = 'Undergraduate') FROM "
        "(SELECT ps_student_level AS l, grade_points_per_credit AS p FROM graded)"
    )
    check_near(graduate, default_pack().number("gpa.graduate"), sqrt(0.055 / n), allowance=0.02)
    assert graduate - undergraduate > 0.25


def test_gpa_by_class() -> None:
    """Grade points rise from freshmen to seniors as published: .267 (UW-Madison, 3.254 to 3.521).

    Against the mean of all undergraduates, since disciplines have their means whoever takes them. Freshmen
    sit in few large courses: over ten campuses their mean has an sd of .032, the others' .025, .012, .011,
    of which the latter two are taken a third larger, as ten tell them to a fourth.
    """
    found = {
        str(level): float(str(gpa))
        for level, gpa in rows(
            "SELECT cen_academic_level, AVG(grade_points_per_credit) FROM graded "
            "WHERE ps_student_level = 'Undergraduate' GROUP BY ALL"
        )
    }
    (whole,) = numbers(
        "SELECT AVG(grade_points_per_credit) FROM graded WHERE ps_student_level = 'Undergraduate'"
    )
    for level, published, sd in (
        ("Freshman", 3.254, 0.032),
        ("Sophomore", 3.395, 0.025),
        ("Junior", 3.408, 0.016),
        ("Senior", 3.521, 0.0145),
    ):
        check_near(found[level] - whole, published - 3.414, sd)
    check_near(found["Senior"] - found["Freshman"], 0.267, 0.034)


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
    """Within a course, lasting log activity and score correlate as the pack has it, clicks at .28 (.13 to
    .62).

    At 1,000 FTE some 4,500 enrolments: an sd of .015; .05 since ranks are tied and some never come.
    """
    write_store(tmp_path, store_of(THOUSAND))
    pack = default_pack()
    world = load_world(tmp_path, THOUSAND, pack, calendar_of(THOUSAND, pack))
    scores = standard_scores(tmp_path, world)
    anchors = make_anchors(world, calendar_of(THOUSAND, pack), len(pack.table("level")["level"]))
    # What belongs together ends as visits do, so that a unit's events lie in its day and the next one.
    assert (anchors.time_ms - anchors.bundle_ms <= LONGEST_MS).all()
    facts, nowhere = campus_facts(tmp_path), np.zeros((0, 0), dtype=np.int64)
    effects = make_effects(pack, world, scores, anchors, facts.mode, nowhere)
    seen = np.flatnonzero((scores != 0) & (effects.enrolment_micro > 1))
    activity = np.array([log(value / MICRO) for value in effects.enrolment_micro[seen]])
    r = float(np.corrcoef(activity, scores[seen])[0, 1])
    check_near(r, pack.number("engagement.ability_correlation"), 0.015, allowance=0.05)
    assert 0.13 < r < 0.62
