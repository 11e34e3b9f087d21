"""Installs the wheels of a lock into a folder, for tests that run beside the environment.

    python install_wheels.py LOCK FOLDER WHAT

WHAT names it to people. Prints nothing when it is there already. Ends with 1, and says why, where it can't be
had.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path


def main() -> int:
    """Fill the folder unless it is whole."""
    lock, folder, what = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3]
    stamp = folder / ".installed"
    version = ".".join(map(str, sys.version_info[:2]))
    wanted = f"{hashlib.sha256(lock.read_bytes()).hexdigest()} {version}"
    if stamp.is_file() and stamp.read_text() == wanted:
        return 0
    print(f"installing {what} into {folder} (once, about 50 MB)", file=sys.stderr)
    shutil.rmtree(folder, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps"]
    command = [*pip, "--only-binary", ":all:", "--require-hashes", "--target", str(folder), "-r", str(lock)]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        last = (done.stderr.strip() or done.stdout.strip() or "no reason given").splitlines()[-1]
        shutil.rmtree(folder, ignore_errors=True)
        print(f"no {what} here, so the tests with it are skipped: {last}", file=sys.stderr)
        return 1
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
