"""Parts of a day that are drawn alone, what is counted of them, and the blocks of people of a large campus.

By locality a part has exactly its rows of the whole day, so a day drawn block by block and put in order is
the day drawn at once, whatever the size of a block. Blocks bound what drawing holds; no byte shows them.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from fractions import Fraction

import numpy as np
import numpy.typing as npt

from context.arrays import BOOL, F64, I64
from sim.draw.engine import Engine
from sim.world.world import NO_ROW, Seats

# Student enrolments of a block at most, but for its last person's: some 40,000 FTE. Drawing holds about 1 KB
# of each on a busy day.
BLOCK_SEATS = 200_000


@dataclass(frozen=True)
class Select:
    """What to draw: None takes everything."""

    tools: tuple[str, ...] | None = None
    sections: tuple[int, ...] | None = None
    persons: tuple[int, ...] | None = None
    block: range | None = None  # rows of persons; NO_ROW among them: what the system does, too


@dataclass(frozen=True)
class Tally:
    """What became of a day's clicks."""

    ambient: int  # student clicks drawn from the rates and kept
    anchored: int  # student events that store rows brought
    staff: int  # events of staff and the system
    logins: int
    lost: int  # clicks that an outage cost
    twins: int  # API calls that the sensor sends besides their page views


@dataclass(frozen=True)
class Drawn:
    """Sums over parts of a day, all of them whole numbers, so that no order of adding shows."""

    counts: I64  # the fields of a Tally, in their order
    gone: I64  # [tools] clicks and launches that an outage took

    @staticmethod
    def none(tools: int) -> Drawn:
        """Of no part."""
        return Drawn(np.zeros(len(fields(Tally)), np.int64), np.zeros(tools, np.int64))

    def __add__(self, other: Drawn) -> Drawn:
        return Drawn(self.counts + other.counts, self.gone + other.gone)

    def tally(self, session_size: F64) -> Tally:
        """The tally: a launch that an outage took is a session lost."""
        found = Tally(*self.counts.tolist())
        sizes = map(Fraction, session_size.tolist())
        gone = sum(size * count for size, count in zip(sizes, self.gone.tolist(), strict=True))
        return replace(found, lost=found.lost + round(float(gone)))


def of_selection(seats: Seats, enrolment: npt.NDArray[np.integer], select: Select) -> BOOL:
    """Which enrolments a selection of sections and people takes; NO_ROW is nobody's."""
    keep = np.ones(len(enrolment), dtype=np.bool_)
    if select.sections is not None:
        keep &= np.isin(seats.section[enrolment], select.sections)
    if select.persons is not None:
        keep &= np.isin(seats.person[enrolment], select.persons)
    if select.sections is not None or select.persons is not None:
        keep &= enrolment >= 0  # background jobs are of no section and no person
    if select.block is not None:
        person = np.where(enrolment >= 0, seats.person[enrolment], NO_ROW)
        keep &= (person >= select.block.start) & (person < select.block.stop)
    return keep


def blocks_of(engine: Engine) -> list[range]:
    """Rows of persons, block by block, by their student enrolments; nobody is in the first.

    Together they hold everybody once; a campus of BLOCK_SEATS or fewer is one block.
    """
    people = len(engine.world.persons.udp_id)
    seats = np.bincount(engine.world.enrolments.person[engine.by_person], minlength=people)
    before = np.cumsum(seats) - seats  # of the persons in front of each
    starts = np.flatnonzero(np.diff(before // BLOCK_SEATS, prepend=0)).tolist()
    return [range(start, stop) for start, stop in zip([NO_ROW, *starts], [*starts, people], strict=True)]
