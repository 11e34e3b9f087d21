"""Reports without charts and beside a dictionary of one page: together they take longer than a small campus.
For tests that look at other things.

``LEAVE_OUT`` is for the code of another process.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from types import ModuleType, SimpleNamespace

import pytest

from sim.report.dictionary import site

DRAWINGS = "sim.report.campus.drawings"
LEAVE_OUT = "import sys; from tests.samples import no_charts; no_charts.leave_out(sys.modules)"
_PAGES = {site.INDEX: f"{site._MARK}\n", "style.css": ""}


class _Empty(dict[str, SimpleNamespace]):
    """Whatever chart is asked for, nothing is in it."""

    def __missing__(self, name: str) -> SimpleNamespace:
        return SimpleNamespace(about=name, wide="", narrow="", columns=(), cells=(), spec="{}")


@contextmanager
def without_charts() -> Iterator[None]:
    """The same for a while."""
    modules = dict[str, ModuleType]()
    leave_out(modules)
    with pytest.MonkeyPatch.context() as patched:
        for name, module in modules.items():
            patched.setitem(sys.modules, name, module)
        patched.setattr(site, "dictionary_pages", lambda _tables, _rows: dict(_PAGES))
        yield


def leave_out(modules: dict[str, ModuleType]) -> None:
    """Put what draws nothing where the charts are made."""
    module = ModuleType(DRAWINGS)
    for name in ("drawings", "verdicts"):
        setattr(module, name, lambda _figures: _Empty())
    modules[DRAWINGS] = module
