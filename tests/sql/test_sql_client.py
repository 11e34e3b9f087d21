"""The helper for Python: a session on a run, rows as Arrow, what is made stays while it is open."""

from __future__ import annotations

from pathlib import Path

import pytest

from context.errors import InputError
from sim.sql.client import Client


def test_rows_as_arrow(toy_run: Path, tmp_path: Path) -> None:
    """Queries, parameters, scripts, own tables and costs, in one session."""
    (tmp_path / "marks.csv").write_text("person_id,mark\n2,b\n")
    with Client(toy_run, tables=[f"my.marks={tmp_path / 'marks.csv'}"]) as client:
        text = "SELECT name FROM context_store_entity.person WHERE person_id = @id"
        assert client.query(text, {"id": 2}).to_pylist() == [{"name": "Ben Two"}]
        assert client.query(text.replace("@id", "?"), [3]).to_pylist() == [{"name": "Cy Three"}]
        client.execute("CREATE TEMP TABLE t AS SELECT * FROM my.marks")
        assert client.query("SELECT mark FROM t").column("mark").to_pylist() == ["b"]
        assert client.cost("SELECT person_id FROM context_store_entity.person").bytes == 24
        assert client.tables()["context_store_keymap.person"][0] == "id"
        client.query("SELECT COUNT(*) FROM event_store.expanded")
        assert "no filter on event_time" in client.notes[0]
        client.query("SELECT 1")
        assert client.notes == []
        for wrong in (client.query, client.cost):
            with pytest.raises(InputError, match="no query in the script"):
                wrong("DECLARE x INT64")


def test_the_newest_run_is_meant(toy_run: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without a folder it is the newest below runs/; another project's name can be its own."""
    monkeypatch.chdir(toy_run.parent.parent)
    (toy_run.parent).rename(toy_run.parent.parent / "runs")
    try:
        with Client(project="udp-umich-prod", strict_project=True) as client:
            text = "SELECT COUNT(*) AS n FROM `udp-umich-prod.context_store_entity.person`"
            assert client.query(text).to_pylist() == [{"n": 3}]
    finally:
        (toy_run.parent.parent / "runs").rename(toy_run.parent)
