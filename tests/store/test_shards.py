"""Long Canvas ids: of an installation's own shard, and unique however many rows there are."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from context import ids
from context.arrays import I64
from context.errors import InputError
from context.generate import generate
from context.scenario.scenario import FTE_MAX, TERMS_MAX, Scenario
from tests.samples.tiny import TINY, calendar_of, default_pack, store_of

PLAIN = Scenario(name="shard", fte=10, seed=3)
OTHER = Scenario(name="shard", fte=10, seed=3, shard=210_000)


def long_ids(keymap: pa.Table) -> I64:
    """The long ids of a keymap, without NULLs."""
    return np.array(keymap["lms_int_id"].drop_null().cast(pa.int64()).to_pylist(), dtype=np.int64)


def test_tenants_of_two_shards_share_no_long_id() -> None:
    """With another shard every long id has its prefix, and nothing else of the store is different."""
    one = store_of(PLAIN)
    other = generate(OTHER, default_pack(), calendar_of(OTHER, default_pack()))
    assert all(other.entity[name].equals(one.entity[name]) for name in one.entity)
    for name, keymap in one.keymap.items():
        if name == "person":
            assert other.keymap[name].equals(keymap)
            continue
        assert (long_ids(keymap) // 10**13 == 1977).all(), name
        assert (long_ids(other.keymap[name]) // 10**13 == 210_000).all(), name
        assert (long_ids(other.keymap[name]) % 10**13 == long_ids(keymap) % 10**13).all(), name
        rest = [column for column in keymap.column_names if column != "lms_int_id"]
        assert other.keymap[name].select(rest).equals(keymap.select(rest)), name
        assert pc.all(pc.equal(other.keymap[name]["lms_int_id"].is_null(), keymap["lms_int_id"].is_null()))


def test_the_usual_shard_is_not_told() -> None:
    """A scenario of the usual shard has the digest and the facts that it had before there were others."""
    assert "shard" not in PLAIN.model_dump(mode="json")
    assert Scenario.model_validate_json(OTHER.model_dump_json()) == OTHER
    assert OTHER.digest() != PLAIN.digest()
    assert PLAIN.model_copy(update={"shard": 1977}).digest() == PLAIN.digest()


def test_rows_beyond_a_terms_stretch_have_ids_of_their_own(monkeypatch: pytest.MonkeyPatch) -> None:
    """More rows of a term than its stretch holds meet no other term's ids, and the first keep theirs."""
    before = [ids.local_ids(1, "quiz", 1_000, place=place) for place in (0, 1, 2)]
    assert all(len(np.unique(found)) == 1_000 for found in before)
    monkeypatch.setattr(ids, "_MOST_ROWS", 400)
    found = [ids.local_ids(1, "quiz", 1_000, place=place) for place in (0, 1, 2)]
    assert len(np.unique(np.concatenate(found))) == 3_000
    assert all((np.diff(one) > 0).all() for one in found)
    assert (found[0][:400] == before[0][:400]).all()
    assert max(int(one.max()) for one in found) < 10**13


def test_ids_of_the_largest_tenant_fit() -> None:
    """At 500,000 FTE and 24 terms no entity leaves its numbers, no two terms meet, long ids have 64 bits."""
    for name, keymap in store_of(TINY).keymap.items():
        rows = 2 * len(keymap) * FTE_MAX // TINY.fte  # a term's, and as much again for packs of more work
        assert rows < ids._MOST_FAR_ROWS, name
        assert rows < 2**31, name  # positions in a world are 32 bits wide
    edges = np.array([0, ids._MOST_ROWS - 1, ids._MOST_ROWS, ids._MOST_FAR_ROWS - 1])
    terms = [ids.rising_ids(1, "quiz_item_response", edges, place) for place in range(TERMS_MAX)]
    stretches = sorted([(one[0], one[1]) for one in terms] + [(one[2], one[3]) for one in terms])
    assert all(low <= high for low, high in stretches)
    assert all(before[1] < after[0] for before, after in pairwise(stretches))
    last = np.array([stretches[-1][1]])
    assert last[0] < ids._SHARD_SIZE
    assert (
        int(ids.global_ids(last, ids.MOST_SHARD)[0])
        == ids.MOST_SHARD * ids._SHARD_SIZE + int(last[0])
        < 2**63
    )


def test_more_rows_than_numbers_are_refused() -> None:
    """An entity beyond the numbers of a term is one line that says what to do."""
    with pytest.raises(InputError, match="make several tenants of it"):
        ids.local_ids(1, "quiz", 10**10 + 1)


@pytest.mark.parametrize("most", [9, 10**4, 10**8 - 1, 10**8, 10**11])
def test_texts_of_ids_are_their_decimal_digits(most: int) -> None:
    """Both texts of a short id are its decimal digits, whatever stands beside it and in whatever order."""
    edges = [value for value in (0, 9, 10, 99, 100, 9_999, 10_000, 99_999_999, 10**8) if value <= most]
    many = (np.arange(20_000, dtype=np.int64) * 7_919) % (most + 1)
    local = np.concatenate([edges, many, edges[::-1], [most]]).astype(np.int64)
    long, short = ids.canvas_texts(local)
    for texts in (long, short):
        texts.validate(full=True)
    assert short.to_pylist() == [str(value) for value in local.tolist()]
    assert long.to_pylist() == [str(1977 * 10**13 + value) for value in local.tolist()]
