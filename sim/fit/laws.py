"""Laws of a pack that are shares by value: hours, visits, gaps, leads, letters, loads, levels, adoption."""

from __future__ import annotations

import json
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from math import sqrt
from typing import Any

from context.errors import InputError
from context.packs.pack import Pack
from context.packs.spec import TABLES, TERM_TYPES
from context.packs.write import rows_of
from sim.fit.guard import GuardReport, named_safely, rounded_rate, rounded_shares
from sim.fit.warehouses.source import FitRow

_Key = tuple[Any, ...]
_DAY_HOURS = 24
# Tables of which what a run's store tells is one query each, and all that a fit counts beside rates.
STORE_LAWS = (
    "course_load", "level_given_standing", "sections_per_course", "letter", "submission_lead",
    "withdraw_timing",
)  # fmt: skip
LAWS_OF_COUNTS = (
    "adoption", "hour", "gap", "visits", "visit_slots", *STORE_LAWS, "score", "missing", "calendar", "device",
)  # fmt: skip
_DEVICE = ("device", "browser", "system")


def law_rows(
    pack: Pack, table: str, rows: Iterable[FitRow], report: GuardReport
) -> list[dict[str, Any]] | None:
    """A table's rows with shares by what was counted; None where too few people are behind all of it.

    ``rows``: by the columns of the table's key. What is held back, and groups of few people, have shares in
    the proportions they had before.
    """
    keys, per = TABLES[table].key, line_of(table)
    old = rows_of(pack, table)
    share = "share"
    people: dict[_Key, dict[_Key, int]] = defaultdict(dict)
    records: dict[_Key, dict[_Key, int]] = defaultdict(dict)
    place = {tuple(row[key] for key in keys): row for row in old}
    for row in rows:
        key = tuple(row[name] for name in keys)
        if key not in place:
            continue
        group = tuple(row[name] for name in per)
        people[group][key], records[group][key] = int(row["num_people"]), int(row["num_records"])
    if not any(count >= report.threshold for group in people.values() for count in group.values()):
        return None
    found: list[dict[str, Any]] = []
    for group in dict.fromkeys(tuple(row[name] for name in per) for row in old):
        members = [key for key in place if tuple(place[key][name] for name in per) == group]
        found += _group(members, place, people[group], records[group], share, table, report)
    return found


def _group(
    members: Sequence[_Key],
    place: dict[_Key, dict[str, Any]],
    people: dict[_Key, int],
    records: dict[_Key, int],
    share: str,
    table: str,
    report: GuardReport,
) -> list[dict[str, Any]]:
    named = named_safely(people, 0, report.threshold)
    report.note(table, "values of few people", len(people) - len(named))
    rest = sum(count for key, count in records.items() if key not in named)
    before = {key: float(place[key][share]) for key in members if key not in named}
    if not named:
        report.borrowed.append(f"{table}: {', '.join(map(str, members[0][:1]))} and what is with it")
        return [dict(place[key]) for key in members]
    total = sum(before.values())
    weights = [
        float(records[key]) if key in named else (rest * before[key] / total if total else 0.0)
        for key in members
    ]
    return [
        {**place[key], share: value} for key, value in zip(members, rounded_shares(weights, 6), strict=True)
    ]


def hour_rows(rows: Iterable[FitRow], report: GuardReport) -> list[dict[str, Any]] | None:
    """Starts of visits by the hour, on Mondays to Fridays and at weekends; None for too few people."""
    counts = {False: [0] * _DAY_HOURS, True: [0] * _DAY_HOURS}
    for row in rows:
        if row["num_people"] >= report.threshold:
            counts[bool(row["is_weekend"])][int(row["hour"])] = int(row["num_records"])
        else:
            report.note("hour", "hours of few people", 1)
    if not all(sum(part) for part in counts.values()):
        return None
    class_days, weekend = (rounded_shares([float(n) for n in counts[kind]]) for kind in (False, True))
    return [
        {"hour": hour, "share": class_days[hour], "weekend_share": weekend[hour]}
        for hour in range(_DAY_HOURS)
    ]


