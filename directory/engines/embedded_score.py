"""The score of providers on the embedded engine: points by sets of members, words by BM25; and who may be among the
first by it, found from sets alone.

What a provider lacks is known from sets: who is outside of one has at most the points of all others. A bar that so many
reach as are wanted comes from a few of those who are in as many sets as possible; a set without whose points nobody
reaches it holds all who do. So few of a broad set are ever added up.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import numpy as np
from pyroaring import BitMap

from directory.engines.embedded_reader import Memo, Reader
from directory.engines.embedded_text import Array, bitmap_of, bitmap_where, numbers_of
from directory.ranking import ROWS, Boost, Score

_DENSE: Final = 20
"""One in so many of all providers, from which a column of everybody is cheaper than looking up places."""

_TRIED: Final = 4_000
"""Members whose scores are looked at for a bar."""

_TIERS: Final = 16
"""Sets of those who have so many standing points, at most: 125 KB each at a million."""

_ROUNDING: Final = 0.01
"""More than sums of scores can be off, each below 1000 and kept to 24 bits."""

_TEXT: Final = np.float32(ROWS["text"].points)

Tiers: TypeAlias = tuple[tuple[float, BitMap], ...]


@dataclass(frozen=True, slots=True)
class Standing:
    """What counts in every search of a day: the points of everybody, and, highest first, some numbers of points with
    those who have so many or more."""

    points: Array
    tiers: Tiers


def scores(reader: Reader, score: Score, found: BitMap, memo: Memo) -> Array:
    """The score of each of `found`, ascending by number. Points are whole, so that floats add them without rounding;
    tokens are added one after the other, so that a score is the same among few and among many."""
    standing = _standing(reader, score).points
    numbers = numbers_of(found)
    holders = reader.holders(score.words, memo)
    added: list[tuple[Array, Any]] = [
        (numbers_of(reader.members(b.where, memo) & found), np.float32(b.points)) for b in score.boosts
    ]
    added += [(common, _TEXT * impacts) for common, impacts in (token.impacts(found) for token in holders)]
    if len(numbers) * _DENSE > reader.count:
        # Many have a row each in a column of everybody, where nobody's place is looked up.
        column = np.empty(reader.count, dtype=np.float32)
        column[numbers] = standing.take(numbers)
        for common, worth in added:
            column[common] += worth
        return column.take(numbers)
    total = standing.take(numbers)
    for common, worth in added:
        if len(common) == len(numbers):
            total += worth
        else:
            total[np.searchsorted(numbers, common)] += worth
    return total


def leading(reader: Reader, score: Score, found: BitMap, wanted: int, memo: Memo) -> BitMap:
    """Members of `found` among whom are its first `wanted` by score, and all who equal the last of them."""
    if len(found) <= max(_TRIED, 2 * wanted):
        return found
    tiers = _standing(reader, score).tiers
    sets = [(float(boost.points), reader.members(boost.where, memo)) for boost in score.boosts]
    sets += [(float(_TEXT) * token.most, token.members) for token in reader.holders(score.words, memo)]
    sets.sort(key=lambda worth: -worth[0])
    tried = bitmap_of(numbers_of(_seed(found, sets, tiers, wanted))[: max(_TRIED, wanted)])
    reached = scores(reader, score, tried, memo)
    bar = float(np.partition(reached, -wanted)[-wanted]) - _ROUNDING
    extra = sum(points for points, _ in sets)
    for points, members in sets:
        if tiers[0][0] + extra - points < bar:
            found = found & members
    return found & next((members for least, members in tiers if least + extra <= bar), found)


def _seed(found: BitMap, sets: list[tuple[float, BitMap]], tiers: Tiers, wanted: int) -> BitMap:
    """At least `wanted` of `found`, likely to be among the first: those in as many sets as can be, best sets first."""
    for _, members in sets:
        if found.intersection_cardinality(members) >= wanted:
            found = found & members
    return found & next((m for _, m in tiers if found.intersection_cardinality(m) >= wanted), found)


def _standing(reader: Reader, score: Score) -> Standing:
    return reader.kept(score.standing, lambda: _make_standing(reader, score.standing))


def _make_standing(reader: Reader, boosts: tuple[Boost, ...]) -> Standing:
    points = np.zeros(reader.count, dtype=np.float32)
    memo: Memo = {}
    for boost in boosts:
        points[numbers_of(reader.members(boost.where, memo))] += boost.points
    values = np.unique(points)[::-1].tolist()
    values = values[:: max(1, -(-len(values) // _TIERS))]
    return Standing(points, tuple((least, bitmap_where(points >= least)) for least in values))
