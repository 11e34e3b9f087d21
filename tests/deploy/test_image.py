"""The container image: its recipe is linted; built, it is small, without privileges, and ends when told."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parents[2]
_IMAGE = _ROOT / "deploy" / "image"
_LIMIT_BYTES = 400_000_000
# What `docker run --read-only --tmpfs /tmp --volume ...:/campus` sets up, in namespaces of its own.
_CONTAINER = """
set -eu
mount --make-rprivate /
mount --bind "$0" "$0"
mount --bind "$1" "$0/campus"
mount -t tmpfs tmpfs "$0/tmp"
mount -t proc proc "$0/proc"
mount -t tmpfs tmpfs "$0/dev"
mkdir -m 1777 "$0/dev/shm"
for node in null zero random urandom; do touch "$0/dev/$node"; mount --bind "/dev/$node" "$0/dev/$node"; done
mount -o remount,ro,bind "$0"
root=$0
chroot=$(command -v chroot)
shift
enter='cd /campus; exec "$@"'
exec env --ignore-environment $ENVIRONMENT "$chroot" --userspec=10001:10001 "$root" sh -c "$enter" sh "$@"
"""


def containerfile() -> str:
    """The recipe."""
    return (_IMAGE / "Containerfile").read_text(encoding="utf-8")


def test_containerfile_is_linted() -> None:
    """The linter finds nothing in the recipe."""
    program = shutil.which("hadolint", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if program is None:
        pytest.skip("hadolint is not installed")
    done = subprocess.run([program, _IMAGE / "Containerfile"], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_base_is_pinned_and_the_user_has_no_privileges() -> None:
    """The base has a digest, the user is a number that isn't root's, and termtide gets signals itself."""
    text = containerfile()
    assert re.search(
        r"^ARG BASE=docker\.io/library/python:3\.13-\S+@sha256:[0-9a-f]{64}$", text, re.MULTILINE
    )
    assert re.findall(r"^FROM (\S+)", text, re.MULTILINE) == ["${BUILD_BASE}", "${BASE}"]
    last = text[text.rindex("\nFROM ") :]
    assert re.findall(r"^USER (.*)$", last, re.MULTILINE) == ["10001:10001"]
    assert 'ENTRYPOINT ["termtide"]' in last
    assert "RUN" not in last


def test_the_build_reads_what_it_copies() -> None:
    """What the recipe copies is let through by .dockerignore, which keeps everything else out."""
    lines = (_ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = [line.removeprefix("!") for line in lines if line.startswith("!")]
    assert "*" in lines
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", containerfile(), re.MULTILINE)
    for path in (word for line in copied for word in line.split()):
        assert any(Path(path).match(one) for one in allowed), path
        assert (_ROOT / path).exists()


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The image's folder, built now, or the one that IMAGE_FOLDER names."""
    folder = Path(os.environ.get("IMAGE_FOLDER") or tmp_path_factory.mktemp("image"))
    if (folder / "image.json").is_file():
        return folder
    done = subprocess.run(
        [sys.executable, _IMAGE / "build.py", folder], capture_output=True, text=True, check=False
    )
    if done.returncode == 3 and "no image can be built here" in done.stderr:
        if os.environ.get("IMAGE_REQUIRED") == "1":
            pytest.fail(done.stderr)
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A folder for /campus that the image's user may write to."""
    folder = tmp_path / "work"
    folder.mkdir()
    os.chown(folder, 10001, 10001)
    return folder


def facts(image: Path) -> dict[str, Any]:
    """What the build wrote down of the image."""
    return dict(json.loads((image / "image.json").read_text(encoding="utf-8")))


