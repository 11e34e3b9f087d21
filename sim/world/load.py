"""From the store's tables to the World of arrays. Keys come from natural ids (SIS ids), not surrogates."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from context import rng
from context.arrays import I64, U64
from context.engagement.histories import Histories
from context.errors import RunError
from context.ids import global_ids
from context.packs.pack import Pack
from context.scenario.calendar import Calendar
from context.scenario.scenario import Scenario
from context.store.store import ENTITY, table_path
from context.terms.draw import played_histories
from sim.world.groups import Owners
from sim.world.load_details import Roster, load_details
from sim.world.objects import load_objects, unseen
from sim.world.reader import (
    Reader,
    day_numbers,
    hundredths,
    ints,
    millis,
    row_numbers,
    strings,
    text_keys,
    truths,
)
from sim.world.shard import world_in_shard
from sim.world.submissions import load_posts, load_submissions
from sim.world.world import (
    DUE_KINDS,
    INSTRUCTOR,
    LEARNER,
    MODES,
    NO_TIME,
    CampusFacts,
    Courses,
    Persons,
    Seats,
    Tenant,
    World,
)

# Purposes of draws: of the root account's key, of a section's, of a section's and a person's together.
_GUID, _SECTION_SEATS, _SEAT = 1, 1, 2
_STAFF_AS_INSTRUCTOR = ("Teacher", "Faculty", "TeachingAssistant", "Designer")


def load_world(root: Path, scenario: Scenario, pack: Pack, calendar: Calendar) -> World:
    """Read a run directory's store. Raises RunError for missing tables, InputError for clashing tools."""
    read, seed = Reader(root), scenario.seed
    persons = _persons(read, seed)
    courses, section_course, section_key = _courses(read, seed, pack)
    roster = _roster(read, persons, section_course, section_key)
    enrolments = _seats(read, calendar, roster, played_histories(scenario, pack, calendar))
    objects, row_of = load_objects(read, seed, courses, calendar, pack)
    submissions = load_submissions(read, enrolments, row_of, len(persons.udp_id))
    devices = pack.table("device")
    world = World(
        tenant=_tenant(read, scenario),
        persons=persons,
        courses=courses,
        enrolments=enrolments,
        objects=objects,
        submissions=submissions,
        posts=load_posts(read, enrolments, row_of, len(persons.udp_id), calendar),
        devices=pa.array([str(agent) for agent in devices["user_agent"]]),
        device_thresholds=rng.thresholds([float(share) for share in devices["share"]]),
        tools=pack.rates.tools,
        details=load_details(
            read,
            pack,
            calendar,
            row_of,
            roster,
            Owners(persons.key, courses.key, section_key, _account_keys(read, seed)),
        ),
    )
    return world_in_shard(world, scenario.shard)


def _tenant(read: Reader, scenario: Scenario) -> Tenant:
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
    key = rng.key(scenario.seed, "root account", np.arange(40))
    return Tenant(
        host=scenario.host,
        seed=scenario.seed,
        root_account_lms_id=int(global_ids(read.local("learning_environment_organization"))[0]),
        root_account_uuid="".join(letters[i] for i in rng.integer(key, len(letters))),
        root_account_lti_guid="".join("0123456789abcdef"[i] for i in rng.integer(key, 16, _GUID))
        + f".{scenario.host}",
        shard=scenario.shard,
    )


def _account_keys(read: Reader, seed: int) -> U64:
    accounts = strings(read.entity("learning_environment_organization", "name")["name"])
    return text_keys(seed, "account", pc.coalesce(read.sis("learning_environment_organization"), accounts))


def _persons(read: Reader, seed: int) -> Persons:
    person = read.entity("person", "person_id")
    email = read.entity("person_email", "person_id", "email_address", "type")
    email = email.filter(pc.equal(email["type"], "Organizational"))
    logins = pc.replace_substring_regex(strings(email["email_address"]), "@.*", "")
    login = logins.take(pa.array(np.argsort(ints(email["person_id"]), kind="stable")))
    local, sis = read.local("person"), read.sis("person")
    return Persons(
        udp_id=ints(person["person_id"]),
        lms_id=global_ids(local),
        local_id=local,
        login=login,
        sis_id=sis,
        key=text_keys(seed, "person", pc.coalesce(sis, login)),
    )


