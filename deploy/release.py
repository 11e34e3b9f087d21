"""Builds all of a release into a folder: `make release`. Nothing is published.

    python deploy/release.py FOLDER [--no-sample] [--cut]

* the wheel, the source distribution, and ``image.json``, what an image of them is called and made from;
* ``sample/``: two weeks of a campus of 200 students, with its digests, from the wheel's own code: the store
  as Parquet and the events as NDJSON, below 5 MB together;
* ``termtide-VERSION.cdx.json``: the pinned requirements as a CycloneDX bill of materials;
* ``NOTES.md``, what is new in the version: its section of ``CHANGELOG.md``;
* ``SHA256SUMS`` over all of it.

The version is that of ``pyproject.toml``; ``CITATION.cff`` must say the same. Where ``CHANGELOG.md`` has no
section of that version with its date, what is built is a draft: ``CHANGELOG.md`` beside it shows how it would
be cut, the section of what is unreleased given the version and today's date. ``--cut`` cuts that of the tree,
before anything is built. What is wrong is one line and exit code 1.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import parquet

_ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("context", "schemas", "sim")
SAMPLE_BYTES = 5_000_000  # at most, of all its files
_SAMPLE = ("--fte", "176", "--term", "Fall 2026", "--seed", "1", "--no-marts", "--dataset", "event_store")
_DAYS = ("--from", "2026-09-07", "--until", "2026-09-20")
_MORNING = "2026-09-21"  # after them: as of then the store is shown
_LEVEL, _EVENTS_LEVEL = 19, 22  # of zstd: a minute to write the events, as fast to read as any other


class ReleaseError(Exception):
    """What keeps a release from being made."""


def main(arguments: list[str]) -> int:
    """Build everything."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--no-sample", action="store_true", help="leave the sample campus out")
    parser.add_argument("--cut", action="store_true", help="give CHANGELOG.md its section of the version")
    given = parser.parse_args(arguments)
    folder = given.folder.resolve()
    try:
        if given.cut:
            changes = _ROOT / "CHANGELOG.md"
            text = cut(changes.read_text(encoding="utf-8"), version_of_all(), _today())
            changes.write_text(text, encoding="utf-8")
        for line in release(folder, sample=not given.no_sample):
            print(line)
    except ReleaseError as error:
        print(f"no release: {error}", file=sys.stderr)
        return 1
    return 0


def release(folder: Path, *, sample: bool) -> list[str]:
    """All steps; returns what was made, a line each. Raises ReleaseError."""
    version = version_of_all()
    changes, remarks = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), []
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    if section_of(changes, version) is None:
        changes = cut(changes, version, _today())
        (folder / "CHANGELOG.md").write_text(changes, encoding="utf-8")
        remarks = [f"CHANGELOG.md has no section of {version} yet: a draft; --cut gives it one"]
    (folder / "NOTES.md").write_text(section_of(changes, version) or "", encoding="utf-8")
    wheel, _ = distributions(folder)
    wrong = wrong_in_wheel(wheel)
    if wrong:
        raise ReleaseError(f"{wheel.name}: {'; '.join(wrong)}")
    (folder / "image.json").write_text(
        json.dumps(image_of(version, wheel), indent=2) + "\n", encoding="utf-8"
    )
    bill_of_materials(folder / f"termtide-{version}.cdx.json")
    if sample:
        make_sample(folder / "sample", wheel)
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    sums = [f"{_sha256(path)}  {path.relative_to(folder).as_posix()}\n" for path in files]
    (folder / "SHA256SUMS").write_text("".join(sums), encoding="utf-8")
    top = sorted({path.relative_to(folder).parts[0] for path in files})
    sizes = {
        one: sum(path.stat().st_size for path in files if path.relative_to(folder).parts[0] == one)
        for one in top
    }
    return [*remarks, *(f"{size / 1e6:7.2f} MB  {folder.name}/{one}" for one, size in sizes.items())]


