"""Paths into one JSON column, read together by one parse, give what each gives alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import duckdb
import pytest

from sim.sql.grammar.catalog import Relation, Surroundings
from sim.sql.grammar.types import INT64, STRING
from sim.sql.translate import install, translate

DOCUMENTS = (
    '{"a": {"b": "x"}, "n": 1.50, "i": 7, "t": "1.50", "o": {"k": 1e3}, "l": ["p", 2.0], "z": null}',
    '{"a": {"b": "{not an object}"}, "n": 0.0000001, "i": 12345678901234567890, "t": "[", "o": {}}',
    '{"a": "deep", "n": -2.5E-3, "i": -3, "t": "", "o": {"k": 2.10}, "l": [{"m": 1}], "z": false}',
    '{"a": {"b": ":json read 0"}, "n": 1e5, "t": "e", "o": {"k": "é"}}',
    '{"a": ',
    "17.0",
    None,
)
PATHS = ("$.a.b", "$.a", "$.n", "$.i", "$.t", "$.o", "$.o.k", "$.l[1]", "$.l", "$.z", "$")
# By hand, from the first and third documents: numbers as they are written there.
WRITTEN = {"$.n": ["1.50", "-2.5E-3"], "$.o.k": ["1e3", "2.10"], "$.l[1]": ["2.0", None], "$.t": ["1.50", ""]}


class OneTable:
    """A catalogue of one table, whose column ``doc`` is JSON text."""

    def relation(self, path: Sequence[str]) -> Relation:
        """The table, whatever its name."""
        return Relation(path[-1], "docs", (("i", INT64), ("doc", STRING)))


@pytest.fixture(scope="module")
def connection() -> Iterator[duckdb.DuckDBPyConnection]:
    """The table, in a session."""
    with duckdb.connect() as made:
        made.execute("CREATE TABLE docs (i BIGINT, doc VARCHAR)")
        made.executemany("INSERT INTO docs VALUES (?, ?)", list(enumerate(DOCUMENTS)))
        yield made


def _rows(connection: duckdb.DuckDBPyConnection, query: str) -> list[tuple[Any, ...]]:
    translated = translate(query, Surroundings(OneTable()))
    install(connection, translated)
    return connection.execute(translated.duckdb_sql).fetchall()


@pytest.mark.parametrize("function", ["JSON_VALUE", "JSON_QUERY", "JSON_EXTRACT_SCALAR", "JSON_EXTRACT"])
def test_together_is_as_alone(connection: duckdb.DuckDBPyConnection, function: str) -> None:
    """All paths at once give, document by document, what each path gives by itself."""
    columns = [f"{function}(doc, '{path}')" for path in PATHS]
    together = _rows(connection, f"SELECT {', '.join(columns)} FROM t ORDER BY i")
    alone = [_rows(connection, f"SELECT {column} FROM t ORDER BY i") for column in columns]
    assert together == [tuple(row[0] for row in rows) for rows in zip(*alone, strict=True)]
    if function == "JSON_VALUE":
        for path, wanted in WRITTEN.items():
            assert [together[0][PATHS.index(path)], together[2][PATHS.index(path)]] == wanted
        assert together[1][:4] == ("{not an object}", None, "0.0000001", "12345678901234567890")
        assert together[4] == together[6] == (None,) * len(PATHS)
    if function == "JSON_QUERY":
        assert together[0][PATHS.index("$.o")] == '{"k":1e3}'
        assert together[0][PATHS.index("$.l")] == '["p",2.0]'
        assert together[0][PATHS.index("$.z")] is None


def test_document_is_parsed_once() -> None:
    """Several paths into one column, wherever in a SELECT, are one list for DuckDB; one path is none."""
    text = translate(
        "SELECT JSON_VALUE(doc, '$.a.b'), COUNT(DISTINCT JSON_VALUE(doc, '$.n')) FROM t "
        "WHERE JSON_VALUE(doc, '$.t') IS NOT NULL GROUP BY 1",
        Surroundings(OneTable()),
    ).duckdb_sql
    assert text.count('json_extract_string(t1."doc", [') == 1
    assert (
        ":json read"
        not in translate("SELECT JSON_VALUE(doc, '$.a') FROM t", Surroundings(OneTable())).duckdb_sql
    )


QUERIES = {
    "grouped by the document": (
        """SELECT doc, JSON_VALUE(doc, '$.i'), JSON_VALUE(doc, '$.t') FROM t WHERE i = 0 GROUP BY doc""",
        [(DOCUMENTS[0], "7", "1.50")],
    ),
    "joins": (
        """SELECT a.i, JSON_VALUE(a.doc, '$.i'), JSON_VALUE(b.doc, '$.t'), JSON_VALUE(b.doc, '$.i')
           FROM t a LEFT JOIN t b ON b.i = a.i + 2 AND JSON_VALUE(b.doc, '$.a') = 'deep' WHERE a.i < 2
           ORDER BY 1""",
        [(0, "7", "", "-3"), (1, "12345678901234567890", None, None)],
    ),
    "WITH and UNION": (
        """WITH w AS (SELECT i, doc AS d FROM t)
           SELECT JSON_VALUE(d, '$.i') AS x, JSON_VALUE(d, '$.n') FROM w WHERE i = 0
           UNION ALL SELECT JSON_VALUE(d, '$.t'), JSON_VALUE(d, '$.z') FROM w WHERE i = 2 ORDER BY x""",
        [("", "false"), ("7", "1.50")],
    ),
    "subqueries": (
        """SELECT (SELECT COUNT(*) FROM t u WHERE JSON_VALUE(u.doc, '$.i') = JSON_VALUE(t.doc, '$.i')),
           ARRAY(SELECT JSON_VALUE(x) FROM UNNEST(JSON_QUERY_ARRAY(doc, '$.l')) x) FROM t WHERE i = 0""",
        [(1, ["p", "2.0"])],
    ),
    "casts and texts": (
        """SELECT CAST(JSON_VALUE(doc, '$.i') AS INT64) + CAST(JSON_VALUE(doc, '$.n') AS FLOAT64),
           '/*t1(*/ t1.":json read 0"' FROM t WHERE i = 0 AND JSON_VALUE(doc, '$.a.b') LIKE 'x%'""",
        [(8.5, '/*t1(*/ t1.":json read 0"')],
    ),
    "windows": (
        """SELECT i FROM t WHERE JSON_VALUE(doc, '$.n') IS NOT NULL
           QUALIFY ROW_NUMBER() OVER (PARTITION BY JSON_VALUE(doc, '$.z') ORDER BY i DESC) = 1 ORDER BY i""",
        [(2,), (3,)],
    ),
}


@pytest.mark.parametrize("kind", QUERIES)
def test_wherever_they_stand(connection: duckdb.DuckDBPyConnection, kind: str) -> None:
    """Joins, groups, subqueries and windows get what the documents hold."""
    query, rows = QUERIES[kind]
    assert _rows(connection, query) == rows
