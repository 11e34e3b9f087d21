"""Take the pictures of the report that README shows: ``python -m tests.report_picture RUN [FOLDER]``.

The first screen of a run's ``report.html``, and the term as a calendar, in light colours. Needs Chromium, no
network.
"""

from __future__ import annotations

import base64
import sys
from pathlib import Path

from tests.servers.chromium import Chromium, Tab, find_chromium

DOCS = Path(__file__).resolve().parents[1] / "docs"
_WIDTH, _HEIGHT = 1_160, 590  # CSS pixels
# What each shows: from the top of one part of the page to the end of another.
_SPANS = {"report.png": ("header", "#days"), "report-when.png": ("#calendar", "#calendar")}
_MARGIN = 12
_MOST_BYTES = 300_000


def take(report: Path, folder: Path) -> list[Path]:
    """Take them; returns their paths. Raises SystemExit with a line when there is no browser."""
    program = find_chromium()
    if program is None:
        raise SystemExit("no Chromium found; the variable CHROMIUM_BIN names one")
    browser = Chromium(program)
    try:
        tab = browser.open(report, (_WIDTH, _HEIGHT))
        return [_taken(tab, span, folder / name) for name, span in _SPANS.items()]
    finally:
        browser.stop()


def _taken(tab: Tab, span: tuple[str, str], picture: Path) -> Path:
    top, bottom = (
        tab.ask(f"document.querySelector('{part}').getBoundingClientRect().{edge} + window.scrollY")
        for part, edge in zip(span, ("top", "bottom"), strict=True)
    )
    box = {"x": 0, "y": top - _MARGIN, "width": _WIDTH, "height": bottom - top + 2 * _MARGIN}
    clip = {**box, "scale": 1}
    found = tab.call("Page.captureScreenshot", format="png", captureBeyondViewport=True, clip=clip)
    picture.write_bytes(base64.b64decode(found["data"]))
    if picture.stat().st_size > _MOST_BYTES:
        raise SystemExit(f"{picture}: above {_MOST_BYTES:,} bytes")
    return picture


if __name__ == "__main__":
    if len(sys.argv) < 2:
        raise SystemExit("python -m tests.report_picture RUN [FOLDER]")
    take(Path(sys.argv[1]) / "report.html", Path(sys.argv[2]) if len(sys.argv) > 2 else DOCS)
