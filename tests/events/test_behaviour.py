"""Behaviour in measured ranges, from the files of a term (``tests.samples.term_files``).

Measured: "Finland" is a Moodle course of 130 students, intensive and online; "Oman" 14 blended Moodle courses
(both github.com/lamethods/data); OULAD is 39.6 million clicks of UK distance education (CC BY 4.0, weekly); a
college on Canvas has a quarter less page views after midterm (danaleeling.blogspot.com 2022). A campus lies
between them, so a range goes from one to the other. Where only an assumption of the pack is at hand it says
so. Visits, hours and gaps are of one person in ten.

Two tests of every figure. Against chance: ``tests/samples/behaviour.json`` has its mean over seven other
seeds of 5,000 FTE and its standard error (how: ``tests.samples.behaviour_figures``); the term is within six,
each as much larger as its people are fewer (``ERRORS``). These are regression bounds; a figure without a
range has only them. Against the world: the range holds, and does so six standard errors to both sides of the
mean, so a term leaves any of them by chance in less than 1e-6 of all seeds.
"""

from __future__ import annotations

import json
from math import inf

import pytest

from tests.samples.behaviour import load
from tests.samples.behaviour_figures import BANDS, DAY_NAMES, FILE, HOURS, Figures, figures
from tests.samples.term_files import ERRORS, TERM, make_term
from tests.samples.tiny import calendar_of, default_pack

