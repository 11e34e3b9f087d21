"""The institution's frame: colleges and departments, careers, programs, majors, Canvas accounts.

Colleges group CIP families as large public universities do (assumption); departments are the subjects of
``schemas/derivations/cip_of_subject.csv``.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

import schemas
from context import rng
from context.arrays import I64
from context.courses.catalogue import Catalogue
from context.errors import InputError
from context.packs.pack import Pack
from context.packs.people_codes import CAREERS
from context.people.students import Students
from context.scenario.calendar import Calendar

COLLEGES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "LSA",
        "College of Liberal Arts and Sciences",
        ("05", "16", "23", "24", "26", "27", "38", "40", "42", "45", "54", "30"),
    ),
    ("ENGR", "College of Engineering and Computing", ("11", "14", "15", "41", "46")),
    ("BUS", "School of Business", ("52",)),
    ("HLTH", "College of Health and Human Sciences", ("51", "31", "19", "34", "60", "61")),
    ("EDUC", "School of Education", ("13", "25")),
    ("AGNR", "College of Agriculture and Natural Resources", ("01", "03")),
    ("ARTS", "College of Arts and Design", ("50", "04", "10")),
    ("COMM", "School of Communication", ("09",)),
    ("PUBL", "School of Public Affairs and Law", ("22", "43", "44", "28", "29", "49")),
)
CAREER_CODES = ("UGRD", "GRAD", "PROF")
DEGREE_CODES = ("BA", "MA", "PD")  # of majors, by career
EDUCATIONAL_LEVELS = ("Bachelors", "Masters", "Professional")
_NUMBERS = {
    "100": (101, 99),
    "200": (200, 100),
    "300": (300, 100),
    "400": (400, 100),
    "500": (500, 200),
    "700": (700, 300),
}
# Purposes of randomness: what each number draws.
_SUBJECT = 55


@dataclass(frozen=True)
class Structures:
    """Codes by position; departments are subjects, majors are (CIP family, career) pairs."""

    subjects: tuple[str, ...]
    subject_titles: tuple[str, ...]
    subject_cip: I64  # index into the pack's families
    college_of_cip: I64
    major_cip: I64
    major_career: I64
    major_subject: I64
    student_major: I64  # row of the majors, per student
    offering_subject: I64
    offering_number: tuple[str, ...]

    @cached_property
    def programs(self) -> list[tuple[int, int]]:
        """(career, college) pairs that have a major."""
        return sorted(
            {
                (int(c), int(self.college_of_cip[f]))
                for c, f in zip(self.major_career, self.major_cip, strict=True)
            }
        )

    @cached_property
    def program_of_major(self) -> I64:
        """Row of ``programs`` of each major."""
        place = {pair: i for i, pair in enumerate(self.programs)}
        pairs = zip(self.major_career, self.major_cip, strict=True)
        return np.array([place[int(c), int(self.college_of_cip[f])] for c, f in pairs])

    @property
    def organizations(self) -> int:
        """Academic organizations: colleges, then departments."""
        return len(COLLEGES) + len(self.subjects)


def make_structures(pack: Pack, students: Students, catalogue: Catalogue) -> Structures:
    """Raises InputError when the pack has a CIP family without a subject."""
    families = [str(code) for code in pack.table("cip")["cip"]]
    rows = schemas.derivation("cip_of_subject").to_pylist()
    rows = [row for row in rows if row["cip"] in families]
    subject_cip = np.array([families.index(row["cip"]) for row in rows])
    for code, family in enumerate(families):
        if code not in subject_cip:
            raise InputError(
                f"pack {pack.name}: cip.csv: family {family} has no subject in schemas/derivations"
            )
    major_cip = np.repeat(np.arange(len(families)), len(CAREERS))
    major_career = np.tile(np.arange(len(CAREERS)), len(families))
    first_subject = np.array([int(np.flatnonzero(subject_cip == code)[0]) for code in range(len(families))])
    offering_subject, number = _number_offerings(pack, catalogue, subject_cip)
    return Structures(
        subjects=tuple(row["subject"] for row in rows),
        subject_titles=tuple(row["title"] for row in rows),
        subject_cip=subject_cip,
        college_of_cip=np.array([_college(family) for family in families]),
        major_cip=major_cip,
        major_career=major_career,
        major_subject=first_subject[major_cip],
        student_major=students.major_cip.astype(np.int64) * len(CAREERS) + students.career,
        offering_subject=offering_subject,
        offering_number=number,
    )


def _college(family: str) -> int:
    for code, (_, _, families) in enumerate(COLLEGES):
        if family in families:
            return code
    return 0


def _number_offerings(pack: Pack, catalogue: Catalogue, subject_cip: I64) -> tuple[I64, tuple[str, ...]]:
    """Subject and number of each offering, unique together; past the last number a letter follows."""
    levels = [str(level) for level in pack.table("level")["level"]]
    subject = np.empty(catalogue.offerings, dtype=np.int64)
    pick = rng.bits(rng.extend(catalogue.offering_key, _SUBJECT))
    for code in np.unique(catalogue.offering_cip):
        rows = np.flatnonzero(catalogue.offering_cip == code)
        mine = np.flatnonzero(subject_cip == code)
        subject[rows] = mine[
            ((pick[rows] >> np.uint64(32)) * np.uint64(len(mine)) >> np.uint64(32)).astype(np.int64)
        ]
    numbers = [""] * catalogue.offerings
    order = np.lexsort((catalogue.offering_ordinal, catalogue.offering_level, subject))
    run, last = 0, (-1, -1)
    for row in order:
        here = (int(subject[row]), int(catalogue.offering_level[row]))
        run = run + 1 if here == last else 0
        last = here
        first, width = _NUMBERS[levels[here[1]]]
        # A stride of 37 spreads the numbers over the level; it visits each once since it shares no factor.
        suffix = "" if run < width else chr(64 + run // width)
        numbers[row] = f"{first + (run * 37 + here[0] * 11) % width}{suffix}"
    return subject, tuple(numbers)


def term_dates(calendar: Calendar) -> dict[str, int]:
    """First and last dates of the term and of instruction, days since 1970."""
    term = calendar.term
    epoch = np.datetime64("1970-01-01").astype(object).toordinal()
    return {name: getattr(term, name).toordinal() - epoch for name in ("start", "end", "instruction_end")}
