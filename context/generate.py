"""The store, on one page: draw everything in dependency order, then lay it out as tables."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from context.attempts import make_attempts
from context.calendar import Calendar
from context.comments import make_comments
from context.conferences import make_conferences
from context.content import make_content
from context.courses import make_catalogue
from context.drawn import Drawn
from context.enrolments import make_enrolments
from context.grades import make_grades, make_term_records
from context.groupwork import make_group_work
from context.history import drawn_terms
from context.inbox import make_inbox
from context.joining import TOLD, Joiner, collected, with_history
from context.learner_groups import make_learner_groups
from context.learning import make_learning
from context.outcomes import make_results
from context.pack import Pack
from context.people import make_identity, make_students
from context.population import Cohort, leaves, played, student_years
from context.posts import make_posts
from context.progress import make_progress
from context.quizzes import make_quizzes
from context.registry import Registry, staff_years
from context.requirements import make_requirements
from context.scenario import Scenario
from context.sections import complete_catalogue
from context.store import ENTITY, KEYMAP, Part, Store
from context.structures import make_structures
from context.tables_academics import academic_tables
from context.tables_comments import comment_tables
from context.tables_contacts import contact_tables
from context.tables_content import content_tables
from context.tables_course import course_tables
from context.tables_frame import frame_tables
from context.tables_grades import grade_tables
from context.tables_learning import learning_tables
from context.tables_outcome import outcome_tables
from context.tables_people import people_tables
from context.tables_places import place_tables
from context.tables_progress import progress_tables
from context.tables_quiz import quiz_tables, response_tables
from context.tables_social import social_tables
from context.tables_structure import structure_tables

TABLES = (
    structure_tables,
    frame_tables,
    academic_tables,
    place_tables,
    people_tables,
    contact_tables,
    course_tables,
    content_tables,
    outcome_tables,
    learning_tables,
    comment_tables,
    quiz_tables,
    response_tables,
    grade_tables,
    progress_tables,
    social_tables,
)


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
    whom the later terms know.
    """
    seed, registry = scenario.seed, registry or Registry(scenario.seed)
    is_fall = calendar.term.term_type == "Fall"
    cohort = cohort or played(make_students(seed, scenario.fte, pack), pack, is_fall=is_fall)
    students, later = cohort.students, cohort.later
    catalogue, seats = complete_catalogue(seed, pack, students, *make_catalogue(seed, pack, students, later))
    structures = make_structures(pack, students, catalogue)
    enrolments, instructors, support = make_enrolments(seed, pack, calendar, students, catalogue, seats)
    people, parts = _people(registry, pack, calendar, cohort, (instructors, support), place)
    groups = make_learner_groups(seed, calendar, structures, students, catalogue, enrolments)
    content = make_content(pack, calendar, catalogue)
    quizzes = make_quizzes(pack, content.activities, content.quizzes)
    work = make_group_work(pack, catalogue.offerings, content.activities, enrolments, groups)
    results, overrides = make_results(pack, calendar, students, catalogue, enrolments, content, quizzes, work)
    results, quiz_results, attempts = make_attempts(
        pack, calendar, students, catalogue, enrolments, content, quizzes, results
    )
    posts = make_posts(pack, calendar, catalogue, enrolments, content, results)
    comments = make_comments(pack, calendar, catalogue, enrolments, content, results)
    learning = make_learning(pack, seed, catalogue, content, quizzes, results, quiz_results, attempts)
    requirements = make_requirements(pack, content, catalogue.offering_key)
    progress = make_progress(
        pack, calendar, students, catalogue, enrolments, content, requirements, results, posts
    )
    grades = make_grades(pack, students, catalogue, enrolments, content, results)
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
        identity=make_identity(pack, people),
        instructors=instructors,
        catalogue=catalogue,
        enrolments=enrolments,
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
        progress=progress,
        grades=grades,
        records=make_term_records(pack, students, cohort.behind, enrolments, grades),
        learner_groups=groups,
        inbox=make_inbox(pack, calendar, catalogue, enrolments, groups),
        conferences=make_conferences(pack, calendar, catalogue, people, enrolments, groups),
    )


def _people(
    registry: Registry, pack: Pack, calendar: Calendar, cohort: Cohort, posts: tuple[int, int], place: int
) -> tuple[npt.NDArray[np.uint64], dict[str, Any]]:
    """(keys of students, as many instructors and support staff as ``posts``, what is known of them)."""
    is_fall, open_ms = calendar.term.term_type == "Fall", calendar.day_start_ms(int(calendar.days[0]))
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


def laid_out(drawn: Drawn) -> Store:
    """The tables of a term."""
    return collected(part for tables in _tables(drawn) for part in _part(*tables))


def _tables(drawn: Drawn) -> Iterator[tuple[str, pa.Table, pa.Table | None]]:
    """(name, entity, its keymap) of a term; each is let go before the next function of TABLES is asked."""
    for tables in TABLES:
        entity, keymap = tables(drawn)
        for name in list(entity):
            yield name, entity.pop(name), keymap.pop(name, None)


def store_parts(scenario: Scenario, pack: Pack, calendar: Calendar) -> Iterator[Part]:
    """The store of a scenario as (dataset, table name, rows), drawn while they are taken.

    All tables of the played term come, then those of the term before, and so on, so that no more is held
    than a term as drawn and a few tables; but those that say what earlier terms gave wait until these are
    drawn. Rows of a table come in the order of the store. Raises InputError for terms that overlap.
    """
    if scenario.terms == 1:
        for name, entity, keymap in _tables(draw(scenario, pack, calendar)):
            yield from _part(name, entity, keymap)
        return
    joiner, waiting, marks = Joiner(), [], []
    for drawn, _, told in drawn_terms(scenario, pack, calendar, draw):
        waiting.append(Store({}, {}))
        for name, entity, keymap in _tables(drawn):
            joined = joiner.join(drawn, name, entity, keymap)
            del entity, keymap
            if name in TOLD:
                waiting[-1].entity[name] = joined[0]
            else:
                yield from _part(name, *joined)
            del joined
        joiner.next_term()
        marks.append(told)
        del drawn
    for store in with_history(waiting, marks):
        yield from store.datasets()


def _part(name: str, entity: pa.Table, keymap: pa.Table | None) -> Iterator[Part]:
    yield ENTITY, name, entity
    if keymap is not None:
        yield KEYMAP, name, keymap


def generate(scenario: Scenario, pack: Pack, calendar: Calendar) -> Store:
    """The context store of a scenario: entities and keymaps as Arrow tables.

    Rows of the played term come first, those of the terms before it follow. Raises InputError for terms that
    overlap.
    """
    return collected(store_parts(scenario, pack, calendar))
