"""What registrars and Canvas make of the taught sections: components, cross-listing, courses without content.

Large lectures get discussion sections or laboratories; some courses are cross-listed, so that one Canvas
course holds the sections of two offerings and the other's course stays an empty shell; some teachers never
publish their course; and some have a sandbox that no registrar knows. All shares are assumptions of the pack.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from context import rng
from context.arrays import BOOL, I64, ordinals, run_places
from context.courses.catalogue import PRIMARY_SECTIONS, Catalogue, OfferingKind, Seats, SectionKind
from context.packs.pack import Pack
from context.packs.people_codes import Load
from context.people.students import Students

LEAST_LECTURE, COMPONENT_SIZE = 40, 20  # students of a lecture with components, seats of each of these
COMPONENT_LEVELS = 3  # levels of lectures that have any, 100 to 300: the first of the pack
MOST_UNPUBLISHED = 60  # students of a course whose teacher does without Canvas
LOWER_LEVELS = 2  # levels of lectures for many, 100 and 200: the first of the pack
LEAST_FULL_COURSE = 30  # students from which on a course gives three credits or more
_TOP_UPS = 4  # times that students short of credits look for another course
SANDBOX_ITEMS = 3  # files, pages and so on that a sandbox holds at most
_ORDINAL_OF_SANDBOX = 1_000_000  # in its cell, so that no taught course comes after it
# Purposes of randomness: what each number draws.
_CROSS_LIST_LOT, _TOP_UP_SEAT, _CREDITS, _DELIVERY_MODE = 1, 1, 57, 113
_COMPONENTS, _COMPONENT_LOT, _CROSS_LISTED, _UNPUBLISHED = 500, 501, 502, 503
_HAS_SANDBOX, _SANDBOX, _LABORATORY, _TOP_UP, COMPONENT_SECTIONS = 504, 505, 506, 520, 5000


def instructor_loads(seed: int, pack: Pack, sections: int, of: str = "instructor load") -> tuple[int, I64]:
    """(number of people, sections of each): loads drawn until every section has somebody."""
    law = pack.table("instructor_load")
    table = rng.thresholds([float(share) for share in law["share"]])
    widths = np.array([int(n) for n in law["sections"]])
    loads = widths[rng.categorical(rng.key(seed, of, np.arange(sections)), table)]
    count = int(np.searchsorted(np.cumsum(loads), sections)) + 1 if sections else 0
    return count, loads[:count]


def primary_instructors(seed: int, pack: Pack, catalogue: Catalogue) -> tuple[I64, int]:
    """(instructor of each primary section, number of instructors); cross-listed sections share theirs."""
    primaries = catalogue.primaries
    count, loads = instructor_loads(seed, pack, primaries)
    teacher = np.repeat(np.arange(count), loads)[:primaries]
    home = catalogue.section_home[:primaries]
    first = np.searchsorted(home, catalogue.offering_host[home])
    return np.where(catalogue.offering_kind[home] == OfferingKind.SHELL, teacher[first], teacher), count


def offering_credits(pack: Pack, catalogue: Catalogue) -> I64:
    """Credits of each course offering, int64."""
    law = pack.categorical("course_offering", "available_credits")
    credits_of = np.array([int(str(value)) for value in law.values])
    # Cross-listed offerings are one course: they give the same credits.
    drawn = credits_of[law.draw(rng.extend(catalogue.offering_key[catalogue.offering_host], _CREDITS))]
    large = catalogue.offering_size[catalogue.offering_host] >= LEAST_FULL_COURSE
    return np.where(large & (drawn < 3), 3, drawn)


def _top_up(pack: Pack, students: Students, catalogue: Catalogue, seats: Seats) -> Seats:
    """Give full-time students short of credits another course, like one that they have."""
    c, levels = catalogue, len(pack.table("level")["level"])
    hours = offering_credits(pack, c)
    least = np.where(
        students.is_undergraduate, *(pack.number(f"load.full_time_{who}") for who in ("ug", "grad"))
    )
    cell = c.offering_cip[c.section_home].astype(np.int64) * levels + c.offering_level[c.section_home]
    by_cell = np.argsort(cell[seats.section], kind="stable")
    cells, pool = cell[seats.section][by_cell], seats.section[by_cell]
    student, section = seats.student, seats.section
    first = np.searchsorted(student, np.arange(len(students)))
    own = np.maximum(np.bincount(student, minlength=len(students)), 1)
    for attempt in range(_TOP_UPS):
        credits_of = np.bincount(student, hours[c.section_home[section]], minlength=len(students))
        short = np.flatnonzero((students.load == Load.FULL_TIME) & (credits_of < least))
        key = rng.extend(rng.extend(students.key[short], _TOP_UP), attempt)
        like = cell[seats.section[first[short] + rng.integer(key, own[short])]]
        low, high = np.searchsorted(cells, like), np.searchsorted(cells, like, side="right")
        # A seat is picked, not a section: large sections grow most, as their law has it.
        pick = pool[low + rng.integer(key, high - low, _TOP_UP_SEAT)]
        taken = np.isin(
            short * c.offerings + c.section_home[pick], student * c.offerings + c.section_home[section]
        )
        taken |= seats.later.has(short, c.offering_code[c.section_home[pick]])
        student = np.concatenate([student, short[~taken]])
        section = np.concatenate([section, pick[~taken]])
    order = np.lexsort((section, student))
    return Seats(student[order], section[order], seats.later)


def complete_catalogue(
    seed: int, pack: Pack, students: Students, catalogue: Catalogue, seats: Seats
) -> tuple[Catalogue, Seats]:
    """The catalogue and its seats with components, cross-listing, unpublished courses and sandboxes."""
    seats = _top_up(pack, students, catalogue, seats)
    size = np.bincount(seats.section, minlength=catalogue.sections)
    catalogue, seats, divided = _components(pack, students, catalogue, seats, size)
    catalogue = _cross_list(pack, catalogue, seats, divided)
    home = catalogue.section_home[: len(size)]
    students_of = np.bincount(home, size, minlength=catalogue.offerings)
    quiet = (catalogue.offering_kind == OfferingKind.TAUGHT) & ~divided & (students_of <= MOST_UNPUBLISHED)
    # A course that hosts another's section is in use.
    quiet &= np.bincount(catalogue.offering_host, minlength=catalogue.offerings) == 1
    quiet &= rng.uniform(rng.extend(catalogue.offering_key, _UNPUBLISHED)) < pack.number(
        "courses.unpublished_share"
    )
    kind = np.where(quiet, OfferingKind.UNPUBLISHED, catalogue.offering_kind)
    return _sandboxes(seed, pack, replace(catalogue, offering_kind=kind)), seats


def _components(
    pack: Pack, students: Students, catalogue: Catalogue, seats: Seats, size: I64
) -> tuple[Catalogue, Seats, BOOL]:
    """(catalogue, seats, offerings that are divided): large lectures cut into discussions or laboratories."""
    c = catalogue
    sections = np.bincount(c.section_home, minlength=c.offerings)
    divided = np.bincount(c.section_home, size, minlength=c.offerings) >= LEAST_LECTURE * sections
    divided &= c.offering_level < COMPONENT_LEVELS
    divided &= rng.uniform(rng.extend(c.offering_key, _COMPONENTS)) < pack.number("courses.components_share")
    lectures = np.flatnonzero(divided[c.section_home])
    counts = -(-size[lectures] // COMPONENT_SIZE)
    home = np.repeat(c.section_home[lectures], counts)
    ordinal = run_places(home)
    share = np.array([float(share) for share in pack.table("cip")["laboratory_share"]])[c.offering_cip]
    is_laboratory = (rng.uniform(rng.extend(c.offering_key, _LABORATORY)) < share)[home]
    # The students of a lecture are dealt to its components in keyed order, one to each in turn.
    rows = np.flatnonzero(np.isin(seats.section, lectures))
    key = rng.extend(students.key[seats.student[rows]] ^ c.section_key[seats.section[rows]], _COMPONENT_LOT)
    rows = rows[np.lexsort((rng.bits(key), seats.section[rows]))]
    place = np.searchsorted(lectures, seats.section[rows])
    first = np.cumsum(counts) - counts
    component = c.sections + first[place] + ordinals(size[lectures]) % counts[place]
    student = np.concatenate([seats.student, seats.student[rows]])
    section = np.concatenate([seats.section, component])
    order = np.lexsort((section, student))
    extended = replace(
        c,
        section_offering=np.concatenate([c.section_offering, home]),
        section_home=np.concatenate([c.section_home, home]),
        section_ordinal=np.concatenate([c.section_ordinal, ordinal]),
        section_key=np.concatenate(
            [c.section_key, rng.extend(c.offering_key[home], COMPONENT_SECTIONS + ordinal)]
        ),
        section_lecture=np.concatenate([c.section_lecture, np.repeat(lectures, counts)]),
        section_kind=np.concatenate(
            [c.section_kind, np.where(is_laboratory, SectionKind.LABORATORY, SectionKind.DISCUSSION)]
        ),
    )
    return extended, Seats(student[order], section[order], seats.later), divided


def _cross_list(pack: Pack, catalogue: Catalogue, seats: Seats, divided: BOOL) -> Catalogue:
    """Pair courses of one section and level; the second's section moves into the first's Canvas course."""
    c = catalogue
    primary = c.section_home[: c.primaries]
    willing = (
        (np.bincount(primary, minlength=c.offerings) == 1) & ~divided & (c.offering_level >= LOWER_LEVELS)
    )
    willing &= rng.uniform(rng.extend(c.offering_key, _CROSS_LISTED)) < pack.number(
        "courses.cross_listed_share"
    )
    rows = np.flatnonzero(willing)
    rows = rows[
        np.lexsort(
            (
                rng.bits(rng.extend(c.offering_key[rows], _CROSS_LISTED), _CROSS_LIST_LOT),
                c.offering_level[rows],
            )
        )
    ]
    even = rows[: len(rows) // 2 * 2].reshape(-1, 2)
    pairs = np.sort(even[c.offering_level[even[:, 0]] == c.offering_level[even[:, 1]]], axis=1)
    # Nobody may sit in both: such a pair stays apart.
    pair_of = np.full(c.offerings, -1, dtype=np.int64)
    pair_of[pairs] = np.arange(len(pairs))[:, None]
    pair = pair_of[c.section_home[seats.section]]
    both, times = np.unique((seats.student * max(len(pairs), 1) + pair)[pair >= 0], return_counts=True)
    shared = np.unique(both[times > 1] % max(len(pairs), 1))
    pairs = pairs[~np.isin(np.arange(len(pairs)), shared)]
    host, kind = c.offering_host.copy(), c.offering_kind.copy()
    host[pairs[:, 1]], kind[pairs[:, 1]] = pairs[:, 0], OfferingKind.SHELL
    return replace(c, offering_host=host, offering_kind=kind, section_offering=host[c.section_home])


def _sandboxes(seed: int, pack: Pack, catalogue: Catalogue) -> Catalogue:
    """A course of their own for some instructors, after all others."""
    c = catalogue
    teacher, instructors = primary_instructors(seed, pack, c)
    person = rng.key(seed, "instructor", np.arange(instructors))
    owner = np.flatnonzero(
        rng.uniform(rng.extend(person, _HAS_SANDBOX)) < pack.number("courses.sandbox_share")
    )
    first = np.full(instructors, -1, dtype=np.int64)
    first[teacher[::-1]] = c.section_home[: c.primaries][::-1]
    owner = owner[first[owner] >= 0]
    count, offerings = len(owner), c.offerings
    own = np.arange(offerings, offerings + count)
    key = rng.extend(person[owner], _SANDBOX)
    return replace(
        c,
        offering_cip=np.concatenate([c.offering_cip, c.offering_cip[first[owner]]]),
        offering_level=np.concatenate([c.offering_level, np.zeros(count, dtype=np.int32)]),
        offering_ordinal=np.concatenate([c.offering_ordinal, _ORDINAL_OF_SANDBOX + owner]),
        offering_key=np.concatenate([c.offering_key, key]),
        offering_kind=np.concatenate([c.offering_kind, np.full(count, OfferingKind.SANDBOX)]),
        offering_host=np.concatenate([c.offering_host, own]),
        offering_size=np.concatenate([c.offering_size, np.zeros(count, dtype=np.int64)]),
        section_offering=np.concatenate([c.section_offering, own]),
        section_home=np.concatenate([c.section_home, own]),
        section_ordinal=np.concatenate([c.section_ordinal, np.zeros(count, dtype=np.int64)]),
        section_lecture=np.concatenate([c.section_lecture, np.full(count, -1, dtype=np.int64)]),
        section_key=np.concatenate([c.section_key, rng.extend(key, PRIMARY_SECTIONS)]),
        section_kind=np.concatenate([c.section_kind, np.full(count, SectionKind.OWN)]),
        sandbox_owner=owner,
    )


def most_items(catalogue: Catalogue) -> I64:
    """How many files, pages and so on each course may hold: none where nobody works in it."""
    most = np.zeros(len(OfferingKind), dtype=np.int64)
    most[OfferingKind.TAUGHT] = np.iinfo(np.int32).max
    most[OfferingKind.SANDBOX] = SANDBOX_ITEMS
    return most[catalogue.offering_kind]


def section_modes(pack: Pack, catalogue: Catalogue) -> tuple[I64, tuple[str | None, ...]]:
    """(code of the mode of delivery of each section, the modes)."""
    law = pack.categorical("course_section", "delivery_mode")
    return np.asarray(law.draw(rng.extend(catalogue.section_key, _DELIVERY_MODE)), dtype=np.int64), law.values
