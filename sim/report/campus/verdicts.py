"""Drawn against asked, in plain words: what chance explains, and what would be a fault."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from sim.report.campus.counted import Margin

NEAR = 0.01  # a sum this near to what was asked is as asked, however many clicks it has
SIGMAS = 4.0  # differences up to so many standard errors are chance's; 1 in 16,000 is beyond by chance
Word = Literal["as asked", "within chance", "more than chance", "nothing asked"]


@dataclass(frozen=True)
class SumVerdict:
    """One sum, judged. ``off`` is (drawn - asked) / asked, ``chance`` how much of that chance may be."""

    name: str
    asked: float
    drawn: int
    off: float
    chance: float
    word: Word


def judged(margins: Sequence[Margin], name: dict[str, str]) -> list[SumVerdict]:
    """Each sum with its verdict, under the name that people read."""
    return [_judge(margin, name.get(margin.name, margin.name)) for margin in margins]


def _judge(margin: Margin, name: str) -> SumVerdict:
    if not margin.asked:
        return SumVerdict(
            name, 0.0, margin.drawn, 0.0, 0.0, "more than chance" if margin.drawn else "nothing asked"
        )
    off, chance = margin.drawn / margin.asked - 1, SIGMAS * margin.error / margin.asked
    word: Word = "as asked"
    if abs(off) > NEAR:
        word = "within chance" if abs(off) <= chance else "more than chance"
    return SumVerdict(name, margin.asked, margin.drawn, off, chance, word)


def summed_up(verdicts: Sequence[SumVerdict], what: str) -> str:
    """One line on a margin: "All 15 tools came as asked, within 1%"."""
    beyond = [verdict.name for verdict in verdicts if verdict.word == "more than chance"]
    near, of_all = sum(1 for verdict in verdicts if verdict.word == "as asked"), f"of {len(verdicts)} {what}"
    if beyond:
        rest = f" and {len(beyond) - 3} more" if len(beyond) > 3 else ""
        names = ", ".join(beyond[:3])
        return f"{len(beyond)} {of_all} differ by more than chance explains: {names}{rest}."
    if near == len(verdicts):
        return f"All {near} {what} came as asked, within {NEAR:.0%}."
    if not near:
        return f"All {len(verdicts)} {what} are off by no more than chance explains."
    return f"{near} {of_all} came as asked, within {NEAR:.0%}; the others are off by chance alone."
