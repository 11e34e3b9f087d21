"""The gates' campus: people are whole, what belongs together in life does so here. Bounds:
tests/samples/gates.py.
"""

from __future__ import annotations

from math import sqrt

import pytest

from context.packs.spec import NAME_GROUPS
from tests.samples.gates import check_near, check_shares, counts, numbers, rows
from tests.samples.tiny import default_pack

STUDENTS = "person JOIN person__academic_term USING (person_id)"
FIELD = """person JOIN person__academic_major__academic_term USING (person_id)
    JOIN academic_major m USING (academic_major_id)"""
# sd of a correlation r of n pairs: (1 - r^2) / sqrt(n), 1 / sqrt(n) at most.


def test_sex_by_field() -> None:
    """Women are few in engineering and computing, many in nursing, psychology and teaching, as IPEDS has it.

    One factor on all odds brings the shares of graduates to those of students: .03 for it.
    """
    cip = default_pack().table("cip")
    wanted = dict(zip(cip["cip"], cip["women"], strict=True))
    found = {
        str(field): (int(str(n)), float(str(share)))
        for field, n, share in rows(
            f"SELECT left(m.cip_code2k, 2), COUNT(*), AVG((sex = 'Female')::INT) FROM {FIELD} GROUP BY 1"
        )
    }
    for field, (n, share) in found.items():
        women = float(wanted[field])
        check_near(share, women, sqrt(women * (1 - women) / n), allowance=0.03)
    assert found["14"][1] < 0.35
    assert found["51"][1] > 0.65


@pytest.mark.parametrize("career", ["Undergraduate", "Graduate"])
def test_race_by_career(career: str) -> None:
    """Race and Hispanic origin have the pack's shares of each career: graduate schools draw from abroad."""
    column = {
        "White": "is_white",
        "Hispanic": "is_hispanic_latino",
        "Asian": "is_asian",
        "Black": "is_black_african_american",
    }
    law = default_pack().categorical("person", "race").shares(career)
    total, *found, abroad = numbers(
        f"SELECT COUNT(*), {', '.join(f'AVG({name}::INT)' for name in column.values())}, "
        f"AVG((us_residency = 'International')::INT) FROM {STUDENTS} WHERE ps_student_level = '{career}'"
    )
    for race, share in zip((*column, "Nonresident"), (*found, abroad), strict=True):
        check_near(share, law[race], sqrt(law[race] * (1 - law[race]) / total))


@pytest.mark.parametrize("table", ["surname", "first_name"])
@pytest.mark.parametrize("group", ["white", "black", "api", "hispanic"])
def test_names_by_race(table: str, group: str) -> None:
    """The average share of bearers of each group's names is what these give: Census, Tzioumis.

    Of names drawn in proportion to weight x share the average share is sum w s^2 / sum w s; of all names
    sum w s / sum w, which is less. Names without shares (only children have them) are left out.
    """
    column = {"white": "is_white", "black": "is_black_african_american", "api": "is_asian"}
    who = column.get(group, "is_hispanic_latino")
    names = default_pack().table(table)
    share = {
        (str(name), sex): (float(str(weight)), float(str(s)) / 100)
        for name, sex, weight, s in zip(
            names["name"], names.get("sex", names["name"]), names["weight"], names[group], strict=True
        )
        if s is not None
    }
    of_name: dict[str, tuple[float, float]] = {}
    for (name, _), (weight, s) in share.items():
        of_name[name] = (of_name.get(name, (0.0, 0.0))[0] + weight, s)
    usual = sum(w * s for w, s in of_name.values()) / sum(w for w, _ in of_name.values())
    taken = sum(w * s * s for w, s in of_name.values()) / sum(w * s for w, s in of_name.values())
    text = "last_name" if table == "surname" else "first_name"
    plain = dict(zip(*(default_pack().table("spelling")[name] for name in ("spelling", "name")), strict=True))
    drawn = [
        of_name[str(plain.get(name, name))][1]
        for (name,) in rows(f"SELECT {text} FROM {STUDENTS} WHERE {who} AND us_residency <> 'International'")
        if str(plain.get(name, name)) in of_name
    ]
    mean = sum(drawn) / len(drawn)
    sd = sqrt(sum((x - mean) ** 2 for x in drawn) / len(drawn))
    # The sexes have names of their own: .03 for the mix of the two.
    check_near(mean, taken, sd / sqrt(len(drawn)), allowance=0.03)
    assert group == "white" or mean > 1.5 * usual
    assert set(NAME_GROUPS) >= {group}


def test_athletes_by_sex() -> None:
    """Athletes are undergraduates, in the sports of their sex; shares by the pack."""
    law = default_pack().categorical("person__academic_term", "athletic_participant_sport")
    for sex in ("Female", "Male"):
        found = counts(
            f"SELECT athletic_participant_sport FROM {STUDENTS} "
            f"WHERE sex = '{sex}' AND ps_student_level = 'Undergraduate'"
        )
        check_shares(found, dict(law.shares("Undergraduate", sex)))
    assert counts(
        f"SELECT athletic_participant_sport FROM {STUDENTS} WHERE ps_student_level <> 'Undergraduate'"
    ).keys() == {None}


@pytest.mark.parametrize(
    "standing", ["Freshman", "Sophomore", "Junior", "Senior", "Graduate", "Professional"]
)
def test_ages_by_standing(standing: str) -> None:
    """Ages of each standing fall into the pack's bands; .03 for those with many years behind them."""
    law = default_pack().categorical("person", "age_band")
    bands = {str(band): share for band, share in law.shares(standing).items() if share}
    age = "date_diff('day', birth_date, term_begin_date) / 365.25"
    found: dict[object, int] = {}
    for (years,) in rows(
        f"SELECT {age} FROM {STUDENTS} JOIN academic_term USING (academic_term_id) "
        f"WHERE cen_academic_level = '{standing}' AND birth_date IS NOT NULL"
    ):
        whole = int(float(str(years)))
        band = next(
            (b for b in bands if int(b.partition("-")[0]) <= whole <= int(b.rpartition("-")[2])), "none"
        )
        found[band] = found.get(band, 0) + 1
    check_shares(found, dict(bands), allowance=0.03)


