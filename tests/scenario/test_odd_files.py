"""Files that are no files, too deep, or of somebody else: refused in one line, without being waited for."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from context.documents import MOST_DEPTH, UnreadableError, read_bytes, read_json, read_text, read_toml
from context.errors import InputError, RunError
from context.foreign import ours
from context.packs.pack import check_pack, load_pack
from context.scenario.load import load_scenario
from sim.folder.manifest import load_manifest
from sim.lanes.checkpoint import JOURNAL, load_progress
from tests.samples.tiny import default_pack


@pytest.mark.parametrize("kind", ["fifo", "device", "folder", "missing"])
def test_only_files_are_read(kind: str, tmp_path: Path) -> None:
    """A pipe, a device or a folder in a file's place is refused at once; a missing one says so."""
    path = tmp_path / "x"
    if kind == "fifo":
        os.mkfifo(path)
    elif kind == "device":
        path = Path("/dev/zero")
    elif kind == "folder":
        path.mkdir()
    with pytest.raises(UnreadableError) as caught:
        read_bytes(path)
    assert caught.value.is_missing == (kind == "missing")
    assert str(caught.value).startswith(f"{path}: ")
    assert kind == "missing" or "allowed: a file" in str(caught.value)


def test_a_pipe_of_the_shell_is_read() -> None:
    """What a shell makes of <(…) is a pipe that ends."""
    reader, writer = os.pipe()
    os.write(writer, b"fte = 12\n")
    os.close(writer)
    try:
        assert read_toml(Path(f"/dev/fd/{reader}")) == {"fte": 12}
    finally:
        os.close(reader)


def test_pipes_are_not_waited_for_by_any_reader(tmp_path: Path) -> None:
    """A pipe in place of a scenario, a pack's file, a manifest or a journal is an error of ours."""
    pack = Path(shutil.copytree(default_pack().path, tmp_path / "pack"))
    (pack / "level.csv").unlink()
    os.mkfifo(pack / "level.csv")
    first = check_pack(pack)[0]
    assert (first["file"], "pipe or device" in first["problem"]) == ("level.csv", True)
    (pack / "pack.toml").unlink()
    os.mkfifo(pack / "pack.toml")
    with pytest.raises(InputError, match=r"a folder with a pack\.toml"):
        check_pack(pack)
    for name, read in (
        ("termtide.toml", load_scenario),
        ("manifest.json", lambda path: load_manifest(path.parent)),
        (JOURNAL, lambda path: load_progress(path.parent)),
    ):
        os.mkfifo(tmp_path / name)
        with pytest.raises(InputError, match="pipe or device"):
            read(tmp_path / name)


@pytest.mark.parametrize("name", ["../outside.csv", "/etc/passwd", "sub/level.csv", "..", ".", "", "a\0b"])
def test_a_pack_has_its_files_inside(
    name: str, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file outside of the pack's folder is refused by its name, in its row, and never opened."""
    shutil.copy(folder / "level.csv", tmp_path / "outside.csv")
    text = (folder / "pack.toml").read_text()
    spelled = name.replace("\0", "\\u0000")
    (folder / "pack.toml").write_text(text.replace('file = "level.csv"', f'file = "{spelled}"'))
    opened = []
    monkeypatch.setattr(
        "context.packs.read.read_text", lambda path, form: opened.append(path) or read_text(path, form)
    )
    findings = check_pack(folder)
    assert any("level.file" in found["problem"] and found["row"] for found in findings), findings
    assert {path.parent for path in opened} <= {folder, default_pack().path}  # which it is compared with
    with pytest.raises(InputError, match=r"pack\.toml row \d+: tables\.level\.file"):
        load_pack(folder)


@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 900, 20_000])
def test_depth_is_bounded_in_json(opening: str, depth: int, tmp_path: Path) -> None:
    """Nested as nobody nests: one line, be it above or below what Python can parse."""
    closing = "]" if opening == "[" else "}"
    path = tmp_path / "x.json"
    path.write_text(opening * depth + "1" + closing * depth)
    with pytest.raises(UnreadableError, match=f"nested more than {MOST_DEPTH} deep"):
        read_json(path)


@pytest.mark.parametrize("depth", [MOST_DEPTH + 1, 400, 20_000])
@pytest.mark.parametrize(
    "text", ["a = {}", "[x]\na = {}", "pack = {}", "incident = {}", "[calendar]\nno_class = {}"]
)
def test_depth_is_bounded_in_toml(text: str, depth: int, tmp_path: Path) -> None:
    """Arrays in arrays, and tables in tables: one line with the file."""
    path = tmp_path / "termtide.toml"
    for opening, closing in (("[", "]"), ("{a=", "}")):
        path.write_text(text.replace("{}", opening * depth + "1" + closing * depth))
        with pytest.raises(InputError, match=r"termtide\.toml: not valid TOML"):
            load_scenario(path)


@pytest.mark.parametrize("number", ["9" * 5_000, "0x" + "f" * 5_000, "-0b" + "1" * 20_000])
@pytest.mark.parametrize("key", ["fte", "seed", "nothing", "name"])
def test_endless_numbers_are_refused(number: str, key: str, tmp_path: Path) -> None:
    """A number that Python would not print is an error of ours."""
    path = tmp_path / "termtide.toml"
    path.write_text(f"{key} = {number.removeprefix('-') if 'b' in number else number}")
    with pytest.raises(InputError, match="too many digits"):
        load_scenario(path)


def test_what_others_raise_becomes_ours() -> None:
    """Arrow, DuckDB, pydantic, codecs and the disk end in one line and a code; faults of ours don't."""
    import duckdb
    import pyarrow as pa
    from pydantic import TypeAdapter

    def raised(act: object) -> BaseException:
        try:
            act()  # type: ignore[operator]
        except Exception as error:  # noqa: BLE001 - whatever it is, it's what the test is about
            return error
        raise AssertionError

    long = Path("x" * 5_000)
    cases = (
        (lambda: pa.array(["a"]).cast(pa.int64()), RunError),
        (lambda: pa.ipc.open_file(pa.py_buffer(b"abc")), RunError),
        (lambda: duckdb.sql("SELECT nothing"), RunError),
        (lambda: duckdb.sql("SELECT * FROM read_parquet('/nowhere/*.parquet')"), RunError),
        (lambda: TypeAdapter(int).validate_python("x"), InputError),
        (b"\xff".decode, InputError),
        (long.read_bytes, InputError),
        (Path("/nowhere/x").read_bytes, RunError),
        (lambda: __import__("zlib").decompress(b"abc"), RunError),
        (lambda: __import__("gzip").decompress(b"abc"), RunError),
        (lambda: __import__("json").loads("["), InputError),
        (lambda: __import__("orjson").loads("["), InputError),
    )
    for act, kind in cases:
        found = ours(raised(act))
        assert isinstance(found, kind), raised(act)
        assert str(found).strip()
        assert "\n" not in str(found)
    assert isinstance(ours(RecursionError()), InputError)
    assert isinstance(ours(MemoryError()), RunError)
    for error in (TypeError("x"), KeyError("x"), AttributeError("x"), AssertionError("x")):
        assert ours(error) is None
