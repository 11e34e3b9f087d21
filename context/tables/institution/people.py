"""Tables of people: who they are, how to reach them, their term record and majors. All invented."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from context import columns as frame
from context import ids, rng
from context.arrays import BOOL, DAY_MS, I64, NO_TIME, U64, YEAR_DAYS
from context.columns import Coded, Maybe
from context.courses.structures import term_dates
from context.packs.people_codes import CAREERS, STANDINGS
from context.people.registry import staff_ages
from context.people.traits import ages, birth_days, honors, parents, school_gpa
from context.tables.institution.spelling import spelled
from context.tables.institution.structure import campus_of_college
from context.terms.drawn import Drawn, Tables

_RACE_COLUMNS = {
    "American Indian/Alaska Native": "is_american_indian_alaska_native",
    "Asian": "is_asian",
    "Black": "is_black_african_american",
    "Native Hawaiian/Pacific Islander": "is_hawaiian_pacific_islander",
    "Hispanic": "is_hispanic_latino",
    "White": "is_white",
    "Two or more": "is_other_race",
    "Unknown": "is_no_race_indicated",
}
# What the registrar alone knows of a person.
_REGISTRARS = (
    "middle_name",
    "suffix",
    "preferred_first_name",
    "sex",
    "birth_date",
    "zip_code",
    "citizenship_one",
    "is_veteran",
)
_LEAST_ZIP, _MOST_ZIP = 1_001, 99_950
_SIS_MODULUS = 9_000_011  # a prime: multiplying by _SIS_STEP modulo it never gives one number twice
_SIS_STEP = 7_368_787
# Purposes of randomness: what each number draws.
_HAS_MIDDLE, _PREFERRED_NAME, _ZIP_CODE, _FIRST_LANGUAGE = 34, 35, 36, 38
_DIRECTORY_BLOCK, _HAS_HS_GPA, _VETERAN = 40, 41, 42
_KNOWS_INCOME, _TIME_ZONE, _LOCALE, _ZIP_AREA = 45, 46, 47, 66
_PRE_REGISTERED, _CANVAS_KEY, _SUFFIXED, _SUFFIX = 48, 49, 56, 57
_SPORT, _REGISTRATION = 61, 62


def sis_numbers(d: Drawn) -> I64:
    """Eight-digit student and staff numbers, a bijection of the natural ordinals."""
    return 10_000_000 + (d.numbers * _SIS_STEP + 12_345) % _SIS_MODULUS


def logins(d: Drawn) -> pa.Array:
    """Login names: letters of the last name and the person's number."""
    last = pa.array([_plain(str(name))[:6] for name in d.pack.table("surname")["name"]])
    return frame.join(last.take(pa.array(d.identity.last_name)), frame.texts(sis_numbers(d) % 10_000_000))


def _plain(name: str) -> str:
    return "".join(ch for ch in name.lower() if "a" <= ch <= "z") or "x"


def people_tables(d: Drawn) -> tuple[Tables, Tables]:
    """(entities, keymaps) of people."""
    person, keymap = _person(d)
    return {
        "person": person,
        "person__academic_term": _term_record(d),
        "person__academic_major__academic_term": _major(d),
    }, {"person": keymap}


def first_names(d: Drawn) -> Coded:
    """First names of all people."""
    return spelled(d.pack, "first", d.identity.key, d.identity.first_name)


def last_names(d: Drawn) -> Coded:
    """Last names of all people."""
    return spelled(d.pack, "last", d.identity.key, d.identity.last_name)


def display_names(d: Drawn) -> pa.Array:
    """Names of all people as they are shown."""
    return frame.join(first_names(d), " ", last_names(d))


