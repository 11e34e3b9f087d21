"""Calls to BigQuery: who calls what, what is tried again, and how an error reads."""

from __future__ import annotations

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Any, TypeVar

from google.api_core import exceptions as api
from google.api_core.client_options import ClientOptions
from google.auth import exceptions as auth
from google.auth.credentials import AnonymousCredentials
from google.cloud import bigquery
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception,
    sleep_using_event,
    stop_after_attempt,
    stop_any,
    stop_when_event_set,
    wait_chain,
    wait_fixed,
)

from context.errors import InputError, RunError, first_line
from sim.sinks.bigquery.target import read_address
from sim.sinks.cloud import PROJECT, account, default_credentials

PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 16.0)  # before another try; the service asks for exponential backoff
CALL_S = 60.0  # a call may take so long
UPLOAD_S = 600.0
_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
_AWAY = (
    api.TooManyRequests, api.InternalServerError, api.BadGateway, api.ServiceUnavailable, api.GatewayTimeout,
    api.RetryError, auth.TransportError, OSError, TimeoutError,
)  # fmt: skip  # requests' own errors are OSErrors
# Reasons of BigQuery's error table that pass by themselves, whatever status they come with.
PASSING = frozenset({
    "backendError", "internalError", "jobBackendError", "jobInternalError", "rateLimitExceeded",
    "jobRateLimitExceeded", "quotaExceeded", "tableUnavailable",
})  # fmt: skip
_NAMED = re.compile(r"(?<![\w.`])(?P<dataset>\w+)\.(?P<table>\w+)(?=[\s,)])")
_ABORTED = re.compile(r"(?i)transaction[^.]*(abort|conflict)|serialize access|concurrent update")
_Anonymous: Any = AnonymousCredentials
_T = TypeVar("_T")


class Connection:
    """A project of BigQuery, or of an emulator; safe to share between threads."""

    def __init__(self, project: str, location: str | None) -> None:
        self.host = os.environ.get("BIGQUERY_EMULATOR_HOST", "")
        self.location = location
        self.account = "no credentials needed"
        self.quota_project = ""
        project = project or os.environ.get("GOOGLE_CLOUD_PROJECT", "")
        if self.host:
            self.credentials: Any = _Anonymous()
        else:
            self.credentials, found = default_credentials(_SCOPE)
            project = project or found
            self.account = account(self.credentials)
            self.quota_project = getattr(self.credentials, "quota_project_id", None) or ""
        if not project:
            raise InputError(
                "--to bigquery://: no project given, allowed: bigquery://PROJECT, "
                "or the variable GOOGLE_CLOUD_PROJECT"
            )
        if not (self.host or PROJECT.fullmatch(project)):
            raise InputError(f"project {project!r} given, allowed: a project id of Google Cloud")
        self.project = project
        self.labels: dict[str, str] = {}  # of every job
        self._here = threading.local()
        self._over = threading.Event()

    @property
    def line(self) -> str:
        """Destination, account, and whether it is an emulator."""
        where = f"emulator at {self.host}" if self.host else "Google Cloud"
        quota = f", quota project {self.quota_project}" if self.quota_project else ""
        return f"bigquery://{self.project} ({where}, {self.account}{quota})"

    @property
    def client(self) -> Any:
        """This thread's client."""
        if not hasattr(self._here, "client"):
            options = ClientOptions(quota_project_id=self.quota_project or None)
            if self.host:
                options.api_endpoint = self.host if "://" in self.host else f"http://{self.host}"
            self._here.client = bigquery.Client(
                self.project, credentials=self.credentials, client_options=options
            )
        return self._here.client

    def call(self, what: str, call: Callable[[], _T]) -> _T:
        """A call, again and again while what fails passes by itself.

        NotFound and Conflict are the caller's to judge. Raises InputError for what the user can mend,
        RunError for all else; ``what`` begins the line.
        """

        def unless_over(state: RetryCallState) -> None:
            if self.over and state.attempt_number > 1:
                raise RunError(f"{what}: given up; the same command goes on")

        again = Retrying(
            before=unless_over,
            retry=retry_if_exception(_may_pass),
            wait=wait_chain(*(wait_fixed(pause) for pause in PAUSES_S)),
            stop=stop_any(stop_after_attempt(len(PAUSES_S) + 1), stop_when_event_set(self._over)),
            sleep=sleep_using_event(self._over),
            reraise=True,
        )
        try:
            return again(call)
        except (api.NotFound, api.Conflict):
            raise
        except (auth.RefreshError, auth.DefaultCredentialsError, api.Unauthorized) as error:
            raise InputError(f"{self.account}: not accepted by Google Cloud: {first_line(error)}") from error
        except (api.GoogleAPICallError, *_AWAY) as error:
            if not passing(error):
                raise self._final(what, error) from error
            raise RunError(f"{what}: {self._away(error)}; the same command goes on") from error

    def query(self, what: str, sql: str, dates: Mapping[str, date] | None = None) -> list[Any]:
        """The rows of a query or script, ``dates`` being its parameters; it must bear being run twice."""
        config = bigquery.QueryJobConfig(labels=self.labels, use_query_cache=False)
        if dates:
            config.query_parameters = [
                bigquery.ScalarQueryParameter(name, "DATE", day) for name, day in sorted(dates.items())
            ]
        return self.call(
            what,
            lambda: list(
                self.client.query_and_wait(
                    sql, job_config=config, location=self.location, retry=None, job_retry=None,
                    api_timeout=CALL_S,
                )
            ),
        )  # fmt: skip

    def kept(self, what: str, sql: str) -> str:
        """Run a query and leave its rows where they are: the anonymous table, project.dataset.table, in which
        the service keeps them for a day and this account alone can read them.
        """

        def run() -> Any:
            config = bigquery.QueryJobConfig(labels=self.labels, use_query_cache=False)
            job = self.client.query(
                sql, job_config=config, location=self.location, retry=None, job_retry=None, timeout=CALL_S
            )
            if error := job.exception():  # waits, and fetches no rows
                raise error
            return job.destination

        table = self.call(what, run)
        return f"{table.project}.{table.dataset_id}.{table.table_id}"

    def give_up(self) -> None:
        """Try nothing again from now on."""
        self._over.set()

    def wait(self, seconds: float) -> None:
        """Wait, but no longer than until somebody gives up."""
        self._over.wait(seconds)

    @property
    def over(self) -> bool:
        """Whether somebody gave up."""
        return self._over.is_set()

    def _away(self, error: BaseException) -> str:
        if isinstance(error, api.GoogleAPICallError):
            return f"it keeps failing: {words(error)}"
        return f"{self.host or 'bigquery.googleapis.com'} is out of reach: {words(error)}"

    def _final(self, what: str, error: Exception) -> Exception:
        if isinstance(error, api.Forbidden):
            return InputError(f"{what}: {self.account}: not allowed: {words(error)}")
        return RunError(f"{what}: {words(error)}")


