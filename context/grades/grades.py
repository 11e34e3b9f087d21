"""Course scores, letter grades and GPAs, all following from the results."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, NO_TIME
from context.content.coursework import Coursework
from context.courses.enrolments import Enrolments
from context.courses.sections import offering_credits
from context.grades.letter_shares import letter_cuts
from context.grades.scores import VIEWS, Scores, graded_work, make_scores
from context.packs.pack import Pack
from context.people.standing import ability_now, prior_grades
from context.people.students import Students
from context.results.results import Results

# From this fraction of the term on, who stops may get an incomplete, and so many of them do (assumptions).
LATE_STOP, LATE_STOP_INCOMPLETE_SHARE = 0.7, 0.4
# Purposes of randomness: what each number draws.
_PASS_FAIL, _UNSEEN_MARK, _INCOMPLETE, _LENIENT = 121, 122, 123, 124


@dataclass(frozen=True)
class Grades:
    """Row i is the course grade of student enrolment ``enrolment[i]``."""

    enrolment: I64
    scores: Scores  # of groups and courses, from which all else follows
    current_hundredths: I64  # over graded work; NO_TIME when nothing is graded
    final_hundredths: I64  # all other work counts 0
    hidden_current_hundredths: I64  # hidden grades included
    hidden_final_hundredths: I64
    letter: I32  # index into letters, -1 when no grade is given (dropped, withdrawn)
    is_pass_fail: BOOL  # taken for P or NP: gives no points and does not count
    is_incomplete: BOOL  # the grade is still to come: an I, without a letter
    credits: I64  # of the course
    letters: tuple[str, ...]
    points_hundredths: I64  # grade points of each letter


@dataclass(frozen=True)
class TermRecords:
    """Row i is student i's record of the term."""

    gpa_hundredths: I64  # NO_TIME without graded credits
    cumulative_hundredths: I64  # of the terms before this one; NO_TIME for those in their first
    credits: I64  # attempted: taken on the census day
    kept: I64  # of them those that were not withdrawn from
    gpa_credits: I64  # of them those that the term GPA rests on
    earned: I64
    gpa_points: I64  # hundredths of grade points times credits, of the term
    past_hundredths: I64  # a GPA for the terms before those that are generated


def letters_by_score(given: Coursework, rows: I64, final: I64) -> I32:
    """Letters by score: cut scores of each CIP family and career where its published GPA puts them.

    Within a family a higher score never gets a lower letter, but for graduate courses: how strict these are
    differs, and within one of them the same holds.
    """
    pack, enrolments = given.pack, given.enrolments
    letters = len(pack.table("letter")["letter"])
    cip = given.catalogue.offering_cip[given.catalogue.section_home[enrolments.section[rows]]]
    graduate = ~given.students.is_undergraduate[enrolments.person[rows]]
    gpas = [float(gpa) for gpa in pack.table("cip")["gpa"]]
    home = given.catalogue.section_home[enrolments.section[rows]]
    course_key = given.catalogue.offering_key[given.catalogue.offering_host[home]]
    lenient = pack.number("grade.graduate_leniency_sd") * rng.normal(rng.extend(course_key, _LENIENT))
    standard = final + np.where(graduate, np.rint(100 * lenient), 0).astype(np.int64)
    letter = np.full(len(rows), -1, dtype=np.int32)
    for code in np.unique(cip):
        for grad in (False, True):
            mine = np.flatnonzero((cip == code) & (graduate == grad))
            if not len(mine):
                continue
            gpa = pack.number("gpa.graduate") if grad else gpas[int(code)]
            cuts = letter_cuts(pack, gpa, undergraduate=not grad)
            order = mine[np.lexsort((mine, standard[mine]))]
            place = (np.arange(len(mine)) + 0.5) / len(mine)
            drawn = letters - 1 - np.minimum(np.searchsorted(cuts, place, side="right"), letters - 1)
            # Equal scores share a letter: everyone takes that of the first of the run.
            values = standard[order]
            start = np.searchsorted(values, values, side="left")
            letter[order] = drawn[start]
    return letter


