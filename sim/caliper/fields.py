"""Fields that documents are made of: one name, one scope, one way to read it from the world.

A field of a *scope* (person, course, enrolment, agent, address, or the table of an object) is read by rows
of it, a field of the scope ``event`` from the batch. Both renderings read these; each makes its own JSON.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from sim.caliper import texts
from sim.world.world import World

Positions = npt.NDArray[Any]  # rows of a scope
FieldForm = Literal["text", "whole", "score", "time", "truth", "duration"]


@dataclass(frozen=True)
class Field:
    """``get(world, rows)`` gives an Arrow or NumPy array: texts (null: missing), whole numbers or UTC ms
    (-1: missing), hundredths of points, truth values or seconds; ``get(world, batch)`` for ``event``.
    """

    scope: str
    form: FieldForm
    get: Callable[[World, Any], Any]

    def texts(self, world: World, rows: Any, *, raw: bool = False) -> texts.Texts:
        """As JSON writes them, without quotes around: one text per row, null where there is none.

        ``raw``: as they are, nothing escaped.
        """
        found = self.get(world, rows)
        if self.form == "text":
            if pa.types.is_large_string(
                found.type
            ):  # of a world that is large; of a part of a day they are few
                found = found.cast(pa.string())
            return found if raw else texts.escaped(found)
        if self.form == "truth":
            return pa.array(["false", "true"]).take(pa.array(np.asarray(found).astype(np.int64)))
        array = np.asarray(found, dtype=np.int64)
        if self.form == "score":
            return texts.score_text(array)
        if self.form == "duration":
            return texts.duration_text(array)
        made = texts.number(array) if self.form == "whole" else texts.time_text(np.maximum(array, 0))
        return made if (array >= 0).all() else _nulled(made, array < 0)

    def values(self, world: World, rows: Any) -> list[Any]:
        """As Python has them: str, int, float, bool or None."""
        found = self.get(world, rows)
        if self.form == "text":
            return list(found.to_pylist())
        values = np.asarray(found).tolist()
        return [_PLAIN[self.form](value) for value in values]


def plain_score(hundredths: int) -> int | float:
    """87.5 for 8750; whole numbers without a fraction."""
    whole, rest = divmod(hundredths, 100)
    return whole if rest == 0 else hundredths / 100


def plain_time(ms: int) -> str:
    """``2026-10-12T13:05:09.123Z``."""
    return f"{np.datetime64(ms, 'ms')}Z"


def plain_duration(seconds: int) -> str:
    """``PT01M35S``; hours only where there are any."""
    hours, rest = divmod(seconds, 3600)
    return f"PT{f'{hours:02d}H' if hours else ''}{rest // 60:02d}M{rest % 60:02d}S"


_PLAIN: dict[str, Callable[[Any], Any]] = {
    "whole": lambda value: None if value < 0 else value,
    "truth": bool,
    "score": plain_score,
    "duration": plain_duration,
    "time": lambda ms: None if ms < 0 else plain_time(ms),
}


def _nulled(array: pa.StringArray, missing: npt.NDArray[np.bool_]) -> pa.StringArray:
    return array.take(pa.array(np.arange(len(array)), mask=missing))


def take(values: Any, rows: Positions) -> Any:
    """Some rows of a NumPy or Arrow column."""
    return values[rows] if isinstance(values, np.ndarray) else values.take(pa.array(rows))
