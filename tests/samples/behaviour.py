"""What behaviour is looked at in: columns of the files of a term
(``tests.samples.term_files``).
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow.parquet as pq

from context.scenario.calendar import Calendar
from sim.plan.campus import MEETS
from sim.world.reader import hundredths, row_numbers
from tests.samples.term_files import TermFiles
from tests.samples.tiny import default_pack

I64 = npt.NDArray[np.int64]
BOOL = npt.NDArray[np.bool_]
HALF_HOUR_MS = 1_800_000
DAYS = 116


@dataclass(frozen=True)
class Sample:
    """Clicks of one person in ten, by person and time."""

    person: I64
    course: I64
    day: I64
    rank: I64  # of the tool
    ms: I64
    hour: I64  # by the clock on the wall
    weekend: BOOL
    classes: BOOL  # on a class day

    @property
    def new(self) -> BOOL:
        """Begins a visit: another person, or half an hour of silence."""
        return (np.diff(self.person, prepend=-1) != 0) | (np.diff(self.ms, prepend=0) > HALF_HOUR_MS)


@dataclass(frozen=True)
class Whole:
    """Students who are enrolled all term, and what they did, by course."""

    person: I64
    course: I64
    section: I64
    online: BOOL
    effect: I64  # of the section in the plan, parts per million
    score: I64  # final score, hundredths, -1 where there is none
    table: I64  # clicks [enrolments, DAYS]
    meets: BOOL  # [enrolments, DAYS] class days on which the section has a class
    open: BOOL  # [enrolments, DAYS] class days up to day 105, of sections that meet


@dataclass(frozen=True)
class Seats:
    """All students' enrolments: when they could click, and whether they ever did."""

    person: I64
    first: I64
    last: I64
    came: BOOL


@dataclass(frozen=True)
class PersonDays:
    """Clicks by person and day."""

    person: I64
    day: I64
    n: I64


@dataclass(frozen=True)
class Term:
    """What the figures are taken from."""

    sample: Sample
    whole: Whole
    seats: Seats
    days: PersonDays


def load(files: TermFiles, calendar: Calendar) -> Term:
    """The term's columns."""
    with files.connect() as connection:
        days = connection.execute(f"""
            SELECT person::BIGINT AS person, day::BIGINT AS day, n::BIGINT AS n FROM by_day
            WHERE day BETWEEN 0 AND {DAYS - 1} ORDER BY ALL""").fetchnumpy()
        seats = connection.execute("""
            SELECT e.person::BIGINT AS person, first::BIGINT AS first, last::BIGINT AS last,
                   c.person IS NOT NULL AS came
            FROM exposure AS e
            LEFT JOIN (SELECT DISTINCT person, course FROM clicks) AS c USING (person, course)
            ORDER BY ALL""").fetchnumpy()
        return Term(
            _sample(connection, calendar),
            _whole(connection, calendar, files.path.parent),
            Seats(*(np.asarray(seats[field.name]) for field in fields(Seats))),
            PersonDays(**days),
        )


def _sample(connection: duckdb.DuckDBPyConnection, calendar: Calendar) -> Sample:
    table = default_pack().table("tool")
    ranked = " ".join(
        f"WHEN '{tool}' THEN {int(rank)}" for tool, rank in zip(table["tool"], table["rank"], strict=True)
    )
    found = connection.execute(f"""
        SELECT person::BIGINT AS person, course::BIGINT AS course, day::BIGINT AS day,
               (CASE tool {ranked} END)::BIGINT AS rank, epoch_ms(time) AS ms
        FROM sample WHERE tool <> 'login' ORDER BY person, time, course, rank""").fetchnumpy()
    hour = (found["ms"] + calendar.offset_ms[found["day"] - calendar.first_day]) // 3_600_000 % 24
    kinds = calendar.kind_of(found["day"])
    return Sample(**found, hour=hour, weekend=kinds == "weekend", classes=kinds == "class")


def _whole(connection: duckdb.DuckDBPyConnection, calendar: Calendar, folder: Path) -> Whole:
    each = connection.execute("""
        SELECT person::BIGINT AS person, course::BIGINT AS course, section::BIGINT AS section,
               mode = 'Online' AS online
        FROM exposure WHERE first <= 3 AND last > 115 ORDER BY person, course, section""").fetchnumpy()
    clicks = connection.execute(f"""
        SELECT person::BIGINT AS person, course::BIGINT AS course, day::BIGINT AS day, sum(n)::BIGINT AS n
        FROM clicks WHERE day BETWEEN 0 AND {DAYS - 1} GROUP BY ALL""").fetchnumpy()
    code, wanted = each["person"] << 20 | each["course"], clicks["person"] << 20 | clicks["course"]
    code, once = np.unique(code, return_index=True)
    row = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
    mine = code[row] == wanted
    table = np.zeros((len(code), DAYS), dtype=np.int64)
    table[row[mine], clicks["day"][mine]] = clicks["n"][mine]
    person, course, section, online = (each[name][once] for name in ("person", "course", "section", "online"))
    flags = pq.read_table(folder / "plan.parquet", columns=["day", "section_flags", "section_micro"])
    effect = np.array(flags["section_micro"].to_pylist()[0], dtype=np.int64)[section - 1]
    meets = np.zeros(table.shape, dtype=np.bool_)
    for day, flag in zip(flags["day"].to_pylist(), flags["section_flags"].to_pylist(), strict=True):
        if day is not None and 0 <= day < DAYS:
            meets[:, day] = (np.array(flag)[section - 1] & MEETS) > 0
    class_days = (calendar.kind_of(np.arange(DAYS)) == "class") & (np.arange(DAYS) <= 105)
    grades = pq.read_table(folder / "context_store_entity/course_grade.parquet")
    graded = (row_numbers(grades["course_section_id"]) + 1) << 24 | (row_numbers(grades["person_id"]) + 1)
    order = np.argsort(graded)
    wanted = section << 24 | person
    at = order[np.minimum(np.searchsorted(graded[order], wanted), len(graded) - 1)]
    score = np.where(graded[at] == wanted, hundredths(grades["le_final_score"])[at], -1)
    opened = class_days & ~online[:, None]
    return Whole(person, course, section, online, effect, score, table, meets, opened)
