"""Every family of marts against a second computation, in plain Python, from the same tables."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import date, timedelta
from statistics import fmean, stdev
from typing import Any

import pytest

from context.store.as_of import as_of
from sim.exports.source import of_run
from sim.folder.manifest import load_manifest
from tests.samples import marts_python as py
from tests.samples.marts_tiny import RUN_DATE, marts_run, rows

Row = dict[str, Any]
FACTS = (
    "num_events", "num_views", "num_tool_launches", "num_file_views", "num_sessions_10min",
    "num_sessions_20min", "num_sessions_30min", "total_time_seconds_10min", "total_time_seconds_20min",
    "total_time_seconds_30min", "navigation_time_seconds",
)  # fmt: skip
BUCKETS = {"tiny": (0, 2), "small": (2, 5), "medium": (5, 10), "large": (10, 25), "major": (25, 1e9)}


def test_day_facts() -> None:
    """Events, views, launches, sessions, pauses: by day, course and person."""
    found = {
        (r["event_date"], r["udp_course_offering_id"], r["udp_person_id"]): {n: r[n] for n in FACTS}
        for r in rows("SELECT * FROM mart_helper.event__course_offering__person_day")
    }
    assert found == {key: {n: fact.get(n, 0) for n in FACTS} for key, fact in py.day_facts().items()}
    assert len(found) > 5_000


def test_page_views_and_launches() -> None:
    """Page views and launches: one row each, with its role, and of whom and where."""
    canvas = [e for e in py.events() if py.is_view(e) and e["object"].startswith("urn:instructure:canvas:")]
    wanted = Counter((e["time"], e["person"], e["course"], (e["roles"] or [None])[0]) for e in canvas)
    columns = "event_time, udp_person_id, udp_course_offering_id, role"
    assert wanted == Counter(tuple(r.values()) for r in rows(f"SELECT {columns} FROM mart_general.lms_tool"))
    launches = [e for e in canvas if e["name"] in ("context_external_tool", "lti/tool_proxy")]
    wanted = Counter((e["time"], e["person"], e["course"], (e["roles"] or [None])[0]) for e in launches)
    assert wanted == Counter(tuple(r.values()) for r in rows(f"SELECT {columns} FROM mart_general.lti_tool"))
    assert set(rows("SELECT DISTINCT role FROM mart_general.lti_tool")[0].values()) == {"Learner"}


def test_tools_by_the_hour() -> None:
    """Events of each tool so far and of the last day, as of each hour: totals are all events there are."""
    hours: dict[str, Counter[Any]] = defaultdict(Counter)
    for e in py.events():
        engage = (e["object"] or "").startswith("urn:unizin:engage:")
        tool = e["tool"] or ("https://engage.unizin.org" if engage else "unknown")
        hours[tool][e["time"].replace(minute=0, second=0, microsecond=0)] += 1
    for r in rows("SELECT * FROM mart_general.tool_usage_metrics_archive USING SAMPLE 200 (reservoir, 1)"):
        mine, hour = hours[r["ed_app_id"]], r["run_hour"]
        assert r["total_events"] == sum(n for h, n in mine.items() if h <= hour)
        assert r["total_events_1hour"] == mine[hour]
        assert r["total_events_day"] == sum(mine[hour - timedelta(hours=i)] for i in range(24))
    last = rows("SELECT ed_app_id, total_events FROM mart_general.tool_usage_metrics")
    through = [e for e in py.events() if e["time"].date() <= RUN_DATE]
    assert sum(r["total_events"] for r in last) == len(through)


def test_activity_and_inactivity() -> None:
    """The last event of each person in each course, and who has done nothing for five days."""
    last = {}
    for key, group in py.acts().items():
        until = [e["time"] for e in group if e["time"].date() <= RUN_DATE]
        if until:
            last[key] = max(until)
    columns = "udp_course_offering_id, udp_person_id, last_activity"
    found = [tuple(r.values()) for r in rows(f"SELECT {columns} FROM mart_course_offering.last_activity")]
    assert {(c, p): at for c, p, at in found} == last
    wanted = set()
    for (course, person), group in py.members().items():
        term = py.courses()[course]["term"]
        if term["term_begin_date"] is None or not any(r["enrollment_status"] == "Active" for r in group):
            continue
        days = (RUN_DATE - last[course, person].date()).days if (course, person) in last else None
        if days is None or days >= 5:
            flags = [None] * 4 if days is None else [int(days >= least) for least in (5, 7, 10, 14)]
            wanted.add((course, person, int(days is None), days, *flags))
    columns = "udp_course_offering_id, udp_person_id, has_no_activity, days_since_last_activity, "
    columns += "is_5_days, is_7_days, is_10_days, is_14_days"
    found = [tuple(r.values()) for r in rows(f"SELECT {columns} FROM mart_course_offering.long_inactivity")]
    assert set(found) == wanted
    assert len(found) > 10


def test_files() -> None:
    """Views of every file in every course, and the students among its viewers."""
    native = {r["lms_int_id"]: r["id"] for r in rows("SELECT id, lms_int_id FROM context_store_keymap.file")}
    views: Counter[Any] = Counter()
    viewers = defaultdict(set)
    for e in py.events():
        if py.is_view(e) and e["name"] == "attachment" and e["course"] is not None:
            key = e["course"], native[e["object"].rpartition(":")[2]]
            views[key] += 1
            if (e["course"], e["person"]) in py.students():
                viewers[key].add(e["person"])
    found = rows("SELECT * FROM mart_course_offering.file_interaction")
    key = ("udp_course_offering_id", "udp_file_id")
    assert {tuple(r[k] for k in key): r["num_views"] for r in found} == dict(views)
    for r in found:
        assert r["student_udp_id_array"] == sorted(viewers[tuple(r[k] for k in key)])
        assert r["num_distinct_students"] == len(r["student_udp_id_array"])
        assert r["num_enrolled_students"] == py.num_students(r["udp_course_offering_id"])


@pytest.mark.parametrize("rolling", [False, True])
def test_level_1(*, rolling: bool) -> None:
    """What every student did in every week, and in the seven days up to every day."""
    dataset = "mart_taskforce_rolling" if rolling else "mart_taskforce"
    where = "WHERE udp_person_id % 7 = 0" if rolling else ""
    found = {
        (r["udp_course_offering_id"], r["udp_person_id"], r["week_end_date"]): r
        for r in rows(f"SELECT * FROM {dataset}.level1_aggregated {where}")
    }
    entries = defaultdict(list)
    for row in py.table("discussion_entry"):
        if row["status"] != "deleted":
            entries[row["course_offering_id"], row["person_id"]].append(row)
    facts = defaultdict(list)
    for (day, course, person), fact in py.day_facts().items():
        facts[course, person].append((day, fact))
    wanted = 0
    for course, person in py.students():
        for first, last in py.periods(course, rolling=rolling):
            if rolling and person % 7:
                continue
            wanted += 1
            got = found[course, person, last]
            mine = [w for w in py.work()[course, person] if first <= w["day"] <= last]
            begin = py.courses()[course]["begin"]
            so_far = [
                w["score"]
                for w in py.work()[course, person]
                if (begin if rolling else py.sunday(begin)) <= w["day"] <= last and w["score"] is not None
            ]
            days = [fact for day, fact in facts[course, person] if first <= day <= last]
            wrote = [x for x in entries[course, person] if first <= x["created_date"].date() <= last]
            check_row(got, mine, so_far, days, wrote)
            assert got["week_in_term"] == py.week(last, begin)
    assert wanted == len(found)


def check_row(got: Row, mine: list[Row], so_far: list[float], days: list[Any], wrote: list[Row]) -> None:
    """One row of level 1."""
    done = [w for w in mine if w["done"]]
    assert got["num_assignments"] == len(mine)
    assert got["num_submissions"] == len(done)
    assert got["num_missing_submissions"] == sum(w["missing"] for w in mine)
    assert got["num_late_submissions"] == sum(bool(w["due"]) and w["done"] > w["due"] for w in done)
    for name, (low, high) in BUCKETS.items():
        assert got[f"num_{name}_submissions"] == sum(low < w["weight"] <= high for w in done)
        assert got[f"num_{name}_assignments"] == sum(low < w["weight"] <= high for w in mine)
    assert got["num_unweighted_assignments"] == sum(w["weight"] <= 0 for w in mine)
    near(got["avg_published_score"], [w["score"] for w in mine if w["score"] is not None])
    near(got["avg_published_score_cumulative"], so_far)
    buffers = [(py.seconds(w["due"]) - py.seconds(w["done"])) / 3600 for w in done if w["due"]]
    near(got["avg_time_buffer_hours"], buffers)
    assert got["num_discussion_entries"] == len(wrote)
    assert got["num_discussions"] == len({x["discussion_id"] for x in wrote})
    near(got["avg_discussion_entry_length"], [x["message_length"] or 0 for x in wrote])
    assert got["num_view_days"] == sum(fact.get("num_views", 0) > 0 for fact in days)
    for name in FACTS[2:10]:
        assert got[name] == sum(fact.get(name, 0) for fact in days), name


def near(got: float | None, values: list[float]) -> None:
    """The mean of values, NULL for none."""
    if not values:
        assert got is None
    else:
        assert got == pytest.approx(fmean(values), rel=1e-4, abs=2e-4)


def test_level_2_and_summary() -> None:
    """Averages, deviations and z-scores of every measure in every course and week."""
    ones = rows("SELECT * FROM mart_taskforce.level1_aggregated")
    measures = [name for name in ones[0] if name.startswith(("num_", "avg_", "total_"))]
    groups: dict[Any, list[Row]] = defaultdict(list)
    for r in ones:
        groups[r["udp_course_offering_id"], r["week_end_date"]].append(r)
    summary = rows("SELECT * FROM mart_taskforce.level2_course_weekly_distribution_summary")
    spread = {}
    for s in summary:
        key = s["udp_course_offering_id"], s["week_end_date"]
        for name in measures:
            values = [r[name] for r in groups[key] if r[name] is not None]
            sd = (0.0 if len(set(values)) == 1 else stdev(values)) if len(values) > 1 else None
            near(s[f"avg_{name}"], values)
            assert s[f"sd_{name}"] == (sd if sd is None else pytest.approx(sd, rel=1e-3, abs=2e-3)), name
            spread[*key, name] = s[f"avg_{name}"], s[f"sd_{name}"]
    assert len(summary) == len(groups)
    twos = {
        (r["udp_person_id"], r["udp_course_offering_id"], r["week_end_date"]): r
        for r in rows("SELECT * FROM mart_taskforce.level2_aggregated")
    }
    assert len(twos) == len(ones)
    for r in ones:
        two = twos[r["udp_person_id"], r["udp_course_offering_id"], r["week_end_date"]]
        for name in measures:
            mean, sd = spread[r["udp_course_offering_id"], r["week_end_date"], name]
            z = (r[name] - mean) / sd if sd and r[name] is not None else None
            assert two[f"{name}_z"] == (z if z is None else pytest.approx(z)), name


def test_grades_day_by_day() -> None:
    """The record of a morning is the store as of that morning, score for score."""
    folder = marts_run()
    store = of_run(folder).whole()
    zone = str(load_manifest(folder).scenario.time_zone)
    for day in (date(2026, 9, 22), date(2026, 10, 20), date(2026, 11, 8)):
        then = as_of(store, zone, day).entity["course_grade"].to_pylist()
        columns = "udp_course_section_id, udp_person_id, le_current_score, le_final_score"
        record = "mart_course_section.daily_course_grade_record"
        ours = rows(f"SELECT {columns} FROM {record} WHERE run_date = DATE '{day}'")
        found = {(r["udp_course_section_id"], r["udp_person_id"]): tuple(r.values())[2:] for r in ours}
        names = ("course_section_id", "person_id", "le_current_score", "le_final_score")
        wanted = {(r[names[0]], r[names[1]]): (r[names[2]], r[names[3]]) for r in then}
        dated = {s for s, c in py.section_courses().items() if py.courses()[c]["begin"] is not None}
        assert found == {key: value for key, value in wanted.items() if key[0] in dated}
        assert len(found) > 50


def test_totals_are_those_of_the_stores() -> None:
    """What the marts add up to is what the stores hold: events, submissions, students, sections, terms."""
    with_course = sum(len(group) for group in py.acts().values())
    (total,) = rows("SELECT sum(num_events) AS n FROM mart_helper.event__course_offering__person_day")
    assert total["n"] == with_course
    (preagg,) = rows("SELECT sum(num_events) AS n FROM mart_helper.event__general__tool_usage_preagg")
    assert preagg["n"] == len(py.events()) == load_manifest(marts_run()).totals.events
    (level,) = rows("SELECT sum(num_submissions) AS n FROM mart_taskforce.level1_aggregated")
    mine = [w for key, group in py.work().items() for w in group if in_term(key[0], w["day"]) and w["done"]]
    assert level["n"] == len(mine)
    for course, count in (
        tuple(r.values())
        for r in rows("SELECT course_offering_id, num_students FROM mart_helper.context__course_offering")
    ):
        assert count == py.num_students(course)
    (profile,) = rows(
        "SELECT count(*) AS n, sum(num_published_assignments) AS a FROM mart_taskforce.course_profile"
    )
    assert profile["n"] == len(py.table("course_section"))
    (terms,) = rows("SELECT count(*) AS n FROM mart_taskforce.student_term_profile")
    assert terms["n"] == len(py.table("person__academic_term"))
    (people,) = rows("SELECT count(*) AS n FROM mart_course_offering.learning_environment_organization")
    assert people["n"] == len(py.members())


def in_term(course: int, day: date) -> bool:
    """Whether a day is in a week of the course."""
    weeks = list(py.periods(course, rolling=False))
    return bool(weeks) and weeks[0][0] <= day <= weeks[-1][1]
