"""The small campus prepared for many machines: once per test process."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import mkdtemp

from context.terms.premises import premises
from sim.folder.progress import Progress
from sim.scale.places.storage import FolderStorage
from sim.scale.prepare import prepare_work
from tests.samples.tiny import SMALL, default_pack

GENERATED = ("event_store/", "counts/", "context_store_entity/", "context_store_keymap/")


@cache
def prepared_work() -> Path:
    """The work folder of the small campus; nobody changes it."""
    folder = Path(mkdtemp(prefix="termtide-work-")) / "work"
    prepare_work(premises(SMALL, default_pack()), FolderStorage(folder), Progress.silent())
    return folder


def generated(root: Path) -> dict[str, bytes]:
    """What must be the same however a run was made: events, store, plan and manifest."""
    found = {path.relative_to(root).as_posix(): path for path in root.rglob("*") if path.is_file()}
    return {
        name: path.read_bytes()
        for name, path in sorted(found.items())
        if name.startswith(GENERATED) or name in ("manifest.json", "plan.parquet")
    }
