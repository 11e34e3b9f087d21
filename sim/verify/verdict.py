"""What was looked at, and what was found."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from context.errors import number_of
from context.files import PARTIAL
from sim.backfill.folders import DELIVERY
from sim.exports.note import NOTE
from sim.folder.manifest import StoredFile
from sim.folder.names import MANIFEST, SUSPECTS
from sim.folder.whole import changed

Amiss = Literal["missing", "differs", "foreign"]
SHOWN_OF_A_KIND = 20  # findings that are told to people; programs get all


@dataclass(frozen=True)
class Finding:
    """A file that is not as it should be."""

    path: str
    problem: Amiss
    said: str


@dataclass
class Verdict:
    """What was looked at, and what was found."""

    where: Path
    kind: Literal["run", "delivery", "context", "duckdb", "stream"]
    state: str  # of a run: the stage that is being made, or "done"; else "done", or of a stream "stopped"
    files: int = 0  # looked at
    bytes: int = 0  # read
    findings: list[Finding] = field(default_factory=list)

    def look(self, root: Path, files: Sequence[StoredFile]) -> None:
        """Read files whole; find those that are missing or differ."""
        self.files += len(files)
        self.bytes += sum(file.bytes for file in files)
        for file in changed(root, files):
            path = root / file.path
            if not path.is_file():
                self.findings.append(Finding(file.path, "missing", "is missing"))
                continue
            size = path.stat().st_size
            said = "other bytes than were written"
            if size != file.bytes:
                said = f"{number_of(size, 'byte')}, {file.bytes:,} were written"
            self.findings.append(Finding(file.path, "differs", said))

    def lines(self) -> list[str]:
        """Findings for people: of many of one kind the first ones and a sum."""
        lines: list[str] = []
        for kind in dict.fromkeys(finding.problem for finding in self.findings):
            mine = [finding for finding in self.findings if finding.problem == kind]
            lines += [f"{kind}: {each.path}: {each.said}" for each in mine[:SHOWN_OF_A_KIND]]
            if len(mine) > SHOWN_OF_A_KIND:
                lines.append(f"{kind}: and {len(mine) - SHOWN_OF_A_KIND:,} more; --json lists all")
        return lines

    def changed_note(self, name: str) -> None:
        """Find that a file which says what there should be was itself changed."""
        self.findings.append(
            Finding(name, "differs", "its seal is broken: it says something else than was written")
        )

    def strangers(self, root: Path, known: Collection[str]) -> None:
        """Find files that nobody has noted."""
        for path in _files(root):
            if path not in known:
                self.findings.append(Finding(path, "foreign", "is not among what was written"))


def _files(root: Path) -> Iterator[str]:
    """Files below a folder, relative to it, without those of deliveries in it; links are not followed."""
    for folder, folders, names in os.walk(root):
        here = Path(folder)
        if here != root and {MANIFEST, DELIVERY, NOTE} & set(names):
            folders.clear()
            continue
        folders.sort()
        for name in sorted(names):
            path = (here / name).relative_to(root).as_posix()
            if name != SUSPECTS and not name.endswith(PARTIAL):
                yield path