MEASURED: dict[str, tuple[float, float]] = json.loads(FILE.read_text(encoding="utf-8"))
SIGMAS = 6
# What has less room: so many standard errors of these are in their ranges, over the seeds of behaviour.json.
# Each leaves when the campus comes nearer to the middle of its range.
NEARER = {
    "first week / weeks 3 to 6": 4.8,
    "midterm / weeks around": 5.5,
    "end / weeks 9 to 13": 3.8,
    "after midterm / before": 4.4,
    "share of hours 13 to 15": 5.7,
    "hours off the curve": 5.7,
    "least hours are 4 and 5: to the next": 3.9,
    "clicks per visit, median": 4.9,
    "visits of 25 clicks or more": 4.9,
    "cv in a course, median": 2.8,
    "active weeks: sd of log clicks": 5.7,
    "online / in person, in the plan": 4.2,
    "a section's days with a class / without": 5.2,
}
DAY_SHARES = (0.168, 0.17, 0.163, 0.15, 0.109, 0.087, 0.153)
RANGES: dict[str, tuple[float, float, str]] = {
    "first week / weeks 3 to 6": (1.1, inf, "OULAD: weeks 1 to 3 far above the trough"),
    "midterm / weeks around": (1.04, inf, "assumption: a peak"),
    "end / weeks 9 to 13": (1.05, inf, "OULAD: a rise before exams"),
    "recess / days around": (0.2, 0.45, "assumption: .30 of a usual day in the recess"),
    "after midterm / before": (0.76, 0.98, "Canvas: a quarter less; the curve has an eighth"),
    **{
        f"share of {name}": (share - 0.014, share + 0.014, "assumption of the pack")
        for name, share in zip(DAY_NAMES, DAY_SHARES, strict=True)
    },
    "Saturday, to the next least day": (0, inf, "Plymouth State 2006: least on Saturdays"),
    **{
        f"share of hours {a} to {b}": (
            sum(HOURS[a : b + 1]) - 0.033,
            sum(HOURS[a : b + 1]) + 0.033,
            "assumption of the pack",
        )
        for a, b in BANDS
    },
    "hours off the curve": (0, 0.05, "assumption of the pack: total variation"),
    "least hours are 4 and 5: to the next": (0, inf, "USQ: least at 5"),
    "most hour is 22 or 23: to the next": (0, inf, "USQ: a second rise late"),
    "morning, class day / weekend": (1.05, inf, "assumption: weekends begin later"),
    "clicks per visit, mean": (3.9, 11.8, "Oman's 14; Finland, as real_course.csv has it"),
    "clicks per visit, median": (2, 6, "Oman, Finland"),
    "visits of 9 clicks or more": (0.1, 1, "Oman: 9th decile 8"),
    "visits of 25 clicks or more": (0, 0.1, "Finland: 9th decile 24"),
    "visits of one click": (0, 0.29, "Oman has most"),
    "visits per active day": (1.57, inf, "Oman; these are of one course, a student's several make more"),
    "minutes per visit, mean": (5.2, inf, "Oman; a seventh above Finland's 10.4"),
    "minutes per visit, 9th decile": (18, 31, "Oman, Finland"),
    "gap in s, quantile 0.5": (10, 22, "assumption: neither has seconds"),
    "gap in s, quantile 0.75": (31, 91, "Finland's 61, half a minute to both sides as logs have minutes"),
    "gap in s, quantile 0.9": (121, 300, "Finland, Oman"),
    "gap in s, quantile 0.95": (361, inf, "Finland"),
    "gap in s, quantile 0.99": (1000, 1500, "around Finland's 1,141"),
    "gaps below 0.1 s": (0, 0.05, "assumption: people are slower"),
    "courses per visit": (1.2, 2.5, "assumption: often several"),
    "jumps between courses / courses more than one": (1, 2, "assumption: course after course"),
    "least step along the path": (0, inf, "assumption: home, content, work, grades"),
    "path, from home to grades": (0.2, 1, "assumption: and clearly so"),
    "enrolments without a click": (0.014, 0.035, "assumption: .02; who drops at once is among them"),
    "Gini in a course, median": (0.15, 0.45, "Oman's least, the least of online courses"),
    "cv in a course, median": (0.29, 0.69, "Oman; Finland has .64"),
    "active weeks: sd of log clicks": (0.9, 1.27, "OULAD has 1.27, with holidays"),
    "active weeks: active days": (2.47, 3.96, "OULAD in holidays, Finland"),
    "days without a click in a course": (0.435, 0.855, "Finland; Oman, there on .145 of the days"),
    "people there on 110 days of 116": (-inf, 0.12, "assumption: few come every day"),
    "active days of people, quantile .02": (0, 45, "assumption: some hardly come"),
    "activity and grades: mean r": (0.2, 0.4, "the pack's .30; .13 in Oman to .62 in Finland"),
    "online / in person, in the plan": (1.2, 3.4, "the pack: 60 events a week against 25 and 35"),
    "a section's days with a class / without": (1.04, 1.25, "the pack's 1.25, less what norms of cells take"),
}


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Figures:
    """The term's figures."""
    return figures(load(make_term(tmp_path_factory), calendar_of(TERM, default_pack())))


def test_every_figure_is_held(found: Figures) -> None:
    """Figures, what was measured of them and ranges go together."""
    assert list(found) == list(MEASURED)
    assert set(RANGES) <= set(found)
    assert set(found) - set(RANGES) == {"online / in person", "activity and grades: 9th decile of r"}


@pytest.mark.parametrize("name", MEASURED)
def test_figures_are_as_before(found: Figures, name: str) -> None:
    """Within six standard errors of the mean over other seeds."""
    mean, error = MEASURED[name]
    assert abs(found[name] - mean) <= SIGMAS * ERRORS * error


@pytest.mark.parametrize("name", RANGES)
def test_figures_are_in_range(found: Figures, name: str) -> None:
    """In the range, which holds six standard errors around the mean too, but for those of NEARER.

    A term of fewer people may be beyond it by what its errors are larger.
    """
    low, high, _ = RANGES[name]
    mean, error = MEASURED[name]
    room = NEARER.get(name, SIGMAS) * error
    assert low <= mean - room
    assert mean + room <= high
    more = SIGMAS * (ERRORS - 1) * error
    assert low - more <= found[name] <= high + more
