"""The calendar: term dates, kinds of days, local midnights, wall clock to UTC."""

from __future__ import annotations

import csv
import pickle
import tomllib
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from context.errors import InputError
from context.packs.spec import DAY_KINDS, LAST_DAYS
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.scenario import Scenario
from context.scenario.term import holidays
from context.scenario.zones import zone, zone_names

HOUR_MS = 3_600_000
RULES = Path(str(resources.files("context"))) / "packs" / "us_public_r1" / "calendar.csv"
ZONES = ("America/Detroit", "Pacific/Auckland", "Asia/Kolkata", "UTC")
# Changes at midnight (Cairo, Havana, Beirut), of half an hour (Lord Howe), and no clock changes at all.
ODD_ZONES = ("Africa/Cairo", "America/Havana", "Asia/Beirut", "Australia/Lord_Howe", "Pacific/Kiritimati")


def table(*more: tuple[str, str, str, str]) -> dict[str, list[str]]:
    """The default pack's calendar rules by column, and ``more`` rows below them."""
    header, *rows = csv.reader(RULES.read_text(encoding="utf-8").splitlines())
    return dict(zip(header, map(list, zip(*rows, *more, strict=True)), strict=True))


def build(text: str = "", **keys: object) -> Calendar:
    """The calendar of a scenario given as TOML and keys."""
    return build_calendar(Scenario.model_validate(tomllib.loads(text) | keys), table())


def kinds_of(calendar: Calendar, kind: str) -> list[date]:
    """The dates of one kind."""
    return [calendar.date_of(int(day)) for day in calendar.days[calendar.day_kind == DAY_KINDS.index(kind)]]


def local(calendar: Calendar, utc_ms: int) -> datetime:
    """The wall time of an instant, by the standard library."""
    instant = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(utc_ms))
    return instant.astimezone(zone(calendar.time_zone)).replace(tzinfo=None)


def test_terms_follow_the_holidays() -> None:
    """Fall starts 94 days before Thanksgiving, Spring and Summer a week before the first holiday."""
    fall = build().term
    assert (fall.code, fall.start, fall.end) == ("2026-fall", date(2026, 8, 24), date(2026, 12, 17))
    assert (fall.instruction_end, fall.finals_start) == (date(2026, 12, 9), date(2026, 12, 11))
    assert (fall.add_drop_end, fall.withdraw_deadline) == (date(2026, 9, 7), date(2026, 10, 30))
    assert build(term="Fall 2024").term.start == date(2024, 8, 26)
    assert build(term="Spring 2025").term.start == date(2025, 1, 13)
    assert build(term="Summer 2025").term.start == date(2025, 5, 19)


@pytest.mark.parametrize("year", range(2000, 2100, 7))
@pytest.mark.parametrize("term", LAST_DAYS)
def test_every_term_is_whole(term: str, year: int) -> None:
    """Each term starts on a Monday, its dates are in order, and its days cover the pack's curves."""
    calendar = build(term=f"{term} {year}")
    assert calendar.term.start.weekday() == 0
    assert calendar.term.start < calendar.term.add_drop_end < calendar.term.withdraw_deadline
    assert calendar.term.withdraw_deadline < calendar.term.instruction_end
    assert (calendar.first_day, calendar.last_day) == (-14, LAST_DAYS[term])
    assert calendar.days.tolist() == list(range(-14, LAST_DAYS[term] + 1))
    assert len(calendar.midnight_ms) == len(calendar.days) + 2
    days = (calendar.first_day, calendar.last_day, calendar.last_day + 1)
    starts = (calendar.open_ms, calendar.last_day_ms, calendar.close_ms)
    assert starts == tuple(calendar.day_start_ms(day) for day in days)
    assert calendar.date_of(calendar.term.last_day) == calendar.term.end
    assert calendar.date_of(calendar.term.last_class_day) == calendar.term.instruction_end


def test_holidays() -> None:
    """Holidays fall where the law puts them; a fixed one on a weekend is kept on the weekday beside it."""
    assert holidays(2026) == {
        "mlk_day": date(2026, 1, 19),
        "memorial_day": date(2026, 5, 25),
        "juneteenth": date(2026, 6, 19),
        "independence_day": date(2026, 7, 3),
        "labor_day": date(2026, 9, 7),
        "thanksgiving": date(2026, 11, 26),
    }
    assert holidays(2021)["independence_day"] == date(2021, 7, 5)
    assert holidays(2026)["memorial_day"] == date(2026, 5, 25)
    assert holidays(2027)["memorial_day"] == date(2027, 5, 31)


