"""The score of providers on the embedded engine: points by sets of members, words by BM25."""

from __future__ import annotations

from typing import Final

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_reader import Array, Reader
from directory.engines.embedded_text import numbers_of
from directory.expressions import Expr
from directory.ranking import ROWS, Boost, Score

_DENSE: Final = 20
"""One in so many of all providers, from which adding up for everybody is cheaper than looking up places."""


def scores(reader: Reader, score: Score, found: BitMap, memo: dict[Expr, BitMap]) -> Array:
    """The score of each of `found`, ascending by number. Points are whole, so that floats add them without rounding."""
    standing = reader.kept(score.standing, lambda: _standing(reader, score.standing))
    numbers = numbers_of(found)
    if len(numbers) * _DENSE > reader.count:
        total = standing.copy()
        for boost in score.boosts:
            total[numbers_of(reader.members(boost.where, memo))] += np.float32(boost.points)
        reader.add_bm25(score.words, np.float32(ROWS["text"].points), total)
        return total if len(numbers) == reader.count else total[numbers]
    total = standing[numbers]
    for boost in score.boosts:
        total[np.searchsorted(numbers, numbers_of(reader.members(boost.where, memo) & found))] += boost.points
    return total + reader.bm25(score.words, found) * np.float32(ROWS["text"].points)


def _standing(reader: Reader, boosts: tuple[Boost, ...]) -> Array:
    total = np.zeros(reader.count, dtype=np.float32)
    memo: dict[Expr, BitMap] = {}
    for boost in boosts:
        total[numbers_of(reader.members(boost.where, memo))] += boost.points
    return total