def container(image: Path, work: Path, *command: str) -> subprocess.Popen[str]:
    """The command as process 1 of a container: its namespaces, its user, a root that can't be written to."""
    settings = " ".join(one for one in facts(image)["config"]["Env"])
    call = ["unshare", "--mount", "--pid", "--fork", "sh", "-c", _CONTAINER, str(image / "rootfs"), str(work)]
    return subprocess.Popen(
        [*call, *command],
        env={**os.environ, "ENVIRONMENT": settings},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said(image: Path, work: Path, *command: str) -> str:
    """What a command that succeeds prints."""
    process = container(image, work, *command)
    text, _ = process.communicate(timeout=600)
    assert process.returncode == 0, text
    return text


@pytest.mark.gates
def test_image_is_small(image: Path) -> None:
    """The image is under 400 MB, unpacked; both sizes are printed."""
    sizes = facts(image)
    print({name: f"{value / 1e6:.0f} MB" for name, value in sizes.items() if name.endswith("_bytes")})  # noqa: T201
    assert sizes["compressed_bytes"] < sizes["unpacked_bytes"] < _LIMIT_BYTES
    assert sizes["config"]["User"] == "10001:10001"
    assert sizes["config"]["Entrypoint"] == ["termtide"]
    assert sizes["config"]["Healthcheck"]["Test"] == ["CMD", "python3", "/opt/termtide/share/healthy.py"]


@pytest.mark.gates
def test_image_has_no_compiler(image: Path) -> None:
    """Nothing in the image compiles or installs."""
    folders = [image / "rootfs" / one for one in ("usr/bin", "usr/local/bin", "opt/termtide/bin")]
    names = {path.name for folder in folders for path in folder.glob("*")}
    assert "termtide" in names
    assert names & {"gcc", "cc", "g++", "clang", "ld", "as", "make", "pip", "pip3", "uv", "strip"} == set()


@pytest.mark.gates
def test_image_writes_nowhere_but_to_its_folders(image: Path, work: Path) -> None:
    """As its user, with a root that is read-only, termtide runs, and can't write where its code is."""
    assert said(image, work, "termtide", "--version").startswith("termtide ")
    code = "import os; print(os.getuid(), os.access('/opt/termtide', os.W_OK), os.access('/campus', os.W_OK))"
    assert said(image, work, "python3", "-c", code) == "10001 False True\n"


@pytest.mark.gates
def test_image_backfills(image: Path, work: Path) -> None:
    """Workers, marts and SQL run in the image; a run is made without its report, and is found whole."""
    days = ["--from", "2026-10-12", "--until", "2026-10-13"]
    said(image, work, "termtide", "backfill", "--fte", "40", *days, "--workers", "2", "--to", "ndjson:out")
    assert len(list((work / "out").glob("unit-*.ndjson"))) == 2
    made = said(
        image, work, "termtide", "demo", "--fte", "40", "--workers", "2", "--out", "runs/demo", "--yes"
    )
    assert "report: left out, as altair and vl_convert can't be imported here" in made
    query = "SELECT COUNT(*) AS n FROM mart_general.lti_tool"
    assert "n" in said(image, work, "termtide", "sql", "--run", "runs/demo", query)


@pytest.mark.gates
def test_image_streams_and_stops(image: Path, work: Path) -> None:
    """As process 1 a stream is well while it runs, ends at SIGTERM, and the next container goes on."""
    span = ["--from", "2026-10-12T08:00", "--until", "2026-10-12T20:00"]
    arguments = ["--fte", "40", *span, "--state", "state"]
    stream = ["termtide", "stream", "--to", "ndjson:out.ndjson", *arguments, "--speed"]
    began = time.monotonic()
    process = container(image, work, *stream, "60")
    out = work / "out.ndjson"
    while not (out.is_file() and out.stat().st_size):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() - began < 300
        time.sleep(0.02)
    print(f"cold start to the first event: {time.monotonic() - began:.1f} s, store and plan included")  # noqa: T201

    inner = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text(encoding="utf-8").split()[0]
    well = ["nsenter", "--target", inner, "--mount", "--pid", "--root"]
    health = [*well, "setpriv", "--reuid", "10001", "--clear-groups"]
    asked = subprocess.run(
        [*health, "/opt/termtide/bin/python3", "/opt/termtide/share/healthy.py"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert asked.returncode == 0, asked.stdout + asked.stderr
    assert asked.stdout.startswith("running: ")

    os.kill(int(inner), signal.SIGTERM)
    text, _ = process.communicate(timeout=60)
    assert process.returncode == 130, text
    assert "the same command goes on" in text
    before = len(out.read_text(encoding="utf-8").splitlines())
    again = said(image, work, *stream, "max")
    lines = out.read_text(encoding="utf-8").splitlines()
    assert len(lines) > before > 0
    assert len({json.loads(line)["id"] for line in lines}) == len(lines), again
