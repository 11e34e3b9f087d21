"""Marts that are another one over other tables: one text, and the whole plain query of either."""

from __future__ import annotations

from pathlib import Path

import pytest

import schemas
from schemas import SchemaError
from schemas._marts import query_of
from sim.cli.main import main

FOLDER = Path(schemas.__file__).parent / "marts"
TWINS = sorted(path.parent for path in FOLDER.glob("*/*/twin.toml"))


def test_a_mart_has_one_text() -> None:
    """A folder has a query or says whose twin it is, never both."""
    assert len(TWINS) > 10
    assert not [folder for folder in TWINS if (folder / "query.sql").exists()]


@pytest.mark.parametrize("folder", TWINS, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_twins_are_shown_as_plain_queries(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is shown of a twin is a whole query, other than its twin's, that reads what the twin does not."""
    name = f"{folder.parent.name}.{folder.name}"
    main(["marts", "show", name, "--query"])
    text = capsys.readouterr().out
    assert text == schemas.mart(name).sql
    assert text not in {mart.sql for mart in schemas.marts() if mart.name != name}
    assert text.lstrip().startswith(("SELECT", "WITH", "--"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("of = 'd.a'", r"twin.toml: of given, allowed: of and instead"),
        ("of = 'd.none'\n[instead]", r"'d.none' given, which has no query"),
        ("of = 'd.b'\n[instead]", r"twins in a circle"),
        ("of = 'd.a'\n[instead]\n'y.x' = 'z'", r"'y.x' given, which the query of d.a does not have"),
        ("of = ", r"twin.toml: "),
    ],
)
def test_odd_twins(tmp_path: Path, text: str, told: str) -> None:
    """A twin of nothing, of itself, or with words that its twin's query has not, is refused by name."""
    for name in ("a", "b"):
        (tmp_path / "d" / name).mkdir(parents=True)
    (tmp_path / "d" / "a" / "query.sql").write_text("SELECT 1 FROM x.y")
    (tmp_path / "d" / "b" / "twin.toml").write_text(text)
    with pytest.raises(SchemaError, match=told):
        query_of(tmp_path, "d", "b")


def test_words_are_put_in_order(tmp_path: Path) -> None:
    """What was put in place of one word may be put in place by the next."""
    for name in ("a", "b"):
        (tmp_path / "d" / name).mkdir(parents=True)
    (tmp_path / "d" / "a" / "query.sql").write_text("SELECT k FROM x.y")
    (tmp_path / "d" / "b" / "twin.toml").write_text("of = 'd.a'\n[instead]\nk = 'k, s'\ns = 't'")
    assert query_of(tmp_path, "d", "b") == "SELECT k, t FROM x.y"
