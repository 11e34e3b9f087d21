"""Who teaches and helps: instructors, co-teachers, assistants, faculty of record, observers, designers.

A section has one to three teachers whatever its size; which have two or three is a keyed lot over sections,
so many that the campus has the pack's shares of roles. Assistants, graduate students where there are any,
lead discussions and laboratories and help in lectures by their size; components without one have a teacher
of their own. Nobody has two duties at one time, and no assistant teaches while sitting in a class.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U64
from context.courses.catalogue import Catalogue, Seats, SectionKind
from context.courses.diaries import Diaries, Pool, change_hands, find_people, spare
from context.courses.sections import instructor_loads, primary_instructors
from context.packs.pack import Pack
from context.people.students import Students

LEAST_ASSISTED = 30  # students of a lecture with an assistant
TEACHING = ("Teacher", "Faculty", "TeachingAssistant")
# Purposes of randomness: what each number draws.
_LED, _ASSISTANT, _CO_TEACHER, _ANOTHER_TEACHER, _HANDS = 510, 511, 512, 513, 514


@dataclass(frozen=True)
class Staff:
    """Row i: somebody in a section who is no student. Persons count students, instructors, support staff."""

    person: I64
    section: I64
    role: I32  # index into the roles asked for
    instructors: int
    support: int


def wanted_roles(pack: Pack, students: int) -> dict[str, int]:
    """Rows wanted of every role but Student, by the pack's shares."""
    shares = pack.categorical("course_section_enrollment", "role").shares()
    per_student = students / shares["Student"]
    return {
        str(role): round(share * per_student) for role, share in shares.items() if role and role != "Student"
    }


