"""Assignment groups and learner activities: how many, of what type, worth what, due when."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np

from context import rng
from context.arrays import BOOL, DAY_MS, HOUR_MS, I32, I64, MINUTE_MS, NO_TIME, U64, ordinals
from context.content.activity_groups import ActivityGroups
from context.courses.catalogue import Catalogue
from context.packs.distribution import Categorical
from context.packs.pack import Pack
from context.scenario.calendar import Calendar

# Of groups with four activities or more that are no examinations: those that drop scores, how many lowest
# ones (1, 2, 3), those that drop the highest; of their activities those that stay (assumptions).
DROP_SHARE, DROP_AMOUNTS, DROP_HIGHEST_SHARE, NEVER_DROP_SHARE = 0.28, (0.72, 0.21, 0.07), 0.012, 0.05
LEAST_TO_DROP = 4
NO_DROPS = ("Exam", "Midterm", "Project", "Paper")
HIDDEN_SHARE = 0.012  # of activities whose grades are not shown by the end of term (assumption)
ONLY_OVERRIDES_SHARE = 0.02  # of activities assigned section by section (assumption)
LOCKED_SHARE = 0.25  # of activities that close a week after they are due (assumption)
# Purposes of randomness: what each number draws.
_TYPE, _POINTS, _RELEASE_DAY, _EARLY = 1, 2, 5, 6
_RELEASE_MINUTE, _IS_HIDDEN_BEFORE, _HIDDEN_DAYS, _PLACE_IN_TERM = 7, 8, 9, 10
_OWN_WEEKDAY, _KEEPS_HABIT, _OTHER_HOUR, _DUE_TIME = 11, 12, 13, 14
_BREAK_SIDE, _FINALS_DAY, _LOCKED, _HIDDEN = 15, 16, 17, 18
_ONLY_OVERRIDES, _DROPS_LOWEST, _DROP_AMOUNT, _DROPS_HIGHEST = 19, 20, 21, 22
_NEVER_DROPPED, _CLASS_HOUR, _ACTIVITIES, _ACTIVITY = 23, 53, 60, 61
_WEEKDAY_HABIT, _PEER_REVIEWS, _PEER_DUE, _GRADE_TYPE = 62, 154, 155, 157
_ANONYMOUS_PEERS = 158


class ActivityKind(IntEnum):
    """What sort of work an activity is: each has its law of scores."""

    ASSIGNMENT = 0
    QUIZ = 1
    DISCUSSION = 2
    EXAM = 3


ACTIVITY_KINDS = tuple(kind.name.lower() for kind in ActivityKind)  # as the pack's tables call them
_KIND_OF_TYPE = {"online_quiz": ActivityKind.QUIZ, "discussion_topic": ActivityKind.DISCUSSION}


DAYS_OF_WEEK = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")


@dataclass(frozen=True)
class Activities:
    """Learner activities (assignments), ordered by group."""

    offering: I64
    group: I64
    ordinal: I64  # in its group
    kind: I32  # an ActivityKind
    submission_type: I32  # code into the pack's allowable_submission_types
    points_hundredths: I64
    due_day: I64
    due_ms: I64
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


def _teaching_days(calendar: Calendar) -> I64:
    """For day 0..end of the term: the day itself, or the last day before a break on which work can be due."""
    days = np.arange(calendar.term.last_day + 1)
    off = np.isin(calendar.kind_of(days), ("break", "holiday"))
    return np.maximum.accumulate(np.where(off, 0, days))


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
    many = 1 + rng.categorical(groups.key, rng.thresholds(list(DROP_AMOUNTS)), _DROP_AMOUNT)
    lowest = np.where(
        rng.uniform(groups.key, _DROPS_LOWEST) < DROP_SHARE, np.minimum(many, size // LEAST_TO_DROP), 0
    )
    lowest = np.where(can, lowest, 0)
    highest = (can & (rng.uniform(groups.key, _DROPS_HIGHEST) < DROP_HIGHEST_SHARE)).astype(np.int64)
    drops = (lowest + highest > 0)[activities.group]
    first = np.searchsorted(activities.group, activities.group)
    return replace(groups, drop_lowest=lowest, drop_highest=highest), replace(
        activities,
        points_hundredths=np.where(drops, activities.points_hundredths[first], activities.points_hundredths),
        never_drop=drops & (rng.uniform(activities.key, _NEVER_DROPPED) < NEVER_DROP_SHARE),
    )


def _types(pack: Pack, groups: ActivityGroups, group: I64, key: U64) -> I32:
    """Types of submission: groups of quizzes and discussions hold those, the rest keeps the shares whole."""
    law = pack.categorical("learner_activity", "allowable_submission_types")
    names = pack.categorical("learner_activity_group", "name")
    shares, name_shares = law.shares(), names.shares()
    forced = np.full(len(names.values), -1)
    taken = dict.fromkeys(law.values, 0.0)
    for word, kind in (("Quiz", "online_quiz"), ("Discussion", "discussion_topic")):
        for code, name in enumerate(names.values):
            if name and word in name and kind in law.values:
                forced[code] = law.values.index(kind)
                taken[kind] += name_shares[name]
    rest = rng.thresholds([max(shares[value] - taken[value], 0.0) for value in law.values])
    of_group = forced[groups.name[group]]
    return np.where(of_group >= 0, of_group, rng.categorical(key, rest, _TYPE)).astype(np.int32)


def make_activities(
    pack: Pack, calendar: Calendar, catalogue: Catalogue, groups: ActivityGroups
) -> Activities:
    """Activities of all groups, with their points, due times and releases."""
    counts = pack.continuous("learner_activity_group", "activities").draw(rng.extend(groups.key, _ACTIVITIES))
    group = np.repeat(np.arange(len(groups.key)), counts)
    offering, ordinal = groups.offering[group], ordinals(counts)
    key = rng.extend(rng.extend(groups.key[group], _ACTIVITY), ordinal)
    types = pack.categorical("learner_activity", "allowable_submission_types")
    submission_type = _types(pack, groups, group, key)
    names = pack.categorical("learner_activity_group", "name").values
    is_exam = np.array([bool(name) and ("Exam" in str(name) or "Midterm" in str(name)) for name in names])[
        groups.name[group]
    ]
    kind_of_type = np.array(
        [_KIND_OF_TYPE.get(str(value), ActivityKind.ASSIGNMENT) for value in types.values]
    )
    points_law = pack.categorical("learner_activity", "points_possible")
    points = np.array([round(float(value or 0) * 100) for value in points_law.values])[
        points_law.draw(rng.extend(key, _POINTS))
    ]
    due_day = _due_days(pack, calendar, groups, group, ordinal, counts, key)
    due_ms = calendar.wall_to_utc_ms(due_day, _due_time(pack, catalogue.offering_key[offering], key))
    release_day = np.maximum(due_day - 7 - rng.integer(key, 8, _RELEASE_DAY), int(calendar.days[0]) + 1)
    early = rng.uniform(key, _EARLY) < pack.number("content.released_at_start_share")
    release_day = np.where(early, int(calendar.days[0]) + 7, release_day)
    release_ms = calendar.wall_to_utc_ms(
        release_day, 7 * HOUR_MS + rng.integer(key, 5 * 60, _RELEASE_MINUTE) * MINUTE_MS
    )
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
        kind=np.where(is_exam, ActivityKind.EXAM, kind_of_type[submission_type]).astype(np.int32),
        submission_type=submission_type,
        points_hundredths=points,
        due_day=due_day,
        due_ms=due_ms,
        release_ms=release_ms,
        created_ms=release_ms - hidden_days * DAY_MS,
        locked_ms=np.where(rng.uniform(key, _LOCKED) < LOCKED_SHARE, due_ms + 7 * DAY_MS, NO_TIME),
        grade_type=grade_type,
        is_graded=np.array([value != "not_graded" for value in grade_types.values])[grade_type],
        is_hidden=rng.uniform(key, _HIDDEN) < HIDDEN_SHARE,
        never_drop=np.zeros(len(key), dtype=np.bool_),
        peer_due_ms=np.where(
            has_peers, due_ms + 2 * DAY_MS + rng.integer(rng.extend(key, _PEER_DUE), 5 * DAY_MS), NO_TIME
        ),
        anonymous_peers=has_peers & (rng.uniform(rng.extend(key, _ANONYMOUS_PEERS)) < 0.5),
        only_overrides=rng.uniform(key, _ONLY_OVERRIDES) < ONLY_OVERRIDES_SHARE,
        key=key,
    )


def _grade_types(law: Categorical, key: U64, is_quiz: BOOL) -> I32:
    """Codes of grade types; a quiz always has points."""
    points = law.values.index("points") if "points" in law.values else 0
    return np.where(is_quiz, points, law.draw(key)).astype(np.int32)


def _due_days(
    pack: Pack, calendar: Calendar, groups: ActivityGroups, group: I64, ordinal: I64, counts: I64, key: U64
) -> I64:
    """Spread over the weeks of instruction, on the group's habitual weekday more often than not."""
    last = calendar.term.last_class_day
    place = (ordinal + rng.uniform(key, _PLACE_IN_TERM)) / counts[group]
    week_start = 7 * ((5 + place * (last - 5)).astype(np.int64) // 7)
    law = pack.categorical("learner_activity", "due_dow")
    weekday = np.array([DAYS_OF_WEEK.index(str(value)) for value in law.values])
    habit = weekday[law.draw(rng.extend(groups.key, _WEEKDAY_HABIT))][group]
    own = weekday[law.draw(rng.extend(key, _OWN_WEEKDAY))]
    day = np.clip(week_start + np.where(rng.uniform(key, _KEEPS_HABIT) < 0.7, habit, own), 4, last)
    # What would fall into a break is due a week earlier or later, some here and some there.
    off = np.isin(calendar.kind_of(np.arange(last + 8)), ("break", "holiday"))
    aside = np.where(rng.uniform(key, _BREAK_SIDE) < 0.5, 7, -7)
    day = np.where(off[day], np.clip(day + aside, 4, last), day)
    names = pack.categorical("learner_activity_group", "name").values
    final = np.array([bool(name) and "Final" in str(name) for name in names])[groups.name[group]]
    begin = (calendar.term.finals_start - calendar.term.start).days
    span = (calendar.term.end - calendar.term.finals_start).days + 1
    in_finals = begin + rng.integer(groups.key[group], span, _FINALS_DAY)
    return np.where(final, in_finals, _teaching_days(calendar)[day])


def _due_time(pack: Pack, offering_key: U64, key: U64) -> I64:
    """Wall-clock milliseconds since midnight of due times."""
    law = pack.categorical("learner_activity", "due_time")
    hours = pack.categorical("course_section", "start_hour")
    class_start = (
        np.array([int(str(value)) for value in hours.values])[
            hours.draw(rng.extend(offering_key, _CLASS_HOUR))
        ]
        * HOUR_MS
    )
    other = (8 + rng.integer(key, 14, _OTHER_HOUR)) * HOUR_MS
    drawn = law.draw(rng.extend(key, _DUE_TIME))
    time = np.zeros(len(key), dtype=np.int64)
    for code, value in enumerate(law.values):
        rows = drawn == code
        if value == "class":
            time[rows] = class_start[rows]
        elif value == "other":
            time[rows] = other[rows]
        else:
            hour, minute = str(value).split(":")
            seconds = 59 if minute == "59" else 0
            time[rows] = int(hour) * HOUR_MS + int(minute) * MINUTE_MS + seconds * 1000
    return time


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