def gap_rows(pack: Pack, rows: Iterable[FitRow], report: GuardReport) -> list[dict[str, Any]] | None:
    """Gaps between clicks at the seconds that the pack has, each for those nearest to it."""
    points = [int(value) for value in pack.table("gap")["seconds"]]
    edges = [(a + b) / 2 for a, b in pairwise(points)]
    merged: dict[int, dict[str, Any]] = {}
    for row in rows:
        if row["num_people"] < report.threshold:
            report.note("gap", "seconds of few people", 1)
            continue
        point = points[bisect_left(edges, int(row["seconds"]))]
        entry = merged.setdefault(point, {"seconds": point, "num_records": 0, "num_people": 0})
        entry["num_records"] += int(row["num_records"])
        entry["num_people"] = max(entry["num_people"], int(row["num_people"]))
    return law_rows(pack, "gap", merged.values(), report)


def adoption_rows(pack: Pack, rows: Iterable[FitRow], report: GuardReport) -> list[dict[str, Any]] | None:
    """Shares of courses that use a tool at all, by mode; where there are few courses, as before."""
    counted = {(row["tool"], row["teaching_mode"]): row for row in rows}
    modes = {row["teaching_mode"]: int(row["num_records"]) for row in counted.values()}
    if not any(total >= report.threshold for total in modes.values()):
        return None
    found = []
    for old in rows_of(pack, "adoption"):
        total = modes.get(old["mode"], 0)
        row = counted.get((old["tool"], old["mode"]))
        using = int(row["num_using"]) if row else 0
        open_to_all = total >= report.threshold and (using == 0 or using >= report.threshold)
        if not open_to_all:
            report.note("adoption", "shares of few courses", 1)
        found.append({**old, "share": round(using / total, 4) if open_to_all else old["share"]})
    return found


def device_rows(
    pack: Pack, known: Iterable[FitRow], seen: Iterable[FitRow], report: GuardReport
) -> list[dict[str, Any]] | None:
    """Shares of visits by user agent; ``known``, ``seen``: rows of known_devices.sql and devices.sql.

    What is seen counts for the pack's agents of its device, browser and system; where there are none, for
    those of its device and browser, or else of its device. Agents that a class has in common share in it as
    they did before.
    """
    share = {row["user_agent"]: float(row["share"]) for row in rows_of(pack, "device")}
    members: dict[_Key, list[str]] = defaultdict(list)
    for row in known:
        kind = tuple(row[name] for name in _DEVICE)
        for depth in range(1, len(_DEVICE) + 1):
            members[kind[:depth]].append(row["user_agent"])
    rows = {agent: {"user_agent": agent, "num_records": 0.0, "num_people": 0} for agent in share}
    for row in seen:
        kind = tuple(row[name] for name in _DEVICE)
        at = next((kind[:depth] for depth in (3, 2, 1) if kind[:depth] in members), None)
        total = sum(share[agent] for agent in members[at]) if at else 0.0
        for agent in members[at] if at and total else ():
            rows[agent]["num_records"] += int(row["num_records"]) * share[agent] / total
            rows[agent]["num_people"] = max(rows[agent]["num_people"], int(row["num_people"]))
    return law_rows(pack, "device", rows.values(), report)


def score_rows(pack: Pack, rows: Iterable[FitRow]) -> list[dict[str, Any]] | None:
    """Means, spreads and full marks by kind of work, as before where few have any; None for no rows.

    ``rows``: of scores.sql.
    """
    by_kind = {row["kind"]: row for row in rows}
    found = []
    for old in rows_of(pack, "score"):
        row = by_kind.get(old["kind"])
        new = (
            {}
            if row is None
            else {
                "mean": rounded_rate(row["mean"]),
                "sd": rounded_rate(row["sd"]),
                "full_marks_share": round(row["full_marks_share"], 4),
            }
        )
        found.append({**old, **new})
    return found if by_kind else None


def score_parts(rows: Sequence[FitRow]) -> dict[str, float]:
    """What students, pieces of work and chance have in the scores of the most frequent kind: numbers.csv."""
    if not rows:
        return {}
    most = max(rows, key=lambda row: row["num_records"])
    parts = {name: max(most[f"{name}_variance"] or 0.0, 0.0) for name in ("person", "activity")}
    return {
        "score.student_sd": sqrt(parts["person"]),
        "score.activity_sd": sqrt(parts["activity"]),
        "score.residual_sd": sqrt(max(most["sd"] ** 2 - sum(parts.values()), 0.0)),
    }