def make_staff(
    seed: int,
    pack: Pack,
    students: Students,
    catalogue: Catalogue,
    seats: Seats,
    weeks: BOOL,
    roles: tuple[str, ...],
) -> Staff:
    """Everybody who teaches, helps or looks on; ``weeks``: of the sections, [sections, SLOTS]."""
    c, wanted = catalogue, wanted_roles(pack, len(seats.student))
    components = np.flatnonzero(np.isin(c.section_kind, (SectionKind.DISCUSSION, SectionKind.LABORATORY)))
    sandboxes = np.flatnonzero(c.section_kind == SectionKind.OWN)
    assisted, assistants = _assistants(
        pack, students, c, seats, weeks, components, wanted.get("TeachingAssistant", 0)
    )
    unled = components[~np.isin(components, assisted)]
    first = np.arange(c.primaries)
    extras = wanted.get("Teacher", 0) - len(first) - len(unled) - len(sandboxes)
    most = int(pack.number("staffing.most_teachers"))
    more = _lots(c.section_key, np.concatenate([first, components]), most - 1, extras)
    others = np.concatenate([unled, more])
    primary, other, others, instructors = _teachers(seed, pack, c, weeks, others)
    section = [first, others, sandboxes, assisted]
    person = [len(students) + who for who in (primary, other, c.sandbox_owner)] + [assistants]
    names = ["Teacher", "Teacher", "Teacher", "TeachingAssistant"]
    rest = {name: n for name, n in wanted.items() if name not in TEACHING}
    support = max(2, sum(rest.values()) // 2)
    home = np.zeros(instructors, dtype=np.int64)
    home[np.concatenate([other, primary])] = _family(c, np.concatenate([others, first]))
    diaries = Diaries.of(
        weeks, len(students) + instructors + support, np.concatenate(person), np.concatenate(section)
    )
    barred = _pairs(np.concatenate(person), np.concatenate(section))
    idle = Diaries(np.zeros_like(weeks), diaries.busy)  # who looks on is in no class
    for name, count in {"Faculty": wanted.get("Faculty", 0), **rest}.items():
        key = rng.key(seed, f"extra {name}", first)
        # One to a section, and only then a second one.
        where = np.concatenate([first[rng.permutation(rng.extend(key, turn))] for turn in range(2)])[:count]
        lot = rng.extend(key[where], np.arange(len(where)))
        if name == "Faculty":
            found = find_people(
                diaries, lot, where, _by_family(home, len(students), _family(c, where)), barred
            )
        else:
            begin = len(students) + instructors
            found = find_people(idle, lot, where, [_everyone(begin + np.arange(support), where)], barred)
        section.append(where[found >= 0])
        person.append(found[found >= 0])
        names.append(name)
    role = np.repeat([roles.index(name) if name in roles else 0 for name in names], [len(s) for s in section])
    return Staff(np.concatenate(person), np.concatenate(section), role.astype(np.int32), instructors, support)


def _family(catalogue: Catalogue, section: I64) -> I64:
    return catalogue.offering_cip[catalogue.section_home[section]].astype(np.int64)


def _pairs(person: I64, section: I64) -> set[tuple[int, int]]:
    return set(zip(person.tolist(), section.tolist(), strict=True))


def _everyone(people: I64, duties: I64) -> Pool:
    """The same people for every duty."""
    return np.zeros(len(duties), np.int64), np.full(len(duties), len(people)), people


def _by_family(family_of: I64, begin: int, duty_family: I64) -> list[Pool]:
    """People of the duty's own CIP family, then everybody; they count from ``begin``."""
    order = np.argsort(family_of, kind="stable")
    low, high = (np.searchsorted(family_of[order], duty_family, side=side) for side in ("left", "right"))
    return [(low, high, begin + order), _everyone(begin + order, duty_family)]


def _lots(section_key: U64, sections: I64, places: int, count: int) -> I64:
    """``count`` of the sections, drawn without regard to size; each has so many ``places``."""
    place = np.repeat(np.arange(places), len(sections))
    where = np.tile(sections, places)
    lot = rng.bits(rng.extend(rng.extend(section_key[where], _ANOTHER_TEACHER), place))
    return where[np.argsort(lot, kind="stable")[: max(count, 0)]]


def _assistants(
    pack: Pack,
    students: Students,
    catalogue: Catalogue,
    seats: Seats,
    weeks: BOOL,
    components: I64,
    many: int,
) -> tuple[I64, I64]:
    """(sections, assistants): of components first, of lectures without any by their size."""
    c, graduates = catalogue, np.flatnonzero(~students.is_undergraduate)
    many = many if len(graduates) else 0
    in_lectures = round(many * pack.number("staffing.lecture_assistant_share"))
    lot = rng.bits(rng.extend(c.section_key[components], _LED))
    led = components[np.argsort(lot, kind="stable")[: many - in_lectures]]
    size = np.bincount(seats.section, minlength=c.sections)[: c.primaries]
    divided = np.isin(c.section_home[: c.primaries], c.section_home[components])
    lectures = np.flatnonzero(~divided & (size >= LEAST_ASSISTED))
    # As seats are dealt in elections: the next assistant goes where most students have to share one.
    left = many - len(led)
    turn = np.arange(1, 2 + int(size.max(initial=0)) // LEAST_ASSISTED)
    share = (size[lectures][:, None] * 1000 // turn).ravel()
    dealt = np.argsort(-share, kind="stable")[:left]
    helped = lectures[dealt // len(turn)] if len(lectures) else lectures
    duties = np.concatenate([led, helped])
    sits = np.isin(seats.student, graduates)
    diaries = Diaries.of(weeks, len(students), seats.student[sits], seats.section[sits])
    pools = _by_family(students.major_cip[graduates].astype(np.int64), 0, _family(c, duties))
    pools = [(low, high, graduates[people]) for low, high, people in pools]
    key = rng.extend(rng.extend(c.section_key[duties], _ASSISTANT), np.arange(len(duties)))
    found = find_people(diaries, key, duties, pools, _pairs(seats.student[sits], seats.section[sits]))
    return duties[found >= 0], found[found >= 0]


def _teachers(
    seed: int, pack: Pack, catalogue: Catalogue, weeks: BOOL, others: I64
) -> tuple[I64, I64, I64, int]:
    """(instructor of each primary section, teachers of the ``others``, these in their order, instructors).

    Co-teachers are people of their own and have the law of loads that instructors have.
    """
    c = catalogue
    primary, instructors = primary_instructors(seed, pack, c)
    colleagues, loads = instructor_loads(seed, pack, len(others), "colleague load")
    lot = rng.bits(rng.extend(c.section_key[others], _CO_TEACHER))
    order = np.lexsort((np.arange(len(others)), lot, _family(c, others)))
    teacher = np.empty(len(others), dtype=np.int64)
    teacher[order] = instructors + np.repeat(np.arange(colleagues), loads)[: len(others)]
    person = np.concatenate([primary, teacher])
    section = np.concatenate([np.arange(c.primaries), others])
    is_other = (np.arange(len(section)) >= c.primaries).astype(np.int64)
    count = instructors + colleagues
    diaries = Diaries.of(weeks, count, person, section)
    key = rng.key(seed, "teacher", _HANDS, np.arange(len(section)))
    clashing = change_hands(
        diaries,
        key,
        person,
        section,
        np.arange(c.sections),
        [_family(c, section) * 2 + is_other, is_other],
    )
    # Where nobody is left to change with, as on tiny campuses, somebody new takes the class.
    out = spare(diaries, person, section, np.flatnonzero(clashing))
    person[out] = count + np.arange(len(out))
    primary[section[: c.primaries]] = person[: c.primaries]
    return primary, person[c.primaries :], section[c.primaries :], count + len(out)
