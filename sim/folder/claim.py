"""Taking possession of a run folder: whose is it, what in it is whole, what may be removed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import schemas
from context.errors import DamagedError, InputError
from context.files import PARTIAL, disk_error
from context.scenario.scenario import Scenario
from sim.folder.lock import folder_while_needed, locked
from sim.folder.manifest import (
    FileEntry,
    Manifest,
    PackEntry,
    RunState,
    differing_library,
    load_manifest,
    new_manifest,
    termtide_version,
)
from sim.folder.names import (
    BUILT,
    COOKBOOK,
    COUNTS,
    DICTIONARY,
    FOLDER,
    MANIFEST,
    MARTS,
    PLAN,
    RECORDS,
    REPORT,
    SUSPECTS,
    WAREHOUSE,
)
from sim.folder.progress import Progress
from sim.folder.whole import Care, broken, is_built, note_suspects

_PAGES = ("index.html", "joins.html", "marts.html", "search.js", "style.css", "tables.js")
_STORES = ("context_store_entity", "context_store_keymap")
_DATE = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"
_EVENT_FOLDER = re.compile(rf"event_date={_DATE}")
_RECORD = re.compile(rf"run\.json|unit-{_DATE}\.json")
_EVENT_FILE = re.compile(rf"unit-{_DATE}\.parquet(\.tmp)?")


class PackFacts(Protocol):
    """What a run notes of a pack."""

    @property
    def name(self) -> str:
        """Its name."""
        ...

    @property
    def version(self) -> str:
        """Its version."""
        ...

    @property
    def digest(self) -> str:
        """Digest of its content."""
        ...


@dataclass(frozen=True)
class Claimed:
    """A run folder that is held for this process: what each stage is given."""

    run_dir: Path
    manifest: Manifest
    show: Progress

    def begin(self, stage: RunState) -> None:
        """The stages before this one are complete: write that down. Raises RunError."""
        self.manifest.state = stage
        self.manifest.save(self.run_dir)


@contextmanager
def only_one(run_dir: Path) -> Iterator[None]:
    """Hold the folder for this process. Raises InputError when another run is at work in it.

    What no folder can be made of is left to ``claim`` to explain.
    """
    busy = InputError(f"{run_dir}: another run is at work here; wait for it, or give another --out")
    with ExitStack() as held:
        with suppress(OSError):
            held.enter_context(folder_while_needed(run_dir))
            held.enter_context(locked(run_dir, busy))
        yield


def claim(
    run_dir: Path, scenario: Scenario, pack: PackFacts, *, force: bool = False, care: Care = "cheap"
) -> Manifest:
    """Make ``run_dir`` this scenario's and return its manifest, saved.

    An empty or missing folder gets a new manifest. A run of the same scenario (pack content included) goes
    on: of what its manifest names, whatever is not whole counts as not done; before anything is drawn, store
    and plan are looked at byte by byte. Where the manifest itself was changed, all of it is made anew. Raises
    InputError for another scenario's run, for one begun by another version, unless ``force``, which removes
    what Termtide made there, and nothing else; and, with or without ``force``, for a folder of other files.
    """
    entry = PackEntry(name=pack.name, version=pack.version, digest=pack.digest)
    fresh = new_manifest(scenario, entry)
    try:
        run_dir.mkdir(parents=True, exist_ok=True)
        present = [path.name for path in run_dir.iterdir() if path.name != MANIFEST + PARTIAL]
    except (FileExistsError, NotADirectoryError):
        raise InputError(f"{run_dir}: this is a file, allowed: a folder") from None
    except OSError as error:
        raise disk_error(run_dir, error) from error
    if MANIFEST not in present:
        if present:
            raise InputError(
                f"{run_dir}: has {min(present)} and no {MANIFEST}, so it is not a run's folder; "
                "give a new or empty one with --out"
            )
        fresh.save(run_dir)
        return fresh
    found = _found(run_dir, fresh, force=force)
    if force or found is None:
        remove_run(run_dir, found)
        fresh.save(run_dir)
        return fresh
    _check_same(run_dir, found, fresh)
    whole = verified(run_dir, found, care)
    if care == "cheap" and not whole.is_done:
        whole = verified(run_dir, whole, "sources")
    if whole != found:
        whole.save(run_dir)
    note_suspects(run_dir, [])  # what differs of them is not in the manifest any more
    return whole


def _found(run_dir: Path, fresh: Manifest, *, force: bool) -> Manifest | None:
    """The manifest that is there; None for one of this scenario's, or to be replaced, that was changed."""
    try:
        return load_manifest(run_dir)
    except DamagedError:
        if force or fresh.scenario_digest.encode() in (run_dir / MANIFEST).read_bytes():
            return None
        raise DamagedError(
            f"{run_dir / MANIFEST}: is not the file that was written, so what is whole can't be told; "
            "begin the run anew with --force"
        ) from None


def verified(run_dir: Path, manifest: Manifest, care: Care = "cheap") -> Manifest:
    """The manifest without what is not whole: files that are missing or of other bytes or rows."""
    found = manifest.model_copy(deep=True)
    plan = [] if found.plan is None else [found.plan]
    sources = [*found.store.values(), *plan]
    close: list[FileEntry] = []
    if care != "cheap":
        close = [*sources] if care == "sources" else found.files
    lost = broken(run_dir, found.files, close)
    found.units = {
        day: unit for day, unit in found.units.items() if lost.isdisjoint(file.path for file in unit.files)
    }
    uncounted = [unit for unit in found.units.values() if unit.counts and unit.counts.path in lost]
    for unit in uncounted:  # its events are whole: they are only to be counted again
        unit.counts = None
    found.store = {name: table for name, table in found.store.items() if table.path not in lost}
    if plan and plan[0].path in lost:
        found.plan = None
    if len(found.store) < len(manifest.store):
        found.state = "context"
    elif found.plan is None and manifest.has_plan:
        found.state = "plan"
    elif manifest.is_done and (
        len(found.units) < len(manifest.units) or uncounted or not is_built(run_dir, WAREHOUSE, REPORT)
    ):
        found.state = "events"
    return found


