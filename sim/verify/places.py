"""Which kind of place it is that is to be verified.

Every file is read whole. Nothing is mended here: what differs is noted, so that the command that wrote it
makes exactly that again.
"""

from __future__ import annotations

from pathlib import Path

from context.errors import InputError
from sim.backfill.folders import DELIVERY
from sim.exports.note import NOTE
from sim.folder.find import find_run
from sim.folder.names import MANIFEST
from sim.lanes.checkpoint import JOURNAL
from sim.sinks.open import either
from sim.verify.delivered import check_delivery, check_export
from sim.verify.duckdb_file import check_duckdb
from sim.verify.run_folder import check_run
from sim.verify.stream_state import check_state
from sim.verify.verdict import Finding, Verdict

# What says what a folder should hold, and who looks at it.
_LOOKS = {MANIFEST: check_run, DELIVERY: check_delivery, NOTE: check_export, JOURNAL: check_state}


def verify(where: Path | None) -> Verdict:
    """Look at a run, the newest below runs/ by default, or at anything that was delivered.

    Raises InputError for what is none of these, or where another process is at work.
    """
    place = find_run(None) if where is None else where
    if place.is_file():
        said = check_duckdb(place)
        found = Verdict(place, "duckdb", "done", files=1, bytes=place.stat().st_size)
        found.findings = [Finding(name, "differs", text) for name, text in said]
        return found
    for name, look in _LOOKS.items():
        if (place / name).is_file():
            return look(place)
    raise InputError(
        f"{place}: {'nothing of Termtide there' if place.exists() else 'does not exist'}, allowed: "
        f"a folder with {either(_LOOKS)}, or a file that `--to duckdb:` made"
    )
