"""Packs merged by weights: means that are packs themselves."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from context.errors import InputError
from context.packs.merge import merged
from context.packs.pack import check_pack, find_pack, load_pack
from tests.samples.pack_folder import edit
from tests.samples.tiny import default_pack


def _edited(folder: Path) -> Path:
    """The default pack with other shares of sexes, twice the rate and another average."""
    shutil.copytree(find_pack("us_public_r1"), folder)

    def sexes(rows: list[list[str]]) -> None:
        share, value, field = (rows[0].index(name) for name in ("share", "value", "field"))
        for row in rows[1:]:
            if row[field] == "sex":
                row[share] = {"Female": "0.645", "Male": "0.355"}[row[value]]

    def base(rows: list[list[str]]) -> None:
        rows[1][0] = str(2 * float(rows[1][0]))

    def average(rows: list[list[str]]) -> None:
        rows[1][rows[0].index("avg")] = "8.477"

    edit(folder, "categorical.csv", sexes)
    edit(folder, "rate_base.csv", base)
    edit(folder, "continuous.csv", average)
    return folder


def test_means_are_weighted(tmp_path: Path) -> None:
    """Shares, rates and moments of a merged pack are the weighted means, and the pack is sound."""
    other = load_pack(_edited(tmp_path / "other"))
    merged([default_pack(), other], [3, 1], "both").save(tmp_path / "both")
    assert check_pack(tmp_path / "both") == []
    both = load_pack(tmp_path / "both")
    assert both.categorical("person", "sex").shares()["Female"] == pytest.approx(0.57, abs=1e-9)
    assert both.table("rate_base")["factor"][0] == pytest.approx(3.857142857 * 1.25, rel=1e-9)
    law = both.continuous("learner_activity_group", "activities")
    assert law.avg == pytest.approx(6.977)
    assert law.sd**2 == pytest.approx(7.517**2 + 0.75 * 0.25 * 2**2, rel=1e-6)  # and what averages differ by
    assert {"us_public_r1 1.0.0 (0.75)" in source for _, source, _ in both.sources()} == {True, False}


def test_a_pack_merged_with_itself_stays(tmp_path: Path) -> None:
    """Two packs of the same figures make one that has them, digit by digit where they are short."""
    pack = default_pack()
    merged([pack, pack], [2, 5], "same").save(tmp_path / "same")
    same = load_pack(tmp_path / "same")
    for name in ("rate_tool", "hour", "letter", "adoption", "score"):
        for column, values in same.table(name).items():
            before = pack.table(name)[column]
            assert (
                values == pytest.approx(before, abs=1e-6)
                if column not in ("tool", "cip")
                else values == before
            )


@pytest.mark.parametrize(
    ("weights", "words"),
    [([1.0], "allowed: one for each of 2 packs"), ([1.0, 0.0], "allowed: numbers above 0")],
)
def test_weights_that_do_not_fit_are_told(weights: list[float], words: str) -> None:
    """Weights are one a pack, and above 0."""
    with pytest.raises(InputError, match=words):
        merged([default_pack(), default_pack()], weights, "both")


def test_the_calendar_is_that_of_most_weight(tmp_path: Path) -> None:
    """Dates are not averaged: a type of term has those on which most weight agrees, the others' their own."""

    def later(rows: list[list[str]]) -> None:
        term, item, offset = (rows[0].index(name) for name in ("term_type", "item", "offset_days"))
        for row in rows[1:]:
            if (row[term], row[item]) == ("Fall", "end"):
                row[offset] = str(int(row[offset]) + 1)

    shutil.copytree(find_pack("us_public_r1"), tmp_path / "later")
    edit(tmp_path / "later", "calendar.csv", later)
    usual, other = default_pack(), load_pack(tmp_path / "later")
    for weights, wanted in (([2.0, 1.0, 1.5], other), ([3.0, 1.0, 1.5], usual)):
        rows = merged([usual, other, other], weights, "all").tables["calendar"].rows
        ends = {row["term_type"]: row["offset_days"] for row in rows if row["item"] == "end"}
        table = wanted.table("calendar")
        dates = zip(table["term_type"], table["item"], table["offset_days"], strict=True)
        assert ends == {term: str(days) for term, item, days in dates if item == "end"}
