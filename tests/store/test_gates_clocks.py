"""Work has a clock, in a 5,000-FTE store: leads before due times, grading, quiz times, scores as teachers
give them.

Bounds: tests/samples/gates.py.
"""

from __future__ import annotations

from itertools import pairwise
from math import sqrt

import pytest

from tests.samples.gates import campus, check_near, numbers
from tests.samples.tiny import default_pack
from tests.store.test_gates_work import LOCAL, ONLINE, SCORED

LEADS = (-10080, -1440, -60, 0, 15, 60, 180, 360, 720, 1440, 2880, 10080, 20160)  # minutes


@pytest.fixture(scope="module", autouse=True)
def _tables() -> None:
    """Work that is handed in, and work that was scored, as tables."""
    for name, text in (("online", ONLINE), ("scored", SCORED)):
        campus().execute(f"CREATE OR REPLACE TEMP TABLE {name} AS {text}")


def test_lead_before_due() -> None:
    """Work comes in so long before it is due as the pack has it, most of it in the last hour; some just
    after.

    .015 for those who join late and hand in late what was due by then, and for nights, which are avoided. A
    student's leads hang together, so a share has twice the sd of single draws at the most.
    """
    law = default_pack().table("submission_lead")
    rows_ = zip(law["lead_low_minutes"], law["lead_high_minutes"], law["share"], strict=True)
    shares = [(float(low), float(high), float(share)) for low, high, share in rows_]
    minutes = "datediff('second', response_date, due_date) / 60.0"
    density = {}
    for low, high in pairwise(LEADS):
        wanted = sum(s * max(min(high, b) - max(low, a), 0) / (b - a) for a, b, s in shares)
        inside = f"{minutes} > {low} AND {minutes} <= {high}"
        n, found = numbers(
            f"SELECT COUNT(*), AVG(({inside})::INT) FROM online WHERE response_date IS NOT NULL"
        )
        check_near(found, wanted, 2 * sqrt(wanted / n), allowance=0.015)
        density[low] = found / (high - low)
    before = [density[low] for low in LEADS[3:-1]]
    assert before == sorted(before, reverse=True)  # no steps up and down: it rises to the due time
    assert density[15] > density[-60] > 5 * density[-1440]  # a late mode just after, lower than before
    hour = f"hour({LOCAL.replace('due_date', 'response_date')})"
    # By the pack's curve .029 of a day's acts are between 2 and 6; some work is due early in the morning.
    (night,) = numbers(
        f"SELECT AVG(({hour} BETWEEN 2 AND 5)::INT) FROM online WHERE response_date IS NOT NULL"
    )
    assert night < 0.05


def test_leads_are_a_persons_own() -> None:
    """Who hands in at the last minute does so again: two leads of a student in a course go together.

    The pack's .35 of the variance of normal scores, ranks taken of what came in before it was due; .1 for
    ties, late work and nights. 40,000 pairs of some 3,500 students: an sd below .02.
    """
    (found,) = numbers(
        "WITH l AS (SELECT person_id, learner_activity_id, PERCENT_RANK() OVER (ORDER BY "
        "datediff('second', response_date, due_date)) AS u FROM online WHERE response_date < due_date), "
        "n AS (SELECT person_id, u, "
        "row_number() OVER (PARTITION BY person_id ORDER BY learner_activity_id) AS i "
        "FROM l) SELECT CORR(a.u, b.u) FROM n a JOIN n b ON a.person_id = b.person_id AND b.i = a.i + 1"
    )
    check_near(found, default_pack().number("leads.person_share"), 0.02, allowance=0.1)
