"""Students' histories in the gates' store: who leaves, who stops, what follows.

Bounds: tests/samples/gates.py.
"""

from __future__ import annotations

from math import sqrt

import numpy as np

from context.arrays import NO_TIME
from context.packs.people_codes import Career
from context.people.standing import prior_grades
from tests.samples.gates import CAMPUS, SD, check_near, least, numbers
from tests.samples.tiny import default_pack, drawn_of


def test_weeks_remember() -> None:
    """Weekly factors correlate from week to week as the pack says, and so do the courses of a student.

    14,000 enrolments or more: sd below 1 / sqrt(n) of a correlation, twice that for students' shared part.
    """
    drawn, pack = drawn_of(CAMPUS), default_pack()
    rows = np.flatnonzero(drawn.enrolments.takes & (drawn.histories.stop_day > drawn.calendar.last_day))
    z = drawn.histories.week_z[:, rows]
    memory, shared = (pack.number(f"engagement.week_{part}") for part in ("correlation", "person_share"))
    for apart in (1, 2, 3):
        found = np.mean([np.corrcoef(z[week], z[week + apart])[0, 1] for week in range(4, 12)])
        check_near(float(found), memory**apart, 2 / sqrt(len(rows)))
    person = drawn.enrolments.person[rows]
    pairs = np.flatnonzero(np.diff(person[np.argsort(person, kind="stable")]) == 0)
    by_person = z[8, np.argsort(person, kind="stable")]
    found = np.corrcoef(by_person[pairs], by_person[pairs + 1])[0, 1]
    check_near(float(found), shared, 2 / sqrt(len(pairs)))


def test_nothing_after_a_stop() -> None:
    """Who has stopped hands in nothing by themselves, takes no quiz and posts nothing from that day on."""
    drawn = drawn_of(CAMPUS)
    stop = drawn.histories.stop_day
    stop_ms = drawn.calendar.wall_to_utc_ms(np.minimum(stop, drawn.calendar.last_day), 0)
    results, gone = drawn.results, stop <= drawn.calendar.last_day
    assert gone.sum() > least(500)
    own = (results.group < 0) & (results.submitted_ms != NO_TIME) & gone[results.enrolment]
    assert own.sum() > least(5_000)
    assert (results.submitted_ms < stop_ms[results.enrolment])[own].all()
    for acts, times in (
        (drawn.posts.enrolment, drawn.posts.time_ms),
        (drawn.quiz_results.enrolment, drawn.quiz_results.began_ms),
        (drawn.comments.author, drawn.comments.created_ms),
    ):
        late = gone[acts] & (times >= stop_ms[acts]) & drawn.enrolments.is_student[acts]
        assert not late.any()


def test_who_fails_has_stopped() -> None:
    """Three in ten of those who fail, or more, hand in nothing at the end; of all others few.

    Looked at are enrolments with two pieces of work or more due in the last fourth of the term. Of some 600
    failing grades the share has an sd of .02; it is .41, so that the bound is five of them below, and less
    than .1 for all other grades.
    """
    drawn = drawn_of(CAMPUS)
    late = drawn.calendar.day_of(drawn.results.due_ms) > 0.75 * drawn.calendar.term.last_day
    late &= drawn.results.is_missing | (drawn.results.submitted_ms != NO_TIME)
    size = len(drawn.enrolments)
    due = np.bincount(drawn.results.enrolment[late], minlength=size)
    missed = np.bincount(drawn.results.enrolment[late & drawn.results.is_missing], minlength=size)
    grades = drawn.grades
    looked = (due >= 2)[grades.enrolment] & (grades.letter >= 0)
    quiet = (missed == due)[grades.enrolment]
    failed = grades.letter == grades.letters.index("F")
    assert (looked & failed).sum() > least(300)
    assert quiet[looked & failed].mean() > 0.3
    assert quiet[looked & ~failed].mean() < 0.1


def test_incompletes_follow_late_stops() -> None:
    """A grade still to come is ten times likelier for who stopped late in the term than for others."""
    drawn = drawn_of(CAMPUS)
    grades, stop = drawn.grades, drawn.histories.stop_day[drawn.grades.enrolment]
    last = drawn.calendar.term.last_day
    late = (stop >= round(0.7 * last)) & (stop <= drawn.calendar.last_day)
    stayed = (grades.letter >= 0) | grades.is_incomplete
    share = default_pack().number("grade.incomplete_share")
    found = grades.is_incomplete[stayed].mean()
    check_near(float(found), share, sqrt(share / stayed.sum()), allowance=0.002)
    assert grades.is_incomplete[late & stayed].mean() > 10 * grades.is_incomplete[~late & stayed].mean()


def test_some_leave_everything() -> None:
    """A fifth of withdrawals are from all courses at once, on one day.

    A few more withdraw from all by chance; whole students are chosen up to the share, so it has no sampling
    sd but that of one student's courses.
    """
    everything, whole = numbers(
        "SELECT SUM(n) FILTER (n = kept AND days = 1 AND n > 1), SUM(n) FROM (SELECT person_id, "
        "COUNT(*) FILTER (role_status = 'Withdrawn') AS n, "
        "COUNT(*) FILTER (role_status <> 'Dropped') AS kept, "
        "COUNT(DISTINCT exit_date) FILTER (role_status = 'Withdrawn') AS days "
        "FROM seats WHERE role = 'Student' GROUP BY person_id)"
    )
    wanted = default_pack().number("withdraw.everything_share")
    assert wanted - 0.06 < everything / whole < wanted + 0.03


def test_leaving_clusters_by_course() -> None:
    """Withdrawals scatter between courses more than independent ones would: by half as much variance again.

    Of courses with 40 seats or more: with independent ones the ratio is 1 with an sd of sqrt(2 / courses).
    """
    courses, ratio = numbers(
        "SELECT COUNT(*), SUM((w - n * p) ** 2 / (n * p * (1 - p))) / COUNT(*) FROM "
        "(SELECT course_offering_id, COUNT(*) AS n, COUNT(*) FILTER (role_status = 'Withdrawn') AS w "
        "FROM seats "
        "WHERE role = 'Student' "
        "GROUP BY 1 HAVING n >= 40), (SELECT AVG((role_status = 'Withdrawn')::INT) AS p FROM seats "
        "WHERE role = 'Student')"
    )
    assert ratio > 1 + max(SD * sqrt(2 / courses), 0.5)


def test_prior_grades_foretell() -> None:
    """Three times as many withdraw or fail of those with the lowest quarter of prior grades as of the best.

    Undergraduates. At 500 of either the ratio has a relative sd of .12 and is 6 and more over seeds.
    """
    drawn = drawn_of(CAMPUS)
    grades, students = drawn.grades, drawn.students
    person = drawn.enrolments.person[grades.enrolment]
    left = drawn.enrolments.has_status("Withdrawn")[grades.enrolment]
    bad = left | (grades.letter == grades.letters.index("F"))
    mine = students.career[person] == Career.UNDERGRADUATE
    prior = prior_grades(students)
    low, high = np.quantile(prior, [0.25, 0.75])
    assert bad[mine & (prior[person] < low)].mean() > 3 * bad[mine & (prior[person] > high)].mean()
    assert left[mine & (prior[person] < low)].mean() > 1.5 * left[mine & (prior[person] > high)].mean()
