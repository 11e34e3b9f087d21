"""The marts once more, in plain Python: loops over the rows of the stores, floats and the statistics module.

Nothing here looks at the queries; it is what their documents say, written down a second time.
"""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from statistics import fmean, stdev
from typing import Any

from tests.samples.marts_tiny import RUN_DATE, rows

Row = dict[str, Any]
GONE = ("Dropped", "Withdrawn", "Not-enrolled")
ORDER = ("Teacher", "Faculty", "TeachingAssistant", "Designer", "Student", "Auditor", "Observer")
NOT_ONLINE = ("on_paper", "not_graded", "none", "external_tool", None, "")


@cache
def table(name: str) -> list[Row]:
    """All rows of an entity."""
    return rows(f"SELECT * FROM context_store_entity.{name}")


@cache
def events() -> list[Row]:
    """Events in order of time, with what the marts look at."""
    return rows(
        "SELECT event_time AS time, type, object.id AS object, object.name AS name, "
        "object.extensions AS more, "
        "person.udp_id AS person, course_offering.udp_id AS course, membership.id AS membership, "
        "membership.roles AS roles, ed_app.id AS tool FROM event_store.expanded ORDER BY event_time"
    )


@cache
def courses() -> dict[int, Row]:
    """Courses by id, each with the days of its weeks."""
    terms = {row["academic_term_id"]: row for row in table("academic_term")}
    sessions = {row["academic_session_id"]: row for row in table("academic_session")}
    found = {}
    for course in table("course_offering"):
        session, term = sessions.get(course["academic_session_id"]), terms[course["academic_term_id"]]
        begin = (session or {}).get("session_begin_date") or term["term_begin_date"] or course["start_date"]
        end = (session or {}).get("session_end_date") or term["term_end_date"] or course["end_date"]
        found[course["course_offering_id"]] = {**course, "begin": begin, "end": end, "term": term}
    return found


def section_courses() -> dict[int, int]:
    """The course in which each section sits."""
    return {row["course_section_id"]: row["le_current_course_offering_id"] for row in table("course_section")}


@cache
def members() -> dict[tuple[int, int], list[Row]]:
    """Enrolments by course and person, the one that counts first."""
    found = defaultdict(list)
    place = section_courses()
    for row in table("course_section_enrollment"):
        found[place[row["course_section_id"]], row["person_id"]].append(row)
    for group in found.values():
        group.sort(
            key=lambda row: (
                row["role_status"] in GONE,
                ORDER.index(row["role"]) if row["role"] in ORDER else 99,
                row["course_section_id"],
            )
        )
    return dict(found)


@cache
def students() -> set[tuple[int, int]]:
    """(course, person) of students who have not left."""
    return {
        key
        for key, group in members().items()
        if any(row["role"] == "Student" and row["role_status"] not in GONE for row in group)
    }


def num_students(course: int) -> int:
    """Students and observers who have not left, each once."""
    return sum(
        key[0] == course
        and any(r["role"] in ("Student", "Observer") and r["role_status"] not in GONE for r in group)
        for key, group in members().items()
    )


def is_twin(event: Row) -> bool:
    """Whether an event is the second one of a look."""
    return event["type"] == "NavigationEvent" and ":user:" in (event["membership"] or "")


def is_view(event: Row) -> bool:
    """Whether an event is a page view."""
    return event["type"] == "NavigationEvent" and not is_twin(event)


@cache
def acts() -> dict[tuple[int, int], list[Row]]:
    """Events by course and person, in order of time; submissions by the course of what was submitted."""
    activities = {row["learner_activity_id"]: row["course_offering_id"] for row in table("learner_activity")}
    results = {
        r["learner_activity_result_id"]: r["learner_activity_id"] for r in table("learner_activity_result")
    }
    key = "context_store_keymap.learner_activity_result"
    native = {row["lms_int_id"]: row["id"] for row in rows(f"SELECT id, lms_int_id FROM {key}")}
    found = defaultdict(list)
    for event in events():
        course = event["course"]
        if course is None and event["type"] == "AssignableEvent":
            course = activities[results[native[event["object"].rpartition(":")[2]]]]
        if course is not None and event["person"] is not None:
            found[course, event["person"]].append(event)
    return dict(found)


