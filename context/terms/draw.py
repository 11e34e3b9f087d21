"""A term, drawn in dependency order: this page is the order."""

from __future__ import annotations

from typing import Any

import numpy as np

from context.arrays import U64
from context.content.content import make_content
from context.content.coursework import Coursework
from context.content.module_requirements import make_requirements
from context.content.quizzes import make_quizzes
from context.courses.catalogue import Catalogue, make_catalogue
from context.courses.conferences import make_conferences
from context.courses.conversations import make_inbox
from context.courses.enrolments import Enrolments, make_enrolments
from context.courses.learner_groups import make_learner_groups
from context.courses.sections import complete_catalogue
from context.courses.structures import Structures, make_structures
from context.courses.timetable import section_weeks, timetable_seats
from context.engagement.histories import Histories, make_histories
from context.grades.grades import make_grades, make_term_records
from context.grades.learning_outcomes import make_learning
from context.grades.mid_term import mid_term_letters
from context.grades.module_progress import make_module_progress
from context.packs.pack import Pack
from context.people.cohorts import Cohort, leaves, played, student_years
from context.people.identity import make_identity
from context.people.registry import Registry, staff_years
from context.people.students import make_students
from context.results.comments import make_comments
from context.results.group_work import make_group_work
from context.results.posts import make_posts
from context.results.quiz_attempts import make_attempts
from context.results.submissions import make_results
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from context.terms.drawn import Drawn


def draw(
    scenario: Scenario,
    pack: Pack,
    calendar: Calendar,
    cohort: Cohort | None = None,
    registry: Registry | None = None,
    place: int = 0,
) -> Drawn:
    """Everything the store says of a term, as integer columns; a pure function of its arguments.

    ``cohort`` holds the students of an earlier term, ``place`` terms before the played one, and ``registry``
    whom the later terms know: whoever is new in this one is entered there.
    """
    seed, registry = scenario.seed, registry or Registry(scenario.seed)
    cohort = cohort or _played(scenario, pack, calendar)
    students = cohort.students
    catalogue, structures, (enrolments, instructors, support) = _seated(seed, pack, calendar, cohort)
    people, parts = _people(registry, pack, calendar, cohort, (instructors, support), place)
    groups = make_learner_groups(pack, seed, calendar, structures, students, catalogue, enrolments)
    content = make_content(pack, calendar, catalogue)
    quizzes = make_quizzes(pack, content.activities, content.quizzes)
    work = make_group_work(pack, catalogue.offerings, content.activities, enrolments, groups)
    requirements = make_requirements(pack, content, catalogue.offering_key)
    histories = make_histories(pack, calendar, students, catalogue, enrolments)
    given = Coursework(pack, calendar, students, catalogue, enrolments, histories, content, quizzes)
    results, overrides = make_results(given, work)
    results, quiz_results, attempts = make_attempts(given, results)
    posts, comments = make_posts(given, results), make_comments(given, results)
    learning = make_learning(seed, given, results, quiz_results, attempts)
    grades = make_grades(given, results)
    return Drawn(
        seed=seed,
        fte=scenario.fte,
        institution=scenario.institution,
        host=scenario.host,
        pack=pack,
        calendar=calendar,
        structures=structures,
        students=students,
        **parts,
        place=place,
        identity=make_identity(pack, people, students),
        instructors=instructors,
        catalogue=catalogue,
        enrolments=enrolments,
        histories=histories,
        content=content,
        quizzes=quizzes,
        quiz_results=quiz_results,
        attempts=attempts,
        results=results,
        overrides=overrides,
        group_work=work,
        posts=posts,
        comments=comments,
        learning=learning,
        requirements=requirements,
        module_progress=make_module_progress(given, requirements, results, posts),
        grades=grades,
        mid_term=mid_term_letters(given, results, grades),
        records=make_term_records(pack, students, cohort.behind, enrolments, grades),
        learner_groups=groups,
        inbox=make_inbox(pack, calendar, catalogue, enrolments, groups),
        conferences=make_conferences(pack, calendar, catalogue, people, enrolments, groups),
    )


def _played(scenario: Scenario, pack: Pack, calendar: Calendar) -> Cohort:
    is_fall = calendar.term.term_type == "Fall"
    return played(make_students(scenario.seed, scenario.fte, pack), pack, is_fall=is_fall)


def _seated(
    seed: int, pack: Pack, calendar: Calendar, cohort: Cohort
) -> tuple[Catalogue, Structures, tuple[Enrolments, int, int]]:
    """(courses, the frame they stand in, (who is in them, number of instructors, of support staff))."""
    students = cohort.students
    offered = make_catalogue(seed, pack, students, cohort.later)
    catalogue, seats = complete_catalogue(seed, pack, students, *offered)
    structures = make_structures(pack, students, catalogue)
    weeks = section_weeks(seed, pack, calendar.term.code, structures, catalogue)
    seats = timetable_seats(pack, students, catalogue, seats, weeks)
    enrolled = make_enrolments(seed, pack, calendar, students, catalogue, seats, weeks)
    return catalogue, structures, enrolled


def played_histories(scenario: Scenario, pack: Pack, calendar: Calendar) -> Histories:
    """Histories of the played term's enrolments, by row of the store; the rest of the term is not drawn."""
    cohort = _played(scenario, pack, calendar)
    catalogue, _, (enrolments, _, _) = _seated(scenario.seed, pack, calendar, cohort)
    return make_histories(pack, calendar, cohort.students, catalogue, enrolments)


def _people(
    registry: Registry, pack: Pack, calendar: Calendar, cohort: Cohort, posts: tuple[int, int], place: int
) -> tuple[U64, dict[str, Any]]:
    """(keys of students, as many instructors and support staff as ``posts``, what is known of them)."""
    is_fall, open_ms = calendar.term.term_type == "Fall", calendar.open_ms
    roles = zip(("instructor", "support"), posts, strict=True)
    staff = np.concatenate([registry.holders(role, count, open_ms) for role, count in roles])
    people = np.concatenate([cohort.students.key, staff])
    rows, numbers, is_new = registry.enter(people, len(cohort.students))
    years, students = student_years(cohort, is_fall=is_fall), len(cohort.students)
    left = is_new[:students] if place else leaves(pack, cohort.students, is_fall=is_fall)
    return people, {
        "years": np.concatenate([years, staff_years(staff)]),
        "person_row": rows,
        "numbers": numbers,
        "is_new": is_new,
        "behind": cohort.behind,
        "leaves": left,
    }
