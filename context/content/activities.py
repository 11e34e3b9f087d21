"""Assignment groups and learner activities: how many, of what type, worth what, due when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.activity_groups import ActivityGroups, work_of_groups
from context.content.design import CourseDesign
from context.content.due_dates import Tasks, due_days, due_time
from context.courses.catalogue import Catalogue
from context.packs.course_spec import WORKS
from context.packs.distribution import Categorical
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

LEAST_TO_DROP = 4  # activities of a group that drops scores
NO_DROPS = ("Exam", "Midterm", "Project", "Paper", "Essay")
ALIKE_SHARE = 0.75  # of activities worth what is usual in their group (assumption)
LOCKED_SHARE = 0.25  # of activities that close a week after they are due (assumption)
# Purposes of randomness: what each number draws.
_TYPE, _POINTS, _RELEASE_DAY, _EARLY = 1, 2, 5, 6
_RELEASE_MINUTE, _IS_HIDDEN_BEFORE, _HIDDEN_DAYS, _ALIKE = 7, 8, 9, 921
_LOCKED, _HIDDEN, _UNDATED, _HABIT = 17, 18, 922, 920
_ONLY_OVERRIDES, _DROPS_LOWEST, _DROP_AMOUNT, _DROPS_HIGHEST = 19, 20, 21, 22
_NEVER_DROPPED, _ACTIVITY, _PEER_REVIEWS, _PEER_DUE, _GRADE_TYPE = 23, 61, 154, 155, 157
_ANONYMOUS_PEERS = 158


class ActivityKind(IntEnum):
    """What sort of work an activity is: each has its law of scores."""

    ASSIGNMENT = 0
    QUIZ = 1
    DISCUSSION = 2
    EXAM = 3


ACTIVITY_KINDS = tuple(kind.name.lower() for kind in ActivityKind)  # as the pack's tables call them
_KIND_OF_TYPE = {"online_quiz": ActivityKind.QUIZ, "discussion_topic": ActivityKind.DISCUSSION}


@dataclass(frozen=True)
class Activities:
    """Learner activities (assignments), ordered by group."""

    offering: I64
    group: I64
    ordinal: I64  # in its group
    kind: I32  # an ActivityKind
    work: I32  # into the pack's WORKS: titles go by it
    submission_type: I32  # code into the pack's allowable_submission_types
    points_hundredths: I64
    due_day: I64
    due_ms: I64  # where there is no due date, when it is meant to be done
    is_dated: BOOL  # has a due date
    release_ms: I64
    created_ms: I64
    locked_ms: I64  # nothing can be handed in later; NO_TIME where there is no such date
    grade_type: I32  # code into the pack's grade_type
    is_graded: BOOL  # gets scores; all but those of grade type not_graded
    is_hidden: BOOL  # its grades are not shown to students
    never_drop: BOOL  # its score stays, whatever its group drops
    only_overrides: BOOL  # assigned by overrides alone
    peer_due_ms: I64  # when reviews by peers are due; NO_TIME: no reviews
    anonymous_peers: BOOL  # reviewers stay unnamed
    key: U64

    def __len__(self) -> int:
        return len(self.offering)

    @property
    def counts(self) -> BOOL:
        """True for activities that enter course scores."""
        return self.is_graded & (self.points_hundredths > 0)


def has_type(pack: Pack, activities: Activities, *types: str) -> BOOL:
    """True for activities whose type of submission is one of ``types``."""
    values = pack.categorical("learner_activity", "allowable_submission_types").values
    return np.asarray(np.array([value in types for value in values])[activities.submission_type])


def with_drop_rules(
    pack: Pack, groups: ActivityGroups, activities: Activities
) -> tuple[ActivityGroups, Activities]:
    """Rules by which groups drop scores, and what follows for their activities.

    Groups that drop have activities of the same points, as teachers make them: then the lowest score is the
    worst one, whichever way it is looked at. Examinations are never dropped.
    """
    size = np.bincount(activities.group, minlength=len(groups.key))
    names = pack.categorical("learner_activity_group", "name").values
    can = np.array([not name or not any(word in name for word in NO_DROPS) for name in names])[groups.name]
    can &= size >= LEAST_TO_DROP
    amounts = pack.categorical("learner_activity_group", "drop_lowest_amount")
    drawn = amounts.draw(groups.key, index=_DROP_AMOUNT)
    many = np.array([int(str(value)) for value in amounts.values])[drawn]
    drops_lowest = rng.uniform(groups.key, _DROPS_LOWEST) < pack.number(
        "learner_activity_group.drops_lowest_share"
    )
    lowest = np.where(drops_lowest, np.minimum(many, size // LEAST_TO_DROP), 0)
    lowest = np.where(can, lowest, 0)
    drops_highest = rng.uniform(groups.key, _DROPS_HIGHEST) < pack.number(
        "learner_activity_group.drops_highest_share"
    )
    highest = (can & drops_highest).astype(np.int64)
    drops = (lowest + highest > 0)[activities.group]
    first = np.searchsorted(activities.group, activities.group)
    return replace(groups, drop_lowest=lowest, drop_highest=highest), replace(
        activities,
        points_hundredths=np.where(drops, activities.points_hundredths[first], activities.points_hundredths),
        never_drop=drops
        & (rng.uniform(activities.key, _NEVER_DROPPED) < pack.number("learner_activity.never_dropped_share")),
    )


def _works(pack: Pack, groups: ActivityGroups, group: I64, ordinal: I64) -> I64:
    """Work of each activity, into WORKS, by its group's name; the last examination may be the final."""
    names = pack.categorical("learner_activity_group", "name").values
    of_group = work_of_groups(pack, "work")
    work = np.array([WORKS.index(str(of_group[str(name)])) for name in names])[groups.name[group]]
    is_final = groups.has_final[group] & (ordinal == groups.size[group] - 1)
    return np.where(is_final, WORKS.index("final_exam"), work)