def test_kinds_of_days() -> None:
    """Each day of Fall 2026 has the kind that a student would call it by."""
    calendar = build()
    assert calendar.kind_of([-1, 0, 5, 116]).tolist() == ["before", "class", "weekend", "after"]
    assert kinds_of(calendar, "holiday") == [date(2026, 9, 7)]
    # The week off takes in both weekends beside it.
    assert kinds_of(calendar, "break") == [date(2026, 11, 21) + timedelta(day) for day in range(9)]
    assert kinds_of(calendar, "reading") == [date(2026, 12, 10)]
    assert kinds_of(calendar, "finals") == [date(2026, 12, 11) + timedelta(day) for day in range(7)]
    assert np.bincount(calendar.day_kind, minlength=8).tolist() == [14, 72, 26, 1, 9, 1, 7, 8]
    with pytest.raises(IndexError):
        calendar.kind_of(-15)


def test_breaks_are_three_days_or_more() -> None:
    """Wednesday to Friday off is a break up to Sunday, Thursday and Friday off are holidays."""
    three = build("calendar.no_class = [2026-11-25, 2026-11-26, 2026-11-27]")
    assert kinds_of(three, "break") == [date(2026, 11, 25) + timedelta(day) for day in range(5)]
    two = build("calendar.no_class = [2026-11-26, 2026-11-27]")
    assert (kinds_of(two, "break"), len(kinds_of(two, "holiday"))) == ([], 2)


def test_overrides_move_the_term() -> None:
    """A date of the scenario goes before the rule, and a moved start moves what is counted from it."""
    moved = build("calendar.start = 2026-09-01\ncalendar.no_class = [2026-10-12]").term
    assert moved.end == date(2026, 9, 1) + timedelta(115)
    assert moved.no_class == (date(2026, 10, 12),)
    early = build("calendar.instruction_end = 2026-10-01\ncalendar.finals_start = 2026-10-02").term
    assert early.withdraw_deadline == early.instruction_end
    # The week off that the pack counts from the start falls out of a term that ends before it.
    short = "[calendar]\ninstruction_end = 2026-10-01\nfinals_start = 2026-10-02\nend = 2026-10-03"
    assert build(short).term.no_class == (date(2026, 9, 7),)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("calendar.start = 2025-08-24", "calendar.start: 2025-08-24 given, allowed: a day in 2026"),
        ("calendar.end = 2026-12-01", "calendar.end: 2026-12-01 given, allowed: on or after finals_start"),
        ("calendar.finals_start = 2026-12-09", "calendar.finals_start: 2026-12-09 given, allowed: after in"),
        ("calendar.end = 2026-12-26", "calendar.end: 2026-12-26 given, allowed: 2026-12-25 at the latest"),
        ("calendar.no_class = [2026-12-24]", "calendar.no_class: 2026-12-24 given, allowed: 2026-08-24 to"),
    ],
)
def test_impossible_calendars(text: str, line: str) -> None:
    """Dates that make no term are refused in one clear line."""
    with pytest.raises(InputError) as refused:
        build(text)
    assert str(refused.value).startswith(line)


@pytest.mark.parametrize(
    ("row", "line"),
    [
        (("ends", "start", "1"), "calendar.csv row 35: item: 'ends' given, allowed: start, instruction_end"),
        (("no_class", "easter", "1"), "calendar.csv row 35: rule: 'easter' given, allowed: independence_day"),
        (("end", "start", "1"), "calendar.csv row 35: item: 'end' given twice for Fall"),
    ],
)
def test_bad_rules_name_their_row(row: tuple[str, str, str], line: str) -> None:
    """A rule that can't be followed is refused with its row in calendar.csv."""
    with pytest.raises(InputError) as refused:
        build_calendar(Scenario(), table(("Fall", *row)))
    assert str(refused.value).startswith(line)


def test_missing_rules_are_named() -> None:
    """A term type without all its dates is refused."""
    rules: dict[str, list[object]] = {
        "term_type": ["Fall"],
        "item": ["start"],
        "rule": ["thanksgiving"],
        "offset_days": [-94],
    }
    with pytest.raises(InputError, match=r"no row of Summer for start, instruction_end"):
        build_calendar(Scenario(term="Summer 2026"), rules)


