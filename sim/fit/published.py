"""What was fitted as tables: ``context_store_distributions``, and ``event_store_distributions`` beside it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from context.files import disk_error, replacing
from context.packs.pack import Pack, load_pack
from context.store.store import ENTITY
from sim.fit.fit import fit, fit_fields
from sim.fit.fitted import Fitted, FitWish, few_digits
from sim.fit.guard import rounded_rate
from sim.fit.rates import before
from sim.fit.warehouses.source import FitSource
from sim.folder.progress import Say

CONTEXT_TABLE = ("udp_distributions", "context_store_distributions")
EVENT_TABLE = ("udp_distributions", "event_store_distributions")
_STORE_TABLE = re.compile(r"\b(?:context_store_entity|context_store_keymap|event_store)\.\w+")


def tables_of(name: str) -> tuple[str, ...]:
    """Every table that rows of one of the two tables follow from, sorted; ``name``: with its dataset."""
    texts = [
        schemas.fit_query(query)
        for query in schemas.fit_queries()
        if name == ".".join(EVENT_TABLE) or query.startswith("bases/")
    ]
    return tuple(sorted({table for text in texts for table in _STORE_TABLE.findall(text)}))


def made_distributions(name: str, source: FitSource, wish: FitWish, say: Say) -> pa.Table:
    """The rows of one of the two tables, counted in a warehouse; ``name``: with its dataset.

    Raises InputError for a warehouse that is too small, or an unknown pack.
    """
    if name == ".".join(CONTEXT_TABLE):
        return field_table(fit_fields(source, wish, say))
    found = fit(source, wish, say)
    with TemporaryDirectory(prefix="termtide-fit-") as folder:
        found.draft.save(Path(folder) / "pack")
        return rate_table(found, load_pack(Path(folder) / "pack"))


def field_table(found: Fitted) -> pa.Table:
    """What was fitted of fields."""
    return pa.Table.from_pylist(
        list(distribution_rows(found)), schema=schemas.arrow_schema(schemas.table(*CONTEXT_TABLE))
    )


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
                        "field_source": _source_of(entity, field),
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
            "field_source": _source_of(entity, field),
            "number_of_dependencies": 0,
            "num_records": few_digits(moments["units"]),
            "total_records": few_digits(moments["units"]),
            **{
                f"{key}_field_value": Decimal(f"{moments[key]:.9f}")
                for key in ("avg", "median", "sd", "min", "max")
            },
        }


def _source_of(entity: str, field: str) -> str:
    """Whether the model has a field as it is, or it is one that a fit works out (activities of a group)."""
    try:
        columns = schemas.table(ENTITY, entity).names
    except schemas.UnknownName:
        columns = ()
    return "UCDM" if field in columns else "custom"


def rate_table(found: Fitted, pack: Pack) -> pa.Table:
    """Expected events by family, level, day and tool; ``pack``: the fitted one. No rows without clicks.

    All of it follows from the pack, but for how many students and courses cells have, in few digits: whatever
    the pack gives nothing away of, the table does not either.
    """
    schema = schemas.arrow_schema(schemas.table(*EVENT_TABLE))
    clicks = found.clicks
    if clicks is None or clicks.counted is None or found.rates is None:
        return schema.empty_table()
    count, axes = clicks.counted, clicks.counted.axes
    rates, students = before(pack, axes), count.students.mean(axis=2)
    c, v, d, t = (place.ravel() for place in np.indices(rates.shape))
    there = count.courses[c, v] > 0
    c, v, d, t = c[there], v[there], d[there], t[there]
    people = [max(few_digits(number), 1) for number in students.ravel().tolist()]
    courses = [few_digits(number) for number in count.courses.ravel().tolist()]
    cell = c * len(axes.levels) + v
    columns = {
        "term_type": np.full(len(c), axes.term_type),
        "cip_category": np.array(axes.cips)[c],
        "course_level": np.array(axes.levels)[v],
        "day_in_term": np.array(axes.days)[d],
        "tool": np.array(axes.tools)[t],
        "avg_events_per_person": np.array([rounded_rate(rate) for rate in rates[c, v, d, t].tolist()]),
        "num_people": np.array(people)[cell],
        "num_courses": np.array(courses)[cell],
        "is_borrowed": ~found.rates.told[c, v, t],
    }
    return pa.table({name: pa.array(columns[name]).cast(schema.field(name).type) for name in schema.names})


def save_distributions(found: Fitted, pack: Pack, folder: Path) -> list[Path]:
    """Write both tables as Parquet where ``--from parquet:DIR`` finds them. ``pack``: the fitted one, loaded.

    Raises RunError if the disk fails.
    """
    written = []
    for (dataset, name), rows in (
        (CONTEXT_TABLE, field_table(found)),
        (EVENT_TABLE, rate_table(found, pack)),
    ):
        path = folder / dataset / f"{name}.parquet"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with replacing([path]) as (beside,):
                pq.write_table(rows, beside, compression="zstd")
        except OSError as error:
            raise disk_error(path, error) from error
        written.append(path)
    return written
