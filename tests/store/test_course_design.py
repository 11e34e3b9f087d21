"""Courses have a design: formats by discipline, work and titles that go with them, examinations on own dates.

Over the gates' campus; bounds are five standard deviations (5.7e-7) where there is chance.
"""

from __future__ import annotations

from functools import cache
from math import sqrt

import numpy as np
import numpy.typing as npt
import pytest

from context.arrays import NO_TIME
from context.content.activities import ActivityKind
from context.content.activity_groups import FEW_WORKS, MOST_MIDTERMS, MOST_PAPERS, GroupRole
from context.courses.catalogue import OfferingKind, SectionKind
from context.packs.course_spec import FORMATS, WORKS
from context.terms.drawn import Drawn
from tests.samples.gates import CAMPUS, SD, least, rows
from tests.samples.tiny import calendar_of, default_pack, drawn_of

BOOL = npt.NDArray[np.bool_]
FINAL = WORKS.index("final_exam")
LOG_CHANCE = 14.4  # -log 5.7e-7, as of five standard deviations


@cache
def drawn() -> Drawn:
    """The campus as columns."""
    return drawn_of(CAMPUS)


@cache
def taught() -> BOOL:
    """Courses that are taught in Canvas."""
    return np.asarray(drawn().catalogue.offering_kind == OfferingKind.TAUGHT)


def test_formats_are_of_disciplines_and_levels() -> None:
    """Formats of courses have the pack's shares by family and level, within five sd where these are normal.

    Where few are expected Bernstein's inequality bounds the same chance: by a sum of what is there or not.
    """
    d, pack = drawn(), default_pack()
    form, cip = d.content.design.format[taught()], d.catalogue.offering_cip[taught()]
    level = d.catalogue.offering_level[taught()]
    by_cip, by_level = pack.table("format_given_cip"), pack.table("format_given_level")
    cips, levels = list(pack.table("cip")["cip"]), list(pack.table("level")["level"])
    share = np.zeros((len(cips), len(FORMATS)))
    for family, name, value in zip(by_cip["cip"], by_cip["format"], by_cip["share"], strict=True):
        share[cips.index(family), FORMATS.index(name)] = value
    factor = np.ones((len(levels), len(FORMATS)))
    for row, name, value in zip(by_level["level"], by_level["format"], by_level["factor"], strict=True):
        factor[levels.index(row), FORMATS.index(name)] = value
    wanted = share[cip] * factor[level]
    wanted /= wanted.sum(axis=1, keepdims=True)
    # By level where nobody has laboratories, which decide on formats too.
    plain = ~np.isin(cip, d.catalogue.offering_cip[_with_laboratories()])
    masks = [plain & (level == row) for row in range(len(levels))]
    for code in range(len(FORMATS)):
        for mine in [np.ones(len(form), dtype=np.bool_), *(cip == c for c in np.unique(cip)), *masks]:
            p = wanted[mine, code]
            third, variance = LOG_CHANCE / 3, (p * (1 - p)).sum()
            most = third + sqrt(third * third + 2 * LOG_CHANCE * variance)
            assert abs((form[mine] == code).sum() - p.sum()) <= most
    seminar, lecture = (FORMATS.index(name) for name in ("seminar", "lecture"))
    # One family alone has ten courses. Of some 60 of the humanities about .65 are seminars, of 150 in science
    # and engineering .09: sd of .062 and .024.
    words, numbers = (
        np.isin(cip, [cips.index(code) for code in codes])
        for codes in (("16", "23", "24", "38", "54"), ("11", "14", "26", "27", "40"))
    )
    assert (form[words] == seminar).mean() > 1.5 * (form[numbers] == seminar).mean() + SD * 0.067
    assert wanted[masks[0], lecture].mean() > 2 * wanted[masks[5], lecture].mean()


def _with_laboratories() -> BOOL:
    """Courses with sections in a laboratory."""
    c = drawn().catalogue
    home = c.section_home[c.section_kind == SectionKind.LABORATORY]
    return np.bincount(home, minlength=c.offerings).astype(np.bool_)


def test_sections_are_of_their_courses_format() -> None:
    """Courses with laboratory sections are laboratory courses first, and seminars are taught as such.

    .65 of 79 courses with laboratories were such courses over three seeds, and .03 of the 187 others of their
    families: of 26 and 60 courses an sd of .09 and .02. Of sections in courses of the format seminar .37 are
    seminars, and .045 of the others: of 150 and 420 an sd of .04 and .01. All are alike without the factors.
    """
    d = drawn()
    c, form = d.catalogue, d.content.design.format
    laboratory, seminar = (FORMATS.index(name) for name in ("laboratory", "seminar"))
    has = _with_laboratories()
    near = np.isin(c.offering_cip, c.offering_cip[has]) & taught()
    assert has.sum() >= 10
    assert (form[has] == laboratory).mean() > 0.2 > (form[near & ~has] == laboratory).mean()
    found = rows(
        "SELECT course_section_id - 1, type = 'Seminar' FROM course_section "
        "WHERE type IN ('Lecture', 'Seminar') ORDER BY 1"
    )
    home = c.section_home[np.array([int(str(row)) for row, _ in found])]
    is_seminar = np.array([bool(one) for _, one in found])
    taught_so = form[home] == seminar
    assert is_seminar[taught_so].mean() > 2 * is_seminar[~taught_so].mean()