@cache
def day_facts() -> dict[tuple[date, int, int], dict[str, int]]:
    """Counts by day, course and person."""
    found: dict[tuple[date, int, int], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for (course, person), group in acts().items():
        before: Row | None = None
        for event in sorted(group, key=lambda e: (e["time"], e["type"] == "NavigationEvent")):
            fact = found[event["time"].date(), course, person]
            fact["num_events"] += 1
            fact["num_views"] += is_view(event)
            fact["num_file_views"] += is_view(event) and event["name"] == "attachment"
            launch = event["name"] in ("context_external_tool", "lti/tool_proxy")
            fact["num_tool_launches"] += is_view(event) and launch
            pause = 10**9 if before is None else seconds(event["time"]) - seconds(before["time"])
            for minutes in (10, 20, 30):
                fact[f"num_sessions_{minutes}min"] += pause >= 60 * minutes
                fact[f"total_time_seconds_{minutes}min"] += pause if pause < 60 * minutes else 0
            if before is not None and before["type"] == "NavigationEvent" and pause < 1800:
                fact["navigation_time_seconds"] += pause
            before = event
    return {key: dict(fact) for key, fact in found.items()}


def seconds(moment: datetime) -> int:
    """Whole seconds of a moment since some day."""
    return int((moment.replace(microsecond=0) - datetime(2020, 1, 1)).total_seconds())  # noqa: DTZ001


def week(day: date, begin: date) -> int:
    """Weeks from the Sunday before ``begin`` to that before ``day``."""
    return (sunday(day) - sunday(begin)).days // 7


def sunday(day: date) -> date:
    """The Sunday with which a day's week begins."""
    return day - timedelta((day.weekday() + 1) % 7)


def periods(course: int, *, rolling: bool) -> Iterator[tuple[date, date]]:
    """(first, last) day of every week of a course, or of the rolling week of every day."""
    begin, end = courses()[course]["begin"], courses()[course]["end"]
    if begin is None or end is None:
        return
    day = begin if rolling else sunday(begin)
    while day <= (end if rolling else sunday(end)):
        yield (max(begin, day - timedelta(6)), day) if rolling else (day, day + timedelta(6))
        day += timedelta(1 if rolling else 7)


@cache
def work() -> dict[tuple[int, int], list[Row]]:
    """Assignments of every student by (course, person), with what became of them."""
    groups = {
        row["learner_activity_group_id"]: row["group_weight"] for row in table("learner_activity_group")
    }
    results = {
        (r["learner_activity_id"], r["person_id"]): r
        for r in table("learner_activity_result")
        if r["grading_status"] != "deleted"
    }
    of_course = defaultdict(list)
    for row in table("learner_activity"):
        if row["status"] == "published":
            of_course[row["course_offering_id"]].append(row)
    found: dict[tuple[int, int], list[Row]] = defaultdict(list)
    for course, person in students():
        for row in of_course[course]:
            result = results.get((row["learner_activity_id"], person))
            if result is None and row["visibility"] == "only_visible_to_overrides":
                continue
            done, due = (result or {}).get("response_date"), row["due_date"]
            online = row["allowable_submission_types"] not in NOT_ONLINE
            score, points = (result or {}).get("published_score"), row["points_possible"]
            excused = bool((result or {}).get("is_excused"))
            found[course, person].append({
                "weight": float(groups[row["learner_activity_group_id"]] or 0),
                "day": (due or done or row["unlocked_date"] or row["created_date"]).date(),
                "due": due, "done": done, "counted": bool(due and points and online),
                "missing": bool(due) and due.date() <= RUN_DATE and online and not done and not excused,
                "score": float(score / points) if score is not None and points else None,
            })  # fmt: skip
    return found


def workflow_state(event: Row) -> str:
    """What an event of a course says of its state."""
    return str(json.loads(event["more"])["com.instructure.canvas"]["workflow_state"]).lower()


def zs(values: Sequence[float | None]) -> list[float | None]:
    """Z-scores; None where there is no value or all are alike."""
    there = [value for value in values if value is not None]
    if len(set(there)) < 2:
        return [None] * len(values)
    return [None if value is None else (value - fmean(there)) / stdev(there) for value in values]


def octile(value: float, cohort: Sequence[float]) -> float | None:
    """The lowest eighth at or below whose interpolated percentile a value of a sorted cohort lies."""
    if cohort[0] == cohort[-1]:
        return None
    for k in range(1, 8):
        place = (len(cohort) - 1) * k / 8
        low = math.floor(place)
        high = min(low + 1, len(cohort) - 1)
        if value <= cohort[low] + (place - low) * (cohort[high] - cohort[low]) + 1e-9:
            return k / 8
    return 1.0


def activity_scores(metrics: Sequence[Row], unit: str, suffix: str = "") -> dict[Any, float]:
    """Activity scores by (course or section, student, last day of the week).

    ``unit`` is the column that tells the course or section, ``suffix`` is "_cumulative" for all weeks so far.
    """
    groups: dict[Any, list[Row]] = defaultdict(list)
    for row in metrics:
        groups[row[unit], row["week_end_date"]].append(row)
    found = {}
    for (key, day), group in groups.items():
        due = [(r[f"submissions{suffix}"], r[f"assignments_due{suffix}"]) for r in group]
        shares = zs([done / of if of else None for done, of in due])
        times = zs([r[f"navigation_time{suffix}"] for r in group])
        visits = zs([r[f"num_sessions{suffix}"] for r in group])
        for r, share, time, visit in zip(group, shares, times, visits, strict=True):
            found[key, r["global_user_id"], day] = 5 * (share or 0) + 2 * (time or 0) + (visit or 0)
    return found
