"""A server that keeps what load jobs send it, partition by partition, as BigQuery does, and can misbehave.

It knows no SQL: the one query that it answers is the sink's own, the sums over a table or a day, which it
takes of the very bytes that were sent. Statements that write rows it takes as done.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote, urlsplit

import pyarrow as pa
import pyarrow.parquet as pq

import schemas
from sim.sinks.bigquery.checksum import leaves, sums_of
from tests.servers.bigquery_server import PROJECT, Answer, Request, problem

_SUMS = re.compile(
    r"SELECT COUNT\(\*\) AS c0.* FROM `[^.]+\.(\w+)\.(\w+)`(?: WHERE .*?DATETIME '(\d{4})-(\d\d)-(\d\d)')?"
)
_VALUES = re.compile(
    r"\('([^']*)', '([^']*)', '([^']*)', '([^']*)', (?:DATE '([^']*)'|CAST\(NULL AS DATE\)), (\d+), "
    r"'([^']*)', '([^']*)', '([^']*)', CURRENT_TIMESTAMP\(\)\)"
)


class Fake:
    """Its state, and ``answer`` for ``tests.servers.bigquery_server.recording``."""

    def __init__(self) -> None:
        self.datasets: dict[str, dict[str, Any]] = {}
        self.tables: dict[str, dict[str, Any]] = {}  # dataset.table
        self.files: dict[str, bytes] = {}  # dataset.table or dataset.table$day
        self.cloud: dict[str, bytes] = {}  # what load jobs fetch, by gs:// URI
        self.jobs: dict[str, dict[str, Any]] = {}
        self.loads: dict[str, list[str | None]] = {}  # termtide_meta.loads, by item
        self.troubles: list[Callable[[Request], Answer | None]] = []  # asked first
        self.fail_next: list[dict[str, Any]] = []  # errors of the next load jobs

    def answer(self, request: Request) -> Answer:
        """What BigQuery would say."""
        for trouble in list(self.troubles):
            found = trouble(request)
            if found is not None:
                return found
        path = unquote(urlsplit(request.path).path)
        parts = (
            path.removeprefix("/upload")
            .removeprefix(f"/bigquery/v2/projects/{PROJECT}")
            .strip("/")
            .split("/")
        )
        match (request.method, *parts):
            case ("POST", "datasets"):
                return self._make(self.datasets, request.json["datasetReference"]["datasetId"], request.json)
            case ("GET", "datasets"):
                return 200, {"datasets": list(self.datasets.values())}
            case ("GET", "datasets", name):
                return self._get(self.datasets, name, "Dataset")
            case ("GET", "datasets", name, "tables"):
                tables = [table for key, table in self.tables.items() if key.startswith(f"{name}.")]
                return 200, {"tables": tables, "totalItems": len(tables)}
            case ("POST", "datasets", name, "tables"):
                key = f"{name}.{request.json['tableReference']['tableId']}"
                return self._make(self.tables, key, request.json)
            case ("PATCH", "datasets", name, "tables", table):
                self.tables[f"{name}.{table}"] |= request.json
                return 200, self.tables[f"{name}.{table}"]
            case ("GET", "datasets", name, "tables", table):
                key = f"{name}.{table}"
                rows = sum(
                    self._rows(file) for place, file in self.files.items() if place.split("$")[0] == key
                )
                status, found = self._get(self.tables, key, "Table")
                return status, found | {"numRows": str(rows)} if status == 200 else found
            case ("POST", "datasets", _, "tables", _):  # testIamPermissions
                return 200, {"permissions": request.json["permissions"]}
            case ("GET", "jobs", job):
                return self._get(self.jobs, job, "Job")
            case ("POST", "jobs"):
                return self._job(request)
            case ("POST", "queries"):
                return self._query(request.json["query"])
        return problem(501, "notImplemented", f"{request.method} {path}")

    def _make(self, where: dict[str, dict[str, Any]], key: str, body: dict[str, Any]) -> Answer:
        if key in where:
            return problem(409, "duplicate", f"Already Exists: {key}")
        where[key] = body
        return 200, body

    def _get(self, where: dict[str, dict[str, Any]], key: str, kind: str) -> Answer:
        return (200, where[key]) if key in where else problem(404, "notFound", f"Not found: {kind} {key}")

    def _job(self, request: Request) -> Answer:
        job = request.json
        if "query" in job["configuration"]:
            return 200, job | {"status": {"state": "DONE"}}
        key = job["jobReference"]["jobId"]
        if key in self.jobs:
            return problem(409, "duplicate", f"Already Exists: Job {key}")
        self.jobs[key] = job | {"status": {"state": "DONE"}, "statistics": {}}
        if self.fail_next:
            error = self.fail_next.pop(0)
            self.jobs[key]["status"] |= {"errorResult": error["errors"][0], "errors": error["errors"]}
            return 200, self.jobs[key]
        target = job["configuration"]["load"]["destinationTable"]
        uris = job["configuration"]["load"].get("sourceUris")
        data = parquet_of(request) if uris is None else self._fetched(uris)
        self.files[f"{target['datasetId']}.{target['tableId']}"] = data
        return 200, self.jobs[key]

    def _fetched(self, uris: list[str]) -> bytes:
        """Files in Cloud Storage, put together."""
        file = io.BytesIO()
        tables = [pq.read_table(io.BytesIO(self.cloud[uri])) for uri in uris]
        pq.write_table(pa.concat_tables(tables), file)
        return file.getvalue()

    def _query(self, sql: str) -> Answer:
        if found := _SUMS.match(sql):
            day = f"${''.join(found.groups()[2:])}" if found[3] else ""
            dataset = max((name for name in schemas.DATASETS if found[1].endswith(name)), key=len)  # prefixed
            contract = schemas.table(dataset, found[2])
            empty = contract_file(contract.dataset, contract.name)
            data = self.files.get(f"{found[1]}.{found[2]}{day}", empty)
            return _rows([[str(one) for one in sums_of(leaves(contract), pq.read_table(io.BytesIO(data)))]])
        if "loads" in sql and "INSERT" in sql:
            for item, _, dataset, table, day, *rest in _VALUES.findall(sql):
                self.loads[item] = [item, dataset, table, day or None, *rest]
            return _rows([])
        if "loads" in sql:
            types = ["STRING", "STRING", "STRING", "DATE", "INTEGER", "STRING", "STRING", "STRING"]
            return _rows(list(self.loads.values()), types)
        if sql.startswith("SELECT '"):
            return self._counts(sql)
        return problem(400, "invalidQuery", f"unknown: {sql}")

    def _counts(self, sql: str) -> Answer:
        """Rows of each table or day that is asked for."""
        rows: list[list[str | None]] = []
        for dataset, table, called in re.findall(
            r"SELECT '(\w+)' AS .*?, '(\w+)' AS .*? FROM `[^.]+\.([^`]+)`", sql
        ):
            if called in self.files:
                rows.append([dataset, table, None, str(self._rows(self.files[called]))])
            for place, file in self.files.items():
                if place.startswith(f"{called}$"):
                    day = place.split("$")[1]
                    rows.append([dataset, table, f"{day[:4]}-{day[4:6]}-{day[6:]}", str(self._rows(file))])
        return _rows(rows, ["STRING", "STRING", "DATE", "INTEGER"])

    @staticmethod
    def _rows(file: bytes) -> int:
        return int(pq.read_metadata(io.BytesIO(file)).num_rows)


def contract_file(dataset: str, table: str) -> bytes:
    """An empty file of a table."""
    file = io.BytesIO()
    pq.write_table(schemas.arrow_schema(schemas.table(dataset, table)).empty_table(), file)
    return file.getvalue()


def parquet_of(request: Request) -> bytes:
    """The file in an upload of two parts."""
    start, end = request.body.index(b"PAR1"), request.body.rindex(b"PAR1")
    return request.body[start : end + 4]


def _rows(rows: list[list[str | None]], types: list[str] | None = None) -> Answer:
    width = len(rows[0]) if rows else 1
    fields = [
        {"name": f"c{number}", "type": kind, "mode": "NULLABLE"}
        for number, kind in enumerate(types or ["INTEGER"] * width)
    ]
    return 200, {
        "jobComplete": True,
        "jobReference": {"projectId": PROJECT, "jobId": "query", "location": "US"},
        "schema": {"fields": fields},
        "totalRows": str(len(rows)),
        "rows": [{"f": [{"v": value} for value in row]} for row in rows],
    }