def _person(d: Drawn) -> tuple[pa.Table, pa.Table]:
    who, rows, students = d.identity, len(d.identity), len(d.students)
    is_student = np.arange(rows) < students
    first, last = first_names(d), last_names(d)
    middle = Coded(who.middle_initial, [chr(65 + i) for i in range(26)])
    full, sortable = display_names(d), frame.join(last, ", ", first)
    residency = Coded(who.residency, d.pack.categorical("person", "us_residency").values)
    countries = d.pack.categorical("person", "citizenship_one").values
    race = Coded(who.race, d.pack.categorical("person", "race").values)
    states = d.pack.categorical("person", "le_status")
    first_generation, knows_parents, income = parents(d.pack, d.students)
    male = np.array([value == "Male" for value in d.pack.categorical("person", "sex").values])[who.sex]
    generation = rng.integer(rng.extend(who.key, _SUFFIX), 3)
    suffixed = male & d.coin(who.key, _SUFFIXED, 0.02)
    created = d.open_ms - days_here(d) * DAY_MS
    columns = {
        "person_id": ids.udp_ids(rows),
        "name": full,
        "first_name": first,
        "middle_name": Coded(
            np.where(d.coin(who.key, _HAS_MIDDLE, 0.72), who.middle_initial, -1), middle.values
        ),
        "last_name": last,
        "suffix": Coded(np.where(suffixed, generation, -1), ("Jr.", "II", "III")),
        "preferred_first_name": _where(first, d.coin(who.key, _PREFERRED_NAME, 0.05)),
        "sex": Coded(who.sex, [value or "NoData" for value in d.pack.categorical("person", "sex").values]),
        "birth_date": birth_dates(d),
        "zip_code": _zip_codes(d),
        "citizenship_one": Coded(who.country, countries),
        "us_residency": residency,
        "is_english_first_language": _first_language(d),
        "is_first_generation_hed_student": _of_students(d, first_generation, knows_parents),
        "directory_block": _of_students(d, *_flags(d, "directory_block", d.students.key, _DIRECTORY_BLOCK)),
        "hs_gpa": _of_students(
            d,
            school_gpa(d.pack, d.students),
            d.coin(d.students.key, _HAS_HS_GPA, d.pack.number("person.hs_gpa_known_share")),
        ),
        "is_veteran": Maybe(*_flags(d, "is_veteran", who.key, _VETERAN)),
        "estimated_gross_family_income": _of_students(
            d, income * 100, d.coin(d.students.key, _KNOWS_INCOME, d.pack.number("person.income_known_share"))
        ),
        "le_name": full,
        "le_sortable_name": sortable,
        "le_time_zone": Coded(np.where(d.coin(who.key, _TIME_ZONE, 0.2), 0, -1), (d.calendar.time_zone,)),
        "le_locale": Coded(np.where(d.coin(who.key, _LOCALE, 0.1), 0, -1), ("en",)),
        "le_created_date": created,
        "le_status": Coded(states.draw(rng.extend(who.key, _PRE_REGISTERED)), states.values),
    }
    for value, column in _RACE_COLUMNS.items():
        code = race.values.index(value)
        columns[column] = Maybe(race.codes == code, is_student | (race.codes == code))
    columns |= {name: _without(columns[name], d.canvas_only) for name in _REGISTRARS}
    return frame.table("person", rows, columns), _person_keymap(d, created)


def _person_keymap(d: Drawn, created: I64) -> pa.Table:
    """The registrar's numbers, which people of Canvas alone lack, and Canvas's keys."""
    rows = len(d.identity)
    local = d.local("person", rows, created)
    # Canvas's own user key is opaque in the data platform: events are joined through the short id instead.
    opaque = frame.texts(rng.bits(d.identity.key, _CANVAS_KEY).astype(np.int64))
    number = pc.if_else(pa.array(d.canvas_only), None, frame.texts(sis_numbers(d)))
    return ids.keymap(
        "person",
        ids.udp_ids(rows),
        sis_int=number,
        sis_ext=number,
        lms_int=opaque,
        lms_ext=frame.texts(local),
    )


def _without(value: object, mask: BOOL) -> object:
    """A column with NULL where ``mask`` says so."""
    if isinstance(value, Coded):
        return Coded(np.where(mask, -1, value.codes), value.values)
    return Maybe(value.values, value.valid & ~mask) if isinstance(value, Maybe) else Maybe(value, ~mask)


def _of_students(d: Drawn, values: BOOL | I64, there: BOOL) -> Maybe:
    """A column of students, NULL for staff."""
    rest = len(d.identity) - len(d.students)
    return Maybe(
        np.concatenate([values, np.zeros(rest, values.dtype)]),
        np.concatenate([there, np.zeros(rest, dtype=np.bool_)]),
    )


def _zip_codes(d: Drawn) -> pa.Array:
    """Where people are from: around the campus, elsewhere in the state, in another one, by residency."""
    who, law = d.identity, d.pack.categorical("person", "zip_area")
    residencies = d.pack.categorical("person", "us_residency").values
    given = [law.given_code(0, str(value)) for value in residencies] + [law.given_code(0, "staff")]
    area = law.draw(rng.extend(who.key, _ZIP_AREA), np.array(given)[who.residency])
    campus, first, last = (
        int(d.pack.number(f"zip.{name}")) for name in ("campus_first", "state_first", "state_last")
    )
    key, width = rng.extend(who.key, _ZIP_CODE), last - first + 1
    other = _LEAST_ZIP + rng.integer(key, _MOST_ZIP - _LEAST_ZIP - width, 1)
    ranges = {
        "campus": campus + rng.integer(key, 100),
        "state": first + rng.integer(key, width),
        "elsewhere": np.where(other < first, other, other + width),
    }
    found = np.zeros(len(who), dtype=np.int64)
    for code, name in enumerate(law.values):
        found = np.where(area == code, ranges[str(name)], found)
    return pc.utf8_lpad(frame.texts(found), 5, "0")


