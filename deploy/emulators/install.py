"""Installs the BigQuery emulator into a folder: an environment of its own, with a Python that it runs on.

    python install.py FOLDER

Prints nothing when it is there already. Ends with 1, and says why, where it can't be had. PYTHON_BIGQUERY
names an interpreter; else python3.13 on the path is tried, and those that pyenv or uv keep.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

_HERE = Path(__file__).resolve().parent
_LOCK = _HERE / "local_bigquery.lock"
_LAUNCHER = _HERE / "launch_bigquery.py"
_VERSION = (3, 13)  # what the lock is made for


def main() -> int:
    """Make the environment unless it is whole."""
    folder = Path(sys.argv[1])
    stamp = folder / ".installed"
    wanted = hashlib.sha256(_LOCK.read_bytes() + _LAUNCHER.read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    interpreter = next((python for python in _candidates() if _is_right(python)), None)
    if interpreter is None:
        return _missing(f"no Python {_VERSION[0]}.{_VERSION[1]} found; PYTHON_BIGQUERY=/path/to/it names one")
    print(f"installing a BigQuery emulator into {folder} (once, about 550 MB)", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    python = str(folder / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for command in (
        [interpreter, "-m", "venv", str(folder)],
        [*pip, "--no-deps", "--require-hashes", "-r", str(_LOCK)],
        [python, str(_LAUNCHER), "install"],
    ):
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
            shutil.rmtree(folder, ignore_errors=True)
            return _missing(last)
    stamp.write_text(wanted)
    return 0


def _candidates() -> Iterator[str]:
    given = os.environ.get("PYTHON_BIGQUERY")
    if given:
        yield given
        return
    name = f"python{_VERSION[0]}.{_VERSION[1]}"
    yield from filter(None, [shutil.which(name)])
    roots = (os.environ.get("PYENV_ROOT", "~/.pyenv") + "/versions", "~/.local/share/uv/python")
    for root in roots:
        yield from map(str, sorted(Path(root).expanduser().glob(f"*{_VERSION[0]}.{_VERSION[1]}*/bin/{name}")))


def _is_right(python: str) -> bool:
    """Whether it starts, and is the version; a name on the path may do neither."""
    check = f"import sys, venv; sys.exit(sys.version_info[:2] != {_VERSION})"
    try:
        return subprocess.run([python, "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def _missing(why: str) -> int:
    print(f"no BigQuery emulator here, so the tests against it are skipped: {why}", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
