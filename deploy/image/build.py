"""Builds the image without a registry: the same Containerfile, on a base that mmdebstrap makes, with buildah.

    python deploy/image/build.py FOLDER

Needs root, mmdebstrap, buildah and Debian's archive; wheels come through pip as it is set up here. Leaves
``FOLDER/rootfs``, the image's file system, for ``chroot`` or an OCI runtime, and ``FOLDER/image.json``, its
configuration and sizes, which it prints too. Ends with 3, and says why, where it can't be had.

The base here is Debian with its own Python 3.13, the pinned one Debian with a Python built for it by Docker.
So every step of the Containerfile is tested, and what stands in the image, but not that base.
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_SUITE, _PYTHON = "trixie", "3.13"
_BASE = ("python3", "ca-certificates")
_BUILD = ("python3-venv", "binutils")  # on top of it, in the stage that builds
_PLATFORMS = (
    "manylinux2014",
    "manylinux_2_17",
    "manylinux_2_26",
    "manylinux_2_27",
    "manylinux_2_28",
    "manylinux_2_34",
)
_LEFT_OUT = ("doc", "man", "info", "locale", "lintian")  # of /usr/share, as in the slim images of Debian
TOOLS = ("mmdebstrap", "buildah", "chroot")


class BuildError(Exception):
    """A step that failed, with its last line."""


def main() -> int:
    """Build it and say how large it is."""
    if len(sys.argv) != 2:
        print(__doc__, file=sys.stderr)
        return 2
    reason = missing()
    if reason:
        print(f"no image can be built here: {reason}", file=sys.stderr)
        return 3
    try:
        print(json.dumps(build(Path(sys.argv[1]).resolve()), indent=2))
    except BuildError as error:
        print(f"the image was not built: {error}", file=sys.stderr)
        return 3
    return 0


def missing() -> str:
    """What keeps this machine from it; "" for nothing."""
    lacking = [tool for tool in TOOLS if shutil.which(tool) is None]
    if lacking:
        return f"{', '.join(lacking)} not found"
    return "" if os.geteuid() == 0 else "this user is not root"


def build(folder: Path) -> dict[str, Any]:
    """All steps; those whose result stands in the folder are not repeated. Raises BuildError."""
    folder.mkdir(parents=True, exist_ok=True)
    wheels = _wheels(folder / "wheels")
    for name, packages in (("base", _BASE), ("build", (*_BASE, *_BUILD))):
        if not (folder / f"{name}.tar").is_file():
            _debian(folder / f"{name}.tar", packages)
    buildah = _Buildah(folder)
    for name in ("base", "build"):
        buildah.import_base(f"termtide-{name}", folder / f"{name}.tar")
    arguments = {
        "BASE": "localhost/termtide-base",
        "BUILD_BASE": "localhost/termtide-build",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(wheels),
    }
    buildah.build(arguments, wheels)
    return buildah.unpack(folder / "rootfs") | {"base": f"Debian {_SUITE} by mmdebstrap"}


def _wheels(folder: Path) -> Path:
    """The lock's wheels for the base's Python."""
    stamp = folder / ".complete"
    lock = (_ROOT / "requirements.lock").read_text(encoding="utf-8")
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == lock):
        folder.mkdir(parents=True, exist_ok=True)
        _call(
            sys.executable, "-m", "pip", "download", "--quiet", "--dest", str(folder), "--no-deps",
            "--require-hashes", "--only-binary", ":all:", "--implementation", "cp",
            "--python-version", _PYTHON,
            *(word for one in _PLATFORMS for word in ("--platform", f"{one}_{os.uname().machine}")),
            "--requirement", str(_ROOT / "requirements.lock"),
        )  # fmt: skip
        stamp.write_text(lock, encoding="utf-8")
    return folder


def _debian(tar: Path, packages: tuple[str, ...]) -> None:
    """A Debian with these packages as a tar file."""
    part = tar.with_suffix(".part.tar")
    options = [f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in _LEFT_OUT]
    _call(
        "mmdebstrap", "--quiet", "--variant=minbase", *options, "--aptopt=Apt::Install-Recommends false",
        f"--include={','.join(packages)}", _SUITE, str(part),
    )  # fmt: skip
    part.replace(tar)


class _Buildah:
    """buildah with a store of its own, so that nothing is left on the machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        shutil.rmtree(folder / "storage", ignore_errors=True)
        self._buildah = [
            "buildah", "--storage-driver", "vfs", "--root", str(folder / "storage" / "root"),
            "--runroot", str(folder / "storage" / "run"),
        ]  # fmt: skip

    def import_base(self, name: str, tar: Path) -> None:
        """An image of one layer."""
        container = _call(*self._buildah, "from", "scratch").strip().splitlines()[-1]
        _call(*self._buildah, "add", "--quiet", container, str(tar), "/")
        _call(*self._buildah, "commit", "--quiet", "--rm", container, f"localhost/{name}")

    def build(self, arguments: dict[str, str], wheels: Path) -> None:
        """Every step of the Containerfile, by chroot: namespaces may not be had inside of a container."""
        _call(
            *self._buildah, "build", "--isolation", "chroot", "--format", "docker", "--pull-never",
            "--ignorefile", str(_ROOT / ".dockerignore"), "--volume", f"{wheels}:{wheels}:ro",
            *(word for key, value in arguments.items() for word in ("--build-arg", f"{key}={value}")),
            "--file", str(_ROOT / "deploy" / "image" / "Containerfile"), "--tag", "localhost/termtide",
            str(_ROOT),
        )  # fmt: skip

    def unpack(self, rootfs: Path) -> dict[str, Any]:
        """The image's files in a folder; returns its configuration and sizes, in bytes."""
        container = (
            _call(*self._buildah, "from", "--pull-never", "localhost/termtide").strip().splitlines()[-1]
        )
        mounted = _call(*self._buildah, "mount", container).strip()
        shutil.rmtree(rootfs, ignore_errors=True)
        _call("cp", "--archive", mounted, str(rootfs))
        found = json.loads(_call(*self._buildah, "inspect", "--type", "image", "localhost/termtide"))
        unpacked = sum(path.lstat().st_size for path in rootfs.rglob("*") if not path.is_dir())
        facts = {
            "config": found["Docker"]["config"],
            "unpacked_bytes": unpacked,
            "compressed_bytes": _compressed(rootfs),
        }
        (self._folder / "image.json").write_text(json.dumps(facts, indent=2), encoding="utf-8")
        shutil.rmtree(self._folder / "storage", ignore_errors=True)
        return facts


def _compressed(rootfs: Path) -> int:
    """What a registry keeps and a machine pulls: the files as tar, gzipped as layers are."""
    with subprocess.Popen(["tar", "-C", str(rootfs), "-c", "."], stdout=subprocess.PIPE) as tar:
        assert tar.stdout is not None  # noqa: S101 - it was asked for
        counter = _Counter()
        with gzip.GzipFile(fileobj=counter, mode="wb", compresslevel=6) as packed:
            shutil.copyfileobj(tar.stdout, packed, 1 << 20)
    return counter.size


class _Counter:
    """A file that only counts."""

    size = 0

    def write(self, data: bytes) -> int:
        """Count them."""
        self.size += len(data)
        return len(data)

    def flush(self) -> None:
        """Nothing is held."""


def _call(*command: str) -> str:
    """What a command prints. Raises BuildError with its last lines."""
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode:
        said = re.split(r"\n+", (done.stderr.strip() or done.stdout.strip() or "no reason given"))
        raise BuildError(f"{command[0]} ended with {done.returncode}: {' | '.join(said[-6:])}")
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
