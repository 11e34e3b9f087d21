"""Courses and who takes them: demand by CIP family and level, sections sized to it, seats filled.

Students ask for courses (how many, at which level, in which family); sections are then cut to the demand of
each CIP x level cell with the published size law, so that shares, sizes and loads agree by construction.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from math import fsum

import numpy as np
import numpy.typing as npt

from context import rng
from context.arrays import BOOL, F64, I32, I64, U64, ordinals, run_places
from context.courses.diaries import Diaries, change_hands
from context.courses.meetings import SLOTS
from context.packs.pack import Pack
from context.packs.people_codes import STANDINGS, Career, Standing
from context.people.repeats import Later, lasting_codes, settle
from context.people.students import Students

# Purposes of randomness: what each number draws.
_LEVEL, _FAMILY, _OWN_MAJOR, _SEAT_LOT = 0, 1, 2, 41
_SWAP, _WANTED_COURSE, PRIMARY_SECTIONS = 50, 240, 1000


class OfferingKind(IntEnum):
    """How a course offering stands to Canvas and the registrar."""

    TAUGHT = 0
    SHELL = 1  # cross-listed: its section sits in another offering's Canvas course
    UNPUBLISHED = 2  # its teacher does without Canvas
    SANDBOX = 3  # an instructor's own, which no registrar knows


class SectionKind(IntEnum):
    """What a section is to its course."""

    PRIMARY = 0  # taken for credit
    DISCUSSION = 1
    LABORATORY = 2
    OWN = 3  # the one section of a sandbox


@dataclass(frozen=True)
class Catalogue:
    """Course offerings and their sections, ordered by CIP family, level and ordinal in the cell.

    Primary sections come first, then their components (discussions, laboratories), then sandboxes'.
    """

    offering_cip: I32
    offering_level: I32
    offering_ordinal: I64  # ordinal in its CIP x level cell: with it the natural key
    offering_key: U64
    offering_kind: I64  # an OfferingKind
    offering_size: I64  # students who asked for it, before top-ups
    offering_host: I64  # the offering whose Canvas course holds its sections: itself unless cross-listed
    section_offering: I64  # whose Canvas course the section sits in: content and results follow it
    section_home: I64  # the offering it belongs to for the registrar: credits and grades follow it
    section_ordinal: I64  # 0.. within the offering, by kind
    section_key: U64
    section_kind: I64  # a SectionKind
    section_lecture: I64  # row of the lecture that a discussion or laboratory goes with, else -1
    sandbox_owner: I64  # instructor of each sandbox, in order of these offerings

    @property
    def offerings(self) -> int:
        """Number of offerings."""
        return len(self.offering_cip)

    @property
    def offering_code(self) -> I64:
        """Each offering's number, the same in every term."""
        return lasting_codes(self.offering_cip, self.offering_level, self.offering_ordinal)

    @property
    def sections(self) -> int:
        """Number of sections."""
        return len(self.section_offering)

    @property
    def primaries(self) -> int:
        """Number of primary sections: those that students take for credit."""
        return int((self.section_kind == SectionKind.PRIMARY).sum())


@dataclass(frozen=True)
class Seats:
    """Student seats: row i says that a student sits in a section; ordered by student, then section."""

    student: I64
    section: I64
    later: Later  # what these students take in later terms


def largest_remainder(weights: F64, total: int) -> I64:
    """Split ``total`` into integers in proportion to ``weights``, each at least one."""
    rest = max(total - len(weights), 0)
    exact = weights * (rest / float(weights.sum()))
    parts = np.floor(exact).astype(np.int64)
    order = np.argsort(-(exact - parts), kind="stable")
    parts[order[: rest - int(parts.sum())]] += 1
    return parts + 1


def levels_of_standing(pack: Pack) -> BOOL:
    """Whether students of a standing take courses of a level at all, [standings, levels], by the pack."""
    table, levels = pack.table("level_given_standing"), list(pack.table("level")["level"])
    may = np.zeros((len(STANDINGS), len(levels)), dtype=np.bool_)
    for standing, level, share in zip(table["standing"], table["level"], table["share"], strict=True):
        may[STANDINGS.index(standing), levels.index(level)] = share > 0
    return may


