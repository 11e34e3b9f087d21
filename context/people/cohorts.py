"""Who was there in the terms before the one that is played, worked out backwards.

The played term's students come first and never depend on how many earlier terms are asked for. Going back a
term, each of them was there if the terms behind them say so (some stopped out for one), a class lower where a
year has passed; those who left since, graduates among them, fill the classes up to the pack's shares.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from context import rng
from context.arrays import BOOL, F64, I32, I64, U64, ordinals
from context.packs.pack import Pack
from context.packs.people_codes import CAREERS, LOADS, STANDINGS, Career, Load, Standing
from context.people.repeats import Later, nothing_later
from context.people.students import Students, course_load, draw_sex

CLASS_CREDITS = 30  # of a year: freshmen have less, sophomores less than twice as many
MOST_CREDITS = 5  # of a course
MOST_TERMS = 13
NO_MOST_CREDITS = 10**6  # of seniors and of who is past a bachelor's degree
_WITHIN_YEAR = 0.95  # of a fall's students are there in spring (assumption)
_NEXT_YEAR = (0.93, 0.95)  # of spring's sophomores and juniors go on in fall (assumption)
_GRADUATES_NEXT_YEAR = 0.65  # of spring's graduate and professional students (assumption)
_STOPS_OUT = 0.03  # of those with a year behind them stay away for one term (assumption)
_CHANGES_MAJOR = 0.05  # per term below senior standing (assumption)
# Purposes of randomness: what each number draws.
_STOPS, _STAYS_SENIOR, _OTHER_MAJOR, _MAJOR = 1, 2, 3, 4
_ABILITY, _DILIGENCE, _TERMS_BEHIND, _LEAVES = 6, 7, 15, 16
_MONTHS_BEFORE = 53


@dataclass(frozen=True)
class Behind:
    """Shares of students by class and number of terms behind them, [6, MOST_TERMS], fall and spring."""

    fall: F64
    spring: F64
    stays_senior: F64  # by terms behind: of fall's seniors, who were seniors in spring already
    goes_on: F64  # by class: of spring's students, who are there in fall


def terms_behind(pack: Pack) -> Behind:
    """The stationary law of terms behind, from the pack's standings and first-year retention."""
    shares = pack.categorical("person", "standing")
    share = [
        shares.shares(CAREERS[code.career])[name] for code, name in zip(Standing, STANDINGS, strict=True)
    ]
    first = pack.number("students.retention_first_year") / _WITHIN_YEAR
    fall, spring = np.zeros((len(Standing), MOST_TERMS)), np.zeros((len(Standing), MOST_TERMS))
    stays, last = np.zeros(MOST_TERMS), 0.0
    for _ in range(MOST_TERMS):
        fall, old = np.zeros_like(fall), spring
        for code, next_year in enumerate((first, *_NEXT_YEAR)):
            fall[code + 1, 1:] = next_year * old[code, :-1]
        fall[Standing.GRADUATE :, 1:] = _GRADUATES_NEXT_YEAR * old[Standing.GRADUATE :, :-1]
        # Seniors who have not graduated fill what juniors and a few transfers leave.
        left = max(share[Standing.SENIOR] * 0.98 - float(fall[Standing.SENIOR].sum()), 0.0)
        last = left / max(float(old[Standing.SENIOR].sum()), left, 1e-9)
        more = np.zeros(MOST_TERMS)
        more[1:] = old[Standing.SENIOR, :-1] * last
        stays = more / np.maximum(fall[Standing.SENIOR] + more, 1e-12)
        fall[Standing.SENIOR] += more
        spring = np.zeros_like(fall)
        for code in Standing:
            over = float(fall[code].sum()) / share[code]
            fall[code] /= max(over, 1.0)
            fall[code, 0] += max(share[code] - float(fall[code].sum()), 0.0)
            spring[code, 1:] = _WITHIN_YEAR * fall[code, :-1]
            spring[code, 0] = share[code] - float(spring[code].sum())
    goes_on = np.array([first, *_NEXT_YEAR, last, _GRADUATES_NEXT_YEAR, _GRADUATES_NEXT_YEAR])
    return Behind(*(np.round(part, 12) for part in (fall, spring, stays, goes_on)))