def _types(pack: Pack, design: CourseDesign, offering: I64, work: I64, key: U64) -> I32:
    """Types of submission by work. Where a course has no quizzes its examinations are on paper, and what else
    might have been a quiz or a discussion is handed in as a file or a text.
    """
    law = pack.categorical("learner_activity", "allowable_submission_types")
    codes = np.array([law.given_code(0, name) for name in WORKS])
    drawn = law.draw(rng.extend(key, _TYPE), codes[work]).astype(np.int64)
    is_exam = np.isin(work, [WORKS.index(name) for name in ("exam", "final_exam")])
    for used, name, instead in (
        (design.uses_quizzes[offering] | ~is_exam, "online_quiz", "on_paper"),
        (design.uses_quizzes[offering], "online_quiz", "online_upload"),
        (design.uses_discussions[offering], "discussion_topic", "online_text_entry"),
    ):
        if {name, instead} <= set(law.values):
            drawn[~used & (drawn == law.values.index(name))] = law.values.index(instead)
    return drawn.astype(np.int32)


def _points(pack: Pack, groups: ActivityGroups, group: I64, work: I64, key: U64) -> I64:
    """Hundredths of points by work; a group's are alike more often than not, its examinations always."""
    law = pack.categorical("learner_activity", "points_possible")
    codes = np.array([law.given_code(0, name) for name in WORKS])[work]
    own = law.draw(rng.extend(key, _POINTS), codes)
    habit = law.draw(rng.extend(groups.key[group], _HABIT), codes)
    alike = (rng.uniform(key, _ALIKE) < ALIKE_SHARE) | (work == WORKS.index("exam"))
    return np.array([round(float(value or 0) * 100) for value in law.values])[np.where(alike, habit, own)]


