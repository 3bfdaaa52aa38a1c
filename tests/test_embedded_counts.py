"""Counts of all values at once on the embedded engine, against counting one by one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from directory.engines import embedded_counts
from directory.engines.embedded_counts import Stated, column_sums


@given(st.integers(0, 2000), st.integers(1, 3), st.integers(0, 2**32))
def test_columns_of_bits_are_summed(rows: int, words: int, seed: int) -> None:
    drawn = np.random.default_rng(seed).integers(0, 2**64, (rows, words), dtype=np.uint64)
    drawn[:, 0] |= np.uint64(1 << 63)
    expected = [sum(int(row[bit // 64]) >> bit % 64 & 1 for row in drawn.tolist()) for bit in range(64 * words)]
    assert column_sums(drawn).tolist() == expected


@pytest.mark.parametrize("block", [7, 16_384])
def test_every_value_is_counted(block: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_counts, "_BLOCK", block)
    sets = {f"{n}": BitMap(range(n % 7, 500, n % 11 + 1)) for n in range(150)}
    facets = {"first": dict(list(sets.items())[:70]), "second": {}, "third": dict(list(sets.items())[70:])}
    stated = Stated(facets, 500)
    for some in (range(500), range(3, 500, 9), [4], []):
        counted = stated.counts(np.array(list(some), dtype=np.uint32))
        assert counted == {
            name: {code: len(members & BitMap(some)) for code, members in codes.items()}
            for name, codes in facets.items()
        }