def draw_behind(law: F64, key: U64, standing: I32) -> I64:
    """Terms behind each student, in exact shares within each standing."""
    behind = np.zeros(len(key), dtype=np.int64)
    for code in Standing:
        rows = np.flatnonzero(standing == code)
        u = (rng.stratified(rng.extend(key[rows], _TERMS_BEHIND)) * 2.0**53).astype(np.uint64) << np.uint64(
            11
        )
        behind[rows] = np.searchsorted(rng.thresholds([float(x) for x in law[code]]), u, side="right")
    return np.minimum(behind, MOST_TERMS - 1)


@dataclass(frozen=True)
class Cohort:
    """Students as of one term; ``row`` counts all students of the store, the played term's first."""

    students: Students
    row: I64
    behind: I64  # terms before this one
    present: BOOL  # others stopped out for this term
    most_credits: I64  # that they can have before this term, by the standing they reach
    later: Later = field(default_factory=nothing_later)  # courses that they take in later terms


def played(students: Students, pack: Pack, *, is_fall: bool) -> Cohort:
    """The played term's students."""
    law = terms_behind(pack)
    behind = draw_behind(law.fall if is_fall else law.spring, students.key, students.standing)
    return Cohort(
        students,
        np.arange(len(students)),
        behind,
        np.ones(len(students), np.bool_),
        _most_credits(students.standing),
    )


def _most_credits(standing: I32) -> I64:
    most = (standing.astype(np.int64) + 1) * CLASS_CREDITS - 1
    return np.where(standing >= Standing.SENIOR, NO_MOST_CREDITS, most)


def leaves(pack: Pack, students: Students, *, is_fall: bool) -> BOOL:
    """Who of the played term's students (a fall term: ``is_fall``) is not there in the next one."""
    goes_on = np.full(len(STANDINGS), _WITHIN_YEAR) if is_fall else terms_behind(pack).goes_on
    return np.asarray(rng.uniform(rng.extend(students.key, _LEAVES)) >= goes_on[students.standing])


def term_before(
    seed: int, pack: Pack, now: Cohort, earned: I64, code: str, rows: int, *, is_fall: bool
) -> Cohort:
    """The cohort of the term ``code``, before ``now`` (a fall term: ``is_fall``) in which ``earned`` was.

    ``rows`` is the number of students that the store has so far; those who left since are added.
    """
    law, s = terms_behind(pack), now.students
    term = rng.key(seed, f"term {code}")
    key = rng.extend(s.key, int(term[0] >> np.uint64(1)))
    most = now.most_credits - np.where(now.present, earned, 0)
    courses = course_load(pack, key, s.career, s.load)
    goes_back = (now.behind > 0) & (~s.is_undergraduate | (most >= MOST_CREDITS * courses))
    stopped = now.present & goes_back & (now.behind > 1) & (rng.uniform(key, _STOPS) < _STOPS_OUT)
    present = goes_back & ~stopped
    standing = s.standing.copy()
    if is_fall:  # a year ago, but for seniors who stayed on
        stays = rng.uniform(key, _STAYS_SENIOR) < law.stays_senior[now.behind]
        moved = (
            present
            & (standing > Standing.FRESHMAN)
            & (standing <= Standing.SENIOR)
            & ~((standing == Standing.SENIOR) & stays)
        )
        standing[moved] -= 1
    changes = present & s.is_undergraduate & (rng.uniform(key, _OTHER_MAJOR) < _CHANGES_MAJOR)
    other = rng.thresholds([float(share) for share in pack.table("cip")["major_share_ug"]])
    major = np.where(changes, rng.categorical(key, other, _MAJOR), s.major_cip).astype(np.int32)
    keep = np.flatnonzero(goes_back)
    stay = Students(
        key=s.key[keep],
        course_key=key[keep],
        career=s.career[keep],
        standing=standing[keep],
        load=s.load[keep],
        major_cip=major[keep],
        sex=s.sex[keep],
        courses=np.where(present, courses, 0)[keep],
        ability=s.ability[keep],
        diligence=s.diligence[keep],
    )
    return _with_leavers(
        seed,
        pack,
        Cohort(stay, now.row[keep], now.behind[keep] - present[keep], present[keep], most[keep]),
        law.spring if is_fall else law.fall,
        code,
        rows,
        int(now.present.sum()),
    )


