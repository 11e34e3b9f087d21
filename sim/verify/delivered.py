"""Folders that were delivered to, each with a note: by ``backfill``, or by ``context`` the store alone."""

from __future__ import annotations

from pathlib import Path

from context.errors import DamagedError
from sim.backfill.folders import DELIVERY, read_note
from sim.exports.note import NOTE, read_export_note
from sim.folder.claim import only_one
from sim.folder.whole import note_suspects
from sim.verify.verdict import Verdict


def check_delivery(root: Path) -> Verdict:
    """Look at a delivery; what differs is noted there, so that `backfill` delivers it again."""
    verdict = Verdict(root, "delivery", "done", files=1)
    with only_one(root):
        try:
            note = read_note(root)
        except DamagedError:
            verdict.changed_note(DELIVERY)
            return verdict
        verdict.look(root, note.files)
        verdict.strangers(root, {DELIVERY, *(file.path for file in note.files)})
        note_suspects(root, [f.path for f in verdict.findings if f.problem == "differs"])
    return verdict


def check_export(root: Path) -> Verdict:
    """Look at the store as ``context`` wrote it."""
    verdict = Verdict(root, "context", "done", files=1)
    try:
        files = read_export_note(root)
    except DamagedError:
        verdict.changed_note(NOTE)
        return verdict
    verdict.look(root, files)
    verdict.strangers(root, {NOTE, *(file.path for file in files)})
    return verdict
