"""What was fitted as the table of distributions that the platform has: ``context_store_distributions``."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.files import disk_error, replacing
from sim.fit.fitted import Fitted, few_digits


def distribution_rows(found: Fitted) -> Iterator[dict[str, Any]]:
    """A row for every value of a fitted field under every condition, and one a continuous field.

    Only what was counted: shares that were borrowed are left out, and what was held back has no row.
    """
    for name, law in sorted(found.shares.items()):
        entity, _, field = name.partition(".")
        for condition, shares in law.shares.items():
            total = law.units[condition]
            if total < found.report.threshold:
                continue
            given: dict[str, Any] = {}
            for i, (key, value) in enumerate(zip(law.given, condition, strict=True), 1):
                given |= {f"dependency_{i}_field": key, f"dependency_{i}_value": value}
            for field_value, share in shares.items():
                if share * total >= found.report.threshold:
                    yield {
                        "entity": entity,
                        "field_name": field,
                        "field_value": field_value,
                        "distribution_type": "categorical",
                        "field_source": "UCDM",
                        "number_of_dependencies": len(law.given),
                        **given,
                        "num_records": few_digits(share * total),
                        "total_records": few_digits(total),
                        "proportion": Decimal(f"{share:.9f}"),
                    }
    for name, moments in sorted(found.moments.items()):
        entity, _, field = name.partition(".")
        yield {
            "entity": entity,
            "field_name": field,
            "distribution_type": "continuous",
            "field_source": "UCDM",
            "number_of_dependencies": 0,
            "num_records": few_digits(moments["units"]),
            "total_records": few_digits(moments["units"]),
            **{
                f"{key}_field_value": Decimal(f"{moments[key]:.9f}")
                for key in ("avg", "median", "sd", "min", "max")
            },
        }


def save_distributions(found: Fitted, folder: Path) -> Path:
    """Write the table as Parquet where ``--from parquet:DIR`` finds it. Raises RunError if the disk fails."""
    table = schemas.fit_distributions()
    path = folder / table.dataset / f"{table.name}.parquet"
    rows = pa.Table.from_pylist(list(distribution_rows(found)), schema=schemas.arrow_schema(table))
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with replacing([path]) as (beside,):
            pq.write_table(rows, beside)
    except OSError as error:
        raise disk_error(path, error) from error
    return path
