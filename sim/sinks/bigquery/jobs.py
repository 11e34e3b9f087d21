"""Load jobs: named by what they load, so that one that ran already is found instead of run twice."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from google.api_core import exceptions as api
from google.cloud import bigquery

from context.errors import InputError, RunError
from schemas._model import Table
from sim.sinks.bigquery.body import Body
from sim.sinks.bigquery.connection import CALL_S, PASSING, PAUSES_S, UPLOAD_S, Connection
from sim.sinks.bigquery.make import fields

ATTEMPTS = 100  # under one name; each load after a drop uses up one
UPLOAD_RETRIES = 2  # of a piece, by the client itself, before the whole file is sent again
JOB_WAIT_S = 6 * 3_600.0  # a load job of BigQuery may take so long
EMULATOR_WAIT_S = (
    30.0  # for a job that was there before: an emulator forgets jobs; 20 times that for a new one
)
_Parquet: Any = bigquery.ParquetOptions
_POLL_S = 0.05
_POLL_MAX_S = 2.0
_ROW_ERRORS = 5  # of a failed load are shown


@dataclass(frozen=True)
class Load:
    """One load: the same file into the same place is the same load."""

    name: str  # for messages
    base: str  # of the job's id, which an attempt's number follows
    destination: str  # project.dataset.table, or table$YYYYMMDD
    contract: Table
    rows: int | None = None  # if given, what a job says of itself is enough to trust one that just ran


def load(
    connection: Connection,
    what: Load,
    body: Body,
    in_place: Callable[[], str | None],
    say: Callable[[str], None],
) -> str:
    """Load a file, or find that it was; returns the job's id.

    ``in_place`` looks at the rows there and says what is wrong. Raises RunError with BigQuery's own row
    errors, InputError when it isn't allowed.
    """
    failures = 0
    for attempt in range(1, ATTEMPTS + 1):
        job_id = f"{what.base}_{attempt}"
        job, found = _find_or_submit(connection, what, body, job_id)
        limit_s = (EMULATOR_WAIT_S if found else 20 * EMULATOR_WAIT_S) if connection.host else JOB_WAIT_S
        problem = _outcome(connection, job, what.name, limit_s)
        if found:
            wrong = problem.text if problem else in_place()
            if wrong is None:
                return job_id
            say(f"{what.name}: the job {job_id} has been run, but {wrong}: loading again")
            continue
        if problem is None and what.rows is not None and job.output_rows == what.rows:
            return job_id
        if problem is None:
            if wrong := in_place():
                raise RunError(
                    f"{what.name}: loaded by job {job_id}, but {wrong}; the same command loads it again"
                )
            return job_id
        if not problem.passes or failures == len(PAUSES_S) or connection.over:
            raise problem.error
        connection.wait(PAUSES_S[failures])
        failures += 1
    raise RunError(f"{what.name}: {ATTEMPTS} jobs named {what.base} have been run, none left its rows there")


@dataclass(frozen=True)
class Problem:
    """Why a job is no success."""

    text: str
    passes: bool  # another attempt may succeed
    error: Exception


def _find_or_submit(connection: Connection, what: Load, body: Body, job_id: str) -> tuple[Any, bool]:
    """(job, whether it was there before). Asking first saves sending a file for nothing."""
    try:
        return _get(connection, job_id, what.name), True
    except api.NotFound:
        pass
    config = _config(connection, what)

    def submit() -> Any:
        if body.uris:
            return connection.client.load_table_from_uri(
                list(body.uris),
                bigquery.TableReference.from_string(what.destination),
                job_id=job_id,
                location=connection.location,
                job_config=config,
                retry=None,
                timeout=CALL_S,
            )
        return connection.client.load_table_from_file(
            body.file,
            bigquery.TableReference.from_string(what.destination),
            rewind=True,
            size=body.size,
            num_retries=UPLOAD_RETRIES,
            job_id=job_id,
            location=connection.location,
            job_config=config,
            timeout=UPLOAD_S,
        )

    try:
        return connection.call(what.name, submit), False
    except api.Conflict:  # an answer that got lost, or somebody else
        return _get(connection, job_id, what.name), True
    except api.NotFound as error:
        raise InputError(f"{what.name}: {what.destination}: gone; the same command makes it again") from error


def _get(connection: Connection, job_id: str, name: str) -> Any:
    return connection.call(
        name,
        lambda: connection.client.get_job(job_id, location=connection.location, retry=None, timeout=CALL_S),
    )


def _config(connection: Connection, what: Load) -> Any:
    parquet: Any = _Parquet()
    parquet.enable_list_inference = True
    return bigquery.LoadJobConfig(
        source_format=bigquery.SourceFormat.PARQUET,
        write_disposition=bigquery.WriteDisposition.WRITE_TRUNCATE,
        create_disposition=bigquery.CreateDisposition.CREATE_NEVER,
        schema=fields(what.contract),
        parquet_options=parquet,
        labels=connection.labels,
    )


def _outcome(connection: Connection, job: Any, name: str, limit_s: float) -> Problem | None:
    """Wait for a job; None when it succeeded."""
    end = time.monotonic() + limit_s
    pause = _POLL_S
    while job.state != "DONE":
        if time.monotonic() > end or connection.over:
            text = f"it is {str(job.state).lower()} for too long"
            return Problem(text, passes=True, error=RunError(f"{name}: job {job.job_id}: {text}"))
        connection.wait(pause)
        pause = min(2 * pause, _POLL_MAX_S)
        try:
            connection.call(name, lambda: job.reload(retry=None, timeout=CALL_S))
        except api.NotFound:
            text = "the server knows nothing of it any more"
            return Problem(text, passes=True, error=RunError(f"{name}: job {job.job_id}: {text}"))
    if not job.error_result:
        return None
    lines = _row_errors(job)
    reason = job.error_result.get("reason", "")
    error: Exception = RunError(f"{name}: job {job.job_id} failed: " + "; ".join(lines))
    if reason == "accessDenied":
        error = InputError(f"{name}: {connection.account}: not allowed: {lines[0]}")
    return Problem(f"it failed: {lines[0]}", passes=reason in PASSING, error=error)


def _row_errors(job: Any) -> list[str]:
    """BigQuery's own words, the summary first, where and why."""
    texts = []
    for entry in (job.error_result, *(job.errors or ())):
        where = f" ({entry['location']})" if entry.get("location") else ""
        text = f"{' '.join(str(entry.get('message', '')).split())}{where}"
        if text not in texts:
            texts.append(text)
    more = len(texts) - 1 - _ROW_ERRORS
    return texts[: 1 + _ROW_ERRORS] + ([f"and {more} more"] if more > 0 else [])


def job_base(run: str, dataset: str, table: str, part: str, digest: str) -> str:
    """What a job's id begins with: run, table, day, and a bit of the content's digest."""
    return re.sub(r"[^A-Za-z0-9_-]+", "-", f"termtide_{run}_{dataset}_{table}_{part}_{digest[:8]}")
