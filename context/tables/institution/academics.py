"""Tables of what can be studied beside a major, and of the degrees that people have earned.

The degrees are those of large public universities; the shares of who has what are assumptions.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from context import columns as frame
from context import ids, rng
from context.arrays import I64, NO_TIME, run_places
from context.courses.structures import DEGREE_CODES, term_dates
from context.packs.people_codes import STANDINGS, Career, Standing
from context.tables.every_table import Pair, sis_keymap
from context.tables.institution.people import birth_dates, days_here
from context.terms.drawn import Drawn, Tables
from context.terms.graduation import CONFERRED, came_with_master, completes, degree_codes

SPECIALIZATIONS = 2  # of each major
DEGREES = (
    ("CERT", "Undergraduate Certificate", "Certificate"),
    ("AA", "Associate of Arts", "Associate"),
    ("BA", "Bachelor of Arts", "Bachelors"),
    ("BS", "Bachelor of Science", "Bachelors"),
    ("BFA", "Bachelor of Fine Arts", "Bachelors"),
    ("BBA", "Bachelor of Business Administration", "Bachelors"),
    ("BSE", "Bachelor of Science in Engineering", "Bachelors"),
    ("BSN", "Bachelor of Science in Nursing", "Bachelors"),
    ("BED", "Bachelor of Education", "Bachelors"),
    ("PBC", "Postbaccalaureate Certificate", "PostBaccalaureate"),
    ("MA", "Master of Arts", "Masters"),
    ("MS", "Master of Science", "Masters"),
    ("MBA", "Master of Business Administration", "Masters"),
    ("MFA", "Master of Fine Arts", "Masters"),
    ("MED", "Master of Education", "Masters"),
    ("MPH", "Master of Public Health", "Masters"),
    ("JD", "Juris Doctor", "Professional"),
    ("PHARMD", "Doctor of Pharmacy", "Professional"),
    ("PHD", "Doctor of Philosophy", "Doctoral"),
    ("EDD", "Doctor of Education", "Doctoral"),
)
_SPECIALIZED = {"Junior": 0.35, "Senior": 0.5, "Graduate": 0.6, "Professional": 0.3}
_SINCE_COMMENCEMENT = {"Fall": 101, "Spring": 241, "Summer": 3}  # days at the begin of a term
_WITH_MINOR = {"Sophomore": 0.08, "Junior": 0.2, "Senior": 0.28}
# Purposes of randomness: what each number draws.
_WHICH_DEGREE, _NO_DATE, _SPECIALIZES, _WHICH_SPECIALIZATION = 1, 2, 300, 301
_HAS_MINOR, _WHICH_MINOR, _TRANSFER = 302, 303, 304


def academic_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of degrees, specializations and minors, and who has them."""
    degree, degree_keymap = _degrees()
    specialization, specialization_keymap = _specializations(d)
    minor, minor_keymap = _minors(d)
    return {
        "academic_degree": degree,
        "academic_major_specialization": specialization,
        "academic_minor": minor,
        "person__academic_degree": _held(d),
        "person__academic_major_specialization__academic_term": _specialized(d),
        "person__academic_minor__academic_term": _with_minor(d),
    }, {
        "academic_degree": degree_keymap,
        "academic_major_specialization": specialization_keymap,
        "academic_minor": minor_keymap,
    }


def _degrees() -> Pair:
    codes, names, levels = zip(*DEGREES, strict=True)
    columns = {
        "academic_degree_id": ids.udp_ids(len(DEGREES)),
        "educational_level": pa.array(levels),
        "name": pa.array(names),
    }
    return frame.table("academic_degree", len(DEGREES), columns), sis_keymap("academic_degree", list(codes))


def _specializations(d: Drawn) -> Pair:
    s, topics = d.structures, d.topics
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    codes, names, cips, majors = [], [], [], []
    for major, (family, career) in enumerate(zip(s.major_cip.tolist(), s.major_career.tolist(), strict=True)):
        for place in range(SPECIALIZATIONS):
            which = career * SPECIALIZATIONS + place
            codes.append(f"{s.subjects[s.major_subject[major]]}-{DEGREE_CODES[career]}-S{place + 1}")
            mine = topics[s.major_subject[major]]
            names.append(mine[which % len(mine)])
            cips.append(f"{families[family]}.{which + 2:02d}01")
            majors.append(major)
    name = "academic_major_specialization"
    columns = {
        "academic_major_specialization_id": ids.udp_ids(len(codes)),
        "academic_major_id": np.array(majors) + 1,
        "cip_code2k": pa.array(cips),
        "code": pa.array(codes),
        "description": pa.array(names),
    }
    return frame.table(name, len(codes), columns), sis_keymap(name, codes)


def _minors(d: Drawn) -> Pair:
    s = d.structures
    families = [str(code) for code in d.pack.table("cip")["cip"]]
    program = {
        college: row for row, (career, college) in enumerate(s.programs) if career == Career.UNDERGRADUATE
    }
    order = run_places(s.subject_cip)
    codes = [f"{subject}-MIN" for subject in s.subjects]
    cips = [families[cip] for cip in s.subject_cip]
    columns = {
        "academic_minor_id": ids.udp_ids(len(codes)),
        "academic_program_id": np.array([program[c] + 1 for c in s.college_of_cip[s.subject_cip].tolist()]),
        "cip_code2k": pa.array([f"{cip}.{n + 1:02d}01" for cip, n in zip(cips, order.tolist(), strict=True)]),
        "code": pa.array(codes),
        "description": pa.array([f"Minor in {title}" for title in s.subject_titles]),
    }
    return frame.table("academic_minor", len(codes), columns), sis_keymap("academic_minor", codes)