def _courses(read: Reader, seed: int, pack: Pack) -> tuple[Courses, I64, U64]:
    offering = read.entity(
        "course_offering",
        "course_offering_id",
        "title",
        "number",
        "cip_code2k",
        "learning_environment_organization_id",
        "le_code",
    )
    section = read.entity("course_section", "le_current_course_offering_id", "le_name")
    local, sis = read.local("course_offering"), read.sis("course_offering")
    accounts = global_ids(read.local("learning_environment_organization"))
    families = [str(code) for code in pack.table("cip")["cip"]]
    # Courses that no registrar knows have neither field nor number; no student clicks in them.
    cip = [families.index(code[:2]) if code else 0 for code in strings(offering["cip_code2k"]).to_pylist()]
    levels = [str(level) for level in pack.table("level")["level"]]
    digits = pc.extract_regex(pc.fill_null(strings(offering["number"]), "0"), "(?P<n>[0-9]+)").field("n")
    number = ints(digits.cast(pa.int64()))
    lows = np.array([int(level) for level in levels])
    natural = pc.coalesce(sis, strings(offering["le_code"]))
    courses = Courses(
        udp_id=ints(offering["course_offering_id"]),
        lms_id=global_ids(local),
        local_id=local,
        sis_id=sis,
        account_lms_id=accounts[row_numbers(offering["learning_environment_organization_id"])],
        title=strings(offering["title"]),
        cip=np.array(cip, dtype=np.int16),
        level=np.maximum(np.searchsorted(lows, number, side="right") - 1, 0).astype(np.int8),
        key=text_keys(seed, "course", natural),
    )
    return (
        courses,
        row_numbers(section["le_current_course_offering_id"]),
        text_keys(seed, "section", pc.coalesce(read.sis("course_section"), strings(section["le_name"]))),
    )


def _roster(read: Reader, persons: Persons, section_course: I64, section_key: U64) -> Roster:
    table = read.entity("course_section_enrollment", "course_section_id", "person_id", "role")
    person, section = row_numbers(table["person_id"]), row_numbers(table["course_section_id"])
    role = strings(table["role"])
    codes = role.dictionary_encode()
    role_key = rng.key_of_text(0, "role", codes.dictionary.to_pylist())[codes.indices.to_numpy()]
    return Roster(
        person=person.astype(np.int32),
        course=section_course[section].astype(np.int32),
        section=section.astype(np.int32),
        role=role,
        key=rng.bits(rng.extend(section_key[section], _SECTION_SEATS) ^ persons.key[person], _SEAT)
        ^ role_key,
    )


def _seats(read: Reader, calendar: Calendar, roster: Roster, histories: Histories) -> Seats:
    table = read.entity(
        "course_section_enrollment", "course_section_id", "role", "entry_date", "exit_date", "created_date"
    )
    if len(table) != len(histories.stop_day):
        raise RunError(
            f"{table_path(read.root, ENTITY, 'course_section_enrollment')}: {len(table)} rows, allowed: "
            f"the {len(histories.stop_day)} of its scenario; delete it and run again"
        )
    rows = np.flatnonzero(_works_in_canvas(read, table))
    table = table.take(pa.array(rows))
    role = strings(table["role"])
    start = np.datetime64(calendar.term.start, "D").astype(np.int64)
    entry, left = day_numbers(table["entry_date"]), day_numbers(table["exit_date"])
    # Visits start on the day after joining at the earliest and stop before the day of leaving: they may run
    # past midnight, but not into the office hour at which an enrolment ends.
    end = calendar.last_day + 1
    first = np.where(entry == NO_TIME, calendar.first_day, np.maximum(entry - start + 1, calendar.first_day))
    last = np.where(left == NO_TIME, end, np.minimum(left - start, end))
    instructor = pc.is_in(role, pa.array(_STAFF_AS_INSTRUCTOR)).to_numpy(zero_copy_only=False)
    return Seats(
        row=rows.astype(np.int32),
        person=roster.person[rows],
        course=roster.course[rows],
        section=roster.section[rows],
        is_student=pc.equal(role, "Student").to_numpy(zero_copy_only=False),
        membership_role=np.where(instructor, INSTRUCTOR, LEARNER).astype(np.int8),
        first_day=first.astype(np.int16),
        last_day=last.astype(np.int16),
        joined_ms=millis(table["created_date"]),
        key=roster.key[rows],
        stop_day=histories.stop_day[rows].astype(np.int16),
        drive=histories.drive[rows],
        week_z=histories.week_z[:, rows].astype(np.float32),
        first_week=histories.first_week,
    )


def _works_in_canvas(read: Reader, table: pa.Table) -> npt.NDArray[np.bool_]:
    """Enrolments whose people can click by them: not students of components, nor of unpublished courses.

    A student of a laboratory works in the course by the enrolment in its lecture.
    """
    section = read.entity("course_section", "le_current_course_offering_id", "is_graded")
    state = strings(read.entity("course_offering", "le_status")["le_status"])
    published = pc.is_in(state, pa.array(("available", "completed"))).to_numpy(zero_copy_only=False)
    works = truths(section["is_graded"]) & published[row_numbers(section["le_current_course_offering_id"])]
    student = pc.equal(strings(table["role"]), "Student").to_numpy(zero_copy_only=False)
    return np.asarray(~student | works[row_numbers(table["course_section_id"])])


