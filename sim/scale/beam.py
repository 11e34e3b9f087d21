"""Units by Apache Beam: a pipeline of one step, on whatever runner its options name."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from context.errors import InputError, RunError, first_line
from sim.scale.units import Making, PlacedUnit, UnitMakers

try:
    import apache_beam as beam
    from apache_beam.metrics import Metrics, MetricsFilter
    from apache_beam.options.pipeline_options import PipelineOptions
except ImportError as error:
    raise InputError(
        f"termtide scale beam: {first_line(error)}; an environment by deploy/scale/beam.lock, or "
        "`pip install 'termtide[beam,gcs]'`, has what it needs"
    ) from error

_SPACE = "termtide"
_DONE = "DONE"
# Beam runs bundles of a process in several threads; it makes one unit at a time, or memory has no bound.
_one_at_a_time = threading.Lock()
_makers = UnitMakers()  # of this process


@dataclass(frozen=True)
class BeamResult:
    """What a pipeline did."""

    made: int
    found: int
    events: int


class MakeUnit(beam.DoFn):  # type: ignore[misc, unused-ignore]  # Beam has no types where it is not installed
    """Makes the unit of (work, out, tenant, campus day) unless it is in place."""

    def process(self, element: tuple[str, str, str, str]) -> list[str]:
        """One unit; yields its day."""
        *place, day = element
        with _one_at_a_time:
            made = _makers.make(PlacedUnit(Making(*place), date.fromisoformat(day), 0))
        Metrics.counter(_SPACE, "found" if made.was_there else "made").inc()
        Metrics.counter(_SPACE, "events").inc(made.events)
        return [day]


def make_by_beam(units: Sequence[PlacedUnit], arguments: Sequence[str]) -> BeamResult:
    """Make the units by a pipeline with the options ``arguments``.

    Raises InputError for options that Beam refuses, RunError when the pipeline fails.
    """
    try:
        options = PipelineOptions([*arguments])
    except SystemExit:
        raise InputError(f"-- {' '.join(arguments)}: not understood by Beam; see above") from None
    elements = [
        (unit.making.work, unit.making.out, unit.making.tenant, unit.day.isoformat())
        for unit in sorted(units, key=lambda unit: -unit.events)
    ]
    pipeline = beam.Pipeline(options=options)
    _ = (
        pipeline
        | "units" >> beam.Create(elements)
        | "to all workers" >> beam.Reshuffle()
        | "make" >> beam.ParDo(MakeUnit())
    )
    try:
        result = pipeline.run()
        state = str(result.wait_until_finish())
    except (RuntimeError, OSError, ValueError) as error:
        raise RunError(f"the pipeline failed: {_last_line(error)}; the same command continues") from error
    if state != _DONE:
        raise RunError(f"the pipeline ended as {state}; the same command continues")
    counters = _counters(result)
    return BeamResult(*(counters.get(name, 0) for name in ("made", "found", "events")))


def _counters(result: Any) -> dict[str, int]:
    """The sums of our counters."""
    found = result.metrics().query(MetricsFilter().with_namespace(_SPACE))["counters"]
    return {entry.key.metric.name: int(entry.committed or entry.attempted or 0) for entry in found}


def _last_line(error: BaseException) -> str:
    """What a worker said: the end of the traceback that Beam makes one text of."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    said = [line for line in lines if "Error: " in line]
    return (said or lines or [type(error).__name__])[-1][:300]
