"""The draw of a day: locality, causality, conservation. Fixed seeds; bounds are 5 sd (5.7e-7) unless said."""

from __future__ import annotations

import shutil
from dataclasses import fields
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from context.packs.pack import load_pack
from sim.caliper.batch import NO_TOOL, Batch, concatenate
from sim.caliper.kinds import KIND, KINDS
from sim.draw.day import draw_day
from sim.draw.parts import Select, Tally
from sim.draw.twins import TWIN_OF
from sim.plan.effects import MICRO
from sim.plan.plan_file import write_plan
from tests.samples.in_one_call import read_plan
from tests.samples.tiny import TINY, Campus, campus_of, tiny

MIDTERM = 45
OUTAGE_DAY = 51  # Wednesday 2026-10-14


@cache
def drawn(day: int) -> tuple[Batch, Tally]:
    """A day of the tiny campus."""
    return draw_day(tiny().engine, day)


@cache
def term() -> Batch:
    """All days of the tiny campus."""
    return concatenate([drawn(int(day))[0] for day in tiny().calendar.days])


def same(a: Batch, b: Batch) -> bool:
    """Whether two batches hold the same rows in the same order."""
    return all(np.array_equal(getattr(a, f.name), getattr(b, f.name)) for f in fields(Batch))


def students_of(day: int) -> np.ndarray:
    """Enrolments of students that can click on a day."""
    e = tiny().world.enrolments
    return np.flatnonzero(e.is_student & (e.first_day <= day) & (day < e.last_day))


def test_every_kind_happens() -> None:
    """A term holds every kind of event, but for those whose rows are all from before it."""
    before = {"course_created", "user_account_association_created"}
    assert {KINDS[code].name for code in np.unique(term().kind)} == {kind.name for kind in KINDS} - before


def test_ids_are_unique_and_order_is_total() -> None:
    """No event id is twice there; a day's rows are in order of time and id."""
    ids = term()
    assert len(np.unique(ids.uuid_high ^ (ids.uuid_low << np.uint64(1)))) == len(ids)
    batch = drawn(MIDTERM)[0]
    assert same(batch, batch.sorted())


def test_a_day_alone() -> None:
    """Law 2: a day drawn after others, or first, is the same."""
    draw_day(tiny().engine, 3)
    assert same(drawn(MIDTERM)[0], draw_day(tiny().engine, MIDTERM)[0])


@pytest.mark.parametrize("day", [MIDTERM, OUTAGE_DAY])
def test_a_section_alone(day: int) -> None:
    """Law 2: sections drawn alone give exactly their rows of the full day, in the same order."""
    full, e = drawn(day)[0], tiny().world.enrolments
    sections = tuple(int(s) for s in np.unique(e.section[full.enrolment[full.enrolment >= 0]])[::3])
    rows = (full.enrolment >= 0) & np.isin(e.section[full.enrolment], sections)
    assert rows.sum() > 100
    assert same(draw_day(tiny().engine, day, Select(sections=sections))[0], full.take(np.flatnonzero(rows)))


@pytest.mark.parametrize("day", [MIDTERM, OUTAGE_DAY])
def test_a_block_of_people_alone(day: int) -> None:
    """Law 2: people drawn alone give exactly their rows, logins included."""
    full = drawn(day)[0]
    people = tuple(int(p) for p in np.unique(full.person[full.person >= 0])[::4])
    alone = draw_day(tiny().engine, day, Select(persons=people))[0]
    assert same(alone, full.take(np.flatnonzero(np.isin(full.person, people))))


@pytest.mark.parametrize("tool", ["home", "assignments", "discussions", "zoom"])
def test_a_tool_alone(tool: str) -> None:
    """Law 2: a tool drawn alone gives exactly its rows."""
    full = drawn(MIDTERM)[0]
    rows = np.flatnonzero(full.tool == tiny().world.tools.index(tool))
    assert same(draw_day(tiny().engine, MIDTERM, Select(tools=(tool,)))[0], full.take(rows))


def with_tool(folder: Path) -> Campus:
    """The tiny campus with one more external tool in the middle of the path."""
    source = tiny().pack.path
    shutil.copytree(source, folder / "pack")
    tools = folder / "pack" / "tool.csv"
    header, first, *rest = tools.read_text(encoding="utf-8").splitlines()
    tools.write_text(
        "\n".join([header, first, "piazza,55,piazza.example,Class Forum", *rest]) + "\n", encoding="utf-8"
    )
    rates = folder / "pack" / "rate_tool.csv"
    lines = rates.read_text(encoding="utf-8").rstrip("\n").splitlines()
    columns = lines[0].split(",")
    for cip in tiny().pack.table("cip")["cip"]:
        row = {"cip": str(cip), "tool": "piazza", "factor": "0.02", "source": "test", "assumption": "true"}
        lines.append(",".join(row.get(column, "") for column in columns))
    rates.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return campus_of(TINY, load_pack(str(folder / "pack"), None), folder / "run")


