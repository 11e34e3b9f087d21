"""The one list of URL schemes: what commands take, tell and refuse is read from it."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import sim.sinks.open
from context.errors import InputError
from sim.sinks.messages import StreamOptions
from sim.sinks.open import (
    SCHEMES,
    Scheme,
    check_stream,
    either,
    forms,
    is_offered,
    is_stdout,
    offered,
    open_dropper,
    open_sink,
    open_stream_sink,
    open_table_sink,
)
from sim.sinks.tables import TableOptions

TARGETS = {"bigquery": "//some-project", "pubsub": "//some-project/topic", "memory": ""}
ADDED = Scheme("carrier", "units", "carrier:PIGEON", "sim.sinks.parquet:ParquetSink", dropper="builtins:max")


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> None:
    """A sink more, by one line."""
    monkeypatch.setattr(sim.sinks.open, "SCHEMES", (*SCHEMES, ADDED))


@pytest.mark.parametrize("scheme", SCHEMES, ids=lambda scheme: f"{scheme.protocol}-{scheme.name}")
def test_every_scheme_opens_its_sink(scheme: Scheme, tmp_path: Path) -> None:
    """What the list names is there, takes a target and options, and is of its protocol."""
    url = f"{scheme.name}:{TARGETS.get(scheme.name, tmp_path / 'x')}"
    if scheme.protocol == "units":
        sink = open_sink(url)
        assert sink.needs in ("lines", "columns", "documents")
        assert sink.root in (None, tmp_path / "x")
    elif scheme.protocol == "tables":
        assert open_table_sink(url, TableOptions()).places
    else:
        assert open_stream_sink(url, StreamOptions()).lanes >= 1
    assert not any(tmp_path.iterdir())


def test_an_added_line_is_known_everywhere(added: None, tmp_path: Path) -> None:
    """A scheme that is added is opened, told and meant without another line anywhere."""
    del added
    assert forms("units") == ["parquet:DIR", "ndjson:DIR", "carrier:PIGEON"]
    assert offered("carrier:", "units", "tables") is ADDED
    assert open_sink(f"carrier:{tmp_path}").root == tmp_path
    assert open_dropper("carrier:a", "run") == "run"
    with pytest.raises(InputError, match=r"allowed: .*carrier:PIGEON.*; did you mean carrier:\?"):
        offered("carier:x", "units")


@pytest.mark.parametrize("url", ["memory:", "memory:x", "s3:x", "parquet", "", "pubsub://p/t"])
def test_commands_take_what_is_told(url: str) -> None:
    """What has no form for people, no sink or another protocol is refused with all that is allowed."""
    with pytest.raises(InputError) as caught:
        offered(url, "units", "tables")
    assert either(forms("units", "tables")) in str(caught.value)


def test_memory_is_for_programs() -> None:
    """A stream, too, goes into memory only where a program opens it and can look."""
    assert open_stream_sink("memory:", StreamOptions()).mark == 0
    with pytest.raises(InputError, match="allowed: pubsub://PROJECT/TOPIC, ndjson:FILE"):
        check_stream("memory:", StreamOptions())
    assert not is_offered("memory:", "tables")


def test_stdout_is_of_some_schemes() -> None:
    """``-`` is standard output only behind a scheme that has it, of that protocol."""
    assert is_stdout("ndjson:-", "units")
    assert is_stdout("ndjson:-", "messages")
    assert not is_stdout("ndjson:-", "tables")
    assert not is_stdout("parquet:-", "units")
    assert not is_stdout("ndjson:-x", "units")


def test_forms_are_listed_once() -> None:
    """No text of ``sim`` but the list's own tells two forms of URLs: it would be forgotten there.

    Where packs are fitted from is another list, of what is read.
    """
    form = re.compile("|".join(rf"\b{scheme.name}:(?=[A-Z/])" for scheme in SCHEMES))
    found = [
        f"{path}:{node.lineno}"
        for path in sorted(Path(sim.sinks.open.__file__).parents[1].rglob("*.py"))
        if not {"fit", "packs"} & set(path.parts)
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and not _is_documentation(node)
        if len(set(form.findall(node.value))) > 1
    ]
    assert found == []


def _is_documentation(node: ast.Constant) -> bool:
    return "\n" in str(node.value)
