"""A fit from its first query to the pack: table by table, what a warehouse tells replaces what was there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import schemas
from context.errors import InputError
from context.packs.pack import load_pack
from context.packs.spec import TERM_TYPES
from context.packs.write import as_cell, begin
from schemas import FitField
from sim.fit.events import clicks_of, told_clicks
from sim.fit.fields import as_certain, fitted_moments, fitted_shares
from sim.fit.fitted import FIT_NOTE, Fitted, FitWish
from sim.fit.guard import GuardReport, checked_threshold, rounded_rate
from sim.fit.laws import (
    LAWS_OF_COUNTS,
    STORE_LAWS,
    adoption_rows,
    device_rows,
    gap_rows,
    hour_rows,
    law_rows,
    missing_rows,
    score_parts,
    score_rows,
    sizes,
    told_rows,
    told_sizes,
    told_values,
)
from sim.fit.rate_tables import put_rates
from sim.fit.rates import fit_role
from sim.fit.terms.calendar import calendar_rows
from sim.fit.texts import bins, categorical_sql, continuous_sql, filled, told_sql
from sim.fit.warehouses.source import DISTRIBUTIONS, FitRow, FitSource
from sim.folder.progress import Say


def fit(source: FitSource, wish: FitWish, say: Say = lambda _: None) -> Fitted:
    """Fit a pack. Raises InputError for a warehouse that is too small, or an unknown pack."""
    work = _begun(source, wish, say)
    if wish.noise.rest:
        work.leave(wish.noise.rest)
    elif work.is_told:
        work.told()
    else:
        work.clicks()
        work.laws()
        work.scores()
    work.found.draft.files[FIT_NOTE] = json.dumps(work.found.note() | wish.noise.note(), indent=1) + "\n"
    return work.found


def fit_fields(source: FitSource, wish: FitWish, say: Say = lambda _: None) -> Fitted:
    """Fit fields alone. Raises InputError for a warehouse that is too small, or an unknown pack."""
    return _begun(source, wish, say).found


def _begun(source: FitSource, wish: FitWish, say: Say) -> _Fit:
    """A fit that has its fields."""
    threshold = checked_threshold(wish.threshold)
    base = load_pack(wish.pack)
    draft = begin(wish.pack)
    draft.name, draft.version = wish.name, "1.0.0"
    draft.description = f"Fitted from {source.label}; begun with {base.name} {base.version}"
    draft.licence = "as whoever fitted it says"
    work = _Fit(source, wish, Fitted(draft, base, GuardReport(threshold)), say)
    work.fields("categorical")
    work.fields("continuous")
    work.check_size()
    return work


FITTED = "fitted from"  # how the source of a figure that was counted begins
_SQUARES = ("cluster_squares", "chance_squares")


@dataclass
class _Fit:
    source: FitSource
    wish: FitWish
    found: Fitted
    say: Say

    @property
    def origin(self) -> str:
        return f"{FITTED} {self.source.label}"

    @property
    def threshold(self) -> int:
        return self.found.report.threshold

    @property
    def is_told(self) -> bool:
        """Whether all that there is are distributions that somebody else counted."""
        there = self.source.tables()
        return DISTRIBUTIONS in there and "context_store_entity.person" not in there

    def ask(self, block: str, sql: str) -> list[FitRow] | None:
        """The rows of a query, None (and why) where the warehouse lacks what it reads."""
        lacking = self.source.lacks(sql)
        if lacking:
            self.found.missing[block] = lacking
            return None
        return self.source.rows(sql)

    def fields(self, kind: str) -> None:
        """All fields of a kind; rows of the pack that were not fitted say so."""
        table = self.found.draft.tables[kind]
        by_field: dict[str, list[dict[str, str]]] = {}
        for row in table.rows:
            by_field.setdefault(f"{row['entity']}.{row['field']}", []).append(row)
        for entry in schemas.fit_fields():
            if entry.kind != kind:
                continue
            names = [name for name in by_field if entry.stands_for(name)]
            for name in names:
                rows = (
                    self._categorical(entry)
                    if kind == "categorical"
                    else self._moments(entry, name, by_field[name])
                )
                if rows is not None:
                    by_field[name] = [{key: as_cell(value) for key, value in row.items()} for row in rows]
        known = {name for name in by_field for entry in schemas.fit_fields() if entry.stands_for(name)}
        for name, rows in by_field.items():
            fitted = name in (self.found.shares if kind == "categorical" else self.found.moments)
            if not fitted:
                why = self.found.missing.get(f"{kind} {name}", "too few people")
                why = why if name in known else "no warehouse has it as it is drawn"
                for row in rows:
                    row["source"] = f"{self.found.base.name}'s values ({why}): {row['source']}"
        table.rows = [row for rows in by_field.values() for row in rows]
        self.say(f"fit: {kind} fields")

    def _categorical(self, entry: FitField) -> list[dict[str, Any]] | None:
        law = self.found.base.categorical(entry.entity, entry.field)
        values = [value for value in law.values if value is not None]
        noise, block = self.wish.noise, f"categorical {entry.name}"
        if why := noise.refuses(entry):
            self.found.missing[block] = why
            return None
        least = noise.threshold(self.threshold)
        made = (
            told_sql(entry, entry.field, values, least)
            if self.is_told
            else categorical_sql(entry, values, least)
        )
        rows = self.ask(block, made)
        if rows is None or law.given != entry.given:
            return None
        shares = fitted_shares(law, noise.counts(law, rows), self.found.report)
        if shares is None:
            return None
        self.found.shares[entry.name] = shares
        return shares.rows(self.origin)

    def _moments(self, entry: FitField, name: str, old: list[dict[str, str]]) -> list[dict[str, Any]] | None:
        entity, _, field_name = name.partition(".")
        law = self.found.base.continuous(entity, field_name)
        if why := self.wish.noise.refuses(entry):
            self.found.missing[f"continuous {name}"] = why
            return None
        made = continuous_sql(entry, field_name, self.threshold)
        if self.is_told:
            made = told_sql(entry, field_name, (), self.threshold)
        rows = self.ask(f"continuous {name}", made)
        moments = None if not rows else fitted_moments(law, rows[0], self.found.report, name)
        if moments is None or rows is None:
            return None
        squares = (float(rows[0].get(key) or 0.0) for key in _SQUARES)
        certain = as_certain(int(rows[0]["num_records"]), *squares)
        figures = {key: value for key, value in moments.items() if key != "family"}
        self.found.moments[name] = {**figures, "units": int(rows[0]["num_people"]), "certain": certain}
        return [{**old[0], **moments, "source": self.origin, "assumption": "false"}]

    def check_size(self) -> None:
        """Raise InputError where nothing at all can be told."""
        if not self.found.shares:
            raise InputError(
                f"{self.source.label}: too small: no field has {self.threshold} people for any value, "
                "allowed: a warehouse of more people"
            )

    def leave(self, why: str) -> None:
        """Leave everything that is no field as it was."""
        tables = self.found.draft.tables
        for name in [name for name in tables if name.startswith("rate_") or name in LAWS_OF_COUNTS]:
            self._keep(name, why)

    def told(self) -> None:
        """Everything that is no field, out of the distributions that somebody else counted."""
        found, rows = self.found, self.ask("tables", schemas.fit_query("told_tables"))
        values = told_values(rows or [])
        for table in LAWS_OF_COUNTS:
            found.missing.update({table: found.missing["tables"]} if rows is None else {})
            self._put(
                table, told_rows(found.base, table, values.get(table, {})), told_sizes(table, rows or [])
            )
        self._numbers({str(key[0]): cells["value"] for key, cells in values.get("numbers", {}).items()})
        calendar = told_rows(found.base, "calendar", values.get("calendar", {}))
        found.clicks = told_clicks(
            found.base, found.report, self.ask, found.missing, self.wish.term_type, calendar
        )
        self.rates()

    def rates(self) -> bool:
        """Event rates; whether there are any."""
        found, clicks = self.found, self.found.clicks
        if clicks is None or clicks.counted is None:
            for name in [name for name in found.draft.tables if name.startswith("rate_")]:
                self._keep(name, found.missing.get("rates", "no clicks of students"))
            return False
        found.rates = clicks.fit(found.base)
        found.role_rates = {role: fit_role(role, count, found.report) for role, count in clicks.roles.items()}
        put_rates(found.draft, found.base, found.rates, *clicks.weights(), self.origin)
        self.say("fit: event rates")
        return True

    def clicks(self) -> None:
        """Event rates and what else follows from events."""
        wish, found = self.wish, self.found
        clicks = found.clicks = clicks_of(
            self.source, found.base, found.report, self.ask, found.missing, wish.term_type, wish.time_zone
        )
        self.calendar()
        if not self.rates() or clicks is None:
            return
        self._put(
            "adoption",
            adoption_rows(found.base, clicks.adoption, found.report),
            {"all": len(clicks.adoption)},
        )
        self._put("hour", hour_rows(clicks.hours, found.report), sizes("hour", clicks.hours))
        self._put(
            "device",
            device_rows(found.base, clicks.known_devices, clicks.devices, found.report),
            # Chance picks people's devices, of which each has two: so many people, or a few less.
            {"all": sum(int(row["num_people"]) for row in clicks.devices) // 2},
        )
        self._put("gap", gap_rows(found.base, clicks.gaps, found.report), sizes("gap", clicks.gaps))
        for name in ("visits", "visit_slots"):
            rows = getattr(clicks, name)
            self._put(name, law_rows(found.base, name, rows, found.report), sizes(name, rows))
        self._numbers(clicks.numbers())

    def calendar(self) -> None:
        """The dates of the type of term that was fitted."""
        clicks = self.found.clicks
        if clicks is None or clicks.dates is None:
            self._keep("calendar", self.found.missing.get("calendar", "no dates of a term"))
            return
        rows = calendar_rows(self.found.base, clicks.dates, clicks.begins)
        others = ", ".join(term for term in TERM_TYPES if term != clicks.term_type)
        self.found.draft.put("calendar", rows, f"{self.origin}; {others}: as before")

    def laws(self) -> None:
        """Tables that the context store tells."""
        base, student = self.found.base, schemas.fit_query("bases/student")
        edges = {
            "submission_lead": ("lead_low_minutes", "lead_high_minutes"),
            "withdraw_timing": ("term_fraction_low", "term_fraction_high"),
        }
        for table in STORE_LAWS:
            places = {"student": student}
            if table in edges:
                places["bins"] = bins(base, table, *edges[table])
            rows = self.ask(table, filled(schemas.fit_query(table), places, {"threshold": self.threshold}))
            made = None if rows is None else law_rows(base, table, rows, self.found.report)
            self._put(table, made, sizes(table, rows or []))
        self.say("fit: tables of the context store")

    def scores(self) -> None:
        """Means, spreads and the parts of their variance; work that was not handed in."""
        base, threshold = self.found.base, self.threshold
        rows = self.ask("score", filled(schemas.fit_query("scores"), {}, {"threshold": threshold})) or []
        self._put("score", score_rows(base, rows), {row["kind"]: int(row["num_records"]) for row in rows})
        self._numbers(score_parts(rows))
        parts_of_term = bins(base, "missing", "term_fraction_low", "term_fraction_high")
        due = self.ask("missing", filled(schemas.fit_query("missing"), {"bins": parts_of_term}, {})) or []
        missing = missing_rows(base, due, threshold)
        self._put("missing", missing, {"all": sum(int(row["num_records"]) for row in due)})

    def _put(self, table: str, rows: list[dict[str, Any]] | None, records: dict[str, int]) -> None:
        if rows is None:
            self._keep(table, self.found.missing.get(table, "too few people"))
        else:
            self.found.draft.put(table, rows, self.origin)
            self.found.laws[table] = records

    def _keep(self, table: str, why: str) -> None:
        """Leave a table as it was, and say so."""
        self.found.missing.setdefault(table, why)
        old = self.found.draft.tables[table].block.source
        self.found.draft.mark(table, f"{self.found.base.name}'s values ({why}): {old}")

    def _numbers(self, values: dict[str, float]) -> None:
        for row in self.found.draft.tables["numbers"].rows:
            if row["key"] in values:
                row |= {
                    "value": as_cell(rounded_rate(values[row["key"]])),
                    "source": self.origin,
                    "assumption": "false",
                }