def make_activities(
    pack: Pack, calendar: Calendar, catalogue: Catalogue, design: CourseDesign, groups: ActivityGroups
) -> Activities:
    """Activities of all groups, with their points, due times and releases."""
    counts = groups.size
    group = np.repeat(np.arange(len(groups.key)), counts)
    offering, ordinal = groups.offering[group], ordinals(counts)
    key = rng.extend(rng.extend(groups.key[group], _ACTIVITY), ordinal)
    types = pack.categorical("learner_activity", "allowable_submission_types")
    work = _works(pack, groups, group, ordinal)
    submission_type = _types(pack, design, offering, work, key)
    is_final = work == WORKS.index("final_exam")
    is_exam = is_final | (work == WORKS.index("exam"))
    kind_of_type = np.array(
        [_KIND_OF_TYPE.get(str(value), ActivityKind.ASSIGNMENT) for value in types.values]
    )
    kind = np.where(is_exam, ActivityKind.EXAM, kind_of_type[submission_type])
    due_day = due_days(
        pack, calendar, Tasks(groups.key[group], key, ordinal, counts[group], is_exam, is_final)
    )
    in_class = is_exam & np.array([value in OFFLINE for value in types.values])[submission_type]
    due_ms = calendar.wall_to_utc_ms(due_day, due_time(pack, catalogue.offering_key[offering], key, in_class))
    is_dated = is_exam | _dated(pack, groups, group, key)
    release_ms = _releases(pack, calendar, due_day, key)
    grade_types = pack.categorical("learner_activity", "grade_type")
    grade_type = _grade_types(
        grade_types, rng.extend(key, _GRADE_TYPE), kind_of_type[submission_type] == ActivityKind.QUIZ
    )
    peers = pack.categorical("learner_activity", "has_peer_reviews")
    has_peers = np.array([value == "true" for value in peers.values])[
        peers.draw(rng.extend(key, _PEER_REVIEWS))
    ]
    hidden_days = np.where(
        rng.uniform(key, _IS_HIDDEN_BEFORE) < 0.4, 1 + rng.integer(key, 40, _HIDDEN_DAYS), 0
    )
    return Activities(
        offering=offering,
        group=group,
        ordinal=ordinal,
        kind=kind.astype(np.int32),
        work=_titled(work, kind),
        submission_type=submission_type,
        points_hundredths=_points(pack, groups, group, work, key),
        due_day=due_day,
        due_ms=due_ms,
        is_dated=is_dated,
        release_ms=release_ms,
        created_ms=release_ms - hidden_days * DAY_MS,
        locked_ms=np.where(
            is_dated & (rng.uniform(key, _LOCKED) < LOCKED_SHARE), due_ms + 7 * DAY_MS, NO_TIME
        ),
        grade_type=grade_type,
        is_graded=np.array([value != "not_graded" for value in grade_types.values])[grade_type],
        is_hidden=rng.uniform(key, _HIDDEN) < pack.number("learner_activity.hidden_share"),
        never_drop=np.zeros(len(key), dtype=np.bool_),
        peer_due_ms=np.where(
            has_peers & is_dated,
            due_ms + 2 * DAY_MS + rng.integer(rng.extend(key, _PEER_DUE), 5 * DAY_MS),
            NO_TIME,
        ),
        anonymous_peers=has_peers
        & is_dated
        & (
            rng.uniform(rng.extend(key, _ANONYMOUS_PEERS))
            < pack.number("learner_activity.anonymous_peer_reviews_share")
        ),
        only_overrides=is_dated
        & (rng.uniform(key, _ONLY_OVERRIDES) < pack.number("learner_activity.only_overrides_share")),
        key=key,
    )


def _releases(pack: Pack, calendar: Calendar, due_day: I64, key: U64) -> I64:
    """When each is shown, in ms: a week or two before it is due, or all at the start."""
    day = np.maximum(due_day - 7 - rng.integer(key, 8, _RELEASE_DAY), int(calendar.days[0]) + 1)
    early = rng.uniform(key, _EARLY) < pack.number("content.released_at_start_share")
    day = np.where(early, int(calendar.days[0]) + 7, day)
    return calendar.wall_to_utc_ms(day, 7 * HOUR_MS + rng.integer(key, 5 * 60, _RELEASE_MINUTE) * MINUTE_MS)


def _dated(pack: Pack, groups: ActivityGroups, group: I64, key: U64) -> BOOL:
    """Work with a due date, by the share of its group."""
    undated = work_of_groups(pack, "undated_share")
    names = pack.categorical("learner_activity_group", "name").values
    share = np.array([float(str(undated[str(name)])) for name in names])[groups.name[group]]
    return np.asarray(rng.uniform(key, _UNDATED) >= share)


def _titled(work: I64, kind: I64) -> I32:
    """Quizzes and topics among other work have titles of their own."""
    work = np.where(kind == ActivityKind.QUIZ, WORKS.index("quiz"), work)
    return np.where(kind == ActivityKind.DISCUSSION, WORKS.index("discussion"), work).astype(np.int32)


def _grade_types(law: Categorical, key: U64, is_quiz: BOOL) -> I32:
    """Codes of grade types; a quiz always has points."""
    points = law.values.index("points") if "points" in law.values else 0
    return np.where(is_quiz, points, law.draw(key)).astype(np.int32)


ONLINE_TYPES = (  # of what is handed in through Canvas
    "online_upload",
    "online_text_entry",
    "online_url",
    "online_quiz",
    "discussion_topic",
    "external_tool",
    "media_recording",
)
OFFLINE = ("on_paper", "none", "not_graded")