def _by_standing(d: Drawn, shares: dict[str, float], purpose: int) -> I64:
    """Students picked with a share that depends on their standing."""
    share = np.array([shares.get(name, 0.0) for name in STANDINGS])[d.students.standing]
    return np.flatnonzero(rng.uniform(rng.extend(d.students.key, purpose)) < share)


def _specialized(d: Drawn) -> pa.Table:
    who = _by_standing(d, _SPECIALIZED, _SPECIALIZES)
    which = rng.integer(rng.extend(d.students.key[who], _WHICH_SPECIALIZATION), SPECIALIZATIONS)
    columns = {
        "person_id": who + 1,
        "academic_term_id": 1,
        "academic_major_specialization_id": d.structures.student_major[who] * SPECIALIZATIONS + which + 1,
    }
    return frame.table("person__academic_major_specialization__academic_term", len(who), columns)


def _with_minor(d: Drawn) -> pa.Table:
    s, who = d.structures, _by_standing(d, _WITH_MINOR, _HAS_MINOR)
    subject = rng.integer(rng.extend(d.students.key[who], _WHICH_MINOR), len(s.subjects))
    # Nobody has a minor in the field of the own major: those look half the list further, or do without.
    own, count = d.students.major_cip[who], len(s.subjects)
    subject = np.where(s.subject_cip[subject] == own, (subject + count // 2) % count, subject)
    apart = s.subject_cip[subject] != own
    who, subject = who[apart], subject[apart]
    columns = {"person_id": who + 1, "academic_term_id": 1, "academic_minor_id": subject + 1}
    return frame.table("person__academic_minor__academic_term", len(who), columns)


def _commencement(d: Drawn, days: I64) -> I64:
    """The first commencement in the middle of May on or after each day, and before the term.

    Counted in days before the term and whole weeks before that, so that it moves with a shifted calendar.
    """
    last = term_dates(d.calendar)["start"] - _SINCE_COMMENCEMENT[d.calendar.term.term_type]
    gap = np.maximum(last - days, 0)
    years = gap * 4 // 1461 + 1
    years -= _weeks_of(years) > gap
    return np.asarray(last - _weeks_of(years))


def _weeks_of(years: I64) -> I64:
    """Days of the whole weeks in so many years."""
    return years * 1461 // 28 * 7


def _held(d: Drawn) -> pa.Table:
    """Degrees that people came with: transfers, graduate students, instructors; assumptions.

    And those that students complete: conferred when the term is over.
    """
    s, students = d.students, len(d.students)
    begin = term_dates(d.calendar)["start"]
    arrival = begin - days_here(d) - 150
    birth = birth_dates(d)
    code = {row[0]: place for place, row in enumerate(DEGREES)}
    bachelors = np.array([code[name] for name in ("BA", "BS", "BS", "BA", "BFA", "BBA", "BSE", "BSN", "BED")])
    masters = np.array([code[name] for name in ("MA", "MS", "MS", "MBA", "MED", "MFA", "MPH")])
    doctorates = np.array([code[name] for name in ("PHD", "PHD", "PHD", "PHD", "PHD", "EDD", "JD", "PHARMD")])
    transfer = d.pack.categorical("person", "is_transfer")
    is_transfer = np.array([value == "true" for value in transfer.values])[
        transfer.draw(rng.extend(s.key, _TRANSFER))
    ]
    teachers = np.arange(students, students + d.instructors)
    with_master = came_with_master(s)
    transferred = np.flatnonzero(s.is_undergraduate & is_transfer & (s.standing > Standing.FRESHMAN))
    graduate_arrival = arrival.copy()
    graduate_arrival[:students] -= 730 * with_master
    parts = []
    for people, share, choices, when, purpose in (
        (transferred, 0.3, np.array([code["AA"]]), arrival, 305),
        (np.flatnonzero(~s.is_undergraduate), 0.97, bachelors, graduate_arrival, 306),
        (np.flatnonzero(with_master), 1.0, masters, arrival, 311),
        (teachers, 0.55, bachelors, birth + 8200, 308),
        (teachers, 0.62, masters, birth + 8950, 309),
        (teachers, 0.8, doctorates, birth + 10000, 310),
    ):
        key = rng.extend(d.identity.key[people], purpose)
        has = rng.uniform(key) < share
        who, key = people[has], key[has]
        day = _commencement(d, when[who])
        degree = choices[rng.integer(key, len(choices), _WHICH_DEGREE)]
        parts.append((who, degree, np.where(rng.uniform(key, _NO_DATE) < 0.08, NO_TIME, day)))
    who = np.flatnonzero(completes(d))
    degree = np.array([code[name] for name in degree_codes(d.pack, s)[who].tolist()], dtype=np.int64)
    parts.append((who, degree, np.full(len(who), term_dates(d.calendar)["end"] + CONFERRED)))
    who, degree, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((degree, who))
    columns = {
        "person_id": who[order] + 1,
        "academic_degree_id": degree[order] + 1,
        "conferral_date": day[order],
    }
    return frame.table("person__academic_degree", len(who), columns)
