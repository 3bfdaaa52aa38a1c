"""The score of providers on the embedded engine: points by sets of members, words by BM25."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_reader import Array, Reader
from directory.engines.embedded_text import numbers_of
from directory.expressions import Expr
from directory.ranking import ROWS, Boost, Score

_DENSE: Final = 16
"""One in so many of all providers, from which adding by column is cheaper than looking up places."""


def scores(reader: Reader, score: Score, numbers: Array, memo: dict[Expr, BitMap]) -> Array:
    """The score of each of `numbers` (ascending). Points are whole, so that floats add them without rounding."""
    standing = reader.kept(score.standing, lambda: _standing(reader, score.standing))
    total = standing[numbers].astype(np.float64)
    adding = _Adding(reader.count, numbers)
    for boost in score.boosts:
        adding.add(total, numbers_of(reader.members(boost.where, memo)), float(boost.points))
    if score.words:
        total += reader.bm25(score.words, numbers) * np.float32(ROWS["text"].points)
    return total


def _standing(reader: Reader, boosts: tuple[Boost, ...]) -> Array:
    total = np.zeros(reader.count, dtype=np.int32)
    memo: dict[Expr, BitMap] = {}
    for boost in boosts:
        total[numbers_of(reader.members(boost.where, memo))] += boost.points
    return total


class _Adding:
    """Adds what some providers have to a column over others."""

    def __init__(self, count: int, numbers: Array) -> None:
        self._count = count
        self._numbers = numbers

    def add(self, total: Array, having: Array, what: Any) -> None:
        """Add `what` (one value, or one for each of `having`, ascending) to the rows of `total` that are theirs."""
        if len(self._numbers) == self._count:
            total[having] += what
        elif len(self._numbers) * _DENSE > self._count:
            column = np.zeros(self._count)
            column[having] = what
            total += column[self._numbers]
        elif len(having):
            places = np.minimum(np.searchsorted(having, self._numbers), len(having) - 1)
            theirs = having[places] == self._numbers
            total[theirs] += what if np.isscalar(what) else what[places[theirs]]