def test_a_new_tool_moves_nothing(tmp_path: Path) -> None:
    """A tool added to the pack leaves every other row and its order as it was."""
    other = with_tool(tmp_path)
    for day in (MIDTERM, OUTAGE_DAY):
        batch = draw_day(other.engine, day)[0]
        names = np.array([*other.world.tools])
        new = (batch.tool != NO_TOOL) & (names[np.minimum(batch.tool, len(names) - 1)] == "piazza")
        assert new.sum() > 5
        rest, full = batch.take(np.flatnonzero(~new)), drawn(day)[0]
        for name in ("time_ms", "kind", "person", "enrolment", "visit", "uuid_high", "uuid_low"):
            assert np.array_equal(getattr(rest, name), getattr(full, name)), name
        external = rest.kind == KIND["context_external_tool"]
        assert np.array_equal(rest.object[~external], full.object[~external])
        mine, theirs = other.world.objects["tool"], tiny().world.objects["tool"]
        assert np.array_equal(mine.lms_id[rest.object[external]], theirs.lms_id[full.object[external]])


def test_nobody_acts_before_joining_or_after_leaving() -> None:
    """Law 5: the day of each student's event lies in the enrolment; bundles may begin the day before."""
    batch, e, calendar = term(), tiny().world.enrolments, tiny().calendar
    rows = np.flatnonzero(batch.enrolment >= 0)
    rows = rows[e.is_student[batch.enrolment[rows]]]
    rows = rows[batch.kind[rows] != KIND["group_membership_created"]]  # clubs are of no course
    enrolment = batch.enrolment[rows]
    joined = calendar.midnight_ms[e.first_day[enrolment] - calendar.first_day] - 24 * 3_600_000
    left = calendar.midnight_ms[e.last_day[enrolment] - calendar.first_day] + 17 * 3_600_000
    assert (batch.time_ms[rows] >= joined).all()
    late_grades = batch.kind[rows] == KIND["grade_change"]
    assert (late_grades | (batch.time_ms[rows] <= left)).all()


def test_nothing_is_opened_before_its_release() -> None:
    """Law 5: every object seen is released, and of the course it is seen in."""
    batch, world = term(), tiny().world
    checked = 0
    for kind, table in ((k, k.table) for k in KINDS if k.table in world.objects and k.role == "Student"):
        rows = np.flatnonzero(batch.kind == KIND[kind.name])
        objects = world.objects[table]
        assert (objects.release_ms[batch.object[rows]] <= batch.time_ms[rows]).all(), kind.name
        assert (objects.course[batch.object[rows]] == batch.course[rows]).all(), kind.name
        checked += len(rows)
    assert checked > 10_000


def test_view_before_submit_before_grade() -> None:
    """Law 5: each submission has a view of its assignment before it, and its grade after it."""
    batch, s = term(), tiny().world.submissions
    graded = dict(zip(*_object_times(batch, "grade_change"), strict=True))
    for kind, view, target in (
        ("submission_created", "assignment", s.assignment),
        ("quiz_submitted", "quiz", s.quiz),
    ):
        rows = np.flatnonzero(batch.kind == KIND[kind])
        views = np.flatnonzero(batch.kind == KIND[view])
        first: dict[tuple[int, int], int] = {}
        for row in views:
            at = (int(batch.person[row]), int(batch.object[row]))
            first[at] = min(first.get(at, 2**62), int(batch.time_ms[row]))
        for row in rows:
            submission = int(batch.object[row])
            if kind == "submission_created" and s.submission_type[submission] == 4:
                continue  # a graded discussion is opened as a topic
            assert first[int(batch.person[row]), int(target[submission])] < batch.time_ms[row]
            assert graded.get(submission, 2**62) > batch.time_ms[row]


def _object_times(batch: Batch, kind: str) -> tuple[list[int], list[int]]:
    rows = np.flatnonzero(batch.kind == KIND[kind])
    return batch.object[rows].tolist(), batch.time_ms[rows].tolist()


def test_store_rows_have_their_events() -> None:
    """Each submission, quiz submission, post and grade of the store is exactly one event at its instant."""
    batch, s, p = term(), tiny().world.submissions, tiny().world.posts
    objects, times = _object_times(batch, "discussion_entry_created")
    assert sorted(objects) == list(range(len(p.time_ms)))
    assert (p.time_ms[objects] == times).all()
    objects, times = _object_times(batch, "grade_change")
    assert sorted(objects) == np.flatnonzero(s.graded_ms >= 0).tolist()
    assert (s.graded_ms[objects] == times).all()
    online = (s.submitted_ms >= 0) & (s.submission_type >= 0)
    handed = _object_times(batch, "submission_created")[0] + _object_times(batch, "quiz_submitted")[0]
    assert sorted(handed) == np.flatnonzero(online).tolist()


def test_visits_belong_to_their_day() -> None:
    """A visit's clicks lie between its campus day's midnight and six hours after the next."""
    calendar = tiny().calendar
    batch = drawn(MIDTERM)[0]
    assert batch.time_ms.min() >= calendar.day_start_ms(MIDTERM)
    ambient = ~np.isin(
        batch.kind,
        [
            KIND[k]
            for k in ("submission_created", "quiz_submitted", "grade_change", "discussion_entry_created")
        ],
    )
    assert batch.time_ms[ambient].max() < calendar.day_start_ms(MIDTERM + 1) + 6 * 3_600_000


