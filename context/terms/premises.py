"""What everything is made from, once a command: scenario, pack, and the calendars of its terms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from context.packs.pack import Pack, load_pack
from context.scenario.calendar import Calendar, build_calendar
from context.scenario.incidents import LOGIN_SENSOR, check_senders, check_tools
from context.scenario.load import any_scenario, find_scenario, load_scenario, pack_base
from context.scenario.scenario import Scenario
from context.terms.history import calendars


@dataclass(frozen=True)
class Premises:
    """Made by ``premises``, and handed on from there."""

    scenario: Scenario
    pack: Pack
    calendars: tuple[Calendar, ...]  # of all terms of the store, the played one first

    @property
    def calendar(self) -> Calendar:
        """The calendar of the played term."""
        return self.calendars[0]


def premises(scenario: Scenario, pack: Pack) -> Premises:
    """Raises InputError for dates that make no term, incidents outside of it or of unknown tools, and terms
    that overlap.
    """
    check_tools(scenario.incident, _external(pack))
    senders = (*pack.rates.tools, LOGIN_SENSOR)
    check_senders(scenario.delivery, scenario.delivery_outage, scenario.stage, senders)
    calendar = build_calendar(scenario, pack.table("calendar"))
    return Premises(scenario, pack, tuple(calendars(scenario, pack, calendar)))


def _external(pack: Pack) -> list[str]:
    """The tools that are launched from Canvas, and can fail alone."""
    table = pack.table("tool")
    return [str(tool) for tool, domain in zip(table["tool"], table["lti_domain"], strict=True) if domain]


def premises_given(file: Path | None, flags: Mapping[str, str | None]) -> Premises:
    """Those of a scenario file (default: the one in this folder), else of the demo. Raises InputError."""
    scenario = any_scenario(file, flags)
    return premises(scenario, load_pack(scenario.pack, pack_base(file or find_scenario())))


def premises_of_file(file: Path | None, flags: Mapping[str, str | None]) -> Premises:
    """Those of a scenario file (default: the one in this folder), flags before it. Raises InputError."""
    scenario = load_scenario(file, flags)
    return premises(scenario, load_pack(scenario.pack, pack_base(file or find_scenario())))
