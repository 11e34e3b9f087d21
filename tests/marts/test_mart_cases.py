"""Every mart against rows computed by hand."""

from __future__ import annotations

import pytest

import schemas
from tests.samples.mart_cases import FOLDER, Case, cases, compared, expected, run_case

CASES = list(cases())


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_case(case: Case) -> None:
    """A mart's query gives the rows that were computed by hand, and no others."""
    assert compared(case, run_case(case)) == expected(case)


def test_every_mart_has_a_case() -> None:
    """No mart is without a hand-computed case, and no case is of a mart that there is not."""
    there = {tuple(path.parts[-4:-2]) for path in FOLDER.glob("*/*/*/case.toml")}
    wanted = {(mart.table.dataset, mart.table.name) for mart in schemas.marts() if mart.sql is not None}
    assert there == wanted
