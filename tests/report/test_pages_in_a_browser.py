"""Pages as a browser shows them: nothing on the console, nothing asked of a network, all within the width."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.samples.tiny import finished_run
from tests.servers.chromium import DESKTOP, PHONE, Chromium, Tab

EACH_SIZE = pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
EACH_SCHEME = pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
# Contrast of the page's text with its ground, as WCAG 2 computes it.
CONTRAST = """(() => {
  const light = colour => {
    const parts = colour.match(/[0-9.]+/g).slice(0, 3).map(x => x / 255)
      .map(x => x <= 0.04045 ? x / 12.92 : ((x + 0.055) / 1.055) ** 2.4);
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2];
  };
  const ground = node => {
    for (; node; node = node.parentElement) {
      const colour = getComputedStyle(node).backgroundColor;
      if (!/, 0\\)$/.test(colour)) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  return [...document.querySelectorAll("h1, h2, p, a, td, th, summary, code, .badge, .note")].map(node => {
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((a, b) => b - a);
    return (a + 0.05) / (b + 0.05);
  }).reduce((a, b) => Math.min(a, b), 21);
})()"""


def clean(tab: Tab, beside: Path) -> None:
    """No error or message, no file from outside, nothing wider than the window, text that can be read."""
    assert tab.faults == []
    assert [url for url in tab.requests if not url.startswith(beside.resolve().as_uri())] == []
    assert tab.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.ask(CONTRAST) >= 4.5


@EACH_SIZE
@EACH_SCHEME
def test_report(chromium: Chromium, size: tuple[int, int], dark: bool) -> None:
    """The first chart stands in the first screen, in the colours asked for."""
    run = finished_run()
    tab = chromium.open(run / "report.html", size, dark=dark)
    clean(tab, run)
    assert len(tab.requests) == 1
    shown = "[...document.querySelectorAll('svg')].filter(svg => svg.checkVisibility())"
    assert tab.ask(f"{shown}[0].getBoundingClientRect().bottom <= window.innerHeight")
    assert tab.ask(f"{shown}.length") == 7
    ground = tab.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 28)" if dark else "rgb(251, 250, 247)")


def test_copy_button(chromium: Chromium) -> None:
    """A click on the button puts the query onto the clipboard, or marks it where there is none."""
    tab = chromium.open(finished_run() / "report.html")
    button = "document.querySelector('button[data-copy]')"
    assert not tab.ask(f"{button}.hidden")
    tab.ask("navigator.clipboard.writeText = text => { window.copied = text; return Promise.resolve(); }")
    tab.ask(f"{button}.click()")
    tab.wait(f"{button}.textContent === 'Copied'")
    assert tab.ask("window.copied") == tab.ask("document.querySelector('pre').textContent")
    tab.ask("navigator.clipboard.writeText = () => Promise.reject(new Error('no'))")
    tab.ask(f"{button}.click()")
    tab.wait("document.querySelector('button[data-copy]').textContent === 'Selected'")
    assert tab.ask("String(getSelection())") == tab.ask("document.querySelector('pre').textContent")


def test_the_checks_see_faults(chromium: Chromium, tmp_path: Path) -> None:
    """A page with an error, an address, a wide box and pale text is told."""
    page = tmp_path / "page.html"
    page.write_text(
        "<!doctype html><p style='color: #ccc'>pale</p><div style='width: 3000px'>wide</div>"
        "<img src='http://127.0.0.1:9/x.png'><script>console.log('hm'); nothing.at_all()</script>"
    )
    tab = chromium.open(page)
    assert len(tab.faults) >= 2
    assert any("127.0.0.1:9" in url for url in tab.requests)
    assert not tab.ask("document.documentElement.scrollWidth <= window.innerWidth")
    assert tab.ask(CONTRAST) < 4.5
