"""MERGE, UPDATE ... FROM and TRUNCATE TABLE in tables of one's own."""

# ruff: noqa: E501, ISC004 - one case a line
from __future__ import annotations

from typing import Any

import pytest

from context.errors import InputError
from sim.sql.session.session import Session

# The example of docs/data-manipulation-language.md, and one more product that leaves.
TABLES = (
    "CREATE OR REPLACE TABLE mine.stock AS SELECT 'dryer' AS product, 30 AS quantity, DATE '2026-01-01' AS d "
    "UNION ALL SELECT 'oven', 5, NULL UNION ALL SELECT 'washer', 10, NULL; "
    "CREATE OR REPLACE TABLE mine.news AS SELECT 'oven' AS product, 30 AS quantity "
    "UNION ALL SELECT 'fridge', 25 UNION ALL SELECT 'dryer', 20; "
)
MERGE = "MERGE mine.stock AS t USING mine.news AS s ON t.product = s.product "


def changed(session: Session, statement: str) -> tuple[str, dict[str, Any]]:
    """(what a statement says, quantities by product after it)."""
    said = list(session.run(TABLES + statement))[-1].said
    [answer] = session.run("SELECT product, quantity FROM mine.stock")
    assert said is not None
    assert answer.rows is not None
    return said, {row["product"]: row["quantity"] for row in answer.rows.to_pylist()}


@pytest.mark.parametrize(
    ("statement", "counts", "wanted"),
    [
        (
            MERGE + "WHEN MATCHED THEN UPDATE SET quantity = t.quantity + s.quantity "
            "WHEN NOT MATCHED THEN INSERT (product, quantity) VALUES (product, quantity)",
            (1, 2, 0),
            {"dryer": 50, "oven": 35, "washer": 10, "fridge": 25},
        ),
        (
            MERGE + "WHEN MATCHED AND s.quantity > 20 THEN DELETE WHEN MATCHED THEN UPDATE SET quantity = 0",
            (0, 1, 1),
            {"dryer": 0, "washer": 10},
        ),
        (
            MERGE + "WHEN NOT MATCHED BY SOURCE AND quantity > 5 THEN UPDATE SET quantity = DEFAULT "
            "WHEN NOT MATCHED BY SOURCE THEN DELETE",
            (0, 1, 0),
            {"dryer": 30, "oven": 5, "washer": None},
        ),
        (
            MERGE + "WHEN NOT MATCHED BY TARGET AND s.quantity < 0 THEN INSERT (product) VALUES ('never') "
            "WHEN NOT MATCHED THEN INSERT (quantity, product) VALUES (DEFAULT, UPPER(s.product))",
            (1, 0, 0),
            {"dryer": 30, "oven": 5, "washer": 10, "FRIDGE": None},
        ),
        (
            "MERGE INTO mine.stock USING (SELECT product, quantity, CURRENT_DATE() AS d FROM mine.news) AS n "
            "ON FALSE WHEN NOT MATCHED BY SOURCE THEN DELETE WHEN NOT MATCHED THEN INSERT ROW",
            (3, 0, 3),
            {"oven": 30, "fridge": 25, "dryer": 20},
        ),
        (
            "MERGE mine.stock USING (SELECT 'x' AS p) AS n ON stock.product = n.p "
            "WHEN NOT MATCHED THEN INSERT VALUES (p, 1, '2026-02-03')",
            (1, 0, 0),
            {"dryer": 30, "oven": 5, "washer": 10, "x": 1},
        ),
        (  # a value that only rows without a match may be asked for
            "MERGE mine.stock AS t USING mine.news AS s ON t.product = s.product WHEN NOT MATCHED THEN "
            "INSERT (product, quantity) VALUES (product, DIV(100, quantity - 20))",
            (1, 0, 0),
            {"dryer": 30, "oven": 5, "washer": 10, "fridge": 20},
        ),
        (  # rows that several match are fine where nothing changes them
            "MERGE mine.stock USING mine.news AS s ON stock.quantity > 5 WHEN MATCHED AND FALSE THEN DELETE",
            (0, 0, 0),
            {"dryer": 30, "oven": 5, "washer": 10},
        ),
    ],
)
def test_each_row_goes_by_its_first_clause(
    session: Session, statement: str, counts: tuple[int, int, int], wanted: dict[str, Any]
) -> None:
    """MERGE updates, deletes and inserts by the first clause that takes a row, and leaves all others."""
    said, found = changed(session, statement)
    assert said == "mine.stock: {} rows inserted, {} updated, {} deleted".format(*counts)
    assert found == wanted


