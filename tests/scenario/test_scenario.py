"""The scenario file: defaults, precedence, and one clear line for whatever is wrong."""

from __future__ import annotations

import re
import tomllib
from datetime import datetime
from pathlib import Path

import pytest

from context.errors import InputError
from context.scenario import scenario as module
from context.scenario.load import demo_scenario, find_scenario, init_text, load_scenario, pack_base
from context.scenario.scenario import Scenario


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory of its own."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(text: str, **flags: object) -> Scenario:
    """Load ``text`` as the termtide.toml of the working directory."""
    Path("termtide.toml").write_text(text, encoding="utf-8")
    return load_scenario(overrides=flags)


def fault(text: str, **flags: object) -> str:
    """The one line that refuses ``text``."""
    with pytest.raises(InputError) as refused:
        load(text, **flags)
    assert refused.value.exit_code == 2
    line = str(refused.value)
    assert "\n" not in line
    return line


def uncommented() -> str:
    """The template with every commented-out key switched on."""
    return re.sub(r"(?m)^# (?=(\w+ = |\[\[))", "", init_text())


@pytest.mark.usefixtures("here")
def test_template_is_the_default() -> None:
    """What `termtide init` writes is, key by key, the default scenario: 20,000 FTE, no incident."""
    assert load(init_text()) == Scenario()
    assert Scenario().fte == 20_000
    assert Scenario().incident == ()


@pytest.mark.usefixtures("here")
def test_template_names_every_key() -> None:
    """Every key of the models stands in the template, and its commented-out examples are valid."""
    tables = tomllib.loads(uncommented())
    assert set(tables) == set(Scenario.model_fields)
    assert set(tables["calendar"]) == set(module.CalendarOverrides.model_fields)
    assert set(tables["incident"][0]) == set(module.Incident.model_fields)
    assert set(tables["delivery"][0]) == set(module.SensorDelivery.model_fields)
    assert set(tables["delivery_outage"][0]) == set(module.DeliveryOutage.model_fields)
    assert set(tables["stage"][0]) == set(module.Stage.model_fields)
    assert set(tables["output"]) == set(module.Output.model_fields)
    assert load(uncommented()).incident[0].start == datetime(2026, 10, 14, 19, 30)  # noqa: DTZ001 - wall time


@pytest.mark.usefixtures("here")
def test_precedence(monkeypatch: pytest.MonkeyPatch) -> None:
    """A flag goes before a variable, a variable before the file, the file before the default."""
    text = 'fte = 100\nseed = 1\nterm = "Spring 2027"'
    assert load(text).fte == 100
    monkeypatch.setenv("TERMTIDE_FTE", "200")
    monkeypatch.setenv("TERMTIDE_SEED", "2")
    monkeypatch.setenv("TERMTIDE_TIME_ZONE", "Asia/Kolkata")
    monkeypatch.setenv("TERMTIDE_PROJECT", "")
    got = load(text, fte=300, seed=None)
    assert (got.fte, got.seed, got.term) == (300, 2, "Spring 2027")
    assert (got.time_zone, got.project) == ("Asia/Kolkata", "unizin-shared")


