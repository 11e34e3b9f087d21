"""Event rates: products of a pack's factor tables, absolute, never normalised over tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.packs.spec import AXES
from tests.samples.pack_folder import edit


@pytest.fixture(scope="module")
def pack() -> Pack:
    return load_pack("us_public_r1")


def test_day_curve_averages_one(pack: Pack) -> None:
    """Over the days of the term the curve averages 1, so the base rate is what the pack says it is."""
    columns = pack.table("rate_day_in_term")
    for term, last in (("Fall", 115), ("Spring", 115), ("Summer", 81)):
        rows = zip(columns["term_type"], columns["day"], columns["factor"], strict=True)
        inside = [factor for name, day, factor in rows if name == term and 0 <= day <= last]
        assert np.mean(inside) == pytest.approx(1, abs=1e-6)


def test_events_asked_per_week(pack: Pack) -> None:
    """Weighted by seats, the product of all factors is 27 events per student, course and week."""
    seats = np.array(pack.table("level")["seat_share"])
    days = [pack.rates.of("Fall", day).sum(axis=2) @ seats for day in range(116)]
    weekly = 7 * np.mean(days, axis=0)
    assert weekly == pytest.approx(
        np.full(len(pack.rates.cips), pack.number("events_per_student_course_week")), rel=1e-3
    )


def test_rate_is_the_product_of_its_factors(pack: Pack) -> None:
    """A cell's rate is base x level x tool x day x kind of day, multiplied by hand."""
    cip, level, tool = (
        pack.rates.cips.index("27"),
        pack.rates.levels.index("300"),
        pack.rates.tools.index("quizzes"),
    )
    days = pack.table("rate_day_in_term")
    day = next(
        factor
        for term, number, factor in zip(days["term_type"], days["day"], days["factor"], strict=True)
        if (term, number) == ("Fall", 42)
    )
    by_hand = 3.857142857 * 0.977 * 0.11 * day
    assert pack.rates.of("Fall", 42)[cip, level, tool] == pytest.approx(by_hand, rel=1e-12)
    assert pack.rates.of("Fall", 42, "holiday")[cip, level, tool] == pytest.approx(0.6 * by_hand, rel=1e-12)
    assert pack.rates.of("Fall", 42, "finals")[cip, level, tool] == pytest.approx(by_hand, rel=1e-12)
    assert pack.rates.of("Fall", 42).shape == (36, 6, 20)


def add_tool(folder: Path) -> None:
    edit(folder, "tool.csv", lambda rows: rows.insert(3, ["reader", "45", "reader.example", "Reader"]))
    cips = list(load_pack("us_public_r1").rates.cips)
    edit(folder, "rate_tool.csv", lambda rows: rows.extend([cip, "reader", "0.05"] for cip in cips))


def test_a_tool_more_leaves_the_others_alone(pack: Pack, folder: Path) -> None:
    """A tool added to tool.csv and rate_tool.csv changes no other tool's rate by a bit."""
    add_tool(folder)
    more = load_pack(folder)
    assert len(more.rates.tools) == len(pack.rates.tools) + 1
    old = [more.rates.tools.index(tool) for tool in pack.rates.tools]
    for day, kind in ((-14, "before"), (7, "holiday"), (60, "class")):
        assert np.array_equal(more.rates.of("Fall", day, kind)[:, :, old], pack.rates.of("Fall", day, kind))
    assert more.rates.of("Fall", 60)[0, 0, more.rates.tools.index("reader")] > 0
    kinds = more.table("tool_kind")
    assert (kinds["tool"][-1], kinds["kind"][-1], kinds["share"][-1]) == (
        "reader",
        "context_external_tool",
        1.0,
    )


def test_a_table_with_other_axes_is_one_more_factor(pack: Pack, folder: Path) -> None:
    """Any rate_ table over any axes joins the product: here role x tool, staff beside students."""
    with (folder / "pack.toml").open("a") as stream:
        stream.write('\n[tables.rate_role]\nfile = "rate_role.csv"\nsource = "a test"\n')
    rows = [
        f"{role},{tool},{factor}"
        for role, factor in (("Student", 1), ("Teacher", 3))
        for tool in pack.rates.tools
    ]
    (folder / "rate_role.csv").write_text("role,tool,factor\n" + "\n".join(rows) + "\n")
    more = load_pack(folder)
    assert np.array_equal(more.rates.of("Fall", 20), pack.rates.of("Fall", 20))
    assert more.rates.of("Fall", 20, role="Teacher") == pytest.approx(
        3 * pack.rates.of("Fall", 20), rel=1e-12
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("Autumn", 3), "term_type: Autumn given, allowed: Fall, Spring, Summer"),
        (("Fall", 124), "day: 124 given, allowed: -14 to 123"),
        (("Fall", 3, "party"), "kind of day: party given, allowed: before, class"),
        (("Fall", 3, "class", "Teacher"), "role: Teacher given, allowed: Student"),
    ],
)
def test_rates_outside_the_pack_are_refused(pack: Pack, arguments: tuple[Any, ...], message: str) -> None:
    """A term type, day, kind of day or role without figures is refused, with what is allowed."""
    with pytest.raises(InputError, match=message):
        pack.rates.of(*arguments)


def test_axes_match_the_rates(pack: Pack) -> None:
    """Every factor has one axis per name of the specification, in its order."""
    assert all(factor.ndim == len(AXES) for factor in pack.rates.factors)