def test_totals_are_the_plans() -> None:
    """Law 3: drawn student events of the term lie within 5 clustered sd of asked plus overshoot.

    Counts vary between visits, people and sections: the sd is that of the days' totals around their plan.
    """
    days = [int(day) for day in tiny().calendar.days]
    plan = tiny().plan.days
    wanted = np.array([(plan[d].asked_micro + plan[d].overshoot_micro).sum() / MICRO for d in days])
    got = np.array([drawn(d)[1].ambient + drawn(d)[1].anchored + drawn(d)[1].lost for d in days])
    miss = got - wanted
    assert abs(miss.sum()) < 5 * float((miss**2).sum()) ** 0.5 + 1
    assert got.sum() == pytest.approx(wanted.sum(), rel=0.02)


def test_asked_is_rate_times_students() -> None:
    """The plan asks for the pack's rate per enrolled student-day, and says cell by cell what it moved."""
    pack, plan, world = tiny().pack, tiny().plan.days[MIDTERM], tiny().world
    rates = pack.rates.of("Fall", MIDTERM, plan.kind, "Student")
    rows = students_of(MIDTERM)
    course = world.enrolments.course[rows]
    students = np.zeros(rates.shape[:2])
    np.add.at(students, (world.courses.cip[course], world.courses.level[course]), 1)
    assert np.array_equal(students, plan.students)
    asked = (plan.asked_micro - plan.moved_micro) / MICRO
    assert np.allclose(asked, rates * students[:, :, None], atol=1e-6)
    # Over the term each tool has the pack's events, wherever they are; but on a day few, on most days all.
    moved = sum(day.moved_micro.sum(axis=(0, 1)) for day in tiny().plan.days.values()) / MICRO
    assert moved == pytest.approx(np.zeros(rates.shape[2]), abs=0.5)
    assert abs(plan.moved_micro.sum()) < 0.02 * plan.asked_micro.sum()


def test_a_wrong_rate_is_noticed() -> None:
    """The totals test is sharp enough: a tenth more than asked would fail it."""
    days = [int(day) for day in tiny().calendar.days]
    wanted = sum(
        float((tiny().plan.days[d].asked_micro * 1.1 + tiny().plan.days[d].overshoot_micro).sum()) / MICRO
        for d in days
    )
    got = sum(drawn(d)[1].ambient + drawn(d)[1].anchored + drawn(d)[1].lost for d in days)
    assert got != pytest.approx(wanted, rel=0.02)


def test_tally_counts_the_rows() -> None:
    """A day's tally adds up to its rows."""
    batch, tally = drawn(MIDTERM)
    assert tally.ambient + tally.anchored + tally.staff + tally.logins + tally.twins == len(batch)


def test_twins_stand_beside_their_views() -> None:
    """Each twin is of a page view within two seconds: same person, course, object, visit; mostly of apps."""
    batch = drawn(MIDTERM)[0]
    twins = np.flatnonzero(np.isin(batch.kind, list(TWIN_OF.values())))
    assert len(twins) == drawn(MIDTERM)[1].twins
    assert len(twins) > 20
    page = {twin: kind for kind, twin in TWIN_OF.items()}
    for row in twins:
        near = np.flatnonzero((batch.kind == page[int(batch.kind[row])]) & (batch.visit == batch.visit[row]))
        near = near[(batch.object[near] == batch.object[row]) & (batch.tool[near] == batch.tool[row])]
        later = batch.time_ms[row] - batch.time_ms[near]
        assert ((later > 0) & (later < 2_000)).any()
    views = np.flatnonzero(np.isin(term().kind, list(TWIN_OF)))
    share = np.isin(term().kind, list(TWIN_OF.values())).sum() / len(views)
    assert 0.1 < share < 0.2  # .19 of visits in the app x .6, and .03 of the rest


def test_plan_survives_its_file(tmp_path: Path) -> None:
    """Written and read, the plan is the same, and so is its digest."""
    plan = tiny().plan
    digest = write_plan(tmp_path / "plan.parquet", plan, tiny().calendar.term.start)
    again = read_plan(tmp_path / "plan.parquet")
    for name in ("enrolment_micro", "person_micro", "section_micro"):
        assert np.array_equal(getattr(again.effects, name), getattr(plan.effects, name))
    for day, one in plan.days.items():
        for f in fields(one):
            assert np.array_equal(getattr(again.days[day], f.name), getattr(one, f.name)), (day, f.name)
    assert write_plan(tmp_path / "other.parquet", again, tiny().calendar.term.start) == digest


def test_events_stay_with_their_unit() -> None:
    """Every event lies between its campus day's midnight and six and a half hours after the next one."""
    calendar = tiny().calendar
    for day in calendar.days:
        time = drawn(int(day))[0].time_ms
        if len(time):
            assert time.min() >= calendar.day_start_ms(int(day))
            assert time.max() < calendar.day_start_ms(int(day) + 1) + 6 * 3_600_000 + 30 * 60_000
