"""A run: every file that its manifest names, and what was built from them."""

from __future__ import annotations

from pathlib import Path

from context.documents import UnreadableError
from context.errors import DamagedError, TermtideError
from sim.folder.claim import only_one, ours
from sim.folder.manifest import load_manifest
from sim.folder.names import BUILT, MANIFEST, REPORT, WAREHOUSE, date_of
from sim.folder.whole import note_suspects, read_built
from sim.verify.verdict import Finding, Verdict


def check_run(root: Path) -> Verdict:
    """Look at a run; what differs is noted there, so that `run` makes it again. Raises InputError."""
    verdict = Verdict(root, "run", "unknown", files=1)
    with only_one(root):
        try:
            manifest = load_manifest(root)
        except DamagedError:
            verdict.changed_note(MANIFEST)
            return verdict
        verdict.state = manifest.state
        verdict.look(root, manifest.files)
        known = {MANIFEST, *(file.path for file in manifest.files)}
        built = _look_at_built(verdict, root) if manifest.is_done else None
        # What a run that is not done has made and not yet noted is no stranger; nor is what a kill left.
        mine = {path.relative_to(root).as_posix() for path in ours(root, manifest)}
        events = {path for path in mine if date_of(path)} if manifest.is_done else set()
        marts = {path for path in mine if path.endswith(".parquet")} if built is not None else set()
        verdict.strangers(root, known | (built or set()) | (mine - events - marts))
        note_suspects(root, [f.path for f in verdict.findings if f.problem == "differs"])
    return verdict


def _look_at_built(verdict: Verdict, root: Path) -> set[str] | None:
    """Names of what was built; None where the record of it is itself what differs, or is missing."""
    verdict.files += 1
    try:
        built = read_built(root).files
    except (OSError, TermtideError) as error:
        if isinstance(error, UnreadableError) and error.is_missing:
            verdict.findings.append(Finding(BUILT, "missing", "is missing"))
        else:
            verdict.changed_note(BUILT)
        return None
    verdict.look(root, list(built.values()))
    for name in {WAREHOUSE, REPORT} - built.keys():
        verdict.findings.append(Finding(name, "missing", f"is not in {BUILT}"))
    return {BUILT, WAREHOUSE, REPORT, *built}