@pytest.mark.parametrize("name", ["quizzes", "discussions", "modules"])
def test_unused_tools(name: str) -> None:
    """The published share of courses has no quizzes, no discussions, no modules at all."""
    c = drawn().content
    there = {
        "quizzes": c.quizzes.offering,
        "discussions": c.discussions.offering[~c.is_announcement],
        "modules": c.modules.offering,
    }[name]
    none = ~np.isin(np.flatnonzero(taught()), there)
    share = default_pack().number(f"content.unused_{name}_share")
    # Courses whose format makes it certain have no chance: the bound is for a simple draw.
    assert abs(none.mean() - share) <= SD * sqrt(share * (1 - share) / len(none))


def test_midterms_and_finals() -> None:
    """Courses with examinations have one to three midterms in the middle weeks or a final, on weekdays."""
    d, calendar = drawn(), calendar_of(CAMPUS, default_pack())
    a, g = d.content.activities, d.content.groups
    exam = a.kind == ActivityKind.EXAM
    final = a.work == FINAL
    assert (exam[final]).all()
    midterms = np.bincount(a.offering[exam & ~final], minlength=d.catalogue.offerings)
    finals = np.bincount(a.offering[final], minlength=d.catalogue.offerings)
    assert midterms.max() == MOST_MIDTERMS
    assert finals.max() == 1
    assert np.isin(np.unique(a.offering[exam]), np.flatnonzero((midterms > 0) | (finals > 0))).all()
    pack, last = default_pack(), calendar.term.last_class_day
    low, high = (last * pack.number(f"exam.{name}_place") for name in ("first", "last"))
    day = a.due_day[exam & ~final]
    assert day.min() >= low - 3
    assert day.max() <= high
    begin = (calendar.term.finals_start - calendar.term.start).days
    assert a.due_day[final].min() >= begin
    weekday = (calendar.term.start.weekday() + a.due_day[exam]) % 7
    assert weekday.max() < 5
    # A course's midterms are weeks apart, and not all courses' on the same days.
    for offering in np.flatnonzero(midterms == MOST_MIDTERMS)[:50]:
        dates = np.sort(a.due_day[exam & ~final & (a.offering == offering)])
        assert np.diff(dates).min() >= 9
    assert len(np.unique(day)) > 25
    assert (g.size[g.role == GroupRole.FINAL] == 1).all()


def test_exams_weigh_more_than_homework() -> None:
    """Examinations have the heavier groups, where these have weights, and more points than homework."""
    d = drawn()
    a, g = d.content.activities, d.content.groups
    weighted = g.weight_percent > 0
    of = {role: g.weight_percent[weighted & (g.role == role)].mean() for role in GroupRole}
    assert of[GroupRole.EXAM] > 2 * of[GroupRole.OTHER]
    assert of[GroupRole.EXAM] > 2 * of[GroupRole.QUIZZES]
    points = {work: a.points_hundredths[a.work == code].mean() for code, work in enumerate(WORKS)}
    assert points["exam"] > 2 * points["homework"]
    assert points["final_exam"] >= points["exam"]
    assert points["essay"] > 2 * points["reading"]


def test_sizes_of_groups_are_the_founding_figures() -> None:
    """Activities a group: 6.477 on average, sd 7.517, 1 to 50, though examinations are few."""
    size = drawn().content.groups.size
    n = len(size)
    assert abs(size.mean() - 6.477) <= SD * 7.517 / sqrt(n)
    assert size.std() == pytest.approx(7.517, rel=0.1)
    assert size.min() == 1
    assert size.max() <= 50
    work = np.array([WORKS[code] for code in drawn().content.activities.work])
    group = drawn().content.activities.group
    for name in FEW_WORKS:
        assert np.bincount(group[work == name]).max() <= MOST_PAPERS