def correlation(pair: str, of: str) -> tuple[float, float]:
    """(Pearson's r, pairs)."""
    r, n = numbers(f"SELECT CORR({pair}), COUNT(*) FROM {of}")
    return r, n


GPAS = f"{STUDENTS} WHERE ps_student_level = 'Undergraduate' AND hs_gpa > 0 AND gpa_cumulative > 0"
SAT = """person JOIN admission_test_score USING (person_id)
    WHERE test_type = 'SAT' AND subtest = 'Total' AND hs_gpa > 0"""


@pytest.mark.parametrize(
    ("pair", "of", "wanted"),
    [
        ("hs_gpa::DOUBLE, gpa_cumulative::DOUBLE", GPAS, 0.48),
        ("hs_gpa::DOUBLE, score::DOUBLE", SAT, 0.5),
    ],
    ids=["GPA at college", "SAT"],
)
def test_school_gpa_goes_with(pair: str, of: str, wanted: float) -> None:
    """School GPA correlates with the GPA here (.6 x .8) and with the SAT (.6 of two parts tied by .7).

    The laws' bounds take something of the normal correlation: .06.
    """
    r, n = correlation(pair, of)
    check_near(r, wanted, 1 / sqrt(n), allowance=0.06)


def test_income_and_parents() -> None:
    """Families of first-generation students earn about half of what the others do; the pack's mean of all."""
    first, others, mean, sd, n = numbers(
        "SELECT AVG(x) FILTER (f), AVG(x) FILTER (NOT f), AVG(x), STDDEV_POP(x), COUNT(*) FROM (SELECT "
        "estimated_gross_family_income::DOUBLE AS x, is_first_generation_hed_student AS f FROM person "
        "WHERE estimated_gross_family_income IS NOT NULL)"
    )
    check_near(mean, 95_000, sd / sqrt(n))
    assert first < 0.65 * others
    found = counts(f"SELECT is_first_generation_hed_student::VARCHAR FROM {STUDENTS}")
    law = default_pack().categorical("person", "is_first_generation_hed_student")
    check_shares(found, dict(law.shares()))


def test_honors_go_with_marks() -> None:
    """Honors students have better GPAs by more than half a grade point's sd, and are undergraduates."""
    law = default_pack().categorical("person__academic_term", "in_honors_program")
    check_shares(
        counts(
            "SELECT in_honors_program::VARCHAR FROM person__academic_term "
            "WHERE ps_student_level = 'Undergraduate'"
        ),
        dict(law.shares("Undergraduate")),
    )
    inside, outside, sd = numbers(
        "SELECT AVG(gpa_cumulative) FILTER (in_honors_program), AVG(gpa_cumulative) FILTER "
        "(NOT in_honors_program), STDDEV_POP(gpa_cumulative) FROM person__academic_term "
        "WHERE ps_student_level = 'Undergraduate'"
    )
    assert inside - outside > sd
    graduates = "SELECT COUNT(*) FROM person__academic_term WHERE in_honors_program AND ps_student_level <> "
    assert numbers(f"{graduates}'Undergraduate'") == [0]


@pytest.mark.parametrize("residency", ["InState", "OutOfState", "International"])
def test_what_goes_with_residency(residency: str) -> None:
    """First language, ZIP code and citizenship go by residency."""
    law = default_pack().categorical("person", "is_english_first_language")
    found = counts(
        f"SELECT is_english_first_language::VARCHAR FROM {STUDENTS} WHERE us_residency = '{residency}'"
    )
    check_shares(found, dict(law.shares(residency)))
    near, state, american = numbers(
        "SELECT AVG((left(zip_code, 3) = '481')::INT), AVG((zip_code BETWEEN '48000' AND '49999')::INT), "
        f"AVG((citizenship_one = 'US')::INT) FROM {STUDENTS} WHERE us_residency = '{residency}'"
    )
    assert american == (residency != "International")
    assert {"InState": 0.3 < near < 0.5, "OutOfState": near == 0, "International": near == 1}[residency]
    assert state == (residency != "OutOfState")


def test_graduate_students_have_graduate_marks() -> None:
    """Cumulative GPAs of graduate students are those of graduate courses: 3.65, undergraduates' 3.2."""
    pack = default_pack()
    for career, key in (("Graduate", "gpa.graduate"), ("Undergraduate", "gpa.cumulative_mean")):
        n, mean, sd = numbers(
            "SELECT COUNT(gpa_cumulative), AVG(gpa_cumulative), STDDEV_POP(gpa_cumulative) "
            f"FROM person__academic_term WHERE ps_student_level = '{career}'"
        )
        # Nobody has more than 4.0, which takes .03.
        check_near(mean, pack.number(key), sd / sqrt(n), allowance=0.03)


@pytest.mark.parametrize("career", ["Undergraduate", "Graduate"])
def test_part_time_as_the_pack_says(career: str) -> None:
    """Part-time students have fewer credits than full time asks for; .02 for odd sums of credits."""
    law = default_pack().categorical("person", "load").shares(career)
    n, full = numbers(
        "SELECT COUNT(*), AVG((cen_academic_load = 'FullTime')::INT) FROM person__academic_term "
        f"WHERE ps_student_level = '{career}'"
    )
    check_near(full, law["FullTime"], sqrt(law["FullTime"] * law["PartTime"] / n), allowance=0.02)
