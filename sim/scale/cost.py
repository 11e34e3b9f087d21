"""What a term costs on one machine, as array tasks and on Dataflow: vCPU-hours, bytes, list prices.

``docs/scale.md`` has the formulas and where the numbers come from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from humanize import naturalsize

from sim.plan.estimate import (
    CPU_SECONDS_OF_A_DAY,
    CPU_SECONDS_PER_MILLION,
    GIB,
    PRICE_AS_OF,
    SECONDS_PER_MILLION_ROWS,
    Estimate,
)

# List prices in USD of Google Cloud's us-central1, as its pages had them in PRICE_AS_OF; to be checked before
# money is spent. An hour of a vCPU, of a GB of memory, and of a GB of disk.
PRICES = {
    "one machine": (0.021811, 0.002923, 0.0),  # Compute Engine, E2 standard, on demand
    "array tasks": (0.0648, 0.0072, 0.0),  # Cloud Run jobs: 0.000018 and 0.000002 a second
    "Dataflow": (0.056, 0.003557, 0.000054),  # batch workers
}
USD_PER_GIB_IN_BUCKET = 0.020  # a month, Cloud Storage, Standard, one region
MEMORY_GB = {"one machine": 4.0, "array tasks": 4.0, "Dataflow": 4.0}  # a vCPU
DISK_GB = 25.0  # a vCPU, of Dataflow
# Share of paid vCPU time that is worked: assumed, of machines that start, fetch and wait for the last unit.
WORKED = {"one machine": 1.0, "array tasks": 0.7, "Dataflow": 0.7}
CPU_SECONDS_OF_BEAM = 5.0  # of a pipeline, whatever its size: tests/bench_beam.py, 2.77's DirectRunner
CPU_SECONDS_OF_A_TASK = 5.0  # until it makes units: imports, world fetched and looked at
TASK_EVENTS = 5_000_000  # that an array task is thought to make


@dataclass(frozen=True)
class EngineCost:
    """One way to make a term."""

    engine: str
    vcpu_hours: float  # paid
    usd: float


def engine_costs(wanted: Estimate) -> list[EngineCost]:
    """Store, plan and units by each engine; warehouse, marts and report are left out."""
    millions = wanted.events / 1e6
    prepared = SECONDS_PER_MILLION_ROWS * wanted.store_rows / 1e6
    days = CPU_SECONDS_OF_A_DAY * wanted.days
    units = CPU_SECONDS_PER_MILLION[wanted.event_json] * millions + days
    tasks = max(round(wanted.events / TASK_EVENTS), 1)
    more = {
        "one machine": 0.0,
        "array tasks": CPU_SECONDS_OF_A_TASK * tasks,
        "Dataflow": CPU_SECONDS_OF_BEAM + CPU_SECONDS_OF_A_TASK * tasks,
    }
    found = []
    for engine, (vcpu, memory, disk) in PRICES.items():
        hours = (prepared + units + more[engine]) / 3_600 / WORKED[engine]
        found.append(EngineCost(engine, hours, hours * (vcpu + MEMORY_GB[engine] * memory + DISK_GB * disk)))
    return found


def bucket_usd(wanted: Estimate) -> float:
    """What Cloud Storage charges for keeping the run's Parquet files a month."""
    return wanted.sink_bytes()["parquet"] / GIB * USD_PER_GIB_IN_BUCKET


def cost_facts(wanted: Estimate) -> dict[str, Any]:
    """Everything, as plain data."""
    return {
        "engines": [
            {"engine": cost.engine, "vcpu_hours": round(cost.vcpu_hours, 3), "usd": round(cost.usd, 3)}
            for cost in engine_costs(wanted)
        ],
        "bucket_bytes": wanted.sink_bytes()["parquet"],
        "bucket_usd_per_month": round(bucket_usd(wanted), 2),
        "prices": {"as_of": PRICE_AS_OF, "usd_per_hour": PRICES, "worked": WORKED, "memory_gb": MEMORY_GB},
    }


def cost_lines(wanted: Estimate) -> list[str]:
    """The same for people."""
    lines = [
        f"{cost.engine}: {cost.vcpu_hours:,.2f} vCPU-hours, about {cost.usd:,.2f} USD"
        for cost in engine_costs(wanted)
    ]
    size = naturalsize(wanted.sink_bytes()["parquet"])
    return [
        f"store, plan and units by list prices of {PRICE_AS_OF} (check them; assumptions: docs/scale.md):",
        *(f"  {line}" for line in lines),
        f"  Cloud Storage: {size}, about {bucket_usd(wanted):,.2f} USD a month",
    ]
