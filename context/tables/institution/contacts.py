"""Tables of how people stand to the institution, how to call them, and the tests they came with.

Shares are assumptions. Telephone numbers end in 555-0100 to 555-0199, which are kept free for fiction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import I64, NO_TIME
from context.columns import Coded
from context.courses.structures import term_dates
from context.packs.people_codes import CAREERS
from context.people.traits import tied
from context.tables.every_table import Pair, sis_keymap
from context.tables.institution.people import days_here, logins, sis_numbers
from context.terms.drawn import Drawn, Tables

_ROLES = ("Student", "Faculty", "Staff", "Employee", "Alum")
_STUDENT, _FACULTY, _STAFF, _EMPLOYEE, _ALUM = range(len(_ROLES))
_TYPES = ("Mobile", "Home", "Work", "Other")
# Purposes of randomness: what each number draws.
_NO_TEST_DAY, _LINE, _TEST_SCORES, _TEST_DAY = 1, 1, 1010, 1020
_STAYED, _HAS_PHONE, _PHONE, _OWN_ADDRESS, _PREFERS_OWN = 339, 340, 349, 63, 64


@dataclass(frozen=True)
class AdmissionTest:
    """A test for admission and its parts; their laws are the pack's, such as ``SAT Mathematics``."""

    name: str
    purpose: int
    parts: tuple[str, ...] = ("Total",)
    whole: str | None = None  # the part that sums the others up
    is_sum: bool = True  # or their mean, to the next point


TESTS = (
    AdmissionTest("SAT", 330, ("Mathematics", "EvidenceBasedReadingWriting"), "Total"),
    AdmissionTest("ACT", 331, ("English", "Mathematics", "Reading", "Science"), "Composite", is_sum=False),
    AdmissionTest("GRE", 332, ("Verbal", "Quantitative", "AnalyticalWriting")),
    AdmissionTest("GMAT", 333),
    AdmissionTest("LSAT", 334),
    AdmissionTest("MCAT", 335),
    AdmissionTest("TOEFL", 336),
)
# Who has a test on record at all, by career: (the pack's numbers test.<test>_<career>).
TAKERS = (
    "test.sat_undergraduate",
    "test.act_undergraduate",
    "test.gre_graduate",
    "test.gre_professional",
    "test.gmat_graduate",
    "test.lsat_professional",
    "test.mcat_professional",
    "test.toefl_undergraduate",
    "test.toefl_graduate",
    "test.toefl_professional",
)


