"""Work has a clock, in the gates' store: leads before due times, grading, quiz times, scores as teachers
give them.

Bounds: tests/samples/gates.py.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import pytest

from tests.samples.gates import campus, check_near, least, numbers, rows
from tests.samples.tiny import default_pack
from tests.store.test_gates_work import GRADED, LOCAL, ONLINE

LEADS = (-10080, -1440, -60, 0, 15, 60, 180, 360, 720, 1440, 2880, 10080, 20160)  # minutes


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Work that is handed in as a table."""
    campus().execute(f"CREATE OR REPLACE TEMP TABLE online AS {ONLINE}")


def test_lead_before_due() -> None:
    """Work comes in so long before it is due as the pack has it, most of it in the last hour; some just
    after.

    .025 for those who have other dates or join late, and for nights, which are avoided: of 1.2 million at
    20,000 FTE .015 less than the pack says came in the half day ahead of the last one and .021 more in the
    days before. A student's leads hang together, so a share has twice the sd of single draws at the most.
    """
    law = default_pack().table("submission_lead")
    rows_ = zip(law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True)
    shares = [(float(low), float(high), float(share)) for low, high, share in rows_]
    minutes = "datediff('second', response_date, due_date) / 60.0"
    density = {}
    for low, high in pairwise(LEADS):
        wanted = sum(s * max(min(high, b) - max(low, a), 0) / (b - a) for a, b, s in shares)
        inside = f"{minutes} > {low} AND {minutes} <= {high}"
        n, found = numbers(
            f"SELECT COUNT(*), AVG(({inside})::INT) FROM online WHERE response_date IS NOT NULL"
        )
        check_near(found, wanted, 2 * sqrt(wanted / n), allowance=0.025)
        density[low] = found / (high - low)
    before = [density[low] for low in LEADS[3:-1]]
    assert before == sorted(before, reverse=True)  # no steps up and down: it rises to the due time
    assert density[15] > density[-60] > 5 * density[-1440]  # a late mode just after, lower than before
    hour = f"hour({LOCAL.replace('due_date', 'response_date')})"
    # By the pack's curve .029 of a day's acts are between 2 and 6; some work is due early in the morning.
    (night,) = numbers(
        f"SELECT AVG(({hour} BETWEEN 2 AND 5)::INT) FROM online WHERE response_date IS NOT NULL"
    )
    assert night < 0.05


def test_no_lead_is_a_threshold() -> None:
    """From two hours to ten before work is due each hour has somewhat more hand-ins than the one ahead of it.

    Ratios are .79 to .93; .37 where nights are avoided from a lead of six hours
    on alone. With 5,000 hand-ins an hour, a student's together, a ratio has an sd of .03 at the most.
    """
    minutes = "datediff('second', response_date, due_date) / 60.0"
    found = rows(
        f"SELECT FLOOR({minutes} / 60)::INT AS hour, COUNT(*) FROM online WHERE response_date IS NOT NULL "
        f"AND {minutes} BETWEEN 120 AND 599 GROUP BY 1 ORDER BY 1"
    )
    hours = [int(str(n)) for _, n in found]
    assert len(hours) == 8
    assert all(0.63 < after / before < 1.1 for before, after in pairwise(hours)), hours


def test_leads_are_a_persons_own() -> None:
    """Who hands in at the last minute does so again: two leads of a student in a course go together.

    The pack's .35 of the variance of normal scores, ranks taken of what came in before it was due; .1 for
    ties, late work and nights. 40,000 pairs of some 3,500 students: an sd below .02.
    """
    (found,) = numbers(
        "WITH l AS (SELECT person_id, learner_activity_id, PERCENT_RANK() OVER (ORDER BY "
        "datediff('second', response_date, due_date)) AS u FROM online WHERE response_date < due_date), "
        "n AS (SELECT person_id, u, "
        "row_number() OVER (PARTITION BY person_id ORDER BY learner_activity_id) AS i "
        "FROM l) SELECT CORR(a.u, b.u) FROM n a JOIN n b ON a.person_id = b.person_id AND b.i = a.i + 1"
    )
    check_near(found, default_pack().number("leads.person_share"), 0.02, allowance=0.1)


def test_points_as_teachers_give_them() -> None:
    """Scores given by hand are whole or half points, whole ones most of the time, and heap at fives.

    Without exception where work is worth five points or more; less would leave few marks, and has quarters
    too. Courses keep their habits: of 300 of them the share of fives has an sd of .04, about .38; without
    habits a fifth of whole points would be fives.
    """
    whole, half, fives, n = numbers(
        "SELECT AVG((published_score = FLOOR(published_score))::INT), "
        "AVG((2 * published_score = FLOOR(2 * published_score))::INT) FILTER (a.points_possible >= 5), "
        "AVG((published_score = 5 * FLOOR(published_score / 5))::INT) FILTER "
        "(a.points_possible >= 50 AND published_score < a.points_possible), COUNT(*) "
        "FROM learner_activity_result r JOIN learner_activity a USING (learner_activity_id) "
        "WHERE published_score IS NOT NULL AND a.allowable_submission_types <> 'online_quiz'"
    )
    assert n > least(100_000)
    assert whole > 0.7
    assert half == 1
    assert 0.2 < fives < 0.6


