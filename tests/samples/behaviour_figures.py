"""Figures of behaviour, and what chance does to them.

``python -m tests.samples.behaviour_figures`` makes the term anew under other seeds (ten minutes) and writes
to ``tests/samples/behaviour.json`` the mean over seeds of every figure and its standard error: the standard
deviation over the seeds or, where that is larger, a delete-a-group jackknife over people in the first term.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import fields
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from tests.samples.behaviour import DAYS, PersonDays, Sample, Seats, Term, Whole, load
from tests.samples.term_files import LARGE_FTE, TERM, make_term_in
from tests.samples.tiny import calendar_of, default_pack

I64 = npt.NDArray[np.int64]
F64 = npt.NDArray[np.float64]
BOOL = npt.NDArray[np.bool_]
Part = TypeVar("Part", Sample, Whole, Seats, PersonDays)
Figures = dict[str, float]
LARGE = 30  # students of a course in which a spread between them is looked at
GROUPS = 20
SEEDS = range(1, 8)
FILE = Path(__file__).with_name("behaviour.json")
# Local hours 0 to 23: an assumption, checked against Moodle logs and USQ (least at 5, a second rise late).
HOURS = [
    0.03624, 0.02214, 0.01208, 0.00705, 0.00453, 0.00503, 0.00805, 0.0161, 0.0302, 0.0463, 0.05435, 0.05637,
    0.05435, 0.05536, 0.05536, 0.05435, 0.05234, 0.04932, 0.04932, 0.05335, 0.06039, 0.06744, 0.07348, 0.0765,
]  # fmt: skip
BANDS = ((0, 2), (3, 6), (7, 9), (10, 12), (13, 15), (16, 18), (19, 21), (22, 23))
DAY_NAMES = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
RANKS = (0, 30, 60, 80, 140)  # of tools along a course's path


def _by_course(whole: Whole) -> Iterator[I64]:
    """Rows of each large course."""
    order = np.argsort(whole.course, kind="stable")
    for rows in np.split(order, np.flatnonzero(np.diff(whole.course[order])) + 1):
        if len(rows) >= LARGE:
            yield rows


def gini(values: I64) -> float:
    """How unevenly clicks are spread."""
    ordered = np.sort(values)
    n = len(ordered)
    return float((2 * np.arange(1, n + 1) - n - 1) @ ordered / (n * ordered.sum()))


def daily(term: Term) -> F64:
    """Clicks per enrolment on each day."""
    low, high = np.clip(term.seats.first, 0, DAYS), np.clip(term.seats.last, 0, DAYS)
    change = np.bincount(low, minlength=DAYS + 1) - np.bincount(high, minlength=DAYS + 1)
    return np.asarray(np.bincount(term.days.day, term.days.n, DAYS) / np.cumsum(change)[:DAYS])


def of_calendar(day: F64) -> Figures:
    """The curve of the term and of the week, from clicks per enrolment and day."""
    week = day[:112].reshape(16, 7).mean(axis=1)
    shares = day[7:84].reshape(11, 7).sum(axis=0)
    shares = shares / shares.sum()
    return {
        "first week / weeks 3 to 6": week[0] / week[2:6].mean(),
        "midterm / weeks around": week[6] / max(week[4:6].mean(), week[7:9].mean()),
        "end / weeks 9 to 13": week[14:16].mean() / week[8:13].mean(),
        "recess / days around": day[91:96].mean() / day[[84, 85, 86, 87, 88, 98, 99, 100, 101, 102]].mean(),
        "after midterm / before": week[7:12].mean() / week[:7].mean(),
        **{f"share of {name}": share for name, share in zip(DAY_NAMES, shares.tolist(), strict=True)},
        "Saturday, to the next least day": np.sort(shares)[1] - shares[5] if shares.argmin() == 5 else -1.0,
    }


def of_sample(sample: Sample) -> Figures:
    """Hours, visits, gaps and paths."""
    share = np.bincount(sample.hour, minlength=24) / len(sample.hour)
    morning = [np.isin(sample.hour[days], (7, 8, 9, 10)).mean() for days in (sample.classes, sample.weekend)]
    others = np.delete(share, [4, 5])
    return {
        **{f"share of hours {a} to {b}": float(share[a : b + 1].sum()) for a, b in BANDS},
        "hours off the curve": np.abs(share - HOURS).sum() / 2,
        "least hours are 4 and 5: to the next": others.min() - share[[4, 5]].mean(),
        "most hour is 22 or 23: to the next": share[[22, 23]].max() - np.delete(share, [22, 23]).max(),
        "morning, class day / weekend": morning[0] / morning[1],
        **_of_visits(sample),
        **_of_paths(sample),
    }


def _of_visits(sample: Sample) -> Figures:
    new = sample.new
    starts = np.flatnonzero(new)
    sizes = np.diff(np.append(starts, len(sample.ms)))
    ends = np.append(starts[1:], len(sample.ms)) - 1
    minutes = (sample.ms[ends] - sample.ms[starts]) / 60_000
    days = np.unique(sample.person[starts] * 1000 + sample.day[starts])
    gap = np.diff(sample.ms)[~new[1:]] / 1000
    return {
        "clicks per visit, mean": sizes.mean(),
        "clicks per visit, median": np.median(sizes),
        "visits of 9 clicks or more": (sizes > 8).mean(),
        "visits of 25 clicks or more": (sizes > 24).mean(),
        "visits of one click": (sizes == 1).mean(),
        "visits per active day": len(starts) / len(days),
        "minutes per visit, mean": minutes.mean(),
        "minutes per visit, 9th decile": np.quantile(minutes, 0.9),
        **{f"gap in s, quantile {q}": np.quantile(gap, q) for q in (0.5, 0.75, 0.9, 0.95, 0.99)},
        "gaps below 0.1 s": (gap < 0.1).mean(),
    }


def _of_paths(sample: Sample) -> Figures:
    new = sample.new
    visit, visits = np.cumsum(new) - 1, int(new.sum())
    changes = (np.diff(visit) == 0) & (np.diff(sample.course) != 0)
    courses = len(np.unique(visit << 20 | sample.course)) / visits
    run = np.cumsum(np.append(True, changes | new[1:])) - 1
    length = np.bincount(run)
    place = np.arange(len(run)) - (np.cumsum(length) - length)[run]
    where = (place / np.maximum(length[run] - 1, 1))[length[run] >= 5]
    ranks = sample.rank[length[run] >= 5]
    means = [float(where[ranks == rank].mean()) for rank in RANKS]
    return {
        "courses per visit": courses,
        "jumps between courses / courses more than one": changes.sum() / visits / (courses - 1),
        "least step along the path": min(b - a for a, b in pairwise(means)),
        "path, from home to grades": means[-1] - means[0],
    }


def of_whole(whole: Whole) -> Figures:
    """Students, weeks, days, grades and modes."""
    total = whole.table.sum(axis=1)
    spread, ties = [], []
    for rows in _by_course(whole):
        spread.append((gini(total[rows]), total[rows].std() / total[rows].mean()))
        known = rows[whole.score[rows] >= 0]
        if len(known) >= LARGE:
            ties.append(np.corrcoef(np.log1p(total[known]), whole.score[known])[0, 1])
    weekly = whole.table[:, :112].reshape(-1, 16, 7)
    clicks = weekly.sum(axis=2)
    people, row = np.unique(whole.person, return_inverse=True)
    active = np.zeros((len(people), DAYS), dtype=np.bool_)
    np.logical_or.at(active, row, whole.table > 0)
    days = active.sum(axis=1)
    return {
        "Gini in a course, median": float(np.median([one for one, _ in spread])),
        "cv in a course, median": float(np.median([one for _, one in spread])),
        "active weeks: sd of log clicks": np.log(clicks[clicks > 0]).std(),
        "active weeks: active days": (weekly > 0).sum(axis=2)[clicks > 0].mean(),
        "days without a click in a course": (whole.table == 0).mean(),
        "people there on 110 days of 116": (days >= 110).mean(),
        "active days of people, quantile .02": np.quantile(days, 0.02),
        "activity and grades: mean r": np.mean(ties),
        "activity and grades: 9th decile of r": np.quantile(ties, 0.9),
        "online / in person, in the plan": _of_modes(whole),
        "online / in person": total[whole.online].mean() / total[~whole.online].mean(),
        "a section's days with a class / without": _of_classes(whole),
    }


def _of_modes(whole: Whole) -> float:
    """Median effects of sections in the plan."""
    _, rows = np.unique(whole.section, return_index=True)
    online, effect = whole.online[rows], whole.effect[rows]
    return float(np.median(effect[online]) / np.median(effect[~online]))


def _of_classes(whole: Whole) -> float:
    """Clicks on class days on which a section meets against those on which it does not.

    Each over what its section and the day have on average, so that neither busy sections nor busy days count.
    """
    clicks = np.where(whole.open, whole.table, 0)
    per_day = clicks.sum(axis=0) / np.maximum(whole.open.sum(axis=0), 1)
    usual = np.where(whole.open, per_day, 0.0)
    usual = usual * (clicks.sum(axis=1) / np.maximum(usual.sum(axis=1), 1e-9))[:, None]
    meets, idle = whole.open & whole.meets, whole.open & ~whole.meets
    return float((clicks[meets].sum() / usual[meets].sum()) / (clicks[idle].sum() / usual[idle].sum()))


def figures(term: Term) -> Figures:
    """All of them."""
    return {
        **of_calendar(daily(term)),
        **of_sample(term.sample),
        "enrolments without a click": float((~term.seats.came).mean()),
        **of_whole(term.whole),
    }


def jackknife(term: Term) -> Figures:
    """Standard error of every figure, by leaving out groups of people."""
    found = [figures(_without(term, group)) for group in range(GROUPS)]
    errors = {}
    for name in found[0]:
        values = np.array([each[name] for each in found])
        errors[name] = float(np.sqrt((GROUPS - 1) / GROUPS * ((values - values.mean()) ** 2).sum()))
    return errors


def _without(term: Term, group: int) -> Term:
    return Term(
        *(
            _rows(part, part.person // 10 % GROUPS != group)
            for part in (term.sample, term.whole, term.seats, term.days)
        )
    )


def _rows(part: Part, keep: BOOL) -> Part:
    return type(part)(*(getattr(part, field.name)[keep] for field in fields(part)))


def terms(folder: Path) -> Iterator[Term]:
    """The term under each seed."""
    for seed in SEEDS:
        at = folder / str(seed)
        at.mkdir(exist_ok=True)
        yield load(
            make_term_in(at, TERM.model_copy(update={"fte": LARGE_FTE, "seed": seed})),
            calendar_of(TERM, default_pack()),
        )


def measure(folder: Path) -> dict[str, tuple[float, float]]:
    """(mean, standard error) of every figure."""
    found: list[Figures] = []
    errors: Figures = {}
    for term in terms(folder):
        found.append(figures(term))
        errors = errors or jackknife(term)
    columns = {name: np.array([each[name] for each in found]) for name in found[0]}
    return {
        name: (float(f"{values.mean():.6g}"), float(f"{max(values.std(ddof=1), errors[name]):.3g}"))
        for name, values in columns.items()
    }


if __name__ == "__main__":
    with TemporaryDirectory() as temporary:
        measured = measure(Path(temporary))
    lines = [f"  {json.dumps(name)}: {json.dumps(pair)}" for name, pair in measured.items()]
    FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
