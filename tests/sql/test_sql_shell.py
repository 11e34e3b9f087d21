"""The interactive shell: queries over several lines, completion, history, errors that don't end it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from prompt_toolkit.application import create_app_session
from prompt_toolkit.completion import CompleteEvent
from prompt_toolkit.document import Document
from prompt_toolkit.input import PipeInput, create_pipe_input
from prompt_toolkit.output import DummyOutput

from sim.shell.answers import Asked
from sim.shell.completion import proposals
from sim.shell.prompt import _Names, shell

TABLES = {
    "event_store.expanded": ["id", "type", "event_time"],
    "context_store_entity.person": ["person_id", "name"],
    "mine": ["a"],
}


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[PipeInput]:
    """What is typed, on a terminal that shows nothing."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with create_pipe_input() as typed, create_app_session(input=typed, output=DummyOutput()):
        yield typed


def test_a_session_of_the_shell(
    toy_run: Path, tmp_path: Path, keyboard: PipeInput, capsys: pytest.CaptureFixture[str]
) -> None:
    """Lines go on until a semicolon; what is made stays; an error is a line; the history is kept."""
    keyboard.send_text(
        "CREATE TEMP TABLE t AS\rSELECT COUNT(*) AS n\rFROM context_store_entity.person;\r"
        "SELECT nmae FROM context_store_entity.person;\r"
        "SELECT n FROM t;\r"
        ".tables person\r"
        ".schema context_store_keymap.person\r"
        ".format json\r"
        "SELECT n, 'x' AS s FROM t;\r"
        ".format xml\r.nothing\r.help\r"
        ".quit\r"
    )
    said: list[str] = []
    shell(Asked(None, toy_run), said.append)
    out = capsys.readouterr().out
    assert "│ 3 │" in out
    assert '[{"n":"3","s":"x"}]' in out
    assert "context_store_entity.person\ncontext_store_keymap.person\n" in out
    assert "lms_int_id" in out
    assert "tables, all synthetic" in said[0]
    assert said[1] == "t: 1 rows"
    assert "Unrecognized name: nmae; did you mean name?" in said[2]
    assert ".format xml: allowed: pretty" in said[3]
    assert ".nothing: allowed: .tables" in said[4]
    assert "Ctrl-D leaves" in said[5]
    assert "SELECT n FROM t;" in (tmp_path / "termtide" / "sql_history").read_text()


def test_the_end_of_input_leaves(toy_run: Path, keyboard: PipeInput) -> None:
    """Ctrl-C empties the line and the shell goes on; Ctrl-D leaves it."""
    keyboard.send_text("SELECT \x03\x04")
    shell(Asked(None, toy_run), lambda _: None)


@pytest.mark.parametrize(
    ("before", "after", "wanted"),
    [
        ("SELECT * FROM ", "", ["event_store.", "context_store_entity.", "event_store.expanded"]),
        ("SELECT * FROM ev", "", ["event_store.", "event_store.expanded"]),
        ("SELECT * FROM `context_store_entity.", "", ["context_store_entity.person"]),
        ("SELECT 1 FROM event_store.expanded JOIN mi", "", ["mine"]),
        ("SELECT ty", " FROM event_store.expanded", ["type"]),
        ("SELECT e.ev", " FROM event_store.expanded AS e", ["e.event_time"]),
        ("SELECT na", " FROM `unizin-shared.context_store_entity.person` p", ["name"]),
        ("SEL", "", ["SELECT"]),
        (".schema mi", "", ["mine"]),
    ],
)
def test_completion(before: str, after: str, wanted: list[str]) -> None:
    """After FROM and JOIN tables are proposed, elsewhere columns of the query's tables, then words of SQL."""
    found = list(proposals(before, before + after, TABLES))
    assert found[: len(wanted)] == wanted


def test_what_the_tabulator_asks() -> None:
    """Proposals replace the word before the cursor, however many names it has."""

    class Desk:
        tables = TABLES

    names = _Names(Desk())  # type: ignore[arg-type]
    document = Document("SELECT 1 FROM context_store_entity.per")
    (found,) = names.get_completions(document, CompleteEvent())
    assert (found.text, found.start_position) == (
        "context_store_entity.person",
        -len("context_store_entity.per"),
    )
