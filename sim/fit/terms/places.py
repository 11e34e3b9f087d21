"""What queries on events are told of the terms that they count, and of the tools of a pack."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from context.packs.pack import Pack
from context.packs.spec import FIRST_DAY, LAST_DAYS
from sim.caliper.kinds import KINDS, tool_sql
from sim.fit.texts import level_ranges, sql_text, subject_families
from sim.fit.warehouses.source import FitRow

_FIELD = re.compile(
    r"""JSON_EXTRACT_SCALAR\(object\.extensions, "\$\['com\.instructure\.canvas'\]\['(\w+)'\]"\)"""
)

# Tools of whose students' events rows of the store prove some.
PROVEN = frozenset(kind.tool for kind in KINDS if kind.entity and kind.role == "Student")
NAMELESS = frozenset(kind.tool for kind in KINDS if kind.actor == "app")  # some of whose events name nobody

_WORK = tuple(kind for kind in KINDS if kind.role == "staff")  # no student's clicks, such as grading


@dataclass(frozen=True)
class Places:
    """What stands in the places of queries, and the dates from ``begin`` up to ``end`` that they read."""

    texts: dict[str, str]
    begin: date
    end: date

    def spans(self, days: int) -> list[dict[str, str]]:
        """The dates in spans of so many days at most, as what stands in the places of a query."""
        begins = range(0, (self.end - self.begin).days, days)
        return [
            {
                "begin_date": str(self.begin + timedelta(i)),
                "end_date": str(min(self.begin + timedelta(i + days), self.end)),
            }
            for i in begins
        ]


def places_of(pack: Pack, terms: Sequence[FitRow], usual_days: int) -> Places:
    """The places for the terms of one type. ``terms`` as terms.sql gives them.

    ``usual_days``: of the term that the days of all others are aligned to.
    """
    structs = []
    for term in terms:
        begin, end = term["begin_date"], term["end_date"]
        days = (end - begin).days + 1 if end else usual_days
        shift = 7 * round((usual_days - days) / 7)
        last = LAST_DAYS[term["term_type"]] - shift
        structs.append(
            f"STRUCT({int(term['academic_term_id'])} AS academic_term_id, "
            f"'{term['term_type']}' AS term_type, "
            f"DATE '{begin}' AS begin_date, {days} AS days, {shift} AS shift, "
            f"{FIRST_DAY} AS first_day, {last} AS last_day)"
        )
    first = min(term["begin_date"] for term in terms) + timedelta(days=FIRST_DAY)
    last_date = max(_end(term, usual_days) for term in terms) + timedelta(days=2 - FIRST_DAY)
    tools = pack.table("tool")
    domains = {
        domain: tool for domain, tool in zip(tools["lti_domain"], tools["tool"], strict=True) if domain
    }
    case = tool_sql(domains)
    names = list(dict.fromkeys(_FIELD.findall(case)))
    texts = {
        "terms": ", ".join(structs),
        "levels": level_ranges(),
        "subjects": subject_families(),
        "begin_date": str(first),
        "end_date": str(last_date),
        "tool": _FIELD.sub(r"\1", case),
        "work": _work_sql(),
        "work_types": ", ".join(
            sql_text(kind) for kind in sorted({kind.type for kind in _WORK if not kind.is_view})
        ),
        "extensions": ", ".join(f"{_json(name)} AS {name}" for name in names),
        "names": ", ".join(names),
        "same": " AND ".join(f"IFNULL(n.{name}, '') = IFNULL(c.{name}, '')" for name in names),
    }
    return Places(texts, first, last_date)


def _work_sql() -> str:
    """The tool of what staff do: events are told apart by their objects, views by their assets."""
    cases = [
        f"WHEN asset_type = '{kind.asset_type}' AND asset_subtype = '{kind.asset_subtype}' THEN '{kind.tool}'"
        if kind.is_view
        else f"WHEN type = '{kind.type}' AND action = '{kind.action}' "
        f"AND object_kind = '{kind.object_type} {kind.urn}' THEN '{kind.tool}'"
        for kind in _WORK
    ]
    return f"CASE {' '.join(cases)} END"


def _json(name: str) -> str:
    return f"JSON_EXTRACT_SCALAR(extensions, \"$['com.instructure.canvas']['{name}']\")"


def _end(term: FitRow, usual_days: int) -> date:
    found: date = term["end_date"] or term["begin_date"] + timedelta(days=usual_days)
    return found
