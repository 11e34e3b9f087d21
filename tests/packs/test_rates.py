"""Event rates: products of a pack's factor tables, absolute, never normalised over tools."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from context.errors import InputError
from context.packs.pack import Pack, load_pack
from context.packs.rates import build_rates, week_of
from context.packs.spec import AXES
from context.scenario.scenario import Scenario
from tests.samples.pack_folder import edit
from tests.samples.tiny import calendar_of, default_pack

INTERACTIONS = ("rate_tool_kind", "rate_tool_week", "rate_cip_week", "rate_level_week")


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


def kinds_of_fall() -> list[str]:
    """Kinds of the days 0 to 115 of a Fall term by the pack's calendar."""
    calendar = calendar_of(Scenario(name="fall"), default_pack())
    return [str(kind) for kind in calendar.kind_of(np.arange(116))]


def test_events_asked_per_week(pack: Pack) -> None:
    """Weighted by seats, the product of all factors is 27 events per student, course and week."""
    seats = np.array(pack.table("level")["seat_share"])
    kinds = kinds_of_fall()
    # But for the holiday that the curve has not.
    factor = dict(
        zip(pack.table("rate_day_kind")["kind"], pack.table("rate_day_kind")["factor"], strict=True)
    )
    days = [
        pack.rates.of("Fall", day, kind).sum(axis=2) @ seats / factor.get(kind, 1.0)
        for day, kind in enumerate(kinds)
    ]
    weekly = 7 * np.mean(days, axis=0)
    usual = pack.number("events_per_student_course_week")
    # Kinds of days and weeks move what a family's own mix of tools and levels has: the campus keeps its mean.
    assert weekly == pytest.approx(np.full(len(pack.rates.cips), usual), rel=0.03)
    families = np.array(pack.table("cip")["seat_share_service"]) / 2
    families += np.array(pack.table("cip")["major_share_ug"]) / 2
    assert weekly @ families == pytest.approx(usual, rel=4e-3)


def test_interactions_keep_margins(pack: Pack) -> None:
    """Tables of two axes move events within a tool, a family, a level and a day, and leave their totals."""
    kinds = kinds_of_fall()
    seats = np.array(pack.table("level")["seat_share"])
    families = np.array(pack.table("cip")["seat_share_service"]) + np.array(
        pack.table("cip")["major_share_ug"]
    )
    weight = families[:, None, None] * seats[None, :, None]
    whole = np.stack([pack.rates.of("Fall", day, kind) * weight for day, kind in enumerate(kinds)])
    tables = {name: table.columns for name, table in pack.tables.items() if name not in INTERACTIONS}
    plain = build_rates(tables)
    without = np.stack([plain.of("Fall", day, kind) * weight for day, kind in enumerate(kinds)])
    for axis, most in ((0, 0.015), (1, 0.005), (2, 0.002), (3, 0.005)):
        rest = tuple(other for other in range(4) if other != axis)
        found, wanted = whole.sum(axis=rest), without.sum(axis=rest)
        there = wanted > 0
        assert np.abs(found[there] / wanted[there] - 1).max() < most, axis


def test_rates_are_not_of_rank_one(pack: Pack) -> None:
    """Tools differ in their weekends, families and levels in their terms: no product of single axes fits."""
    weekend, weekday = (pack.rates.of("Fall", 40, kind)[0, 0] for kind in ("weekend", "class"))
    ratio = dict(zip(pack.rates.tools, weekend / weekday, strict=True))
    assert ratio["zoom"] < 0.1 * ratio["files"]
    assert ratio["quizzes"] > 1.5 * ratio["grades"]
    early, late = (pack.rates.of("Fall", day, "class").sum(axis=2) for day in (15, 101))
    shift = late / early
    math_, english = (pack.rates.cips.index(code) for code in ("27", "23"))
    assert shift[english].mean() > 1.1 * shift[math_].mean()
    assert shift[:, 5].mean() > 1.2 * shift[:, 0].mean()
    # As a matrix of days and tools.
    kinds = kinds_of_fall()
    table = np.stack([pack.rates.of("Fall", day, kind).sum(axis=(0, 1)) for day, kind in enumerate(kinds)])
    _, sizes, _ = np.linalg.svd(table / table.sum(axis=0))
    assert sizes[1] > 0.1 * sizes[0]
    assert sizes[2] > 0.03 * sizes[0]


def test_weeks_of_short_terms_are_stretched() -> None:
    """The last day of Summer is in the week of Fall's finals; days before a term are in its weeks before."""
    assert [week_of("Fall", day) for day in (-14, -1, 0, 6, 7, 115, 123)] == [-2, -1, 0, 0, 1, 16, 17]
    assert [week_of("Summer", day) for day in (-14, -1, 0, 4, 5, 81, 95)] == [-2, -1, 0, 0, 1, 16, 17]


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
    for name, (axis, value) in {
        "rate_tool_week": ("tool", "quizzes"),
        "rate_cip_week": ("cip", "27"),
        "rate_level_week": ("level", "300"),
    }.items():
        table = pack.table(name)
        rows = zip(table[axis], table["week"], table["factor"], strict=True)
        by_hand *= next(factor for label, week, factor in rows if (label, week) == (value, 6))
    assert pack.rates.of("Fall", 42)[cip, level, tool] == pytest.approx(by_hand, rel=1e-12)
    kinds = pack.table("rate_tool_kind")
    of_kind = {
        kind: factor
        for name, kind, factor in zip(kinds["tool"], kinds["kind"], kinds["factor"], strict=True)
        if name == "quizzes"
    }
    for kind, more in (("holiday", 0.6), ("finals", 1.0)):
        wanted = more * of_kind[kind] * by_hand
        assert pack.rates.of("Fall", 42, kind)[cip, level, tool] == pytest.approx(wanted, rel=1e-12)
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