def test_nothing_is_due_in_the_recess() -> None:
    """No due date of an activity or an override is on a day without classes; some work has none at all."""
    d, calendar = drawn(), calendar_of(CAMPUS, default_pack())
    a, o = d.content.activities, d.overrides
    for due in (a.due_ms[a.is_dated], o.due_ms[o.due_ms != NO_TIME]):
        assert not np.isin(calendar.kind_of(calendar.day_of(due)), ("break", "holiday")).any()
    assert not (~a.is_dated[o.activity]).any()
    law = default_pack().table("work")
    share = dict(zip(law["group"], law["undated_share"], strict=True))
    names = default_pack().categorical("learner_activity_group", "name").values
    wanted = np.array([float(share[str(name)]) for name in names])[d.content.groups.name[a.group]]
    wanted = np.where(a.kind == ActivityKind.EXAM, 0, wanted)
    error = sqrt((wanted * (1 - wanted)).sum())
    assert abs((~a.is_dated).sum() - wanted.sum()) <= SD * error
    (found,) = rows("SELECT COUNT(*) FROM learner_activity WHERE due_date IS NULL AND status = 'published'")
    assert int(str(found[0])) == int((~a.is_dated).sum())


def test_titles_go_with_the_format() -> None:
    """Lab reports are in laboratories, essays in seminars; what a group is called and what is in it agree.

    Of a title it is what comes before its topic: a problem set may be on experimental design.
    """
    found = rows("""
        SELECT g.name, COUNT(*), AVG((regexp_matches(a.work, 'Essay|Paper'))::INT),
               AVG((regexp_matches(a.work, 'Lab|Experiment'))::INT),
               AVG((regexp_matches(a.work, 'Exam|Test'))::INT)
        FROM (SELECT *, split_part(title, ':', 1) AS work FROM learner_activity) a
        JOIN learner_activity_group g USING (learner_activity_group_id)
        WHERE a.status = 'published' GROUP BY ALL""")
    share = {str(name): (float(str(e)), float(str(lab)), float(str(x))) for name, _, e, lab, x in found}
    assert share["Essays"][0] == share["Papers"][0] == 1
    assert share["Labs"][1] == share["Lab Reports"][1] == 1
    assert share["Exams"][2] == share["Final Exam"][2] == 1
    for name, (_, lab, exam) in share.items():
        assert name in ("Exams", "Final Exam") or exam < 0.02, name
        assert name in ("Labs", "Lab Reports") or lab < 0.02, name


def test_titles_of_courses_fit_their_subject() -> None:
    """A course and what it holds are titled by topics of its own subject; subjects share few topics."""
    law = default_pack().table("topic")
    own: dict[str, set[str]] = {}
    for subject, topic in zip(law["subject"], law["topic"], strict=True):
        own.setdefault(str(subject), set()).add(str(topic))
    courses = rows(
        "SELECT DISTINCT subject, title FROM course_offering "
        "WHERE subject IS NOT NULL AND le_status <> 'deleted'"
    )
    hosts = rows("""
        SELECT DISTINCT o.subject, a.title
        FROM learner_activity a JOIN course_offering o USING (course_offering_id)
        WHERE contains(a.title, ': ') AND a.status = 'published'""")
    assert len(courses) > least(300)
    # A cross-listed course has the title of its host.
    shared = {
        str(title)
        for (title,) in rows("""
        SELECT o.title FROM course_section s JOIN course_offering o
            ON o.course_offering_id = s.le_current_course_offering_id
        WHERE s.course_offering_id <> s.le_current_course_offering_id""")
    }
    for subject, title in courses:
        assert str(title) in shared or any(topic in str(title) for topic in own[str(subject)]), (
            subject,
            title,
        )
    for subject, title in hosts:
        assert str(title).split(": ", 1)[1] in own[str(subject)] or "Your View" in str(title), (
            subject,
            title,
        )
    everywhere = [topic for topics in own.values() for topic in topics]
    assert len(set(everywhere)) > 0.97 * len(everywhere)


def test_types_of_submission_over_the_campus() -> None:
    """Over all formats about .32 of activities are uploads, .24 quizzes, .12 discussions, .09 in other tools.

    Work goes with formats, so the campus's mix comes from its courses. Over four seeds shares have an sd of
    .011 (uploads), .013 (quizzes), .027 (discussions: few courses have up to fifty) and .005 (others); bounds
    are five of them, but .06 where that is less, for what the tables miss.
    """
    d = drawn()
    values = default_pack().categorical("learner_activity", "allowable_submission_types").values
    share = np.bincount(d.content.activities.submission_type, minlength=len(values)) / len(
        d.content.activities
    )
    found = dict(zip(values, share.tolist(), strict=True))
    for name, wanted, sd in (
        ("online_upload", 0.32, 0.011),
        ("online_quiz", 0.24, 0.013),
        ("discussion_topic", 0.12, 0.027),
        ("external_tool", 0.09, 0.005),
        ("online_text_entry", 0.06, 0.005),
    ):
        assert abs(found[name] - wanted) < max(SD * sd, 0.06), found
    assert abs(found["on_paper"] + found["none"] - 0.15) < 0.06