def make_grades(given: Coursework, results: Results) -> Grades:
    """Grades of all student enrolments."""
    pack, students, catalogue, enrolments = given.pack, given.students, given.catalogue, given.enrolments
    rows = np.flatnonzero(enrolments.takes)
    scores = make_scores(graded_work(given.content, results), len(enrolments))
    current, final, hidden_current, hidden_final = (scores.of_course[view][rows] for view in VIEWS)
    law = pack.table("letter")
    # Who teaches without Canvas gives grades all the same, by marks that the store doesn't hold.
    unseen = (
        84
        + 8 * ability_now(pack, students)[enrolments.person[rows]]
        + 6 * rng.normal(enrolments.key[rows], _UNSEEN_MARK)
    )
    unseen = np.rint(100 * np.clip(unseen, 0, 100)).astype(np.int64)
    marks = np.where(enrolments.published[rows], final, unseen)
    gets = enrolments.has_status("Enrolled", "Completed")[rows] & (marks != NO_TIME)
    letter = np.full(len(rows), -1, dtype=np.int32)
    letter[gets] = letters_by_score(given, rows[gets], marks[gets])
    pass_fail = rng.uniform(rng.extend(enrolments.key[rows], _PASS_FAIL)) < pack.number(
        "grade.pass_fail_share"
    )
    incomplete = _incomplete(given, rows, (letter >= 0) & ~pass_fail)
    hours = offering_credits(pack, catalogue)
    return Grades(
        enrolment=rows,
        scores=scores,
        current_hundredths=current,
        final_hundredths=final,
        hidden_current_hundredths=hidden_current,
        hidden_final_hundredths=hidden_final,
        letter=np.where(incomplete, -1, letter).astype(np.int32),
        is_pass_fail=pass_fail,
        is_incomplete=incomplete,
        credits=hours[catalogue.section_home[enrolments.section[rows]]],
        letters=tuple(str(name) for name in law["letter"]),
        points_hundredths=np.array([round(float(p) * 100) for p in law["grade_points"]]),
    )


def _incomplete(given: Coursework, rows: I64, can: BOOL) -> BOOL:
    """Whose grade is still to come: as many as the pack says, first of all who stopped late in the term.

    A teacher gives more time to somebody who had done most of it; the others have their reasons.
    """
    key = rng.extend(given.enrolments.key[rows], _INCOMPLETE)
    u = rng.uniform(key)
    count = int((can & (u < given.pack.number("grade.incomplete_share"))).sum())
    stop, last = given.histories.stop_day[rows], given.calendar.term.last_day
    late = can & (stop >= round(LATE_STOP * last)) & (stop <= given.calendar.last_day)
    late &= rng.uniform(key, 1) < LATE_STOP_INCOMPLETE_SHARE
    first = np.flatnonzero(can)[np.lexsort((u[can], ~late[can]))][:count]
    found = np.zeros(len(rows), dtype=np.bool_)
    found[first] = True
    return found


def make_term_records(
    pack: Pack, students: Students, behind: I64, enrolments: Enrolments, grades: Grades
) -> TermRecords:
    """Term GPA from grades and credits; the cumulative one before the term from ability."""
    person = enrolments.person[grades.enrolment]
    graded = (grades.letter >= 0) & ~grades.is_pass_fail
    size = len(students)
    points = np.where(graded, grades.points_hundredths[np.maximum(grades.letter, 0)] * grades.credits, 0)
    attempted = np.bincount(person, np.where(graded, grades.credits, 0), minlength=size).astype(np.int64)
    total = np.bincount(person, points, minlength=size).astype(np.int64)
    passed = (grades.letter >= 0) & (grades.points_hundredths[np.maximum(grades.letter, 0)] > 0)
    stays = ~enrolments.has_status("Dropped")[grades.enrolment]
    left = enrolments.has_status("Withdrawn")[grades.enrolment]
    gpa = np.where(attempted > 0, (2 * total + attempted) // np.maximum(2 * attempted, 1), NO_TIME)
    # No earlier term is generated: the past GPA is drawn from prior grades and the pack's mean and spread.
    # That of graduate students is of graduate courses.
    mean, sd = (
        np.where(students.is_undergraduate, pack.number(ug), pack.number(grad))
        for ug, grad in (
            ("gpa.cumulative_mean", "gpa.graduate"),
            ("gpa.cumulative_sd", "gpa.cumulative_graduate_sd"),
        )
    )
    past = mean + sd * prior_grades(students)
    past_hundredths = np.rint(np.clip(past, 0.5, 4.0) * 100).astype(np.int64)
    return TermRecords(
        gpa_hundredths=gpa,
        gpa_credits=attempted,
        cumulative_hundredths=np.where(behind == 0, NO_TIME, past_hundredths),
        credits=np.bincount(person, np.where(stays, grades.credits, 0), minlength=size).astype(np.int64),
        kept=np.bincount(person, np.where(stays & ~left, grades.credits, 0), minlength=size).astype(np.int64),
        earned=np.bincount(person, np.where(passed, grades.credits, 0), minlength=size).astype(np.int64),
        gpa_points=total,
        past_hundredths=past_hundredths,
    )