class BigQueryReader:
    """A project's datasets under the names of the platform, whatever they are called there.

    ``address``: what stands behind ``bigquery:``. Raises InputError.
    """

    def __init__(self, address: str, datasets: Sequence[str]) -> None:
        self._target = read_address(address)
        self._datasets = tuple(datasets)
        self._connection = Connection(self._target.project, self._target.location)

    @property
    def line(self) -> str:
        """Where it reads, and as whom."""
        return self._connection.line

    def columns(self) -> dict[str, list[str]]:
        """Names of the columns of every table there is, by dataset.table."""
        found: dict[str, list[str]] = {}
        for dataset in self._datasets:
            name = f"{self._connection.project}.{self._target.dataset(dataset)}"
            try:
                listed = self._connection.call(name, partial(self._listed, name))
            except api.NotFound:
                continue
            for item in listed:
                get = partial(self._connection.client.get_table, item.reference)
                table = self._connection.call(item.table_id, get)
                found[f"{dataset}.{item.table_id}"] = [field.name for field in table.schema]
        return found

    def _listed(self, dataset: str) -> list[Any]:
        return list(self._connection.client.list_tables(dataset))

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a query, in which datasets have their names of the platform."""
        return [dict(row.items()) for row in self._connection.query("a query", self._placed(sql))]

    def kept(self, sql: str) -> str:
        """Keep the rows of a query there for a day; the name of the table that has them."""
        return self._connection.kept("a query", self._placed(sql))

    def _placed(self, sql: str) -> str:
        def name(match: re.Match[str]) -> str:
            if match["dataset"] not in self._datasets:
                return match[0]
            return f"`{self._connection.project}.{self._target.dataset(match['dataset'])}.{match['table']}`"

        return _NAMED.sub(name, sql)


def words(error: BaseException) -> str:
    """What the service said, without the request that it said it to."""
    for entry in getattr(error, "errors", None) or ():
        if isinstance(entry, dict) and entry.get("message"):
            return " ".join(str(entry["message"]).split())[:300]
    return first_line(error)


def _may_pass(error: BaseException) -> bool:
    """Whether a call is worth another try; what the caller or the user has to judge is not."""
    judged = (api.NotFound, api.Conflict, auth.RefreshError, auth.DefaultCredentialsError, api.Unauthorized)
    return (
        isinstance(error, (api.GoogleAPICallError, *_AWAY))
        and not isinstance(error, judged)
        and passing(error)
    )


def passing(error: BaseException) -> bool:
    """Whether the same call may succeed later."""
    if isinstance(error, api.GoogleAPICallError):
        reasons = {entry.get("reason") for entry in error.errors or () if isinstance(entry, dict)}
        if reasons & PASSING or _ABORTED.search(str(error)):
            return True
    return isinstance(error, _AWAY)
