"""A fit of a small run: a sound pack that says where each of its tables is from, and that runs."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from context.errors import InputError
from context.generate import generate
from context.packs.pack import check_pack, load_pack
from sim.cli.main import main
from sim.fit.fitted import FitWish
from sim.fit.rates import before
from tests.samples.fitted_tiny import fitted_from, tiny_fit, tiny_pack
from tests.samples.tiny import SMALL, calendar_of, default_pack, finished_run


def test_a_fitted_pack_is_sound_and_runs() -> None:
    """A fitted pack passes its check, and a store is generated from it."""
    assert check_pack(tiny_pack()) == []
    pack = load_pack(tiny_pack())
    store = generate(SMALL, pack, calendar_of(SMALL, pack))
    assert len(store.entity["person"]) > 30
    json.loads((tiny_pack() / "fit.json").read_text())


def test_every_table_says_where_it_is_from() -> None:
    """What was fitted says so, and what was not says that it has the default's values, and why."""
    sources = dict.fromkeys(source for _, source, _ in load_pack(tiny_pack()).sources())
    assert any(source == "fitted from a run" for source in sources)
    assert any("us_public_r1's values (no warehouse has it as it is drawn)" in source for source in sources)
    assert any("us_public_r1's values (too few people)" in source for source in sources)


def test_expected_events_are_the_counted() -> None:
    """Over the enrolled, the fitted rates expect the events of each tool that were counted."""
    found = tiny_fit()
    assert found.clicks is not None
    count = found.clicks.counted
    assert count is not None
    rates = before(load_pack(tiny_pack()), count.axes)
    expected = (rates * count.students[:, :, :, None]).sum(axis=(0, 1, 2))
    large = np.argsort(np.nan_to_num(count.tool))[-3:]
    assert count.tool[large].min() > 500
    assert np.abs(expected[large] / count.tool[large] - 1).max() < 0.03


def test_students_roles_are_their_counts() -> None:
    """A fitted share is the share of its records."""
    shares = tiny_fit().shares["course_section_enrollment.role"].shares[()]
    assert 0.5 < (shares["Student"] or 0) < 0.95
    assert tiny_fit().shares["course_section_enrollment.role"].units[()] > 30


def test_bad_addresses_are_told_in_a_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A place that is no warehouse ends with exit code 2 and one line."""
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.duckdb").write_text("no database")
    for address, words in (
        ("nowhere", "no such folder"),
        ("duckdb:nowhere", "no such file"),
        (f"duckdb:{tmp_path}/text.duckdb", "cannot be read"),
        (f"parquet:{tmp_path}/empty", "has no table context_store_entity.person"),
        (str(tmp_path / "empty"), "no manifest.json there"),
        ("mysql:x", "allowed: the folder of a run"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["fit", "--from", address, "--out", str(tmp_path / "pack")])
        told = capsys.readouterr().err.strip()
        assert ended.value.code == 2, told
        assert words in told
        assert "\n" not in told


def test_places_to_write_to_are_looked_at_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A folder that can't take the pack, or the tables to publish, is told before minutes of counting."""
    monkeypatch.setattr("sim.fit.fit.fit", None)
    (tmp_path / "file").write_text("mine")
    for flags, words in (
        (["--out", str(tmp_path / "file")], "there already, allowed: a new folder"),
        (["--out", str(tmp_path)], "there already, allowed: a new folder"),
        (["--out", str(tmp_path / "new"), "--publish", str(tmp_path / "file")], "allowed: a folder"),
    ):
        with pytest.raises(SystemExit) as ended:
            main(["fit", "--from", str(finished_run()), *flags])
        told = capsys.readouterr().err
        assert (ended.value.code, told.count("\n")) == (2, 1)
        assert words in told


def test_a_type_of_term_that_is_not_there_is_refused() -> None:
    """Fitting a Spring of a run that has a Fall ends with what there is."""
    with pytest.raises(InputError, match="--term-type: Spring given, allowed: Fall"):
        fitted_from(str(finished_run()), FitWish(term_type="Spring"))


def test_a_warehouse_of_few_people_is_refused() -> None:
    """Where nothing has as many people as the threshold, nothing is fitted."""
    with pytest.raises(InputError, match="too small: no field has 5000 people"):
        fitted_from(str(finished_run()), FitWish(threshold=5_000))


def test_the_default_pack_is_left_alone() -> None:
    """The pack that a fit begins with stays as it was."""
    assert load_pack("us_public_r1").digest == default_pack().digest