def _demand(pack: Pack, students: Students) -> tuple[I64, I32, I32, U64]:
    """(student, cip, level, key) of every course asked for."""
    student = np.repeat(np.arange(len(students)), students.courses)
    slot = ordinals(students.courses)
    key = rng.extend(rng.extend(students.course_key[student], _WANTED_COURSE), slot)
    cip_table, level_rows = pack.table("cip"), pack.table("level_given_standing")
    levels = list(pack.table("level")["level"])
    cip = np.empty(len(student), dtype=np.int32)
    level = np.empty(len(student), dtype=np.int32)
    own = np.array([pack.number(f"demand.own_major_{name.lower()}") for name in STANDINGS])
    for code in Standing:
        standing = STANDINGS[code]
        rows = np.flatnonzero(students.standing[student] == code)
        shares = {
            lv: float(share)
            for st, lv, share in zip(
                level_rows["standing"], level_rows["level"], level_rows["share"], strict=True
            )
            if st == standing
        }
        level[rows] = rng.categorical(
            key[rows], rng.thresholds([shares.get(lv, 0.0) for lv in levels]), _LEVEL
        )
        if code.career == Career.UNDERGRADUATE:
            tilt = [
                float(s) * float(t)
                for s, t in zip(cip_table["seat_share_service"], cip_table[standing.lower()], strict=True)
            ]
        else:
            tilt = [float(s) for s in cip_table["seat_share_grad"]]
        cip[rows] = rng.categorical(key[rows], rng.thresholds(tilt), _FAMILY)
    mine = rng.uniform(key, _OWN_MAJOR) < own[students.standing[student]]
    cip[mine] = students.major_cip[student[mine]]
    return student, cip, level, key


def _cut_sections(seed: int, pack: Pack, cell_demand: I64, levels: int) -> tuple[I64, I64]:
    """(cell of each section, size of each section), cells in order."""
    law = pack.table("level")
    cells: list[I64] = []
    sizes: list[I64] = []
    for cell in np.flatnonzero(cell_demand):
        level, demand = int(cell) % levels, int(cell_demand[cell])
        count = max(1, round(demand / float(law["mean_size"][level])))
        key = rng.key(seed, "section size", int(cell), np.arange(count))
        table = rng.lognormal_table(float(law["ln_sigma"][level]))
        weights = rng.from_rank(table, rng.stratified(key))
        # Sizes are heavy-tailed: cap a section before sharing out, or the largest swallows the cell.
        cap = float(law["max_size"][level]) / float(law["mean_size"][level])
        sizes.append(largest_remainder(np.minimum(weights, cap), demand))
        cells.append(np.full(count, cell))
    return np.concatenate(cells), np.concatenate(sizes)


def _wide_courses(seed: int, pack: Pack, cells: I64, sections: I64) -> list[tuple[int, int]]:
    """(place of its cell, sections) of every course with more than one, the widest first.

    ``cells`` are those that have sections, ``sections`` how many each. Widths are the published law's for as
    many courses as the whole campus has, in exact shares: most cells are too small to draw from it alone. A
    course goes to a cell that has so many sections left, each of these with the same odds; where no cell has,
    it gets the most that one has. A cell's sections draw lots of their own, so that a like campus of another
    term puts the course into the same cell.
    """
    law = pack.table("sections_per_course")
    widths = np.array([int(n) for n in law["sections"]])
    shares = [float(share) for share in law["share"]]
    count = round(int(sections.sum()) / fsum(n * share for n, share in zip(widths, shares, strict=True)))
    upto = np.rint(np.cumsum(shares) * count).astype(np.int64)
    wanted = np.sort(np.repeat(widths, np.diff(upto, prepend=0)))[::-1]
    cell = np.repeat(np.arange(len(cells)), sections)
    place = ordinals(sections)
    lots = rng.key(seed, "offering cell", cells[cell], place)
    left = sections.copy()
    courses: list[tuple[int, int]] = []
    for rank, asked in enumerate(wanted[wanted > 1].tolist()):
        width = min(asked, int(left.max(initial=0)))
        if width < 2:
            break
        rows = np.flatnonzero((left[cell] >= width) & (place < left[cell]))
        home = int(cell[rows[np.argmin(rng.bits(lots[rows], rank))]])
        left[home] -= width
        courses.append((home, width))
    return courses


def _group_into_offerings(seed: int, pack: Pack, cell: I64, size: I64) -> tuple[I64, I64, I64, I64]:
    """(order of the sections by offering, offering of each in that order, its cell, its ordinal in the cell).

    The last two are by offering. Courses are ordered by cell, the widest first. Sections of one course are of
    like size: a cell's sections are cut in order of size, at a keyed turn of its courses.
    """
    cells, sections = np.unique(cell, return_counts=True)
    wide = _wide_courses(seed, pack, cells, sections)
    homes = np.array([home for home, _ in wide], dtype=np.int64)
    widths = np.array([width for _, width in wide], dtype=np.int64)
    single = sections - np.bincount(homes, widths, minlength=len(cells)).astype(np.int64)
    homes = np.concatenate([homes, np.repeat(np.arange(len(cells)), single)])
    widths = np.concatenate([widths, np.ones(int(single.sum()), dtype=np.int64)])
    order = np.lexsort((-widths, homes))
    homes, widths = homes[order], widths[order]
    ordinal = run_places(homes)
    turn = np.lexsort((rng.bits(rng.key(seed, "offering turn", cells[homes], ordinal)), homes))
    by_size = np.lexsort((np.arange(len(cell)), size, cell))
    offering = np.empty(len(cell), dtype=np.int64)
    offering[by_size] = np.repeat(turn, widths[turn])
    order = np.lexsort((np.arange(len(cell)), offering))
    return order, offering[order], cells[homes], ordinal