@pytest.mark.parametrize("key", module.SCALARS)
@pytest.mark.usefixtures("here")
def test_each_scalar_has_its_variable(key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Every top-level value can be set by its TERMTIDE_* variable, and a bad one is named by it."""
    good = {
        "fte": "7",
        "seed": "7",
        "shift": "-3",
        "terms": "3",
        "shard": "12",
        "term": "Summer 2030",
        "time_zone": "UTC",
        "host": "a.example",
    }
    monkeypatch.setenv(f"TERMTIDE_{key.upper()}", good.get(key, "vendor"))
    assert str(getattr(load(""), key)) == good.get(key, "vendor")
    monkeypatch.setenv(f"TERMTIDE_{key.upper()}", "\x07")
    assert fault("").startswith(f'TERMTIDE_{key.upper()}: "\\u0007" given, allowed: ')


@pytest.mark.usefixtures("here")
def test_no_file_points_to_init_and_demo() -> None:
    """Without a termtide.toml the message names the two commands that help."""
    assert find_scenario() is None
    with pytest.raises(InputError, match=r"no termtide\.toml .*`termtide init` .*`termtide demo`"):
        load_scenario()
    with pytest.raises(InputError, match=r"^nowhere\.toml: can't be read: No such file"):
        load_scenario("nowhere.toml")


INCIDENT = '[[incident]]\nname = "x"\nstart = 2026-10-01T10:00:00\nend = 2026-10-01T11:00:00\n'
OUTAGE = INCIDENT.replace("incident", "delivery_outage")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("fte = -5", "fte: -5 given, allowed: a whole number from 1 to 500000"),
        ("fte = 0", "fte: 0 given, allowed: a whole number from 1 to 500000"),
        ('fte = "20"', 'fte: "20" given, allowed: a whole number from 1 to 500000'),
        ("fte = true", "fte: true given, allowed: a whole number from 1 to 500000"),
        ("fte = 20.0", "fte: 20.0 given, allowed: a whole number from 1 to 500000"),
        ("fte = nan", "fte: nan given, allowed: a whole number from 1 to 500000"),
        ("seed = 9223372036854775808", "seed: 9223372036854775808 given, allowed: a whole number from 0 to"),
        ('term = "Autumn 2026"', 'term: "Autumn 2026" given, allowed: Fall, Spring or Summer and a year'),
        ('time_zone = "America/Detriot"', 'time_zone: "America/Detriot" given, allowed: an IANA name of a'),
        ('time_zone = "../UTC"', 'time_zone: "../UTC" given, allowed: an IANA name'),
        ('name = "../x"', 'name: "../x" given, allowed: small letters, digits and hyphens'),
        ('project = "X"', 'project: "X" given, allowed: a project id'),
        ('host = "canvas.edu"', 'host: "canvas.edu" given, allowed: a host name in small letters that ends'),
        ('institution = "  "', 'institution: "  " given, allowed: a text of 1 to 80 characters'),
        ('pack = ""', 'pack: "" given, allowed: the name of a built-in pack or the path of a folder'),
        ('dialect = "strict"', 'dialect: "strict" given, allowed: "vendor"'),
        ("fet = 5", "fet: unknown key (did you mean fte?), allowed: name, fte, seed"),
        ("calendar = 5", "calendar: 5 given, allowed: a table [calendar]"),
        ("calendar.strat = 5", "calendar.strat: unknown key (did you mean start?), allowed: start, instr"),
        ('calendar.end = "2026-12-01"', 'calendar.end: "2026-12-01" given, allowed: a date without quotes'),
        ("calendar.end = 2026-12-01T10:00:00", "calendar.end: 2026-12-01T10:00:00 given, allowed: a date"),
        ("calendar.no_class = [5]", "calendar.no_class: [5] given, allowed: a list of dates"),
        ("output.event_json = 1", "output.event_json: 1 given, allowed: true or false"),
        ("output.row_group_rows = 5", "output.row_group_rows: 5 given, allowed: a whole number from 1024"),
        ("incident = [5]", "incident 1: 5 given, allowed: tables that start with [[incident]]"),
        ('[incident]\nname = "x"', "incident: a table given, allowed: tables that start with [[incident]]"),
        ('[[incident]]\nname = "x"', "incident 1: start: nothing given, allowed: a local date and time"),
        (INCIDENT + "tools = []", 'incident 1: tools: [] given, allowed: "all" or a list of names of tools'),
        (INCIDENT + 'tools = ["A b"]', 'incident 1: tools: ["A b"] given, allowed: "all" or a list'),
        (INCIDENT + "tool = 1", "incident 1: tool: unknown key (did you mean tools?), allowed: name, start"),
        (INCIDENT + INCIDENT.replace("11:", "09:"), "incident 2: end: 2026-10-01T09:00:00 given, allowed: a"),
        (INCIDENT.replace("10-01T11", "11-01T11"), "incident 1: end: 2026-11-01T11:00:00 given, allowed: a"),
        (INCIDENT.replace("11:00:00", "11:00:00Z"), "incident 1: end: 2026-10-01T11:00:00+00:00 given, all"),
        (INCIDENT.replace("T11:00:00", ""), "incident 1: end: 2026-10-01 given, allowed: a local date and t"),
        ("shift = 5201", "shift: 5201 given, allowed: a whole number of weeks from -5200 to 5200"),
        ("shift = 1.0", "shift: 1.0 given, allowed: a whole number of weeks from -5200 to 5200"),
        ("[[delivery]]\nflush_ms = -1", "delivery 1: flush_ms: -1 given, allowed: a whole number from 0 to"),
        ("[[delivery]]\nflush = 1", "delivery 1: flush: unknown key (did you mean flush_ms?), allowed: tool"),
        (OUTAGE + "catch_up = 1", "delivery_outage 1: catch_up: 1 given, allowed: a number from 1.5 to 100"),
        (OUTAGE + "catch_up = nan", "delivery_outage 1: catch_up: nan given, allowed: a number from 1.5 to"),
        (
            OUTAGE.replace("10-01T11", "10-09T11"),
            "delivery_outage 1: end: 2026-10-09T11:00:00 given, allowed",
        ),
        ('[[stage]]\nname = "none"', 'stage 1: name: "none" given, allowed: small letters, digits and'),
        ('[[stage]]\nname = "x"\nclicks = 6', "stage 1: clicks: 6 given, allowed: a number from 0 to 5"),
        ("fte == 5", "not valid TOML: Invalid value at line 1, column 6"),
        ("seed = 1\nfte = [", "not valid TOML: Invalid value at end of document"),
    ],
)
@pytest.mark.usefixtures("here")
def test_one_clear_line(text: str, line: str) -> None:
    """Each fault is one line that names file, key, value and what is allowed."""
    assert fault(text).startswith(f"termtide.toml: {line}")


@pytest.mark.usefixtures("here")
def test_several_faults_are_counted() -> None:
    """Several faults are still one line: the first of them, an unknown key before all, and how many more."""
    assert fault("fet = 5\nseed = -1\nfte = 0").startswith(
        "termtide.toml: fet: unknown key (did you mean fte"
    )
    assert fault("fet = 5\nseed = -1\nfte = 0").endswith("(and 2 more)")


@pytest.mark.usefixtures("here")
def test_near_zone_is_offered() -> None:
    """A misspelt time zone is answered with the nearest known one."""
    assert fault('time_zone = "Pacific/Aukland"').endswith("did you mean Pacific/Auckland?")


@pytest.mark.usefixtures("here")
def test_flags_are_named_by_their_flag() -> None:
    """A bad flag is named as it is typed, and texts do for numbers there."""
    assert load("", fte="12").fte == 12
    assert fault("", fte="-3").startswith("--fte: -3 given, allowed: a whole number from 1 to 500000")
    assert fault("", time_zone="x").startswith('--time-zone: "x" given, allowed: an IANA name')
    assert load("", shift="-12").shift == -12
    assert fault("", shift="6w").startswith('--shift: "6w" given, allowed: a whole number of weeks from')
    assert fault("", seed="1e3").startswith('--seed: "1e3" given, allowed: a whole number')


def test_bytes_that_are_no_text(here: Path) -> None:
    """A file that isn't UTF-8 is refused with the place; a byte-order mark is no fault."""
    path = here / "termtide.toml"
    path.write_bytes(b'name = "\xff"')
    with pytest.raises(InputError, match=r"not UTF-8 at byte 9"):
        load_scenario(path)
    path.write_bytes(b"\xef\xbb\xbffte = 9")
    assert load_scenario(path).fte == 9


def test_relative_pack(here: Path) -> None:
    """A pack's path in the file is relative to the file; one in a flag, to the working directory."""
    (here / "sub").mkdir()
    path = here / "sub" / "termtide.toml"
    path.write_text('pack = "./mine"')
    assert load_scenario(path).pack == "./mine"
    assert pack_base(path) == (here / "sub").resolve()
    assert load_scenario(path, {"pack": "./mine"}).pack == str(Path.cwd() / "mine")
    assert load_scenario(path, {"pack": "us_public_r1"}).pack == "us_public_r1"


def test_digest_follows_what_changes_the_bytes() -> None:
    """The digest changes with every key but the name; a pack counts by its content where that is given."""
    base = Scenario()
    others = [
        Scenario(fte=1),
        Scenario(seed=1),
        Scenario(term="Fall 2027"),
        Scenario(time_zone="UTC"),
        Scenario(host="x.example"),
        Scenario(pack="other"),
        Scenario(output=module.Output(event_json=False)),
        Scenario.model_validate(tomllib.loads(INCIDENT)),
    ]
    assert len({base.digest(), *(other.digest() for other in others)}) == len(others) + 1
    assert Scenario(name="x").digest() == base.digest()
    assert Scenario(pack="./moved").digest("abc") == base.digest("abc") != base.digest("abd")
    assert re.fullmatch(r"[0-9a-f]{64}", base.digest())


def test_demo() -> None:
    """The demo is 1,000 FTE with seed 1, and takes flags."""
    demo = demo_scenario()
    assert (demo.name, demo.fte, demo.seed, demo.term) == ("demo", 1_000, 1, "Fall 2026")
    assert demo_scenario({"fte": 50, "seed": None}).fte == 50
