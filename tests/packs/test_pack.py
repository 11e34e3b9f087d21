"""Packs: the default one's figures, and what the loader says of broken ones."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from context.errors import InputError
from context.packs.pack import Pack, check_pack, describe, find_pack, list_packs, load_pack
from context.packs.spec import TABLES
from tests.samples.pack_folder import edit, put


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("us_public_r1")


# ------------------------------------------------------------------------------------- the default pack


def test_default_pack_is_sound(pack: Pack) -> None:
    """The pack that comes with Termtide has no fault and every block of it has a source."""
    assert check_pack("us_public_r1") == []
    assert all(source.strip() for _, source, _ in pack.sources())
    assert any(assumed for _, _, assumed in pack.sources())
    assert not all(assumed for _, _, assumed in pack.sources())
    assert set(TABLES) <= set(pack.tables)


def test_what_says_assumption_is_flagged(pack: Pack) -> None:
    """A source that begins with the word assumption carries the flag."""
    unmarked = [
        block for block, source, assumed in pack.sources() if source.startswith("assumption") and not assumed
    ]
    assert unmarked == []


def test_founding_figures(pack: Pack) -> None:
    """Activities per group and role shares are those of the founding document."""
    assert pack.continuous("learner_activity_group", "activities").realised() == pytest.approx(
        (6.477, 7.517), abs=1e-6
    )
    shares = pack.categorical("course_section_enrollment", "role").shares()
    assert (shares["Student"], shares["Teacher"], shares["Faculty"]) == (0.893, 0.078, 0.015)


@pytest.mark.parametrize(
    ("table", "value", "per", "means"),
    [
        ("sections_per_course", "sections", (), {(): 1.67}),
        ("instructor_load", "sections", (), {(): 1.87}),
        ("visits", "visits", (), {(): 2.60874}),
        (
            "course_load",
            "courses",
            ("career", "load"),
            {
                ("Undergraduate", "FullTime"): 4.6,
                ("Undergraduate", "PartTime"): 2.0,
                ("Graduate", "FullTime"): 3.2,
                ("Graduate", "PartTime"): 1.6,
            },
        ),
    ],
)
def test_means_of_small_laws(
    pack: Pack, table: str, value: str, per: tuple[str, ...], means: dict[tuple[str, ...], float]
) -> None:
    """Small tables of shares have the means that their sources or descriptions give."""
    columns = pack.table(table)
    for group, mean in means.items():
        got = sum(
            n * share
            for i, (n, share) in enumerate(zip(columns[value], columns["share"], strict=True))
            if tuple(columns[name][i] for name in per) == group
        )
        assert got == pytest.approx(mean, abs=1e-5)


def test_sections_per_course_quantiles(pack: Pack) -> None:
    """One section .775, p90 3, p95 4, p99 11, as measured."""
    columns = pack.table("sections_per_course")
    cumulative = np.cumsum(columns["share"])
    quantiles = [columns["sections"][int(np.searchsorted(cumulative, p - 1e-9))] for p in (0.9, 0.95, 0.99)]
    assert columns["share"][0] == 0.775
    assert quantiles == [3, 4, 11]


def test_standing_and_seats_agree(pack: Pack) -> None:
    """Course levels given standing add up to the measured seats by level within one point."""
    career, load = pack.categorical("person", "career").shares(), pack.categorical("person", "load")
    courses, table = pack.table("course_load"), pack.table("level_given_standing")
    seats = dict.fromkeys(pack.table("level")["level"], 0.0)
    for name, standings in (
        ("Undergraduate", pack.categorical("person", "standing").shares("Undergraduate")),
        ("Graduate", {"Graduate": 1.0}),
        ("Professional", {"Professional": 1.0}),
    ):
        mean = sum(
            n * share * load.shares(name)[ld]
            for c, ld, n, share in zip(
                *(courses[x] for x in ("career", "load", "courses", "share")), strict=True
            )
            if c == name
        )
        for standing, level, share in zip(table["standing"], table["level"], table["share"], strict=True):
            seats[level] += career[name] * mean * standings.get(standing, 0.0) * share
    total = sum(seats.values())
    for level, share in zip(pack.table("level")["level"], pack.table("level")["seat_share"], strict=True):
        assert seats[level] / total == pytest.approx(share, abs=0.01)


# ------------------------------------------------------------------------------------------- own packs


def test_an_edited_copy_loads_by_path(pack: Pack, folder: Path) -> None:
    """A copied folder loads by its path, absolute or relative to the scenario, with the edited figure."""
    edit(folder, "score.csv", put(2, "mean", "81.5"))
    assert load_pack(folder).table("score")["mean"][0] == 81.5
    assert load_pack("mine", folder.parent).digest == load_pack(str(folder)).digest != pack.digest


def test_digest_changes_exactly_with_contents(pack: Pack, folder: Path) -> None:
    """Line ends, other files and the folder's place leave the digest; any figure or source changes it."""
    assert load_pack(folder).digest == pack.digest
    (folder / "README.txt").write_text("mine")
    for path in folder.glob("*.csv"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert load_pack(folder).digest == pack.digest
    edit(folder, "hour.csv", lambda rows: rows.append([]))
    changed = load_pack(folder).digest
    assert changed != pack.digest
    toml = folder / "pack.toml"
    toml.write_text(toml.read_text().replace('version = "1.0.0"', 'version = "1.0.1"'))
    assert load_pack(folder).digest not in {pack.digest, changed}


def test_pack_can_be_sent_to_a_worker(pack: Pack) -> None:
    """A pickled pack draws and rates as the original."""
    other = pickle.loads(pickle.dumps(pack))  # noqa: S301  # our own bytes
    assert np.array_equal(other.rates.of("Spring", 9), pack.rates.of("Spring", 9))
    assert other.categorical("person", "sex").shares() == pack.categorical("person", "sex").shares()


def test_plain_data_for_the_command_line(pack: Pack) -> None:
    """list_packs and describe give one dict per pack and per block, sources and flags included."""
    (entry,) = [entry for entry in list_packs() if entry["name"] == "us_public_r1"]
    assert entry["digest"] == pack.digest
    blocks = describe(pack)
    assert {"block", "file", "rows", "assumption", "source", "description", "unit"} == set(blocks[0])
    assert sum(entry["rows"] for entry in blocks) == sum(len(table) for table in pack.tables.values())
    assert len(blocks) == entry["blocks"] == len(pack.sources())


def test_unknown_names_are_refused(pack: Pack) -> None:
    """A pack, table, field or number that isn't there is named, with what is allowed."""
    for ask, message in (
        (lambda: load_pack("us_public_r9"), "pack: us_public_r9 given, allowed: us_public_r1, a folder"),
        (lambda: pack.table("scores"), "table scores: not in the pack, did you mean score?"),
        (
            lambda: pack.number("score.student"),
            "number score.student: not in the pack, did you mean score.student_sd?",
        ),
        (lambda: pack.categorical("person", "hat"), "categorical person.hat: not in the pack"),
        (lambda: pack.continuous("person", "sex"), "continuous person.sex: not in the pack"),
    ):
        with pytest.raises(InputError, match=re.escape(message)):
            ask()


def fields(table: str, pack: Pack) -> set[str]:
    columns = pack.table(table)
    return {f"{entity}.{field}" for entity, field in zip(columns["entity"], columns["field"], strict=True)}


def test_what_the_code_asks_for_is_there(pack: Pack) -> None:
    """Every number, field and table that a module names in plain text is in the default pack."""
    root = find_pack("us_public_r1").parents[2]
    text = "\n".join(
        path.read_text() for part in ("context", "sim") for path in sorted((root / part).rglob("*.py"))
    )
    for kind, known in (
        ("number", set(pack.table("numbers")["key"])),
        ("table", set(pack.tables)),
        ("categorical", fields("categorical", pack)),
        ("continuous", fields("continuous", pack)),
    ):
        asked = re.findall(rf'pack\.{kind}\(\s*"([^"]+)"(?:,\s*"([^"]+)")?\s*\)', text)
        assert {".".join(filter(None, names)) for names in asked} <= known


def test_our_own_packs_are_read_once_and_others_anew(pack: Pack, folder: Path) -> None:
    """A pack of Termtide's is read once a process, by name or path; a folder of one's own each time."""
    assert load_pack(find_pack("us_public_r1")) is load_pack("us_public_r1") is pack
    mine = load_pack(folder)
    edit(folder, "score.csv", put(2, "mean", "81.5"))
    assert load_pack(folder).table("score")["mean"][0] == 81.5 != mine.table("score")["mean"][0]