def circles(cip: npt.NDArray[np.integer], level: I64, undergraduate: BOOL) -> list[I64]:
    """Who changes seats with whom, by row, the nearest first: one code for each circle of partners.

    Same field and level, same field and a level near it, same level, same field, anybody of the career.
    """
    field = cip.astype(np.int64) * 64
    career = undergraduate.astype(np.int64)
    return [field + level, field + level // 2, level, field + career, career]


def _without_repeats(
    pack: Pack, students: Students, later: Later, key: U64, student: I64, section: I64, of: tuple[I64, ...]
) -> BOOL:
    """Let seats change sections (in place) until nobody is in a course twice; True where a seat stays.

    ``of``: offering, CIP family and level of each section, and the lasting code of its course.
    """
    offering, cip, level, course = of
    may, again = levels_of_standing(pack), later.has(student, course[section])

    def allowed(who: I64, what: I64) -> BOOL:
        new = section[what]
        good = may[students.standing[student[who]], level[new]] & ~again[who] & ~again[what]
        return np.asarray(good & ~later.has(student[who], course[new]))

    idle = np.zeros((len(offering), SLOTS), dtype=np.bool_)
    pools = circles(cip[section], level[section], students.is_undergraduate[student])
    diaries = Diaries.of(idle, len(students), student, section)
    return ~change_hands(diaries, rng.extend(key, _SWAP), student, section, offering, pools, allowed)


def make_catalogue(seed: int, pack: Pack, students: Students, later: Later) -> tuple[Catalogue, Seats]:
    """The term's offerings and sections, and the seats that students take."""
    levels = len(pack.table("level")["level"])
    student, cip, level, seat_key = _demand(pack, students)
    cell = cip.astype(np.int64) * levels + level
    demand = np.bincount(cell, minlength=len(pack.table("cip")["cip"]) * levels)
    section_cell, size = _cut_sections(seed, pack, demand, levels)
    order, offering, offering_cell, ordinal = _group_into_offerings(seed, pack, section_cell, size)
    size = size[order]
    # Seats of a cell are dealt in keyed order, so that a section's students are a random lot of its cell.
    order = np.lexsort((rng.bits(seat_key, _SEAT_LOT), cell))
    section = np.empty(len(student), dtype=np.int64)
    section[order] = np.repeat(np.arange(len(size)), size)
    course = lasting_codes(section_cell // levels, section_cell % levels, ordinal[offering])
    again = settle(pack, later, seat_key, student, section, course)
    of_section = offering, section_cell // levels, section_cell % levels, course
    stays = _without_repeats(pack, students, later, seat_key, student, section, of_section)
    stays &= again | ~later.has(student, course[section])
    student, section = student[stays], section[stays]
    taken = np.unique(section)
    section_ordinal = run_places(offering)
    rank = np.searchsorted(taken, section)
    kept, new_offering = np.unique(offering[taken], return_inverse=True)
    offering_key = rng.key(seed, "offering", offering_cell[kept], ordinal[kept])
    order = np.lexsort((rank, student))
    catalogue = Catalogue(
        offering_cip=(offering_cell[kept] // levels).astype(np.int32),
        offering_level=(offering_cell[kept] % levels).astype(np.int32),
        offering_ordinal=ordinal[kept],
        offering_key=offering_key,
        offering_kind=np.full(len(kept), int(OfferingKind.TAUGHT)),
        offering_host=np.arange(len(kept)),
        offering_size=np.bincount(new_offering[rank], minlength=len(kept)).astype(np.int64),
        section_offering=new_offering.astype(np.int64),
        section_home=new_offering.astype(np.int64),
        section_ordinal=section_ordinal[taken],
        section_key=rng.extend(offering_key[new_offering], section_ordinal[taken] + PRIMARY_SECTIONS),
        section_kind=np.full(len(taken), int(SectionKind.PRIMARY)),
        section_lecture=np.full(len(taken), -1, dtype=np.int64),
        sandbox_owner=np.empty(0, dtype=np.int64),
    )
    return catalogue, Seats(student[order], rank[order].astype(np.int64), later)
