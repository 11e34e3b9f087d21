"""Several terms: each is drawn as one, from the played one backwards; ``context/store/joining.py`` joins
them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from context.arrays import BOOL, I64
from context.errors import InputError
from context.packs.pack import Pack
from context.people.cohorts import Cohort, played, term_before, there
from context.people.registry import Registry
from context.people.repeats import Later, nothing_later
from context.people.students import make_students
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.parts import CalendarOverrides
from context.scenario.scenario import Scenario
from context.terms.draw import draw
from context.terms.drawn import Drawn
from context.terms.graduation import completes


def term_before_name(term: str) -> str:
    """The regular term before one: summers are no part of a history."""
    season, year = term.split()
    return f"Spring {year}" if season in ("Fall", "Summer") else f"Fall {int(year) - 1}"


def calendars(scenario: Scenario, pack: Pack, calendar: Calendar) -> list[Calendar]:
    """The calendars of all terms, the played one first. Raises InputError where two terms overlap."""
    found, name = [calendar], scenario.term
    for _ in range(scenario.terms - 1):
        name = term_before_name(name)
        update = {"term": name, "calendar": CalendarOverrides(), "incident": ()}
        earlier = build_calendar(scenario.model_copy(update=update), pack.table("calendar"))
        later = found[-1].term
        if earlier.term.end >= later.start:
            raise InputError(
                f"terms overlap: {later.name} starts on {later.start}, allowed: "
                f"{earlier.term.end + timedelta(1)} or later, when {name} has ended"
            )
        found.append(earlier)
    return found


def drawn_terms(
    scenario: Scenario, pack: Pack, terms: Sequence[Calendar]
) -> Iterator[tuple[Drawn, Cohort, Marks]]:
    """Each of ``terms`` as drawn, the played one first, with its students and what it says of them."""
    registry = Registry(scenario.seed)
    is_fall = [each.term.term_type == "Fall" for each in terms]
    students = make_students(scenario.seed, scenario.fte, pack)
    cohort = played(students, pack, is_fall=is_fall[0])
    rows, later = len(students), nothing_later()
    for place, each in enumerate(terms):
        now = there(cohort)
        now = replace(now, later=later.of(now.row))
        drawn = draw(scenario, pack, each, now, registry, place)
        marks = _marks(drawn, now, is_fall=is_fall[place])
        yield drawn, now, marks
        taken = _taken(drawn, now.row)
        del drawn, now  # before the next term is drawn
        if place + 1 < len(terms):
            earned = np.zeros(len(cohort.row), dtype=np.int64)
            earned[np.flatnonzero(cohort.present)] = marks.earned
            # Credits of the played term come after its standing is settled.
            before = earned * (place > 0)
            code = terms[place + 1].term.code
            cohort = term_before(scenario.seed, pack, cohort, before, code, rows, is_fall=is_fall[place])
            rows = max(rows, int(cohort.row.max(initial=-1)) + 1)
            later = later.and_before(taken, cohort.row)


def _taken(d: Drawn, rows: I64) -> Later:
    """The courses that students, persons ``rows`` of the store, asked for in a term."""
    e, c = d.enrolments, d.catalogue
    kept = np.flatnonzero(e.takes)
    course = c.offering_code[c.section_home[e.section[kept]]]
    return Later(rows[e.person[kept]], course, ~e.has_status("Dropped", "Withdrawn")[kept])


def _marks(d: Drawn, cohort: Cohort, *, is_fall: bool) -> Marks:
    r = d.records
    return Marks(
        row=d.person_row[: len(cohort.students)],
        standing=cohort.students.standing.astype(np.int64),
        behind=cohort.behind,
        is_undergraduate=cohort.students.is_undergraduate,
        completes=completes(d),
        earned=r.earned,
        gpa_credits=r.gpa_credits,
        points=r.gpa_points,
        base_hundredths=r.past_hundredths,
        is_fall=is_fall,
    )


@dataclass(frozen=True)
class Marks:
    """What a term says of its students, for the terms after it; row i is a student."""

    row: I64  # of the person in the store
    standing: I64
    behind: I64
    is_undergraduate: BOOL
    completes: BOOL  # a degree at the end of the term
    earned: I64
    gpa_credits: I64
    points: I64  # hundredths of grade points times credits
    base_hundredths: I64  # GPA of what came before the store's first term; NO_TIME: nothing
    is_fall: bool
