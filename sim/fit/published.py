"""What was fitted as tables: ``context_store_distributions``, and beside it ``event_store_distributions`` and
``pack_distributions``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

import schemas
from context.arrays import BOOL, F64
from context.files import disk_error, replacing
from context.packs.pack import Pack, load_pack
from context.packs.rates import DEFAULT_ROLE
from context.packs.spec import TABLES
from context.packs.write import rows_of
from context.store.store import ENTITY
from sim.fit.counts import CellCounts
from sim.fit.fit import FITTED, fit, fit_fields
from sim.fit.fitted import Fitted, FitWish, few_digits
from sim.fit.guard import rounded_rate
from sim.fit.laws import line_of, value_columns
from sim.fit.rates import before
from sim.fit.warehouses.source import FitSource
from sim.folder.progress import Say

CONTEXT_TABLE = ("udp_distributions", "context_store_distributions")
EVENT_TABLE = ("udp_distributions", "event_store_distributions")
PACK_TABLE = ("udp_distributions", "pack_distributions")
_STORE_TABLE = re.compile(r"\b(?:context_store_entity|context_store_keymap|event_store)\.\w+")


def tables_of(name: str) -> tuple[str, ...]:
    """Every table that rows of one of these tables follow from, sorted; ``name``: with its dataset."""
    texts = [
        schemas.fit_query(query)
        for query in schemas.fit_queries()
        if name != ".".join(CONTEXT_TABLE) or query.startswith("bases/")
    ]
    return tuple(sorted({table for text in texts for table in _STORE_TABLE.findall(text)}))


def made_distributions(name: str, source: FitSource, wish: FitWish, say: Say) -> dict[str, pa.Table]:
    """The rows of one of these tables, and of what the same fit tells: by names with their dataset.

    Raises InputError for a warehouse that is too small, or an unknown pack.
    """
    if name == ".".join(CONTEXT_TABLE):
        return {name: field_table(fit_fields(source, wish, say))}
    found = fit(source, wish, say)
    with TemporaryDirectory(prefix="termtide-fit-") as folder:
        found.draft.save(Path(folder) / "pack")
        pack = load_pack(Path(folder) / "pack")
        return {
            ".".join(EVENT_TABLE): rate_table(found, pack),
            ".".join(PACK_TABLE): pack_table(found, pack),
        }


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
    """Expected events by role, family, level, day and tool; ``pack``: the fitted one. No rows without clicks.

    All of students' follows from the pack, but for how many students and courses cells have, in few digits:
    whatever the pack gives nothing away of, the table does not either. Rates of other roles are guarded
    alike; of tools that too few people of the role use there are no rows.
    """
    clicks = found.clicks
    if clicks is None or clicks.counted is None or found.rates is None:
        return schemas.arrow_schema(schemas.table(*EVENT_TABLE)).empty_table()
    students = before(pack, clicks.counted.axes)
    parts = [_rate_rows(DEFAULT_ROLE, clicks.counted, students, found.rates.told)]
    for role, (rates, told) in found.role_rates.items():
        rows = _rate_rows(role, clicks.roles[role], rates, told)
        used = np.array(clicks.roles[role].axes.tools)[rates.sum(axis=(0, 1, 2)) > 0]
        parts.append(rows.filter(pc.is_in(rows["tool"], pa.array(used.tolist(), pa.string()))))
    return pa.concat_tables(parts)


def _rate_rows(role: str, count: CellCounts, rates: F64, told: BOOL) -> pa.Table:
    """Rows of cells in which there are people. ``rates``: [cip, level, day, tool]; ``told``: without days."""
    schema = schemas.arrow_schema(schemas.table(*EVENT_TABLE))
    axes, students = count.axes, count.students.mean(axis=2)
    c, v, d, t = (place.ravel() for place in np.indices(rates.shape))
    there = count.courses[c, v] > 0
    c, v, d, t = c[there], v[there], d[there], t[there]
    people = [max(few_digits(number), 1) for number in students.ravel().tolist()]
    courses = [few_digits(number) for number in count.courses.ravel().tolist()]
    cell = c * len(axes.levels) + v
    columns = {
        "term_type": np.full(len(c), axes.term_type),
        "role": np.full(len(c), role),
        "cip_category": np.array(axes.cips)[c],
        "course_level": np.array(axes.levels)[v],
        "day_in_term": np.array(axes.days)[d],
        "tool": np.array(axes.tools)[t],
        "avg_events_per_person": np.array([rounded_rate(rate) for rate in rates[c, v, d, t].tolist()]),
        "num_people": np.array(people)[cell],
        "num_courses": np.array(courses)[cell],
        "is_borrowed": ~told[c, v, t],
    }
    return pa.table({name: pa.array(columns[name]).cast(schema.field(name).type) for name in schema.names})


def pack_table(found: Fitted, pack: Pack) -> pa.Table:
    """What was fitted besides, as ``pack``, the fitted one, has it: that may be told already."""
    return pa.Table.from_pylist(
        list(_pack_rows(found, pack)), schema=schemas.arrow_schema(schemas.table(*PACK_TABLE))
    )


def _pack_rows(found: Fitted, pack: Pack) -> Iterator[dict[str, Any]]:
    fitted = {**{table: found.told(groups) for table, groups in found.laws.items()}, "numbers": {}}
    if "calendar" not in found.missing:
        fitted["calendar"] = {}
    for table, records in sorted(fitted.items()):
        spec = TABLES[table]
        for row in rows_of(pack, table):
            if table == "calendar" and (found.clicks is None or row["term_type"] != found.clicks.term_type):
                continue
            if table == "numbers" and not row["source"].startswith(FITTED):
                continue
            known = records.get(", ".join(str(row[name]) for name in line_of(table)) or "all", 0)
            for column in value_columns(table):
                yield {
                    "table_name": table,
                    "row_key": json.dumps({name: row[name] for name in spec.key}),
                    "column_name": column,
                    "value": Decimal(f"{row[column]:.9f}"),
                    "num_records": few_digits(known) if known > 0 else None,
                }


def save_distributions(found: Fitted, pack: Pack, folder: Path) -> list[Path]:
    """Write the tables as Parquet where ``--from parquet:DIR`` finds them. ``pack``: the fitted one, loaded.

    Raises RunError if the disk fails.
    """
    written = []
    for (dataset, name), rows in (
        (CONTEXT_TABLE, field_table(found)),
        (EVENT_TABLE, rate_table(found, pack)),
        (PACK_TABLE, pack_table(found, pack)),
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
