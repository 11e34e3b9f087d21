"""Pages as a browser shows them: nothing on the console, nothing asked of a network, all within the width."""

from __future__ import annotations

from pathlib import Path

import pytest

from sim.report.dictionary.site import write_dictionary
from sim.report.documents import markdown_page
from sim.report.table_facts import every_table
from tests.report_picture import take
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
    drawn = (run / "report.html").read_text(encoding="utf-8").count('<svg role="img"')
    assert tab.ask(f"{shown}.length") == drawn / 2 >= 15
    ground = tab.ask("getComputedStyle(document.body).backgroundColor")
    assert ground == ("rgb(20, 24, 28)" if dark else "rgb(251, 250, 247)")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The dictionary of all tables, in a folder."""
    root = tmp_path_factory.mktemp("dictionary")
    write_dictionary(root, every_table())
    return root


@EACH_SIZE
@EACH_SCHEME
@pytest.mark.parametrize(
    "name",
    ["index", "joins", "context_store_entity/file", "event_store/expanded", "context_store_keymap/wiki"],
)
def test_dictionary(chromium: Chromium, pages: Path, name: str, size: tuple[int, int], dark: bool) -> None:
    """Its pages fit the window; around a table the picture is the one for that width, and can be read."""
    tab = chromium.open(pages / f"{name}.html", size, dark=dark)
    clean(tab, pages)
    shown = "[...document.querySelectorAll('svg.joins')].filter(svg => svg.checkVisibility())"
    assert tab.ask(f"{shown}.length") == (0 if name == "index" else 1)
    letter = f"{shown}.map(svg => svg.getBoundingClientRect().width / svg.viewBox.baseVal.width)"
    assert all(scale * 13 >= 11 for scale in tab.ask(letter))


def test_search(chromium: Chromium, pages: Path) -> None:
    """Words find columns by name, by what they hold and with their table; keys lead to the page."""
    tab = chromium.open(pages / "event_store" / "events.html")
    for words, first in (
        ("person", "context_store_entity.person"),
        ("due_date", "context_store_entity.learner_activity · due_date"),
        ("quiz due", "context_store_entity.quiz · due_date"),
        ("context_store_keymap.person", "context_store_keymap.person"),
        ("EXPANDED udp_id", "event_store.expanded · course_offering.udp_id"),
        ("originals", None),
    ):
        tab.ask("document.querySelector('input').focus(); document.querySelector('input').value = ''")
        tab.type(words)
        tab.wait("document.querySelectorAll('#found li').length > 0")
        assert tab.ask("document.querySelector('#found a')?.firstChild.textContent ?? null") == first, words
    tab.ask("document.querySelector('input').value = ''")
    tab.type("root_file_id")
    tab.press("ArrowDown", 40)
    assert tab.ask("document.activeElement.parentNode.parentNode.id") == "found"
    tab.ask("document.activeElement.click()")
    tab.wait("location.pathname.endsWith('context_store_entity/file.html')")
    assert tab.ask("location.hash") == "#root_file_id"
    clean(tab, pages)


def test_joins_are_lit(chromium: Chromium, pages: Path) -> None:
    """Pointing at a table leaves its own lines lit and no others."""
    tab = chromium.open(pages / "joins.html")
    name = "context_store_entity.learner_group"
    tab.ask(f"document.querySelector('a[data-name=\"{name}\"]').focus()")
    lit = "[...document.querySelectorAll('path.on')].map(line => [line.dataset.a, line.dataset.b])"
    assert all(name in ends for ends in tab.ask(lit))
    assert tab.ask(f"{lit}.length") == tab.ask(
        f'document.querySelectorAll(\'path[data-a="{name}"], path[data-b="{name}"]\').length'
    )


# How many lines of code are under their button.
HIDDEN = """[...document.querySelectorAll(".code")].flatMap(code => {
  const button = code.querySelector("button").getBoundingClientRect();
  const text = document.createRange();
  text.selectNodeContents(code.querySelector("pre"));
  return [...text.getClientRects()].filter(line => line.right > button.left && line.bottom > button.top
    && line.left < button.right && line.top < button.bottom);
}).length"""


def test_documents(chromium: Chromium, tmp_path: Path) -> None:
    """A page of Markdown stands alone, and its code can be copied and read, be a line as long as it is."""
    path, line = tmp_path / "page.html", f"SELECT {', '.join(['a_column'] * 40)}"
    path.write_text(markdown_page(f"# A\n\n## B\n\n`code` and a [link](#b)\n\n```sql\n{line}\n```\n"))
    for size in (DESKTOP, PHONE):
        tab = chromium.open(path, size)
        clean(tab, path)
        assert tab.ask("document.querySelector('button').hidden") is False
        assert tab.ask(HIDDEN) == 0


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


@pytest.mark.usefixtures("chromium")
def test_pictures_for_readme(tmp_path: Path) -> None:
    """README's pictures are taken of a report, each a PNG of moderate size."""
    for picture in take(finished_run() / "report.html", tmp_path):
        data = picture.read_bytes()
        assert data.startswith(b"\x89PNG")
        assert 10_000 < len(data) < 300_000
    assert {path.name for path in tmp_path.iterdir()} == {"report.png", "report-when.png"}