@pytest.mark.parametrize(
    ("statement", "counts", "wanted"),
    [
        (
            "UPDATE mine.stock AS i SET quantity = i.quantity + n.quantity FROM mine.news AS n WHERE i.product = n.product",
            2,
            {"dryer": 50, "oven": 35, "washer": 10},
        ),
        (
            "UPDATE mine.stock SET quantity = x.total FROM (SELECT SUM(quantity) AS total FROM mine.news) AS x WHERE d IS NULL",
            2,
            {"dryer": 30, "oven": 75, "washer": 75},
        ),
        (
            "UPDATE mine.stock SET quantity = a.quantity * b.f FROM mine.news AS a JOIN (SELECT 'oven' AS product, 2 AS f) AS b "
            "USING (product) WHERE stock.product = a.product",
            1,
            {"dryer": 30, "oven": 60, "washer": 10},
        ),
        ("TRUNCATE TABLE mine.stock", -3, {}),
    ],
)  # fmt: skip
def test_rows_of_others_say_what_changes(
    session: Session, statement: str, counts: int, wanted: dict[str, Any]
) -> None:
    """UPDATE ... FROM changes the rows that join with one row; TRUNCATE TABLE takes all."""
    said, found = changed(session, statement)
    assert said == f"mine.stock: {abs(counts)} rows {'deleted' if counts < 0 else 'updated'}"
    assert found == wanted


@pytest.mark.parametrize(
    ("statement", "message"),
    [
        (
            "UPDATE mine.stock AS t SET quantity = 1 FROM mine.news AS s WHERE TRUE",
            "must match at most one source row for each target row",
        ),
        (
            "MERGE mine.stock AS t USING (SELECT 'oven' AS p UNION ALL SELECT 'oven') AS s ON t.product = s.p "
            "WHEN MATCHED THEN DELETE",
            "must match at most one source row for each target row",
        ),
        (
            "MERGE mine.stock AS t USING mine.news AS s ON product = s.product WHEN MATCHED THEN DELETE",
            "Column name product is ambiguous",
        ),
        (MERGE + "WHEN MATCHED THEN INSERT ROW", "INSERT given, allowed there: UPDATE SET …, DELETE"),
        (MERGE + "WHEN NOT MATCHED THEN DELETE", "allowed after WHEN NOT MATCHED [BY TARGET]: INSERT"),
        (MERGE + "WHEN NOT MATCHED THEN INSERT ROW", "INSERT of 3 columns, 2 values"),
        (MERGE + "WHEN NOT MATCHED THEN INSERT (q) VALUES (1)", "no column named q; allowed: product, quant"),
        (MERGE + "WHEN NOT MATCHED THEN INSERT (product) VALUES (t.product)", "Unrecognized name: t"),
        (MERGE + "WHEN NOT MATCHED BY SOURCE THEN UPDATE SET quantity = s.quantity", "Unrecognized name: s"),
        (MERGE + "WHEN MATCHED THEN UPDATE SET quantity = 'a'", "STRING"),
        (
            "MERGE context_store_entity.person AS t USING mine.news AS s ON FALSE WHEN MATCHED THEN DELETE",
            "context_store_entity is read-only",
        ),
        ("TRUNCATE TABLE event_store.expanded", "event_store is read-only"),
    ],
)
def test_a_change_that_is_refused_changes_nothing(session: Session, statement: str, message: str) -> None:
    """What cannot be done is told in one line, and the table is as it was."""
    with pytest.raises(InputError) as caught:
        changed(session, statement)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    [answer] = session.run("SELECT SUM(quantity) AS n FROM mine.stock")
    assert answer.rows is not None
    assert answer.rows.to_pylist() == [{"n": 45}]
    [again] = session.run(
        "SELECT COUNT(*) AS n FROM context_store_entity.person"
    )  # and nothing is left behind
    assert again.rows is not None
    assert session.tables().keys() & {"rows_of_target_", "rows_of_source_", "pairs_"} == set()
