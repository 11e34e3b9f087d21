"""Take the picture of the report that README shows: ``python -m tests.report_picture RUN [FILE]``.

The first screen of a run's ``report.html``, in light colours. Needs Chromium, no network.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PICTURE = ROOT / "docs" / "report.png"
_WIDTH, _HEIGHT = 1_160, 590  # CSS pixels
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
_MOST_BYTES = 200_000


def take(report: Path, picture: Path) -> None:
    """Take it. Raises SystemExit with a line when there is no browser, or when it takes none."""
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, _BROWSERS)), None)
    if browser is None:
        raise SystemExit(f"no browser found, tried: {', '.join(_BROWSERS)}; the variable CHROMIUM names one")
    with tempfile.TemporaryDirectory(prefix="termtide-picture-") as profile:
        subprocess.run(
            [
                browser,
                "--headless",
                "--no-sandbox",
                "--disable-gpu",
                "--hide-scrollbars",
                "--blink-settings=preferredColorScheme=1",  # light
                f"--user-data-dir={profile}",
                f"--window-size={_WIDTH},{_HEIGHT}",
                f"--screenshot={picture}",
                report.resolve().as_uri(),
            ],
            check=True,
            capture_output=True,
            timeout=120,
        )
    if not picture.is_file() or picture.stat().st_size > _MOST_BYTES:
        raise SystemExit(f"{picture}: missing or above {_MOST_BYTES:,} bytes")


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("python -m tests.report_picture RUN [FILE]")
    take(Path(sys.argv[1]) / "report.html", Path(sys.argv[2]) if len(sys.argv) > 2 else PICTURE)
