"""Removing a run from a project: only what is labelled ours, table by table, and datasets when empty."""

from __future__ import annotations

from dataclasses import dataclass, field

import schemas
from context.errors import InputError, RunError, number_of
from sim.sinks.bigquery.connection import CALL_S, Connection
from sim.sinks.bigquery.make import delete_table
from sim.sinks.bigquery.target import read_address
from sim.sinks.cloud import LABEL


@dataclass
class Belongings:
    """What a run has in a project."""

    datasets: dict[str, list[str]] = field(default_factory=dict)  # ours: dataset and its tables that are ours
    tables: list[str] = field(default_factory=list)  # ours in datasets that aren't: dataset.table
    foreign: dict[str, int] = field(default_factory=dict)  # tables in datasets of ours that are not

    @property
    def lines(self) -> list[str]:
        """For the user."""
        lines = []
        for dataset, tables in self.datasets.items():
            others = self.foreign.get(dataset, 0)
            rest = f"; stays, {number_of(others, 'other table')} in it" if others else ""
            lines.append(f"{dataset}: {len(tables)} table{'s' * (len(tables) != 1)}{rest}")
        return lines + self.tables


class Dropper:
    """``target`` is ``//PROJECT?...``, as a sink's: the datasets that it would deliver into, no others."""

    def __init__(self, target: str, run: str) -> None:
        self._target, self._run = read_address(target), run
        self._connection = Connection(self._target.project, self._target.location)

    @property
    def line(self) -> str:
        """Where it acts."""
        return self._connection.line

    def find(self) -> Belongings:
        """What there is. Raises InputError when the run has nothing there."""
        found = Belongings()
        named = {
            self._target.dataset(name) for name in (*schemas.DATASETS, *schemas.MART_DATASETS, schemas.META)
        }
        client = self._connection.client
        listed = self._connection.call(
            f"project {self._connection.project}",
            lambda: list(client.list_datasets(retry=None, timeout=CALL_S)),
        )
        elsewhere: list[str] = []
        for dataset in listed:
            name = dataset.dataset_id
            ours = self._is_ours(dataset.labels)
            if name not in named:
                elsewhere += [name] if ours else []
                continue
            tables = self._tables(name)
            mine = [table for table, labels in tables.items() if self._is_ours(labels)]
            if ours:
                found.datasets[name] = mine
                if len(mine) < len(tables):
                    found.foreign[name] = len(tables) - len(mine)
            else:
                found.tables += [f"{name}.{table}" for table in mine]
        if not found.datasets and not found.tables:
            raise InputError(
                f"bigquery://{self._connection.project}: nothing of these names there is labelled "
                f"{LABEL}=true and run={self._run}"
                + (f"; {min(elsewhere)} is: say its prefix= or name" if elsewhere else "")
            )
        return found

    def remove(self, found: Belongings) -> None:
        """Remove it; what is in the way is left. Raises RunError."""
        for name, tables in found.datasets.items():
            for table in tables:
                delete_table(self._connection, f"{self._connection.project}.{name}.{table}")
            if name not in found.foreign:
                self._remove_dataset(name)
        for table in found.tables:
            delete_table(self._connection, f"{self._connection.project}.{table}")

    def _remove_dataset(self, name: str) -> None:
        called = f"{self._connection.project}.{name}"
        if others := self._tables(name):
            raise RunError(f"dataset {called}: {min(others)} has appeared in it; look, then drop it again")
        self._connection.call(
            f"dataset {called}",
            lambda: self._connection.client.delete_dataset(
                called, delete_contents=False, not_found_ok=True, retry=None, timeout=CALL_S
            ),
        )

    def _tables(self, name: str) -> dict[str, dict[str, str]]:
        called = f"{self._connection.project}.{name}"
        client = self._connection.client
        listed = self._connection.call(
            f"dataset {called}", lambda: list(client.list_tables(called, retry=None, timeout=CALL_S))
        )
        return {table.table_id: dict(table.labels) for table in listed}

    def _is_ours(self, labels: dict[str, str]) -> bool:
        return labels.get(LABEL) == "true" and labels.get("run") == self._run
