"""How far tests go: as far as ``make test`` needs it, or further where ``make gates`` says so.

``GATES_SEED`` is the seed of the campuses from which statistics are taken, ``GATES_FTE`` their size,
``GATES_ROUNDS`` the number of rounds of kills; each round has moments of its own.
"""

from __future__ import annotations

import os

from context.scenario.scenario import Scenario

_GIVEN_ROUNDS = os.environ.get("GATES_ROUNDS")
ROUNDS = range(int(_GIVEN_ROUNDS or "1"))


def so_many(whole: int, few: int) -> int:
    """How often something is killed in a round: ``few`` times in ``make test``."""
    return whole if _GIVEN_ROUNDS else few


def further(scenario: Scenario) -> Scenario:
    """The scenario with the seed and the size that ``make gates`` asks for, if it does."""
    wished = {"seed": os.environ.get("GATES_SEED"), "fte": os.environ.get("GATES_FTE")}
    return scenario.model_copy(update={name: int(text) for name, text in wished.items() if text})
