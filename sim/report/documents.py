"""Documents, which are Markdown, as pages for a browser whose code can be copied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from markdown_it import MarkdownIt
from markdown_it.token import Token

from sim.report.pages import rendered


@dataclass(frozen=True)
class Piece:
    """A block of code as it stands, or markup of all that is between two."""

    text: str
    is_code: bool


def markdown_page(text: str) -> str:
    """A Markdown text as a page. Markup in it is text; links to other files of ``docs/`` are left out."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = markdown.parse(text)
    headings = list(_headings(tokens))
    for token in tokens:
        token.children = _without_files(token.children) if token.children else token.children
    title = next((words for level, words, _ in headings if level == 1), "Termtide")
    contents = [(words, anchor) for level, words, anchor in headings if level in (2, 3)]
    return rendered(
        "document.html.jinja", title=title, contents=contents, pieces=list(_pieces(markdown, tokens))
    )


def _headings(tokens: Sequence[Token]) -> Iterator[tuple[int, str, str]]:
    """(level, words, anchor) of each heading, which is given its anchor as GitHub would name it."""
    for token, inline in pairwise(tokens):
        if token.type == "heading_open":
            words = "".join(child.content for child in inline.children or [])
            anchor = re.sub(r"[^\w\- ]", "", words.lower()).replace(" ", "-")
            token.attrSet("id", anchor)
            yield int(token.tag[1:]), words, anchor


def _without_files(children: Sequence[Token]) -> list[Token]:
    """Inline tokens without links to files that are not beside the page; their words stay."""
    kept, inside_dropped = [], False
    for child in children:
        if child.type == "link_open":
            inside_dropped = not re.match(r"https?://|#", str(child.attrGet("href")))
        if not (inside_dropped and child.type in ("link_open", "link_close")):
            kept.append(child)
    return kept


def _pieces(markdown: MarkdownIt, tokens: Sequence[Token]) -> Iterator[Piece]:
    between: list[Token] = []
    for token in tokens:
        if token.type in ("fence", "code_block") and token.level == 0:
            yield Piece(markdown.renderer.render(between, markdown.options, {}), is_code=False)
            yield Piece(token.content.rstrip("\n"), is_code=True)
            between = []
        else:
            between.append(token)
    yield Piece(markdown.renderer.render(between, markdown.options, {}), is_code=False)
