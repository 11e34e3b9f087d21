"""What all tests share: one profile for property tests, one folder for what they make, and no settings from
the developer's shell.
"""

from __future__ import annotations

import gc
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from context import files
from context.packs.pack import find_pack
from tests.samples import session_folder
from tests.samples.no_charts import without_charts
from tests.servers import bigquery_server, storage_server
from tests.servers.chromium import Chromium, find_chromium
from tests.servers.pubsub_server import QUICK_JAVA, Emulator, find_emulator

# The same examples in every run, and no deadline: a test may be slow on a busy machine, but never fail by it.
settings.register_profile("termtide", deadline=None, derandomize=True, max_examples=60)
settings.load_profile("termtide")

# Test processes, and the commands that they start, compile each module once, whatever the shell says.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# The tools of a release bring a parser of IRIs, which takes two seconds to build in each process that draws a
# chart; no user has it, and no test needs it.
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]

pytest_plugins = ["tests.samples.toy_sessions"]

# A shell starts what it puts into the background with Ctrl-C ignored, which children inherit: tests send it.
signal.signal(signal.SIGINT, signal.default_int_handler)


# What takes a minute begins first, so that no process ends alone with it.
FIRST = (
    "tests/backfill/test_bigquery_kill",
    "tests/stream/test_pubsub_kill",
    "tests/backfill/test_exactly_once",
)


# Then come the tests of a server, those of each together: what lies together goes to one test process, and
# the others need not start a server of their own.
SERVERS = ("bigquery", "pubsub", "cloud_storage", "chromium")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, then those of the servers, all others in their order."""
    items.sort(key=_place)


def pytest_collection_finish() -> None:
    """What was collected stays to the end: no search for cycles need look at it again."""
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Libraries that look for leaks at the end find none."""
    gc.unfreeze()


def _place(item: pytest.Item) -> tuple[bool, int]:
    used = [number for number, name in enumerate(SERVERS) if name in getattr(item, "fixturenames", ())]
    if "[bigquery" in item.nodeid:  # which asks for the server by name
        used = [0]
    return not item.nodeid.startswith(FIRST), min(used, default=len(SERVERS))


@pytest.fixture(autouse=True)
def _no_settings_from_outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """No TERMTIDE_* variable of the developer's shell reaches a test."""
    for variable in [name for name in os.environ if name.startswith("TERMTIDE_")]:
        monkeypatch.delenv(variable)


@pytest.fixture(scope="session", autouse=True)
def _one_folder_for_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What tests and what they start leave in the folder for temporary files goes with the session's."""
    scratch = tmp_path_factory.mktemp("scratch")
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("TMPDIR", str(scratch))
        patched.setattr(tempfile, "tempdir", str(scratch))
        base = tmp_path_factory.getbasetemp()
        patched.setattr(
            session_folder, "FOLDER", base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
        )
        # A test kills processes, but never the power: what waits for the disk here would see no difference.
        patched.setattr(files, "flush_to_disk", lambda _path: None)
        yield


@pytest.fixture
def bare_report() -> Iterator[None]:
    """Reports without charts, which take longer than a small campus, for tests that look at other things."""
    with without_charts():
        yield


@pytest.fixture
def few_marts() -> Iterator[None]:
    """Runs and deliveries with a few marts of each kind, for tests that look at other things."""
    from tests.samples.few_marts import few_alone  # with all that marts need

    with few_alone():
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of the default pack that a test may break."""
    return Path(shutil.copytree(find_pack("us_public_r1"), tmp_path / "mine"))


def _there(program: object, variable: str, name: str, hint: str) -> None:
    """Skip where a program is missing, or fail if the variable says that it must be there."""
    if program is not None:
        return
    if os.environ.get(variable) == "1":
        pytest.fail(f"{variable}=1, but there is no {name}")
    pytest.skip(f"no {name}: {hint}")


@pytest.fixture(scope="session")
def pubsub() -> Iterator[Emulator]:
    """A Pub/Sub emulator for this test process. PUBSUB_EMULATOR_REQUIRED=1 makes its absence a failure."""
    _there(
        find_emulator(),
        "PUBSUB_EMULATOR_REQUIRED",
        "Pub/Sub emulator",
        "install google-cloud-cli-pubsub-emulator and Java, or set PUBSUB_EMULATOR_BIN",
    )
    server = Emulator(QUICK_JAVA)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def bigquery() -> Iterator[bigquery_server.Emulator]:
    """A BigQuery emulator for this test process. BIGQUERY_EMULATOR_REQUIRED=1 makes its absence a failure."""
    _there(
        bigquery_server.find_emulator(),
        "BIGQUERY_EMULATOR_REQUIRED",
        "BigQuery emulator",
        "`make emulators` installs one where there is a Python 3.13",
    )
    server = bigquery_server.Emulator()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def cloud_storage() -> Iterator[storage_server.Emulator]:
    """An emulator of Cloud Storage for this process; with STORAGE_EMULATOR_REQUIRED=1 it must be there."""
    _there(
        storage_server.find_emulator(),
        "STORAGE_EMULATOR_REQUIRED",
        "emulator of Cloud Storage",
        "`make emulators` installs one",
    )
    server = storage_server.Emulator()
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chromium]:
    """A headless Chromium for this test process. CHROMIUM_REQUIRED=1 makes its absence a failure."""
    program = find_chromium()
    if program is None:
        if os.environ.get("CHROMIUM_REQUIRED") == "1":
            pytest.fail("CHROMIUM_REQUIRED=1, but there is no Chromium")
        pytest.skip("no Chromium: install chromium, or set CHROMIUM_BIN")
    browser = Chromium(program)
    try:
        yield browser
    finally:
        browser.stop()
