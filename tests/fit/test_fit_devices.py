"""What visits are made with: counted by the user agent of their first click, in classes that a pack knows."""

from __future__ import annotations

from datetime import datetime, timedelta

import duckdb
import pytest

import schemas
from sim.fit.guard import GuardReport
from sim.fit.laws import device_rows
from sim.fit.texts import filled, sql_text
from sim.fit.warehouses.duckdb_source import DuckdbSource
from sim.fit.warehouses.source import FitRow
from tests.samples.tiny import default_pack

WINDOWS, MAC, CHROMEBOOK = (str(agent) for agent in default_pack().table("device")["user_agent"][:3])
PHONE = next(
    str(agent) for agent in default_pack().table("device")["user_agent"] if "(iPhone; CPU" in str(agent)
)
LINUX = (
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36"
)
NEWER = WINDOWS.replace("139", "150")
FOREIGN = {
    NEWER: ("desktop", "Chrome", "Windows"),
    LINUX: ("desktop", "Chrome", "Linux"),
    "Mozilla/5.0 (iPad; CPU OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) CriOS/139.0 "
    "Mobile/15E148 Safari/604.1": ("tablet", "Chrome", "iOS"),
    "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) SamsungBrowser/28.0 "
    "Chrome/130.0.0.0 Mobile Safari/537.36": ("mobile_web", "Chrome", "Android"),
    "candroid/9.0.1 (Android 16; Pixel 11)": ("mobile_app", "other", "Android"),
    "python-requests/2.32": (None, "other", "other"),
}
PLACES = {"class": schemas.fit_query("device_class"), "begin_date": "2026-09-21", "end_date": "2026-10-05"}


def _known(agents: list[str]) -> list[FitRow]:
    places = {**PLACES, "agents": ", ".join(map(sql_text, agents))}
    with duckdb.connect() as connection:
        return DuckdbSource(connection, "a test").rows(filled(schemas.fit_query("known_devices"), places, {}))


def test_a_user_agent_has_its_class() -> None:
    """Agents that no pack has are of a device, a browser and a system; a program is of none."""
    found = {row["user_agent"]: row for row in _known(list(FOREIGN))}
    assert {agent: (row["device"], row["browser"], row["system"]) for agent, row in found.items()} == FOREIGN


def test_the_packs_agents_are_of_their_devices() -> None:
    """The class of each agent of the default pack names the device and browser that its row names."""
    table = default_pack().table("device")
    found = {row["user_agent"]: row for row in _known([str(agent) for agent in table["user_agent"]])}
    kinds = {(row["device"], row["browser"], row["system"]) for row in found.values()}
    assert len(kinds) == len(table["user_agent"])
    for device, browser, agent in zip(table["device"], table["browser"], table["user_agent"], strict=True):
        assert found[agent]["device"] == device
        assert found[agent]["browser"] in (browser, "other")


def test_visits_count_by_their_first_click() -> None:
    """A visit, half an hour from the one before, counts for what its first click is made with."""
    start = datetime.fromisoformat("2026-09-22T09:00")
    clicks = [
        (1, start, WINDOWS),
        (1, start + timedelta(minutes=20), PHONE),  # the same visit
        (1, start + timedelta(minutes=55), PHONE),  # another one
        (2, start, NEWER),
        (2, start + timedelta(minutes=1), None),
        (2, datetime.fromisoformat("2026-10-06"), PHONE),  # after the two weeks
        (3, start, WINDOWS),  # no student
    ]
    with duckdb.connect() as connection:
        for dataset in ("event_store", "fit"):
            connection.execute(f"CREATE SCHEMA {dataset}")
        connection.execute("CREATE TABLE fit.seat AS SELECT unnest([1, 1, 2]) AS person_id")
        connection.execute(
            "CREATE TABLE event_store.expanded (id VARCHAR, event_time TIMESTAMP, "
            "person STRUCT(udp_id BIGINT), membership STRUCT(id VARCHAR), extensions_json VARCHAR)"
        )
        for i, (person, at, agent) in enumerate(clicks):
            text = f'{{"com.instructure.canvas": {{"user_agent": "{agent}"}}}}' if agent else None
            connection.execute(
                "INSERT INTO event_store.expanded VALUES (?, ?, {'udp_id': ?}, NULL, ?)",
                [str(i), at, person, text],
            )
        sql = filled(schemas.fit_query("devices"), PLACES, {"one_in": 1})
        rows = DuckdbSource(connection, "a test").rows(sql)
    found = {(row["device"], row["system"]): (row["num_records"], row["num_people"]) for row in rows}
    assert found == {("desktop", "Windows"): (2, 2), ("mobile_web", "iOS"): (1, 1)}


def _seen(device: str, browser: str, system: str, visits: int, people: int) -> FitRow:
    return {
        "device": device,
        "browser": browser,
        "system": system,
        "num_records": visits,
        "num_people": people,
    }


def test_shares_are_those_of_the_visits() -> None:
    """Shares are those counted; a system that no agent has counts for those of its device and browser."""
    pack, report = default_pack(), GuardReport(10)
    known = _known([str(agent) for agent in pack.table("device")["user_agent"]])
    seen = [
        _seen("desktop", "Chrome", "Windows", 500, 60),
        _seen("desktop", "Chrome", "Linux", 98, 20),
        _seen("mobile_web", "Safari", "iOS", 402, 90),
    ]
    rows = {row["user_agent"]: row["share"] for row in device_rows(pack, known, seen, report) or []}
    # .31, .13 and .05 of the pack share in what Linux has.
    assert rows[WINDOWS] == pytest.approx((500 + 98 * 0.31 / 0.49) / 1000, abs=2e-3)
    assert rows[MAC] == pytest.approx(98 * 0.13 / 0.49 / 1000, abs=2e-3)
    assert sum(rows.values()) == pytest.approx(1)


def test_a_device_of_few_people_has_no_share_of_its_own() -> None:
    """What fewer people have than the threshold shares in what is left, as before."""
    pack, report = default_pack(), GuardReport(10)
    known = _known([str(agent) for agent in pack.table("device")["user_agent"]])
    seen = [_seen("desktop", "Chrome", "Windows", 500, 60), _seen("tablet", "Safari", "iOS", 321, 3)]
    assert report.held_back == {}
    rows = {row["user_agent"]: row["share"] for row in device_rows(pack, known, seen, report) or []}
    tablets = [agent for agent in rows if "iPad" in agent]
    assert rows[tablets[0]] < 0.02
    assert report.held_back["device"]["values of few people"] >= 1
    assert device_rows(pack, known, [], report) is None
