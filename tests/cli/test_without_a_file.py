"""Commands without a scenario file: what they mean, and where what they make and note is kept."""

from __future__ import annotations

from pathlib import Path

import pytest

from context.errors import InputError
from context.scenario.load import any_scenario, demo_scenario
from sim.folder.chosen import chosen_term, means_scenario
from sim.folder.find import default_run_dir
from sim.stream.control import state_dir


@pytest.fixture(autouse=True)
def _empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TERMTIDE_FTE", raising=False)


def run_there(name: str) -> Path:
    """A folder that looks like a run's."""
    folder = Path("runs") / name
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text("{}", encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("flags", "folder"),
    [
        ({}, "demo-1"),
        ({"fte": "1000", "term": None}, "demo-1"),
        ({"fte": "500"}, "demo-500-1"),
        ({"fte": "500", "seed": "7"}, "demo-500-7"),
        ({"fte": "500", "term": "Spring 2027", "terms": "3"}, "demo-500-spring-2027-3-terms-1"),
        ({"shift": "-52"}, "demo-1-shift-52"),
        ({"pack": "./packs/Mine_2"}, "demo-mine-2-1"),
    ],
)
def test_a_demo_has_a_folder_of_its_own(flags: dict[str, str | None], folder: str) -> None:
    """What differs from the plain demo is in the folder's name, so that no demo is in another one's way."""
    assert default_run_dir(demo_scenario(flags)) == Path("runs") / folder


def test_a_variable_counts_as_a_flag(monkeypatch: pytest.MonkeyPatch) -> None:
    """A size from the environment is in the folder's name, too; a name that is given is left alone."""
    monkeypatch.setenv("TERMTIDE_FTE", "77")
    assert demo_scenario().name == "demo-77"
    monkeypatch.setenv("TERMTIDE_NAME", "mine")
    assert demo_scenario().name == "mine"


def test_the_file_goes_before_the_demo() -> None:
    """Without a scenario file a command means the demo, with one in this folder the file's."""
    assert any_scenario(None, {"fte": "60"}).name == "demo-60"
    Path("termtide.toml").write_text('name = "mine"\n', encoding="utf-8")
    assert any_scenario(None, {"fte": "60"}).name == "mine"


def test_what_is_meant() -> None:
    """A run named; else the scenario of file or flags; else the newest run; else a demo."""
    nothing: dict[str, str | None] = {"fte": None, "term": None}
    assert means_scenario(None, None, nothing)
    folder = run_there("older")
    assert not means_scenario(None, None, nothing)
    assert means_scenario(None, None, {"fte": "60"})
    assert means_scenario(Path("a.toml"), None, nothing)
    assert not means_scenario(None, None, {"shift": "2"}, with_run=("shift",))
    assert not means_scenario(None, folder, nothing)
    with pytest.raises(InputError, match="--run says which run, so --fte has no meaning"):
        means_scenario(None, folder, {"fte": "60"})
    with pytest.raises(InputError, match="so --scenario has no meaning"):
        means_scenario(Path("a.toml"), folder, nothing)
    Path("termtide.toml").write_text('name = "mine"\n', encoding="utf-8")
    assert means_scenario(None, None, nothing)
    assert not means_scenario(None, folder, nothing)


def test_a_stream_needs_no_file() -> None:
    """With size and term a stream plays the demo of that size, where `termtide demo` would make it."""
    flags = {"fte": "60", "term": "Spring 2027", "terms": None, "seed": None, "pack": None, "shift": "2"}
    chosen, _, folder = chosen_term(None, None, flags)
    assert (chosen.fte, chosen.term, chosen.shift) == (60, "Spring 2027", 2)
    assert folder == default_run_dir(demo_scenario(flags))


def test_each_sink_has_a_state_of_its_own() -> None:
    """Streams of one run into two sinks have two state folders; the same command finds its own again."""
    run = Path("runs/demo-1")
    sinks = ["ndjson:a.ndjson", "ndjson:a-ndjson", "pubsub://project/topic", "ndjson:" + "x" * 300]
    folders = [state_dir(run, to) for to in sinks]
    assert len(set(folders)) == len(sinks)
    assert folders == [state_dir(run, to) for to in sinks]
    assert {folder.parent for folder in folders} == {run.parent}
    assert all(len(str(folder)) < 80 for folder in folders)
    assert folders[0].name.startswith("demo-1-stream-ndjson-a-ndjson-")