def days_here(d: Drawn) -> I64:
    """Whole days since each person came, by the begin of the term."""
    return (d.years * YEAR_DAYS).astype(np.int64)


def _flags(d: Drawn, field: str, key: U64, purpose: int) -> tuple[BOOL, BOOL]:
    """(whether it is so, whether that is on record) by the pack's shares of true, false and NULL."""
    law = d.pack.categorical("person", field)
    code = law.draw(rng.extend(key, purpose))
    true, known = (np.array([v in among for v in law.values]) for among in (("true",), ("true", "false")))
    return true[code], known[code]


def _first_language(d: Drawn) -> Maybe:
    """Whether English is a student's first language, with NULL, by residency."""
    law = d.pack.categorical("person", "is_english_first_language")
    residencies = d.pack.categorical("person", "us_residency").values
    given = np.array([law.given_code(0, str(value)) for value in residencies])
    s = d.students
    code = law.draw(rng.extend(s.key, _FIRST_LANGUAGE), given[d.identity.residency[: len(s)]])
    there, true = (
        np.array([value in what for value in law.values]) for what in (("true", "false"), ("true",))
    )
    return _of_students(d, true[code], there[code])


def _where(value: Coded, there: BOOL) -> Coded:
    return Coded(np.where(there, value.codes, -1), value.values)


def birth_dates(d: Drawn) -> I64:
    """Days since 1970: students by standing and the pack's bands, staff from 28 to 70 (assumption)."""
    count = len(d.students)
    of_students = ages(d.pack, d.students, d.years[:count])
    return birth_days(
        np.concatenate([of_students, staff_ages(d.identity.key[count:])]), term_dates(d.calendar)["start"]
    )


_LOADS = ("FullTime", "ThreeQuartersTime", "HalfTime", "LessThanHalfTime", "NoCredits")


def _load(d: Drawn, hours: I64) -> I64:
    """Load by credits, into _LOADS: quarters of what the pack calls full time."""
    whole = (d.pack.number(f"load.full_time_{who}") for who in ("ug", "grad"))
    full = np.where(d.students.is_undergraduate, *whole)
    quarters = np.minimum(hours * 4 // full.astype(np.int64), 4)
    return np.where(hours == 0, 4, np.array([3, 3, 2, 1, 0])[quarters])


def _term_record(d: Drawn) -> pa.Table:
    s, r, rows = d.students, d.records, len(d.students)
    level = Coded(s.standing, STANDINGS)
    is_honors, knows_honors = honors(d.pack, s)
    registration = d.pack.categorical("person__academic_term", "registration_status")
    columns = {
        "person_id": ids.udp_ids(rows),
        "academic_term_id": 1,
        "academic_career_id": s.career.astype(np.int64) + 1,
        "academic_program_id": d.structures.program_of_major[d.structures.student_major] + 1,
        "campus_id": campus_of_college()[d.structures.college_of_cip[s.major_cip]] + 1,
        "athletic_participant_sport": _sports(d),
        "ps_student_level": Coded(s.career, CAREERS),
        "cen_academic_level": level,
        "cen_academic_load": Coded(_load(d, r.credits), _LOADS),
        "eot_academic_level": level,
        "eot_academic_load": Coded(_load(d, r.kept), _LOADS),
        "credits_attempted": r.credits * 100,
        "credits_earned": r.earned * 100,
        "gpa_academic_term": r.gpa_hundredths,
        "gpa_cumulative": r.cumulative_hundredths,
        "gpa_credits_units_hours": np.where(r.gpa_hundredths == NO_TIME, NO_TIME, r.gpa_credits * 100),
        "registration_status": Coded(
            registration.draw(rng.extend(s.key, _REGISTRATION)), registration.values
        ),
        "in_honors_program": Maybe(is_honors, knows_honors),
    }
    return frame.table("person__academic_term", rows, columns)


def _sports(d: Drawn) -> Coded:
    """The sport of athletes, who are undergraduates, by sex."""
    s, law = d.students, d.pack.categorical("person__academic_term", "athletic_participant_sport")
    sexes = d.pack.categorical("person", "sex").values
    career = np.array([law.given_code(0, name) for name in CAREERS])[s.career]
    sex = np.array([law.given_code(1, str(value)) for value in sexes])[s.sex]
    return Coded(law.draw(rng.extend(s.key, _SPORT), career, sex), law.values)


def _major(d: Drawn) -> pa.Table:
    rows = len(d.students)
    columns = {
        "person_id": ids.udp_ids(rows),
        "academic_term_id": 1,
        "academic_major_id": d.structures.student_major + 1,
    }
    return frame.table("person__academic_major__academic_term", rows, columns)
