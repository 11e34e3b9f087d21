"""Clicks have a history: weeks remember, and who will withdraw is quieter long before in a term."""

from __future__ import annotations

import numpy as np
import pytest

from tests.samples.term_files import ERRORS, LARGE_FTE, TERM, make_term
from tests.samples.tiny import calendar_of, default_pack

WEEKS = range(1, 15)
# Lag correlations of log(1 + weekly clicks) in a course: a Finnish Moodle course of 130 students has .42,
# .40 and .34; courses in Oman have .11 to .42 a week apart (github.com/lamethods/data, computed from the
# logs).
FINLAND = {1: 0.42, 2: 0.40, 3: 0.34}
DRAWN_RATIO, RATIO_SD = 0.58, 0.06
OULAD_RATIO = 0.63  # median clicks in week 4 of who withdraws later by who does not, mean of seven modules


@pytest.fixture(scope="module")
def weekly(tmp_path_factory: pytest.TempPathFactory) -> dict[str, np.ndarray]:
    """Clicks by enrolment and week, of students who were there from the first week on; and when they left."""
    with make_term(tmp_path_factory).connect() as connection:
        return connection.execute("""
            SELECT e.person, e.course, e.last, week, coalesce(sum(n), 0)::INT AS n
            FROM exposure AS e CROSS JOIN (SELECT unnest(range(0, 16)) AS week)
            LEFT JOIN clicks AS c ON c.person = e.person AND c.course = e.course AND c.day // 7 = week
            WHERE e.first <= 0 GROUP BY ALL ORDER BY ALL""").fetchnumpy()


def test_weeks_remember_within_courses(weekly: dict[str, np.ndarray]) -> None:
    """Weekly log clicks correlate a week, two and three weeks apart within .12 of the published course.

    Over the 17,000 enrolments of 5,000 FTE a correlation has an sd below .01, so chance crosses the bound in
    less than 1e-6 of seeds, since the means are .48, .41 and .36; at 1,500 FTE in one of a thousand.
    """
    last = calendar_of(TERM, default_pack()).last_day
    stayed = weekly["last"].reshape(-1, 16)[:, 0] > last
    course = weekly["course"].reshape(-1, 16)[stayed, 0]
    clicks = np.log1p(weekly["n"].reshape(-1, 16)[stayed])
    size = np.bincount(course)
    kept = size[course] >= 20
    course, clicks = course[kept], clicks[kept]
    away = np.stack(
        [w - (np.bincount(course, w) / np.maximum(np.bincount(course), 1))[course] for w in clicks.T]
    )
    for apart, published in FINLAND.items():
        found = np.mean([np.corrcoef(away[w], away[w + apart])[0, 1] for w in WEEKS if w + apart in WEEKS])
        assert abs(found - published) < 0.12, apart


def test_who_withdraws_is_quieter_before(weekly: dict[str, np.ndarray]) -> None:
    """In week 4 who withdraws later has about OULAD's .63 of the others' median clicks.

    Some 500 of 5,000 FTE withdraw after week 4: over eleven campuses the ratio of medians, 17 clicks of the
    others, was .58 in the mean and had an sd of .06, of fewer people more. Five of these to both sides, and
    less than all others have: at 1,500 FTE that is 3.4 of them.
    """
    last = weekly["last"].reshape(-1, 16)[:, 0]
    clicks = weekly["n"].reshape(-1, 16)[:, 3]
    end = calendar_of(TERM, default_pack()).last_day
    later, others = (last > 7 * 4) & (last <= end), last > end
    assert later.sum() > 0.06 * min(TERM.fte, LARGE_FTE)
    ratio = float(np.median(clicks[later]) / np.median(clicks[others]))
    assert DRAWN_RATIO - 5 * RATIO_SD * ERRORS < ratio < min(DRAWN_RATIO + 5 * RATIO_SD * ERRORS, 0.95)
    assert abs(DRAWN_RATIO - OULAD_RATIO) < 0.1