def test_ninety_is_an_a() -> None:
    """Of undergraduates with a final score of 90 or more nineteen in twenty have an A, whatever the
    discipline.

    Cuts of disciplines lie near each other, where scores and grades of a discipline go together: 8 to 15
    points from the lowest to the highest over seven campuses, with an sd of 2.4. At 4,000 such scores the
    share has an sd of .004.
    """
    campus().execute(f"CREATE OR REPLACE TEMP TABLE graded AS {GRADED}")
    (best,) = numbers(
        "SELECT AVG((grade_points_per_credit >= 3.7)::INT) FROM graded "
        "WHERE le_final_score >= 90 AND ps_student_level = 'Undergraduate'"
    )
    assert best > 0.95
    low, high = numbers(
        "SELECT MIN(cut), MAX(cut) FROM (SELECT cip, QUANTILE_CONT(le_final_score, 0.02) AS cut FROM graded "
        "WHERE grade_points_per_credit >= 3.7 AND ps_student_level = 'Undergraduate' "
        "GROUP BY cip HAVING COUNT(*) >= 200)"
    )
    assert high - low < 11 + 5 * 2.4


def test_grading_takes_its_time() -> None:
    """Work graded by hand waits some days, with a tail, by teacher, and four in five teachers keep weekends.

    Of what was in on time. The pack's mean of 5.5 days and one, and a median below it, since both parts are
    lognormal: by 170 graders the mean has a relative sd of .045. A fourth of the variance of log days or
    more is between graders (.55 of it by the pack, less what whole days and weekends take). Weekends hold a
    fifth of their share of days by teachers who do not keep them; .02 is the sd of that. What they leave is
    done on several days: of Mondays to Fridays, Mondays have .25, where all on one day would make .40; of
    2,000 sittings and more the share has an sd below .01.
    """
    campus().execute(
        "CREATE OR REPLACE TEMP TABLE by_hand AS SELECT grader_id, learner_activity_id, "
        "datediff('hour', due_date, graded_date) / 24.0 AS days, isodow("
        f"{LOCAL.replace('due_date', 'graded_date')}) AS weekday FROM online "
        "WHERE grader_id IS NOT NULL AND response_date <= due_date AND graded_date > due_date"
    )
    graders, mean, median, tail, weekend, monday = numbers(
        "SELECT COUNT(DISTINCT grader_id), AVG(days), MEDIAN(days), AVG((days > 14)::INT), "
        "AVG((weekday > 5)::INT), AVG((weekday = 1)::INT) FILTER (weekday <= 5) FROM by_hand"
    )
    assert graders > least(150)
    pack = default_pack()
    check_near(mean, pack.number("grading.delay_days") + 1.5, 0.35, allowance=0.5)
    assert median < 0.9 * mean
    assert 0.02 < tail < 0.2
    assert 0.18 < monday < 0.32
    keeps = pack.number("grading.keeps_weekends_share")
    check_near(weekend, (1 - keeps) * 2 / 7, 0.02)
    between, within = numbers(
        "SELECT VAR_POP(m), AVG(v) FROM (SELECT AVG(ln(days)) AS m, VAR_POP(ln(days)) AS v FROM by_hand "
        "GROUP BY grader_id HAVING COUNT(DISTINCT learner_activity_id) >= 5)"
    )
    assert between > 0.25 * (between + within)


def test_quizzes_take_the_time_they_have() -> None:
    """Time taken goes with the time limit, with a spread of its own, and seldom is all of it needed.

    Half or more of the variance of log time is that of limits. Of the limit .62 are taken on average, and
    .06 of attempts run into it; 20,000 attempts of 3,500 students: sd below .005 for both.
    """
    mean, full, n, r = numbers(
        "SELECT AVG(part), AVG((part >= 0.995)::INT), COUNT(*), CORR(ln(taken), ln(allowed)) FROM ("
        "SELECT taken, allowed, taken / allowed AS part FROM (SELECT time_taken AS taken, "
        "60 * q.time_limit AS allowed FROM quiz_result r JOIN quiz q USING (quiz_id) WHERE q.time_limit > 0 "
        "AND r.time_taken > 0 AND COALESCE(r.extra_time, 0) = 0))"
    )
    assert n > 10_000
    check_near(mean, 0.61, 0.005, allowance=0.03)
    check_near(full, 0.06, 0.005, allowance=0.03)
    assert r > 0.5


def test_more_attempts_score_higher() -> None:
    """Where several attempts are allowed, who took more of them has a better kept score.

    In percent, by quizzes that allow more than one: students of two attempts and more against those of one.
    """
    one, more, n = numbers(
        "SELECT AVG(p) FILTER (total_attempts = 1), AVG(p) FILTER (total_attempts > 1), "
        "COUNT(*) FILTER (total_attempts > 1) FROM (SELECT total_attempts, "
        "100.0 * kept_score / quiz_points_possible AS p FROM quiz_result JOIN quiz USING (quiz_id) "
        "WHERE allowed_attempts <> 1 AND quiz_points_possible > 0 AND kept_score IS NOT NULL "
        "AND learner_activity_result_id IS NOT NULL)"
    )
    assert n > 3_000
    assert more - one > 1.0  # of an sd of 17 in 3,000 scores: over three times five sd of .06 by chance