def _with_leavers(seed: int, pack: Pack, stay: Cohort, law: F64, code: str, rows: int, heads: int) -> Cohort:
    """Add those who were there and are not any more: what the pack's shares of classes and loads lack."""
    careers, loads = pack.categorical("person", "career"), pack.categorical("person", "load")
    standings = pack.categorical("person", "standing")
    parts = []
    s = stay.students
    for standing in Standing:
        career = CAREERS[standing.career]
        share = careers.shares()[career] * standings.shares(career)[STANDINGS[standing]]
        for load in Load:
            want = round(heads * share * loads.shares(career)[LOADS[load]])
            have = int((stay.present & (s.standing == standing) & (s.load == load)).sum())
            parts.append((standing, standing.career, load, max(want - have, 0)))
    standing_of, career_of, load_of, count = np.array(parts, dtype=np.int64).T
    which = np.repeat(np.arange(len(parts)), count)
    ordinal = ordinals(count)
    key = rng.key(seed, f"left after {code}", which, ordinal)
    standings_of, careers_of, loads_of = (
        code[which].astype(np.int32) for code in (standing_of, career_of, load_of)
    )
    major = np.zeros(len(key), dtype=np.int32)
    undergraduate = careers_of == Career.UNDERGRADUATE
    for column, mine in (("major_share_ug", undergraduate), ("major_share_grad", ~undergraduate)):
        table = rng.thresholds([float(x) for x in pack.table("cip")[column]])
        major[mine] = rng.categorical(key[mine], table, _MAJOR)
    ability = rng.from_rank(rng.normal_table(), rng.stratified(rng.extend(key, _ABILITY)))
    left = Students(
        key=key,
        course_key=key,
        career=careers_of,
        standing=standings_of,
        load=loads_of,
        major_cip=major,
        sex=draw_sex(pack, key, major),
        courses=course_load(pack, key, careers_of, loads_of),
        ability=ability,
        diligence=rng.stratified(rng.extend(key, _DILIGENCE)),
    )
    behind = draw_behind(law, key, standings_of)
    both = Students(
        **{
            name: np.concatenate([getattr(s, name), getattr(left, name)])
            for name in Students.__dataclass_fields__
        }
    )
    return Cohort(
        both,
        np.concatenate([stay.row, rows + np.arange(len(key))]),
        np.concatenate([stay.behind, behind]),
        np.concatenate([stay.present, np.ones(len(key), np.bool_)]),
        np.concatenate([stay.most_credits, _most_credits(standings_of)]),
    )


def student_years(cohort: Cohort, *, is_fall: bool) -> F64:
    """Years since students came: the terms behind them, one in which they may have stopped out, some months.

    Accounts are made five to seven months before the first term (assumption).
    """
    behind = cohort.behind + (cohort.behind > 1)
    odd = 0.62 if is_fall else 0.39  # from spring's begin to fall's, and from fall's to spring's
    months = 0.41 + 0.2 * rng.uniform(rng.extend(cohort.students.key, _MONTHS_BEFORE))
    return np.asarray(behind // 2 + odd * (behind % 2) + months)


def there(cohort: Cohort) -> Cohort:
    """The cohort without those who stopped out."""
    rows = np.flatnonzero(cohort.present)
    s = cohort.students
    students = Students(**{name: getattr(s, name)[rows] for name in Students.__dataclass_fields__})
    return replace(
        cohort,
        students=students,
        row=cohort.row[rows],
        behind=cohort.behind[rows],
        present=cohort.present[rows],
        most_credits=cohort.most_credits[rows],
    )
