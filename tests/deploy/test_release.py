"""A release holds what it should and nothing else, names one version, and publishes nothing."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from datetime import date
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest
from pyarrow import parquet

from deploy import release

_ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release without its sample."""
    folder = tmp_path_factory.mktemp("release") / "dist"
    release.release(folder, sample=False)
    return folder


def test_the_wheel_has_all_and_no_more(built: Path, tmp_path: Path) -> None:
    """Every file of the packages is in the wheel, data too, and nothing else; one more or less is told."""
    (wheel,) = built.glob("*.whl")
    assert release.wrong_in_wheel(wheel) == []
    spoiled = tmp_path / wheel.name
    with zipfile.ZipFile(wheel) as source, zipfile.ZipFile(spoiled, "w") as target:
        for name in source.namelist():
            if name != "schemas/event_store/expanded.toml":
                target.writestr(name, source.read(name))
        target.writestr("tests/secret.py", "")
    assert release.wrong_in_wheel(spoiled) == [
        "lacks schemas/event_store/expanded.toml",
        "holds tests/secret.py",
    ]


def test_the_wheel_runs_alone(built: Path, tmp_path: Path) -> None:
    """What is in the wheel is enough: termtide starts from it, without the tree."""
    (wheel,) = built.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)  # noqa: S202 - our own, made a moment ago
    command = [sys.executable, "-m", "sim", "schema", "list", "--dataset", "event_store"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "expanded" in done.stdout


def test_the_source_has_what_builds_the_image(built: Path) -> None:
    """The source distribution holds what deploying needs."""
    (sdist,) = built.glob("*.tar.gz")
    with tarfile.open(sdist) as archive:
        names = {name.split("/", 1)[1] for name in archive.getnames() if "/" in name}
    wanted = {"deploy/image/Containerfile", ".dockerignore", "requirements.lock", "deploy/gcp/jobs.tf"}
    assert wanted - names == set()
    assert [name for name in names if name.startswith((".venv", "runs/", "dist/"))] == []


def test_there_is_one_version(built: Path) -> None:
    """Wheel, source, citation, bill of materials and image carry the version of pyproject.toml."""
    version = release.version_of_all()
    names = {path.name for path in built.iterdir()}
    assert {f"termtide-{version}-py3-none-any.whl", f"termtide-{version}.tar.gz"} <= names
    bill = json.loads((built / f"termtide-{version}.cdx.json").read_text(encoding="utf-8"))
    assert bill["metadata"]["component"]["version"] == version
    assert json.loads((built / "image.json").read_text(encoding="utf-8"))["tag"] == version


def test_the_bill_names_what_is_pinned(built: Path) -> None:
    """The bill of materials has every pinned requirement with its version and its hashes."""
    (path,) = built.glob("*.cdx.json")
    listed = {one["name"]: one for one in json.loads(path.read_text(encoding="utf-8"))["components"]}
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    pins = [line.split(" ")[0].split("==") for line in lock.splitlines() if line[:1].isalnum()]
    assert len(pins) > 50
    assert {name for name, _ in pins} == set(listed)
    assert "pyarrow" in listed
    assert ["pyarrow", listed["pyarrow"]["version"]] in pins


def test_the_sums_are_those_of_the_files(built: Path) -> None:
    """SHA256SUMS has each file once, as sha256sum --check reads it."""
    lines = (built / "SHA256SUMS").read_text(encoding="utf-8").splitlines()
    sums = {name: digest for digest, name in (line.split("  ") for line in lines)}
    assert set(sums) == {path.name for path in built.iterdir()} - {"SHA256SUMS"}
    for name, digest in sums.items():
        assert hashlib.sha256((built / name).read_bytes()).hexdigest() == digest


def test_a_version_that_differs_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A file that names another version keeps the release from being made."""
    for name in ("pyproject.toml", "CITATION.cff"):
        text = (_ROOT / name).read_text(encoding="utf-8")
        (tmp_path / name).write_text(text.replace("version: 0", "version: 9"), encoding="utf-8")
    monkeypatch.setattr(release, "_ROOT", tmp_path)
    with pytest.raises(release.ReleaseError, match=r"CITATION\.cff says 9"):
        release.version_of_all()


def test_changes_are_cut_into_a_section(built: Path) -> None:
    """What is unreleased becomes the section of a version with its date, whole; the tree's is not touched."""
    there = (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    before = there.replace("## [Unreleased]\n", "## [Unreleased]\n\n### Added\n\n- Something.\n", 1)
    version = "9.9.9"
    after = release.cut(before, version, date(2026, 11, 30))
    assert after.replace(f"\n## [{version}] - 2026-11-30\n", "") == before
    text = release.section_of(after, version)
    assert text is not None
    assert text.startswith("### Added\n\n- ")
    assert release.section_of(before, version) is None
    assert (built / "NOTES.md").read_text(encoding="utf-8").startswith("### Added\n\n- ")
    assert (_ROOT / "CHANGELOG.md").read_text(encoding="utf-8") == there
    with pytest.raises(release.ReleaseError, match=f"has a section of {re.escape(version)} already"):
        release.cut(after, version, date(2026, 12, 1))
    nothing = after.partition(f"## [{version}]")[0] + "## [0.0.1] - 2020-01-01\n"
    with pytest.raises(release.ReleaseError, match="nothing is unreleased"):
        release.cut(nothing, version, date(2026, 12, 1))


def test_nothing_is_published() -> None:
    """No step of a release sends anything anywhere."""
    texts = [(_ROOT / name).read_text(encoding="utf-8") for name in ("deploy/release.py", "Makefile")]
    assert [
        word for word in ("twine", "upload", "git push", "docker push") if any(word in one for one in texts)
    ] == []


def test_tables_of_the_sample_are_small_and_read_as_they_were(tmp_path: Path) -> None:
    """Whatever its columns are encoded in, a table is what it was, for Arrow and for DuckDB, and smaller."""
    numbers = range(10**15, 10**15 + 3_000)
    columns = {
        "id": pa.array(numbers),
        "text": pa.array([f"{n * 7919:x} of it" for n in numbers]),
        "word": pa.array(["open", "closed", None] * 1_000),
        "time": pa.array([n % 10**9 * 61_000 for n in numbers], pa.timestamp("us", "UTC")),
        "score": pa.array([n % 400 / 4 for n in numbers]),
        "is_late": pa.array([n % 5 == 0 for n in numbers]),
        "tags": pa.array([["a", "b"]] * 3_000),
    }
    given, path = pa.table(columns), tmp_path / "table.parquet"
    parquet.write_table(given, path, compression="zstd", compression_level=19)
    usual = path.stat().st_size
    path.write_bytes(release.smallest(given))
    assert parquet.read_table(path).equals(given)
    assert path.stat().st_size < 0.7 * usual
    found = duckdb.sql(f"SELECT * FROM '{path}'")
    assert found.fetchall() == duckdb.sql("SELECT * FROM given").fetchall()


@pytest.mark.gates
def test_the_sample_is_small_and_told_by_digests(tmp_path: Path) -> None:
    """Two weeks of 200 students, in two forms, at most 5 MB together, every file with its digest."""
    folder = tmp_path / "dist"
    release.release(folder, sample=True)
    facts = json.loads((folder / "sample" / "digests.json").read_text(encoding="utf-8"))
    files = {path for path in (folder / "sample").rglob("*") if path.is_file()}
    assert len(facts["sha256"]) == len(files) - 1
    for name, digest in facts["sha256"].items():
        assert hashlib.sha256((folder / "sample" / name).read_bytes()).hexdigest() == digest
    assert sum(path.suffix == ".parquet" for path in files) > 60
    assert sum(path.stat().st_size for path in files) <= release.SAMPLE_BYTES == 5_000_000
    assert facts["events"] > 10_000
