"""No two places draw the same bits: what should be independent would go together, and no sum would show it.

While a small campus comes about, from its store to the documents of two days, the random bits that are drawn
from ``context.rng`` are noted with the function that asked for them. Bits for which two functions ask are
told: the same purpose was folded into the same key, or one that equals an ordinal. Those of today stand in
``shrinking.toml``. The campus has a fixed seed; that two of its 30,000 numbers of 64 bits are equal by chance
has odds of 3e-11.
"""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np
import numpy.typing as npt
import pytest

from context import rng
from context.arrays import U64
from context.packs import distribution
from sim.draw.day import draw_day
from sim.render.renderer import Renderer
from tests.samples.tiny import SMALL, campus_of, default_pack
from tests.tidy.source_tree import ROOT, against, shrinking

# Modules that draw for others, as functions with a parameter ``purpose`` do.
BETWEEN = {"context/rng.py", "context/packs/distribution.py"}
SAMPLE = (
    16  # numbers noted of each array: the first ones, among which an owner's ordinals stand, and the last
)
DAYS = (20, 45)  # of the term, whose events are drawn and rendered
Bits = Callable[[U64, npt.ArrayLike], U64]


def asker(frame: FrameType | None) -> str:
    """Path and name of the first function up from a frame that draws for itself, "" for none."""
    while frame is not None:
        code, path = frame.f_code, Path(frame.f_code.co_filename)
        name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else ""
        if name and name not in BETWEEN and "purpose" not in code.co_varnames[: code.co_argcount]:
            return f"{name} {code.co_qualname.partition('.<locals>')[0]}"
        frame = frame.f_back
    return ""


def noting(drawn: dict[int, set[str]], real: Bits) -> Bits:
    """``rng.bits`` that notes in ``drawn`` who asked for which bits."""

    def bits(keys: U64, index: npt.ArrayLike = 0) -> U64:
        numbers = real(keys, index)
        who, flat = asker(sys._getframe(1)), numbers.reshape(-1)
        for number in {*flat[:SAMPLE].tolist(), *flat[-1:].tolist()}:
            drawn[number].add(who)
        return numbers

    return bits


def shared(drawn: dict[int, set[str]]) -> dict[str, list[str]]:
    """Groups of functions that ask for the same bits, by what they are called together."""
    groups = {tuple(sorted(who)) for who in drawn.values() if len(who) > 1}
    return {" and ".join(group): list(group) for group in sorted(groups)}


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> dict[int, set[str]]:
    """The bits that are drawn while a test runs, with those who asked for them."""
    noted: dict[int, set[str]] = defaultdict(set)
    bits = noting(noted, rng.bits)
    for module in (rng, distribution):
        monkeypatch.setattr(module, "bits", bits)
    return noted


def test_no_two_places_draw_the_same_bits(drawn: dict[int, set[str]], tmp_path: Path) -> None:
    """Random bits are asked for in one place, but for a list that only shrinks."""
    campus = campus_of(SMALL.model_copy(update={"terms": 2}), default_pack(), tmp_path)
    renderer = Renderer(campus.world)
    for day in DAYS:
        renderer.render(draw_day(campus.engine, day)[0])
    assert len(drawn) > 20_000
    assert {name.split()[0].split("/")[0] for who in drawn.values() for name in who} == {"context", "sim"}
    assert against(shared(drawn), shrinking()["bits"]) == []


KEYS = rng.key(1, "person", np.arange(9))


def coin(purpose: int) -> None:
    """Draws for whoever calls it."""
    rng.uniform(rng.extend(KEYS, purpose))


def by_purpose() -> None:
    """Draws by purpose 5, of everybody."""
    coin(5)


def by_ordinal() -> None:
    """Draws by ordinals up to 8, of the first one."""
    assert len([rng.integer(rng.extend(KEYS[:1], number), 7) for number in range(9)]) == 9


def by_others() -> None:
    """Draws by purpose 50 and by another index of purpose 5."""
    coin(50)
    rng.normal(rng.extend(KEYS, 5), 1)


def test_the_same_bits_are_told(drawn: dict[int, set[str]]) -> None:
    """A purpose that equals another one's ordinal is found; another purpose or index of a key is not."""
    for draw in (by_purpose, by_ordinal, by_others):
        draw()
    here = "tests/tidy/test_bits.py"
    assert list(shared(drawn)) == [f"{here} by_ordinal and {here} by_purpose"]
