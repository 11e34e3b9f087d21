"""A week of one student: every visit and click, from the records, of a person who does not exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, tzinfo
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from context.scenario.zones import zone as zone_of

_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class StudentWeek:
    """Monday to Sunday, by the days on which visits began; hours count from that day's midnight."""

    person: int
    monday: date
    visits: list[dict[str, Any]]  # day, begin, end (hours), clicks
    clicks: list[dict[str, Any]]  # day, hour, at (local time), kind, tool, course (id or None)


def student_week(records: pa.Table, zone: str, days: Mapping[date, str]) -> StudentWeek | None:
    """The week in which the student whose events the records keep clicked as often as in most weeks.

    ``days``: the kind of each campus day; a week with a break, or out of the term, is not shown. None when
    nobody clicked.
    """
    table = pa.table({"day": records["campus_day"], "moments": records["moments"]})
    lists = table["moments"].combine_chunks()
    moments = pc.list_flatten(lists)
    if not len(moments):
        return None
    on = table["day"].combine_chunks().take(pc.list_parent_indices(lists)).to_pylist()
    rows = [{**row, "day": day} for row, day in zip(moments.to_pylist(), on, strict=True)]
    by_week = Counter(_monday(row["day"]) for row in rows)
    plain = [monday for monday in by_week if _is_plain(monday, days)] or list(by_week)
    ranked = sorted(plain, key=lambda monday: (by_week[monday], monday))
    monday = ranked[len(ranked) // 2]
    mine = [row for row in rows if _monday(row["day"]) == monday]
    clicks = [_click(row, zone_of(zone)) for row in mine]
    visits: dict[tuple[date, int], list[float]] = {}
    for row, click in zip(mine, clicks, strict=True):
        visits.setdefault((row["day"], row["visit"]), []).append(click["hour"])
    return StudentWeek(
        mine[0]["person"],
        monday,
        [
            {"day": day.isoformat(), "begin": min(hours), "end": max(hours), "clicks": len(hours)}
            for (day, _), hours in sorted(visits.items(), key=lambda item: (item[0][0], min(item[1])))
        ],
        sorted(clicks, key=lambda click: (click["day"], click["hour"], click["kind"])),
    )


def _click(row: dict[str, Any], zone: tzinfo) -> dict[str, Any]:
    local: datetime = row["time"].replace(tzinfo=UTC).astimezone(zone).replace(tzinfo=None)
    midnight = datetime.combine(row["day"], datetime.min.time())
    return {
        "day": row["day"].isoformat(),
        "hour": round((local - midnight).total_seconds() / 3_600, 4),
        "at": f"{local:%H:%M:%S}",
        "kind": row["kind"],
        "tool": row["tool"],
        "course": row["course"],
    }


def _monday(day: date) -> date:
    return day - timedelta(day.weekday())


def _is_plain(monday: date, days: Mapping[date, str]) -> bool:
    """Whether a whole week is of class days and weekends alone."""
    kinds = {days.get(monday + timedelta(i), "out") for i in range(_WEEK.days)}
    return kinds <= {"class", "weekend"}
