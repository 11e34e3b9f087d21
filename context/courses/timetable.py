"""Nobody has two classes at one time: the weeks of sections, and seats that change hands until they fit.

Whoever would have to be in two rooms at once changes with somebody else: of the same lecture, of the same
field and level, of the same field, of the same level. Sizes of sections stay what they are.
"""

from __future__ import annotations

import numpy as np

from context import rng
from context.arrays import BOOL, I64
from context.courses.catalogue import Catalogue, Seats, SectionKind, circles, levels_of_standing
from context.courses.diaries import Diaries, change_hands, spare
from context.courses.meetings import course_keys, make_meetings, meeting_keys
from context.courses.sections import section_modes
from context.courses.structures import Structures
from context.packs.pack import Pack
from context.people.students import Students

# Purposes of randomness: what each number draws.
_COMPONENT_SEAT, _SEAT = 60, 61


def section_weeks(seed: int, pack: Pack, term: str, structures: Structures, catalogue: Catalogue) -> BOOL:
    """The half hours of the week that each section takes, [sections, SLOTS]; none online or in a sandbox.

    ``term``: its code, such as 2026-fall, by which the registrar names courses.
    """
    c = catalogue
    numbers = zip(structures.offering_subject.tolist(), structures.offering_number, strict=True)
    names = [f"{term}-{structures.subjects[subject]}-{number}" for subject, number in numbers]
    key = meeting_keys(course_keys(seed, names), c.section_offering)
    meetings = make_meetings(pack, key, c.section_lecture)
    modes, values = section_modes(pack, c)
    online = np.array([value == "Online" for value in values])[modes]
    meets = ~online & (c.section_kind != SectionKind.OWN)
    return np.asarray(meetings.taken() & meets[:, None])


def timetable_seats(pack: Pack, students: Students, catalogue: Catalogue, seats: Seats, weeks: BOOL) -> Seats:
    """Seats with no two classes at one time.

    A lecture's seat and that in its discussion or laboratory go together. Where nobody is left to change with
    the seat is given up; with the default pack that has not been seen at any size.
    """
    c, by_lecture = catalogue, seats.section < catalogue.primaries
    student, section = seats.student[by_lecture], seats.section[by_lecture]
    part = _components_of(c, student, section, seats)
    people = len(students)
    has = np.flatnonzero(part >= 0)
    diaries = Diaries.of(weeks, people, student, section)
    diaries.add(student[has], part[has])
    key = rng.extend(rng.extend(students.key[student], _COMPONENT_SEAT), section)
    own, component = student[has], part[has]
    change_hands(
        diaries, key[has], own, component, np.arange(c.sections), [c.section_lecture[component].copy()]
    )
    part[has] = component
    # From here a seat is a lecture with its component: each pair of the two is a section of its own kind.
    pairs, of_pair = np.unique(section * c.sections + part + 1, return_inverse=True)
    lecture, its_part = pairs // c.sections, pairs % c.sections - 1
    both = weeks[lecture] | np.where(its_part >= 0, 1, 0).astype(np.bool_)[:, None] & weeks[its_part]
    pair = of_pair.astype(np.int64)
    whole = Diaries.of(both, people, student, pair)
    level = c.offering_level[c.section_home[lecture]].astype(np.int64)
    may = levels_of_standing(pack)
    code = c.offering_code[c.section_home[lecture]]
    stays = seats.later.has(student, code[pair])  # taken again: such a seat is whose it is

    def allowed(who: I64, what: I64) -> BOOL:
        new = pair[what]
        good = may[students.standing[student[who]], level[new]] & ~stays[who] & ~stays[what]
        return np.asarray(good & ~seats.later.has(student[who], code[new]))

    undergraduate = students.is_undergraduate[student]
    pools = circles(c.offering_cip[c.section_home[lecture]][pair], level[pair], undergraduate)
    clashing = change_hands(
        whole,
        rng.extend(key, _SEAT),
        student,
        pair,
        c.section_offering[lecture],
        pools,
        allowed,
    )
    keep = np.ones(len(student), dtype=np.bool_)
    keep[spare(whole, student, pair, np.flatnonzero(clashing))] = False
    student, pair = student[keep], pair[keep]
    has = its_part[pair] >= 0
    new_student = np.concatenate([student, student[has]])
    new_section = np.concatenate([lecture[pair], its_part[pair[has]]])
    order = np.lexsort((new_section, new_student))
    return Seats(new_student[order], new_section[order], seats.later)


def _components_of(catalogue: Catalogue, student: I64, section: I64, seats: Seats) -> I64:
    """The discussion or laboratory of each seat in a lecture, -1 where it has none."""
    c = catalogue
    rows = np.flatnonzero(seats.section >= c.primaries)
    code = seats.student[rows] * c.primaries + c.section_lecture[seats.section[rows]]
    order = np.argsort(code, kind="stable")
    wanted = student * c.primaries + section
    place = np.minimum(np.searchsorted(code[order], wanted), max(len(rows) - 1, 0))
    if not len(rows):
        return np.full(len(student), -1, dtype=np.int64)
    return np.where(code[order][place] == wanted, seats.section[rows][order][place], -1)