PAPER_GROUPS, EXAM_GROUPS = "Paper|Essay", "Exam|Midterm"  # in names of assignment groups
_DUE_KIND = {"online_quiz": "quiz", "discussion_topic": "talk"}
_MODE = {"BlendedLearning": "hybrid", "Online": "online"}  # all else is taught in person


def campus_facts(root: Path) -> CampusFacts:
    """What the campus needs of a run directory's store. Raises RunError for missing tables."""
    read = Reader(root)
    section = read.entity("course_section", "le_current_course_offering_id", "delivery_mode")
    modes = [_MODE.get(mode or "", "in_person") for mode in strings(section["delivery_mode"]).to_pylist()]
    activity = read.entity(
        "learner_activity",
        "course_offering_id",
        "learner_activity_group_id",
        "due_date",
        "unlocked_date",
        "created_date",
        "allowable_submission_types",
        "status",
    )
    activity = activity.filter(pa.array(~unseen(activity["status"])))  # nobody works for a draft
    group = strings(read.entity("learner_activity_group", "name")["name"])
    of_group = row_numbers(activity["learner_activity_group_id"])
    is_paper, is_exam = (
        pc.match_substring_regex(pc.fill_null(group, ""), words).to_numpy(zero_copy_only=False)[of_group]
        for words in (PAPER_GROUPS, EXAM_GROUPS)
    )
    types = strings(activity["allowable_submission_types"]).to_pylist()
    kinds = np.array([DUE_KINDS.index(_DUE_KIND.get(how or "", "work")) for how in types], dtype=np.int64)
    topic = read.entity("discussion", "course_offering_id", "type", "posted_date", "created_date", "status")
    topic = topic.filter(pa.array(~unseen(topic["status"])))
    topic = topic.filter(pc.is_valid(topic["course_offering_id"]))
    return CampusFacts(
        section_course=row_numbers(section["le_current_course_offering_id"]),
        mode=np.array([MODES.index(mode) for mode in modes], dtype=np.int64),
        activity_course=row_numbers(activity["course_offering_id"]),
        due_ms=millis(activity["due_date"]),
        activity_release_ms=_first_time(activity, "unlocked_date", "created_date"),
        activity_kind=np.where(is_exam, DUE_KINDS.index("exam"), kinds),
        is_paper=np.asarray(is_paper),
        topic_course=row_numbers(topic["course_offering_id"]),
        topic_ms=_first_time(topic, "posted_date", "created_date"),
        is_announcement=pc.equal(pc.fill_null(strings(topic["type"]), ""), "Announcement").to_numpy(
            zero_copy_only=False
        ),
    )


def _first_time(table: pa.Table, *columns: str) -> I64:
    """The first of the columns that has a time in each row, UTC ms."""
    found = millis(table[columns[0]])
    for column in columns[1:]:
        found = np.where(found == NO_TIME, millis(table[column]), found)
    return found


def standard_scores(root: Path, world: World) -> npt.NDArray[np.float64]:
    """Final score of each enrolment against its course: in standard deviations, 0 where there is none.

    Those who left are not compared: what they did not do any more counts zero in their final scores.
    """
    columns = ("course_section_id", "person_id", "le_final_score", "grade_on_official_transcript")
    grades = Reader(root).entity("course_grade", *columns)
    letter = grades["grade_on_official_transcript"]
    stayed = pc.and_(pc.is_valid(letter), pc.not_equal(letter, "W"))
    # Courses that are taught without Canvas have letters and no scores.
    grades = grades.filter(pc.and_(stayed, pc.is_valid(grades["le_final_score"])))
    e, people = world.enrolments, len(world.persons.udp_id)
    score = np.full(len(e.person), -1, dtype=np.int64)
    rows = np.flatnonzero(e.is_student)
    code = e.section[rows].astype(np.int64) * people + e.person[rows]
    order = np.argsort(code, kind="stable")
    wanted = row_numbers(grades["course_section_id"]) * people + row_numbers(grades["person_id"])
    score[rows[order][np.searchsorted(code[order], wanted)]] = hundredths(grades["le_final_score"])
    there = np.flatnonzero(score >= 0)
    course, value = e.course[there], score[there]
    size = np.bincount(course, minlength=len(world.courses.udp_id))
    # Integer sums: exact, so that no order of adding can show.
    mean = np.bincount(course, value, minlength=len(size)) / np.maximum(size, 1)
    away = value - np.rint(mean[course])
    spread = np.sqrt(np.bincount(course, away * away, minlength=len(size)) / np.maximum(size, 1))
    standard = np.zeros(len(e.person))
    standard[there] = np.where(spread[course] > 0, away / np.maximum(spread[course], 1e-9), 0.0)
    return standard