def contact_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of affiliations, addresses, telephone numbers and admission tests."""
    entity: Tables = {}
    keymap: Tables = {}
    for name, make in (
        ("institutional_affiliation", _affiliations),
        ("person_email", _emails),
        ("person_phone_number", _phones),
        ("admission_test_score", _tests),
    ):
        entity[name], keymap[name] = make(d)
    return entity, keymap


def _of_person(d: Drawn, name: str, person: I64, word: pa.Array | str, columns: Mapping[str, object]) -> Pair:
    """A table of rows of people, in order of the person, with SIS ids made of their numbers and a word."""
    rows = len(person)
    codes = frame.join(frame.texts(sis_numbers(d)[person]), "-", word)
    table = {f"{name}_id": ids.udp_ids(rows), "person_id": person + 1, **columns}
    return frame.table(name, rows, table), sis_keymap(name, codes)


def _affiliations(d: Drawn) -> Pair:
    s, people, students = d.students, len(d.identity), len(d.students)
    start = term_dates(d.calendar)["start"]
    arrival = start - days_here(d)
    support = people - students - d.instructors
    main = np.repeat([_STUDENT, _FACULTY, _STAFF], [students, d.instructors, support])
    known = np.flatnonzero(~d.canvas_only)
    assistants = np.unique(
        d.enrolments.person[d.enrolments.role == d.enrolments.roles.index("TeachingAssistant")]
    )
    assistants = assistants[assistants < students]
    # Graduate students who were undergraduates here, and staff who took a degree here long ago.
    stayed = np.flatnonzero(~s.is_undergraduate & d.coin(s.key, _STAYED, 0.2))
    before = arrival[stayed] - 90
    parts = []
    for who, what, first, last, is_main in (
        (known, main[known], arrival[known], NO_TIME, 1),
        (assistants, _EMPLOYEE, start - 14, NO_TIME, 0),
        (stayed, _STUDENT, before - 1410, before, 0),
        (stayed, _ALUM, before, NO_TIME, 0),
    ):
        columns = np.broadcast_arrays(who, what, first, last, is_main)
        parts.append([np.asarray(column, dtype=np.int64) for column in columns])
    person, role, begin, end, primary = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((begin, role, -primary, person))
    person, role, begin, end, primary = (a[order] for a in (person, role, begin, end, primary))
    word = frame.join(
        pa.array([name.upper() for name in _ROLES]).take(pa.array(role)),
        "-",
        frame.texts(1 + (end != NO_TIME)),
    )
    table = {
        "role": Coded(role, _ROLES),
        "status": Coded((end != NO_TIME).astype(np.int64), ("Active", "Inactive")),
        "begin_date": begin,
        "end_date": end,
        "is_primary": primary.astype(np.bool_),
    }
    return _of_person(d, "institutional_affiliation", person, word, table)


def _emails(d: Drawn) -> Pair:
    """An address at the institution for everyone, and for some one of their own, which a few prefer."""
    key, domain = d.identity.key, d.host.split(".", 1)[-1]
    own = d.coin(key, _OWN_ADDRESS, d.pack.number("person.has_own_email_share"))
    person = np.concatenate([np.arange(len(key)), np.flatnonzero(own)])
    is_own = np.arange(len(person)) >= len(key)
    order = np.lexsort((is_own, person))
    person, is_own = person[order], is_own[order]
    at = pa.array([f"@{domain}", "@mail.example"]).take(pa.array(is_own.astype(np.int64)))
    prefers_own = (own & d.coin(key, _PREFERS_OWN, d.pack.number("person.prefers_own_email_share")))[person]
    columns = {
        "person_email_id": ids.udp_ids(len(person)),
        "person_id": person + 1,
        "email_address": frame.join(logins(d).take(pa.array(person)), at),
        "type": Coded(is_own.astype(np.int64), ("Organizational", "Home")),
        "is_preferred": prefers_own == is_own,
    }
    word = pa.array(["-ORG", "-HOME"]).take(pa.array(is_own.astype(np.int64)))
    codes = frame.join(frame.texts(sis_numbers(d)[person]), word)
    return frame.table("person_email", len(person), columns), sis_keymap("person_email", codes)


def _phones(d: Drawn) -> Pair:
    key, student = d.identity.key, np.arange(len(d.identity)) < len(d.students)
    shares = [
        [d.pack.number(f"phone.{kind.lower()}_{who}") for who in ("students", "staff")] for kind in _TYPES
    ]
    has = [
        (rng.uniform(rng.extend(key, _HAS_PHONE + place)) < np.where(student, *pair)) & ~d.canvas_only
        for place, pair in enumerate(shares)
    ]
    person = np.concatenate([np.flatnonzero(mask) for mask in has])
    kind = np.repeat(np.arange(len(_TYPES)), [int(mask.sum()) for mask in has])
    order = np.lexsort((kind, person))
    person, kind = person[order], kind[order]
    number_key = rng.extend(rng.extend(key[person], _PHONE), kind)
    area = 201 + rng.integer(number_key, 789)
    area += area % 100 == 11  # codes such as 411 are no areas
    line = pc.utf8_lpad(frame.texts(rng.integer(number_key, 100, _LINE)), 2, "0")
    columns = {
        "phone_number": frame.join("(", frame.texts(area), ") 555-01", line),
        "type": Coded(kind, _TYPES),
        "is_primary": np.diff(person, prepend=-1) > 0,
    }
    words = pa.array([name.upper() for name in _TYPES]).take(pa.array(kind))
    return _of_person(d, "person_phone_number", person, words, columns)


def _takes(d: Drawn, test: AdmissionTest) -> I64:
    """Students who have a test on record, by career."""
    keys = [f"test.{test.name.lower()}_{name.lower()}" for name in CAREERS]
    share = np.array([d.pack.number(key) if key in TAKERS else 0.0 for key in keys])
    return np.flatnonzero(rng.uniform(rng.extend(d.students.key, test.purpose)) < share[d.students.career])


def _scores(d: Drawn, test: AdmissionTest, who: I64) -> list[tuple[str, I64]]:
    """(part, hundredths per person) of a test, tied to ability; the whole by its parts."""
    key = rng.extend(d.students.key[who], test.purpose + _TEST_SCORES)
    found = []
    for place, name in enumerate(test.parts):
        law = d.pack.continuous("admission_test_score", f"{test.name} {name}")
        z = tied(d.students.ability[who], rng.extend(key, place), d.pack.number("traits.test_ability"))
        found.append((name, law.at(rng.normal_rank(z)) * round(law.step * 100)))
    if test.whole:
        total = np.sum([scores for _, scores in found], axis=0)
        mean = (total + 50 * len(found)) // (100 * len(found)) * 100
        found.insert(0, (test.whole, total if test.is_sum else mean))
    return found


def _tests(d: Drawn) -> Pair:
    arrival = term_dates(d.calendar)["start"] - days_here(d)[: len(d.students)]
    parts = []
    names = [part for test in TESTS for part in (test.whole, *test.parts) if part]
    names = sorted(set(names))
    for code, test in enumerate(TESTS):
        who = _takes(d, test)
        key = rng.extend(d.students.key[who], test.purpose + _TEST_DAY)
        # Tests are taken on Saturdays, 8 to 20 months before the first term. Day 2 of 1970 was one.
        day = arrival[who] - 240 - rng.integer(key, 360)
        day -= (day - 2) % 7
        day = np.where(rng.uniform(key, _NO_TEST_DAY) < 0.15, NO_TIME, day)
        for part, scores in _scores(d, test, who):
            parts.append((who, np.full(len(who), code), np.full(len(who), names.index(part)), scores, day))
    person, test_code, part_code, score, day = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((part_code, test_code, person))
    person, test_code, part_code, score, day = (a[order] for a in (person, test_code, part_code, score, day))
    columns = {
        "test_type": Coded(test_code, [test.name for test in TESTS]),
        "subtest": Coded(part_code, names),
        "score": score,
        "test_date": day,
    }
    word = frame.join(Coded(test_code, [test.name for test in TESTS]), "-", Coded(part_code, names))
    return _of_person(d, "admission_test_score", person, word, columns)
