"""Who people are: sex, race, residency, citizenship, and names that go with these.

Sex follows the field of study, names follow race and Hispanic origin, those of people from abroad their
country. What follows from what is in the pack; everything is keyed by the person.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import fsum

import numpy as np

from context import rng
from context.arrays import BOOL, I32, I64, U64
from context.packs.pack import Pack
from context.packs.people_codes import CAREERS
from context.packs.spec import NAME_GROUPS
from context.people.students import SEXES, Students

STAFF = "Staff"  # what they are to person.race instead of a career
_GROUP_OF_RACE = {
    "White": "white",
    "Black": "black",
    "Asian": "api",
    "Native Hawaiian/Pacific Islander": "api",
    "American Indian/Alaska Native": "native",
    "Two or more": "multiple",
    "Hispanic": "hispanic",
}
_GROUP_OF_COUNTRY = {  # in which names of a country are found in the Census's groups (assumption)
    **dict.fromkeys(("IN", "CN", "KR", "VN", "JP", "TW"), "api"),
    **dict.fromkeys(("MX", "BR", "CO", "ES"), "hispanic"),
    **dict.fromkeys(("CA", "DE", "GB", "FR"), "white"),
    "NG": "black",
}
_ANY_GROUP = len(NAME_GROUPS)
# Purposes of randomness: what each number draws.
_SEX, _FIRST_NAME, _LAST_NAME, _MIDDLE_INITIAL = 20, 21, 22, 23
_RESIDENCY, _RACE, _COUNTRY = 30, 31, 37


@dataclass(frozen=True)
class Identity:
    """Who a person is, for students, instructors and staff alike; codes into the pack's laws and tables."""

    key: U64
    sex: I32  # into the values of person.sex
    race: I32  # into those of person.race
    residency: I32  # into those of person.us_residency; -1 for staff
    country: I32  # of citizenship, into those of person.citizenship_one
    first_name: I32  # into the pack's first names (of that sex, offset to one list)
    middle_initial: I32
    last_name: I32

    def __len__(self) -> int:
        return len(self.key)


def make_identity(pack: Pack, key: U64, students: Students) -> Identity:
    """Everybody of ``key``, students first: sexes as these have them, staff's by the pack's shares."""
    count = len(students)
    staff_sex = pack.categorical("person", "sex").draw(rng.extend(key[count:], _SEX))
    sex = np.concatenate([students.sex, staff_sex])
    race, group, residency, country = _origins(pack, key, students)
    female = np.array([value == "Female" for value in pack.categorical("person", "sex").values])[sex]
    adult = np.arange(len(key)) >= count
    return Identity(
        key=key,
        sex=sex,
        race=race,
        residency=residency,
        country=country,
        first_name=_first_names(pack, key, female, group, adult),
        middle_initial=rng.integer(rng.extend(key, _MIDDLE_INITIAL), 26).astype(np.int32),
        last_name=_last_names(pack, key, group),
    )


def _origins(pack: Pack, key: U64, students: Students) -> tuple[I32, I64, I32, I32]:
    """(race, group of names, residency, country of citizenship) of everybody."""
    count = len(students)
    races, residencies = pack.categorical("person", "race"), pack.categorical("person", "us_residency")
    career = np.array([races.given_code(0, name) for name in (*CAREERS, STAFF)])
    race = races.draw(
        rng.extend(key, _RACE),
        career[np.concatenate([students.career, np.full(len(key) - count, len(CAREERS), dtype=np.int32)])],
    )
    of_race = np.array([residencies.given_code(0, str(value)) for value in races.values])
    residency = residencies.draw(rng.extend(key, _RESIDENCY), of_race[race])
    residency[count:] = -1
    countries = pack.categorical("person", "citizenship_one")
    abroad = (residency >= 0) & (np.array(residencies.values) == "International")[residency]
    of_residency = np.array([countries.given_code(0, str(value)) for value in residencies.values])
    at_home = countries.given_code(0, "InState")
    country = countries.draw(
        rng.extend(key, _COUNTRY), np.where(residency < 0, at_home, of_residency[residency])
    )
    group = _groups(races.values, _GROUP_OF_RACE)[race]
    group = np.where(abroad, _groups(countries.values, _GROUP_OF_COUNTRY)[country], group)
    return race, group, residency, country


def _groups(values: tuple[str | None, ...], groups: dict[str, str]) -> I64:
    """For each value its group of names, or that of everybody."""
    return np.array(
        [NAME_GROUPS.index(groups[v]) if v is not None and v in groups else _ANY_GROUP for v in values]
    )


def _weights(table: dict[str, list[object]], group: int, *, blank: float) -> list[float]:
    """Weight of each name in a group; ``blank``: the share of bearers where the table has none."""
    weights = [float(str(weight)) for weight in table["weight"]]
    if group == _ANY_GROUP:
        return weights
    shares = [blank if share is None else float(str(share)) / 100 for share in table[NAME_GROUPS[group]]]
    return [weight * share for weight, share in zip(weights, shares, strict=True)]


def _first_names(pack: Pack, key: U64, female: BOOL, group: I64, adult: BOOL) -> I32:
    """Given names by sex and group. Who is adult has none that only children of today have."""
    names = pack.table("first_name")
    sexes = np.array([SEXES.index(code) for code in names["sex"]])
    known = [share is not None for share in names[NAME_GROUPS[0]]]
    first = np.zeros(len(key), dtype=np.int32)
    for place in range(_ANY_GROUP + 1):
        # Names that adults do not have yet are shared out as all names are.
        whole, mine = (_weights(names, code, blank=0.0) for code in (_ANY_GROUP, place))
        usual = fsum(mine) / max(fsum(w for w, k in zip(whole, known, strict=True) if k), 1e-9)
        weights = _weights(names, place, blank=usual)
        for code in range(len(SEXES)):
            for grown in (False, True):
                rows = np.flatnonzero((female == (code == 0)) & (group == place) & (adult == grown))
                choices = np.flatnonzero((sexes == code) & (np.array(known) | (not grown)))
                total = fsum(weights[i] for i in choices)
                if len(rows) and total > 0:
                    table = rng.thresholds([weights[i] for i in choices])
                    first[rows] = choices[rng.categorical(rng.extend(key[rows], _FIRST_NAME), table)]
    return first


def _last_names(pack: Pack, key: U64, group: I64) -> I32:
    names = pack.table("surname")
    last = np.zeros(len(key), dtype=np.int32)
    for place in range(_ANY_GROUP + 1):
        rows = np.flatnonzero(group == place)
        table = rng.thresholds(_weights(names, place, blank=0.0))
        last[rows] = rng.categorical(rng.extend(key[rows], _LAST_NAME), table)
    return last