def remove_run(run_dir: Path, manifest: Manifest | None = None) -> None:
    """Remove the files that Termtide made in ``run_dir`` and folders that get empty. Raises RunError.

    Those are the ones the manifest names and the known names of the layout. Links are not followed.
    """
    try:
        for path in sorted(set(ours(run_dir, manifest))):
            if path.is_file() and path.parent.resolve().is_relative_to(run_dir.resolve()):
                path.unlink()
        events = run_dir / FOLDER
        dates = [path for path in events.glob("event_date=*") if _EVENT_FOLDER.fullmatch(path.name)]
        stores = [run_dir / dataset for dataset in _STORES]
        pages, records = run_dir / DICTIONARY, run_dir / RECORDS
        marts = [run_dir / mart.table.dataset for mart in schemas.marts()]
        days = [run_dir / mart.table.dataset / mart.table.name for mart in schemas.marts()]
        found = [*stores, *dates, events, events.parent, *days, *marts, *pages.glob("*/"), pages]
        found += [run_dir / COUNTS, records]
        for folder in found:
            if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()
    except OSError as error:
        raise disk_error(run_dir, error) from error


def _check_same(run_dir: Path, found: Manifest, fresh: Manifest) -> None:
    if found.scenario_digest != fresh.scenario_digest:
        raise InputError(
            f"{run_dir}: holds the run of another scenario ({_title(found)}), given: {_title(fresh)}"
            f"{_difference(found, fresh)}; choose another folder with --out, or replace that run with --force"
        )
    if found.termtide != fresh.termtide and not found.is_done:
        raise InputError(
            f"{run_dir}: begun by Termtide {found.termtide} and not complete, this is {termtide_version()}; "
            "continue with that version, or start over with --force"
        )
    if not found.is_done:
        _check_versions(run_dir, found, fresh)


def _check_versions(run_dir: Path, found: Manifest, fresh: Manifest) -> None:
    """A run is finished with the digests and the libraries that it was begun with."""
    if found.digests != fresh.digests:
        raise InputError(
            f"{run_dir}: begun with digests by {found.digests} and not complete, here they are by "
            f"{fresh.digests}; continue with the version that began it, or start over with --force"
        )
    differs = differing_library(found.versions, fresh.versions)
    if differs is not None:
        raise InputError(
            f"{run_dir}: begun with {differs.name} {differs.there} and not complete, here is {differs.here}; "
            "continue with that version, or start over with --force"
        )


def _title(manifest: Manifest) -> str:
    scenario = manifest.scenario
    return f"{scenario.name}: {scenario.fte} FTE, {scenario.term}, seed {manifest.seed}"


def _difference(found: Manifest, fresh: Manifest) -> str:
    """The first key that differs, for titles that read the same."""
    if _title(found) != _title(fresh):
        return ""
    if found.pack.digest != fresh.pack.digest:
        return f" (pack {found.pack.name} {found.pack.version} has changed)"
    there = found.scenario.model_dump(mode="json")
    for key, value in fresh.scenario.model_dump(mode="json").items():
        if there.get(key) != value:
            return f" ({key}: {there.get(key, 'the usual')} there, {value} given)"
    return ""


def ours(run_dir: Path, manifest: Manifest | None) -> Iterator[Path]:
    """Every path in the folder that is Termtide's, whether there is a file or not."""
    for name in (MANIFEST, PLAN, WAREHOUSE, f"{WAREHOUSE}.wal", REPORT, COOKBOOK, BUILT, SUSPECTS, MARTS):
        yield run_dir / name
        yield run_dir / (name + PARTIAL)
    yield run_dir / f"{WAREHOUSE}{PARTIAL}.wal"
    yield from _pages(run_dir / DICTIONARY)
    for path in (run_dir / RECORDS).glob("*.json"):
        if _RECORD.fullmatch(path.name):
            yield path
    for dataset in _STORES:
        for table in schemas.tables(dataset):
            yield run_dir / dataset / f"{table.name}.parquet"
            yield run_dir / dataset / f"{table.name}.parquet{PARTIAL}"
    for mart in schemas.marts():
        place = run_dir / mart.table.dataset / mart.table.name
        yield place.with_name(f"{mart.table.name}.parquet")
        yield place.with_name(f"{mart.table.name}.parquet{PARTIAL}")
        yield from place.glob(f"{mart.table.partition_by}=*.parquet*")
    for path in (run_dir / COUNTS).glob("unit-*"):
        if _EVENT_FILE.fullmatch(path.name):
            yield path
    for path in (run_dir / FOLDER).glob("event_date=*/unit-*"):
        if _EVENT_FOLDER.fullmatch(path.parent.name) and _EVENT_FILE.fullmatch(path.name):
            yield path
    if manifest is not None:
        yield from (run_dir / file.path for unit in manifest.units.values() for file in unit.files)
        yield from (run_dir / f"{name.replace('.', '/')}.parquet" for name in manifest.store)


def _pages(folder: Path) -> Iterator[Path]:
    """The dictionary's pages, and what of them a kill left half written."""
    for name in _PAGES:
        yield folder / name
        yield folder / (name + PARTIAL)
    for path in folder.glob("*/*.html*"):
        name = path.name.removesuffix(PARTIAL).removesuffix(".html")
        with suppress(schemas.UnknownName):
            schemas.table(path.parent.name, name)
            if path.name in (f"{name}.html", f"{name}.html{PARTIAL}"):
                yield path