def missing_rows(pack: Pack, due: Iterable[FitRow], threshold: int) -> list[dict[str, Any]] | None:
    """What was not handed in, by part of the term; None unless enough people are behind each part."""
    parts = {row["term_fraction_low"]: row for row in due}
    found = []
    for old in rows_of(pack, "missing"):
        row = parts.get(float(old["term_fraction_low"]))
        if row is None or min(row["num_people"], row["num_missing"]) < threshold:
            return None
        found.append({**old, "rate": rounded_rate(row["num_missing"] / row["num_records"])})
    return found


def line_of(table: str) -> tuple[str, ...]:
    """The columns within which a table's shares sum to 1."""
    spec = TABLES[table]
    return spec.sums[0][1] if spec.sums else ()


def value_columns(table: str) -> tuple[str, ...]:
    """The columns of a pack's table that a fit finds; a date of the calendar is found by its offset."""
    known = {
        "adoption": ("share",),
        "score": ("mean", "sd", "full_marks_share"),
        "missing": ("rate",),
        "numbers": ("value",),
        "calendar": ("offset_days",),
    }
    return known.get(table) or tuple(name for name, _ in TABLES[table].sums)


def told_values(rows: Iterable[FitRow]) -> dict[str, dict[_Key, dict[str, float]]]:
    """By table and key, the values of rows of told_tables.sql. Tables that no pack has are left out.

    Raises InputError for a row_key that is none of its table.
    """
    found: dict[str, dict[_Key, dict[str, float]]] = defaultdict(dict)
    for row in rows:
        name = str(row["table_name"])
        if name not in TABLES or row["column_name"] not in value_columns(name):
            continue
        try:
            given = json.loads(row["row_key"])
            values = found[name].setdefault(tuple(given[part] for part in TABLES[name].key), {})
        except (ValueError, KeyError, TypeError):
            allowed = ", ".join(TABLES[name].key)
            raise InputError(
                f"pack_distributions.row_key: {row['row_key']} given for {name}, allowed: JSON with {allowed}"
            ) from None
        values[str(row["column_name"])] = float(row["value"])
    return found


def sizes(table: str, rows: Iterable[FitRow]) -> dict[str, int]:
    """Records by line of a table, of rows by the columns of its key."""
    found: dict[str, int] = {}
    for row in rows:
        name = ", ".join(str(row[key]) for key in line_of(table)) or "all"
        found[name] = found.get(name, 0) + int(row["num_records"] or 0)
    return found


def told_sizes(table: str, rows: Iterable[FitRow]) -> dict[str, int]:
    """Records by line of a table, of rows of told_tables.sql."""
    found: dict[str, int] = {}
    for row in rows:
        if row["table_name"] == table and row["num_records"] is not None:
            given = json.loads(row["row_key"])
            line = ", ".join(str(given[name]) for name in line_of(table)) or "all"
            found[line] = max(found.get(line, 0), int(row["num_records"]))
    return found


def told_rows(
    pack: Pack, table: str, told: Mapping[_Key, Mapping[str, float]]
) -> list[dict[str, Any]] | None:
    """A table's rows with the values that a tenant published; None for none.

    What the pack has no row for is left out, what is left sums to 1; lines without any are as before.
    """
    spec, old = TABLES[table], rows_of(pack, table)
    if table == "calendar":
        return _told_calendar(old, told)
    keys = [tuple(row[name] for name in spec.key) for row in old]
    if not any(key in told for key in keys):
        return None
    rows = [{**row, **told.get(key, {})} for row, key in zip(old, keys, strict=True)]
    for column, per in spec.sums:
        lines: dict[_Key, list[int]] = defaultdict(list)
        for i, row in enumerate(rows):
            lines[tuple(row[name] for name in per)].append(i)
        for line in lines.values():
            shares = [max(told.get(keys[i], {}).get(column, 0.0), 0.0) for i in line]
            known = sum(shares) > 0
            for i, share in zip(line, rounded_shares(shares, 6) if known else [], strict=known):
                rows[i][column] = share
    return rows


def _told_calendar(
    old: Sequence[dict[str, Any]], told: Mapping[_Key, Mapping[str, float]]
) -> list[dict[str, Any]] | None:
    names = TABLES["calendar"].key
    new = [dict(zip(names, key, strict=True)) for key in told]
    types = {row["term_type"] for row in new}
    rows = [*(row for row in old if row["term_type"] not in types), *new]
    known = {term: i for i, term in enumerate(TERM_TYPES)}
    return sorted(rows, key=lambda row: known.get(row["term_type"], len(known))) if new else None