def version_of_all() -> str:
    """The version, which every file that names it agrees on. Raises ReleaseError."""
    version = str(_project()["version"])
    cited = re.search(r"^version: (\S+)$", (_ROOT / "CITATION.cff").read_text(encoding="utf-8"), re.MULTILINE)
    if cited is None or cited[1] != version:
        raise ReleaseError(f"CITATION.cff says {cited and cited[1]}, pyproject.toml {version}")
    return version


def section_of(changes: str, version: str) -> str | None:
    """What a list of changes says of a version that has its date; None without such a section."""
    head = rf"## \[{re.escape(version)}\] - \d{{4}}-\d\d-\d\d\n"
    found = re.search(rf"^{head}\n(.*?)(?=^## |\Z)", changes, re.MULTILINE | re.DOTALL)
    return None if found is None else found[1].strip() + "\n"


def cut(changes: str, version: str, day: date) -> str:
    """The list of changes with what is unreleased as the section of a version, under an empty one.

    Raises ReleaseError where nothing is unreleased, or the version has a section already.
    """
    if section_of(changes, version) is not None:
        raise ReleaseError(f"CHANGELOG.md has a section of {version} already")
    head = "## [Unreleased]\n"
    _, found, rest = changes.partition(head)
    if not found or not rest.partition("\n## ")[0].strip():
        raise ReleaseError("CHANGELOG.md: nothing is unreleased")
    return changes.replace(head, f"{head}\n## [{version}] - {day.isoformat()}\n", 1)


