"""A term laid onto today: by how many whole weeks its calendar moves for a stream to begin now or today."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from context.arrays import DAY_MS
from context.packs.pack import Pack
from context.scenario.scenario import Scenario
from context.terms.premises import premises
from sim.folder.chosen import with_shift
from sim.stream.moments_and_speeds import aligning_weeks, moved

NOW = "now"
_WEEK_MS = 7 * DAY_MS


def moved_term(
    chosen: Scenario, pack: Pack, begin: str, end: str | None, played: Mapping[str, Any] | None
) -> tuple[Scenario, str, str | None]:
    """(the scenario with its calendar moved, --from and --until in it) of a stream that begins now or today.

    ``played``: what an earlier start of the same stream has chosen; its moments are those of this one.
    """
    flag = "--from now" if begin == NOW else "--align-today"
    now = datetime.now(UTC)
    if played is not None:
        weeks = int(played["shift"]) - chosen.shift
        if begin == NOW:
            begin = str(played["from"])
        else:
            begin = moved(begin, weeks, chosen.time_zone, "--from") or begin
    elif begin == NOW:
        weeks = _weeks_to(chosen, pack, round(now.timestamp() * 1000))
        begin = now.isoformat(timespec="milliseconds")
    else:
        weeks = aligning_weeks(chosen, begin, now)
        begin = moved(begin, weeks, chosen.time_zone, "--from") or begin
    return _shifted(chosen, weeks, flag), begin, moved(end, weeks, chosen.time_zone, "--until")


def _weeks_to(chosen: Scenario, pack: Pack, now_ms: int) -> int:
    """The fewest weeks that bring a moment into the term, 0 if it is there."""
    calendar = premises(chosen, pack).calendar
    first, last = calendar.day_start_ms(calendar.first_day), calendar.day_start_ms(calendar.last_day)
    if now_ms < first:
        return (now_ms - first) // _WEEK_MS  # below 0
    return max(-(-(now_ms - last) // _WEEK_MS), 0)


def _shifted(chosen: Scenario, weeks: int, flag: str) -> Scenario:
    return with_shift(chosen, str(chosen.shift + weeks), flag) if weeks else chosen
