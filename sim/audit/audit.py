"""A run's courses beside real ones: each figure's median over courses, and the band of the real courses."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from statistics import median

import numpy as np

from context.arrays import F64
from context.errors import InputError
from context.packs.pack import Pack
from sim.audit.course_log import (
    DAY_HOURS,
    DAYS_OF_WEEK,
    FIGURES,
    CourseLog,
    figures_of,
    hour_shares,
    total_variation,
    weekday_shares,
)

_CURVES = {
    "hours of the day, distance to the nearer": ("hour", DAY_HOURS, hour_shares),
    "weekdays, distance to the nearer": ("weekday", DAYS_OF_WEEK, weekday_shares),
}


@dataclass(frozen=True)
class Audited:
    """A figure: the median over a run's courses, and the least and most of the real ones."""

    figure: str
    run: float
    low: float
    high: float
    courses_inside: float  # share of the run's courses that lie in the band themselves

    @property
    def inside(self) -> bool:
        """Whether the median lies in the band."""
        return self.low <= self.run <= self.high


def real_courses(pack: Pack) -> dict[str, dict[str, float]]:
    """Course -> figure -> value, of the pack's real courses.

    Raises InputError where a course lacks a figure, or the pack has no course.
    """
    table = pack.table("real_course")
    found: dict[str, dict[str, float]] = {}
    for course, figure, value in zip(table["course"], table["figure"], table["value"], strict=True):
        found.setdefault(str(course), {})[str(figure)] = float(str(value))
    places = [f"{kind} {place}" for kind, size, _ in _CURVES.values() for place in range(size)]
    for course, values in found.items():
        for name in (*FIGURES, *places):
            if name not in values:
                raise InputError(
                    f"pack {pack.name}: real_course.csv: {course}: no row for {name!r}, every course has it"
                )
        for kind, size, _ in _CURVES.values():
            if not any(values[f"{kind} {place}"] for place in range(size)):
                raise InputError(f"pack {pack.name}: real_course.csv: {course}: every {kind} is 0")
    if not found:
        raise InputError(f"pack {pack.name}: real_course.csv: no course given, allowed: one or more")
    return found


def audited(logs: Iterable[CourseLog], pack: Pack) -> list[Audited]:
    """Every figure of a run's courses, beside the band between the real ones.

    Of curves it is the distance to the nearer of the real courses, and the band ends with the distance of
    the real ones to each other.
    """
    real = real_courses(pack)
    found: dict[str, list[float]] = {name: [] for name in (*FIGURES, *_CURVES)}
    curves = {name: [_curve(course, *kind[:2]) for course in real.values()] for name, kind in _CURVES.items()}
    for log in logs:
        for name, value in figures_of(log).items():
            found[name].append(value)
        for name, (_, _, law) in _CURVES.items():
            found[name].append(min(total_variation(law(log), other) for other in curves[name]))
    bands = {name: sorted(course[name] for course in real.values()) for name in FIGURES}
    for name, laws in curves.items():
        bands[name] = [0.0, max(total_variation(one, other) for one in laws for other in laws)]
    return [_audited(name, found[name], bands[name]) for name in found]


def _curve(course: dict[str, float], kind: str, size: int) -> F64:
    law = np.array([course[f"{kind} {place}"] for place in range(size)])
    return np.asarray(law / law.sum())


def _audited(name: str, values: list[float], band: list[float]) -> Audited:
    low, high = band[0], band[-1]
    inside = sum(low <= value <= high for value in values) / len(values)
    return Audited(name, round(median(values), 4), low, high, round(inside, 3))