def distributions(folder: Path) -> tuple[Path, Path]:
    """(wheel, source distribution), by the pinned build backend; the wheel from the tree as it stands."""
    code = (
        "import sys; from hatchling import build; "
        "print(build.build_sdist(sys.argv[1])); print(build.build_wheel(sys.argv[1]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)], cwd=_ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise ReleaseError((done.stderr.strip() or "the build backend failed").splitlines()[-1])
    sdist, wheel = done.stdout.split()[-2:]
    return folder / wheel, folder / sdist


def wrong_in_wheel(wheel: Path) -> list[str]:
    """What is missing in a wheel, or too much: it must hold the packages whole, licences, no more."""
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    meta = next(name.split("/")[0] for name in names if ".dist-info/" in name)
    ours = {
        path.relative_to(_ROOT).as_posix()
        for package in PACKAGES
        for path in (_ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    rest = {f"{meta}/{name}" for name in ("METADATA", "WHEEL", "RECORD", "entry_points.txt")}
    rest |= {f"{meta}/licenses/{name}" for name in ("LICENSE", "NOTICE")}
    wanted = ours | rest
    return [f"lacks {name}" for name in sorted(wanted - names)] + [
        f"holds {name}" for name in sorted(names - wanted)
    ]


def image_of(version: str, wheel: Path) -> dict[str, Any]:
    """How the image of this release is made: recipe, base, version."""
    recipe = _ROOT / "deploy" / "image" / "Containerfile"
    base = re.search(r"^ARG BASE=(\S+)$", recipe.read_text(encoding="utf-8"), re.MULTILINE)
    if base is None:
        raise ReleaseError(f"{recipe}: has no base")
    return {
        "name": "termtide",
        "tag": version,
        "base": base[1],
        "containerfile_sha256": _sha256(recipe),
        "requirements_lock_sha256": _sha256(_ROOT / "requirements.lock"),
        "wheel_sha256": _sha256(wheel),
        "build": f"docker build --file deploy/image/Containerfile --tag termtide:{version} .",
    }


def bill_of_materials(path: Path) -> None:
    """The pinned requirements as CycloneDX, the same bytes each time. Raises ReleaseError."""
    done = subprocess.run(
        [
            sys.executable, "-m", "cyclonedx_py", "requirements", str(_ROOT / "requirements.lock"),
            "--pyproject", str(_ROOT / "pyproject.toml"), "--output-reproducible", "--of", "JSON",
            "--output-file", str(path),
        ],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ReleaseError(f"cyclonedx-py: {(done.stderr.strip() or 'no reason given').splitlines()[-1]}")


def make_sample(folder: Path, wheel: Path) -> None:
    """Two weeks of a campus, by the code that is in the wheel. Raises ReleaseError.

    The context store as Parquet, as of the morning after; the events as documents, a line each; with their
    digests they have at most ``SAMPLE_BYTES``.
    """
    scratch = folder.with_name("scratch")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(scratch / "code")
    run, raw = scratch / "run", scratch / "raw"
    _termtide(scratch, "backfill", *_SAMPLE, *_DAYS, "--out", str(run), "--to", f"ndjson:{raw}")
    _termtide(
        scratch, "context", "--to", f"parquet:{scratch / 'store'}", "--run", str(run), "--as-of", _MORNING
    )
    for path in sorted((scratch / "store").rglob("*.parquet")):
        target = folder / "store" / path.relative_to(scratch / "store")
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(smallest(parquet.ParquetFile(path).read()))
    lines = b"".join(path.read_bytes() for path in sorted(raw.glob("unit-*.ndjson")))
    events = folder / "events.ndjson.zst"
    events.write_bytes(pa.Codec("zstd", _EVENTS_LEVEL).compress(lines, asbytes=True))
    shutil.rmtree(scratch)
    digests = {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }
    facts = {
        "synthetic": True,
        "command": ["termtide", "backfill", *_SAMPLE, *_DAYS],
        "store_as_of": _MORNING,
        "events": lines.count(b"\n"),
        "events_sha256_uncompressed": hashlib.sha256(lines).hexdigest(),
        "sha256": digests,
    }
    (folder / "digests.json").write_text(json.dumps(facts, indent=2) + "\n", encoding="utf-8")
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    if size > SAMPLE_BYTES:
        raise ReleaseError(f"sample: {size:,} bytes, allowed: at most {SAMPLE_BYTES:,}")


def smallest(table: pa.Table) -> bytes:
    """A table as Parquet, each column in the encoding that makes it smallest: small tables are mostly ids."""
    encodings = {}
    for field in table.schema:
        one = table.select([field.name])
        sizes = {None: len(_parquet(one, {field.name: None}))}
        for encoding in _encodings(field.type):
            sizes[encoding] = len(_parquet(one, {field.name: encoding}))
        encodings[field.name] = min(sizes, key=sizes.__getitem__)
    return _parquet(table, encodings)


def _encodings(kind: pa.DataType) -> tuple[str, ...]:
    """Those that may be better than a dictionary."""
    if pa.types.is_string(kind):
        return ("DELTA_LENGTH_BYTE_ARRAY", "DELTA_BYTE_ARRAY")
    if pa.types.is_integer(kind) or pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return ("DELTA_BINARY_PACKED",)
    return ("BYTE_STREAM_SPLIT",) if pa.types.is_floating(kind) else ()


def _parquet(table: pa.Table, encodings: dict[str, str | None]) -> bytes:
    """A file of a table; no encoding is a dictionary.

    Statistics and Arrow's own schema would be a tenth of such small files.
    """
    into = pa.BufferOutputStream()
    parquet.write_table(
        table,
        into,
        compression="zstd",
        compression_level=_LEVEL,
        write_statistics=False,
        store_schema=False,
        use_dictionary=[name for name, encoding in encodings.items() if encoding is None],
        column_encoding={name: encoding for name, encoding in encodings.items() if encoding} or None,
    )
    return bytes(into.getvalue())


def _termtide(scratch: Path, *arguments: str) -> None:
    command = [sys.executable, "-m", "sim", *arguments]
    done = subprocess.run(command, cwd=scratch / "code", capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError((done.stderr.strip() or f"{arguments[0]} failed").splitlines()[-1])


def _today() -> date:
    return datetime.now(UTC).date()


def _project() -> dict[str, Any]:
    return dict(tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"])


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
