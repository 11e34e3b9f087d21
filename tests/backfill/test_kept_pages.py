"""What is asked of Arrow's allocator reaches it, and never what somebody has set."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from sim.backfill.kept_pages import KEPT_MS

_ASK = """
import os, sys
from contextlib import suppress
from sim.cli.main import main
before = "pyarrow" in sys.modules
with suppress(SystemExit):
    main(["--version"])
print(before, os.environ["MIMALLOC_PURGE_DELAY"])
"""


@pytest.mark.parametrize("given", [None, "7"])
def test_free_pages_are_kept_unless_somebody_says_otherwise(given: str | None) -> None:
    """A command asks before Arrow is loaded, as it would not be heard after."""
    environment = {name: value for name, value in os.environ.items() if name != "MIMALLOC_PURGE_DELAY"}
    if given is not None:
        environment["MIMALLOC_PURGE_DELAY"] = given
    said = subprocess.run(
        [sys.executable, "-c", _ASK], env=environment, check=True, capture_output=True, text=True
    )
    assert said.stdout.splitlines()[-1] == f"False {given or KEPT_MS}"