@pytest.mark.parametrize("term", ["Fall 2026", "Spring 2027", "Summer 2026", "Fall 2023"])
@pytest.mark.parametrize("name", ZONES + ODD_ZONES)
def test_midnights_and_wall_times(name: str, term: str) -> None:
    """Every quarter hour of every day agrees with the standard library, gaps forward and doubles first."""
    calendar = build(term=term, time_zone=name)
    assert np.all(np.diff(calendar.midnight_ms) > 20 * HOUR_MS)
    quarters = np.arange(96) * (HOUR_MS // 4)
    every_day = np.arange(calendar.first_day, calendar.last_day + 3)
    got = calendar.wall_to_utc_ms(every_day[:, None], quarters[None, :])
    assert got.dtype == np.int64
    assert calendar.midnight_ms.tolist() == got[:, 0].tolist()
    info = zone(name)
    for day, row in zip(every_day, got, strict=True):
        midnight = datetime.combine(calendar.date_of(int(day)), datetime.min.time())
        walls = [midnight + timedelta(minutes=15 * quarter) for quarter in range(96)]
        assert row.tolist() == [int(wall.replace(tzinfo=info).timestamp()) * 1000 for wall in walls]
    assert np.all(calendar.day_of(got) == every_day[:, None])


@pytest.mark.parametrize(
    ("name", "term", "day", "hours"),
    [
        ("America/Detroit", "Spring 2027", date(2027, 3, 14), 23),
        ("America/Detroit", "Fall 2026", date(2026, 11, 1), 25),
        ("Pacific/Auckland", "Fall 2026", date(2026, 9, 27), 23),
        ("Pacific/Auckland", "Spring 2027", date(2027, 4, 4), 25),
        ("Asia/Kolkata", "Fall 2026", date(2026, 11, 1), 24),
        ("Australia/Lord_Howe", "Fall 2026", date(2026, 10, 4), 23.5),
    ],
)
def test_clock_changes(name: str, term: str, day: date, hours: float) -> None:
    """On the days of clock changes a campus day is as long as the wall clock makes it."""
    calendar = build(term=term, time_zone=name)
    row = calendar.day_of_date(day)
    assert calendar.day_start_ms(row + 1) - calendar.day_start_ms(row) == hours * HOUR_MS


def test_skipped_and_doubled_times() -> None:
    """02:30 on the spring day is 03:30; 01:30 on the autumn day is the first one of the two."""
    spring = build(term="Spring 2027")
    row = spring.day_of_date(date(2027, 3, 14))
    skipped = int(spring.wall_to_utc_ms(row, 5 * HOUR_MS // 2))
    assert local(spring, skipped) == datetime(2027, 3, 14, 3, 30)  # noqa: DTZ001 - wall time
    # Up to its last millisecond the skipped hour goes forward; the hour after it does not.
    last, after = spring.wall_to_utc_ms(row, [3 * HOUR_MS - 1, 3 * HOUR_MS])
    assert last - after == HOUR_MS - 1
    autumn = build()
    row = autumn.day_of_date(date(2026, 11, 1))
    doubled = int(autumn.wall_to_utc_ms(row, 3 * HOUR_MS // 2))
    assert doubled - autumn.day_start_ms(row) == 3 * HOUR_MS // 2
    assert local(autumn, doubled) == local(autumn, doubled + HOUR_MS)


def test_wall_times_of_neighbouring_days() -> None:
    """25 o'clock is one o'clock of the next day, and days that don't exist are refused."""
    calendar = build()
    assert calendar.wall_to_utc_ms(3, 25 * HOUR_MS) == calendar.wall_to_utc_ms(4, HOUR_MS)
    assert calendar.wall_to_utc_ms([3], [-1])[0] == calendar.day_start_ms(3) - 1
    assert calendar.wall_to_utc_ms(calendar.last_day + 1, 6 * HOUR_MS) > calendar.midnight_ms[-2]
    for day in (calendar.first_day - 1, calendar.last_day + 3):
        with pytest.raises(IndexError):
            calendar.wall_to_utc_ms(day, 0)
        with pytest.raises(IndexError):
            calendar.day_start_ms(day)


def test_day_of_edges() -> None:
    """A day holds its midnight and the millisecond before the next one; beyond them all is one day more."""
    calendar = build()
    edges = calendar.midnight_ms
    assert calendar.day_of(edges).tolist() == list(range(-14, 126))
    assert calendar.day_of(edges - 1).tolist() == list(range(-15, 125))
    assert calendar.day_of(edges).dtype == np.int32


def test_pickle() -> None:
    """A calendar crosses to another process unchanged, and nobody can change its arrays."""
    calendar = build()
    copy = pickle.loads(pickle.dumps(calendar))  # noqa: S301 - our own bytes
    assert copy.midnight_ms.tolist() == calendar.midnight_ms.tolist()
    assert copy.term == calendar.term
    with pytest.raises(ValueError, match="read-only"):
        calendar.midnight_ms[0] = 0


def test_zones() -> None:
    """Zones come from the tzdata package: hundreds of names, and no way out of its folder."""
    assert {*ZONES, *ODD_ZONES} < set(zone_names())
    with pytest.raises(ValueError, match="unknown time zone"):
        zone("../zones")
